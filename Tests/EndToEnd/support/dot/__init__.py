"""A real OpenID provider: django-oauth-toolkit, set up by one module and started by `serve`."""
