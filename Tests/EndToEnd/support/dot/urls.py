"""Addresses: sign-in, the toolkit under the issuer's path, and RFC 8414 metadata at the origin."""

from django.contrib.auth.views import LoginView
from django.urls import include, path
from oauth2_provider import urls as toolkit

urlpatterns = [
    path("accounts/login/", LoginView.as_view(), name="login"),
    path("o/", include(toolkit)),
    path("", include((toolkit.metadata_urlpatterns, "metadata"))),
]
