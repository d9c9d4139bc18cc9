"""The Django project: settings, access tokens and addresses of the provider, in one module.

The issuer is `<origin>/o`; the origin comes from the environment, because the port is chosen at run time.
"""

import os
import secrets
import time
from pathlib import Path

ORIGIN = os.environ["E2E_PROVIDER_ORIGIN"]
ISSUER = f"{ORIGIN}/o"
KEYS = [Path(file).read_text() for file in os.environ["E2E_PROVIDER_KEYS"].split(os.pathsep)]
OPAQUE_CLIENT = os.environ["E2E_PROVIDER_OPAQUE_ID"]

SECRET_KEY = secrets.token_urlsafe(32)
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "support.dot.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "/accounts/login/"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "oauth2_provider",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
# A fast hash: the passwords are the test's own.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["E2E_PROVIDER_DATABASE"],
        "OPTIONS": {"timeout": 20},
    }
}
# Tables straight from the models: the history of migrations is not what is tested.
MIGRATION_MODULES = dict.fromkeys(("auth", "contenttypes", "sessions", "oauth2_provider"))
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request"],
            "loaders": [
                (
                    "django.template.loaders.locmem.Loader",
                    {
                        "registration/login.html": (
                            "<form method='post'>{% csrf_token %}{{ form.as_p }}"
                            "<input type='hidden' name='next' value='{{ next }}'>"
                            "<button type='submit'>Sign in</button></form>"
                        )
                    },
                ),
                "django.template.loaders.app_directories.Loader",
            ],
        },
    }
]


def access_token(request) -> str:
    """An RFC 9068 access token whose audience is the RFC 8707 resource of the request; one client's are opaque."""
    from joserfc import jwt
    from joserfc.jwk import RSAKey
    from oauth2_provider.oauth2_validators import OAuth2Validator
    from oauth2_provider.utils import jwk_from_pem

    # The toolkit settles the resource only when it saves the token, which comes after this call.
    OAuth2Validator()._check_and_set_request_resource(request)
    if request.client.client_id == OPAQUE_CLIENT:
        return secrets.token_urlsafe(32)
    pem = OAUTH2_PROVIDER["OIDC_RSA_PRIVATE_KEY"]
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": str(request.user.pk) if request.user else request.client.client_id,
        "client_id": request.client.client_id,
        "scope": " ".join(request.scopes),
        "iat": now,
        "exp": now + request.expires_in,
        "jti": secrets.token_urlsafe(16),
    }
    if request.resource:
        claims["aud"] = request.resource[0] if len(request.resource) == 1 else list(request.resource)
    header = {"alg": "RS256", "typ": "at+jwt", "kid": jwk_from_pem(pem).thumbprint()}
    return jwt.encode(header, claims, RSAKey.import_key(pem))


OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OIDC_ISS_ENDPOINT": ISSUER,
    "OIDC_RSA_PRIVATE_KEY": KEYS[0],
    "OIDC_RSA_PRIVATE_KEYS_INACTIVE": KEYS[1:],
    "SCOPES": {
        "openid": "Sign in",
        "mcp:tools": "Call tools",
        "mcp:admin": "Administer",
        "mcp:other": "Something else",
    },
    "DEFAULT_SCOPES": ["mcp:tools"],
    "ACCESS_TOKEN_GENERATOR": access_token,
    "ACCESS_TOKEN_EXPIRE_SECONDS": 300,
    "PKCE_REQUIRED": True,
    "ROTATE_REFRESH_TOKEN": True,
    "DCR_ENABLED": True,
    "DCR_REGISTRATION_PERMISSION_CLASSES": ("oauth2_provider.dcr.AllowAllDCRPermission",),
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "ALLOWED_SCHEMES": ["http", "https"],
    "OIDC_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED": ["none", "client_secret_post", "client_secret_basic"],
    "OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED": ["none", "client_secret_post", "client_secret_basic"],
}
