"""Emulated products behind a bridge: what each refuses, and what its tokens look like."""

import secrets
from typing import Any

from support.bridged_provider import BridgedProvider, Grant, Refusal, token_hash
from support.static_provider import Fields, now

OPENID_SCOPES = {"openid", "profile", "email", "offline_access"}


class Entra(BridgedProvider):
    """Microsoft Entra ID: scopes carry the Application ID URI, `resource` is refused, codes are long."""

    TENANT = "11111111-2222-3333-4444-555555555555"
    API = "66666666-7777-8888-9999-000000000000"
    APPLICATION = f"api://{API}"

    preset = "entra"
    base = f"/{TENANT}/v2.0"
    authorize_path = f"/{TENANT}/oauth2/v2.0/authorize"
    token_path = f"/{TENANT}/oauth2/v2.0/token"
    revoke_path = None
    # S256 works, and nobody is told.
    pkce_methods = None
    rotates = True
    code_bytes = 900

    def __init__(self, client_id: str = "99999999-8888-7777-6666-555555555555"):
        super().__init__(client_id, audience=self.API)

    def check_authorization(self, asked: Fields) -> None:
        if "resource" in asked:
            raise Refusal(
                "invalid_target",
                "AADSTS9010010: The resource parameter provided in the request doesn't match with the requested scopes.",
            )
        self._check_scopes(asked.get("scope", ""))

    def check_refresh(self, form: Fields) -> None:
        if not form.get("scope"):
            raise Refusal("invalid_request", "AADSTS90014: The required field 'scope' is missing.")
        self._check_scopes(form["scope"])

    def _check_scopes(self, scope: str) -> None:
        named = [each for each in scope.split() if each not in OPENID_SCOPES]
        for each in named:
            if "://" not in each:
                raise Refusal(
                    "invalid_client",
                    f"AADSTS650053: The application asked for scope '{each}' that doesn't exist on the resource "
                    "'00000003-0000-0000-c000-000000000000'.",
                )
            if not each.startswith(f"{self.APPLICATION}/"):
                raise Refusal("invalid_scope", f"AADSTS70011: The provided value for scope {each} is not valid.")
        if not named:
            raise Refusal("invalid_scope", "AADSTS70011: no scope of an API")

    def access_token(self, grant: Grant) -> str:
        short = [each.rpartition("/")[2] for each in grant.scopes if each.startswith(self.APPLICATION)]
        return self.signer.token(
            header={"typ": "JWT"},
            sub="pairwise-subject-of-alice",
            client_id=None,
            scope=None,
            azp=grant.client_id,
            azpacr="1",
            oid="00000000-aaaa-bbbb-cccc-111111111111",
            scp=" ".join(short),
            tid=self.TENANT,
            ver="2.0",
        )


class Cognito(BridgedProvider):
    """Amazon Cognito: unknown scopes are errors, tokens name no audience."""

    CLIENT = "1example23456789"

    preset = "cognito"
    base = "/eu-central-1_Example"
    authorize_path = "/oauth2/authorize"
    token_path = "/oauth2/token"
    revoke_path = "/oauth2/revoke"
    pkce_methods = None
    known_scopes = frozenset({"openid", "email", "mcp/tools", "mcp/admin"})

    def __init__(self) -> None:
        super().__init__(self.CLIENT)

    def authorization(self, **more: Any) -> dict[str, Any]:
        rules = super().authorization(allowed_clients=[self.client_id], **more)
        return {key: value for key, value in rules.items() if key != "allowed_audience"}

    def check_authorization(self, asked: Fields) -> None:
        if not asked.get("scope"):
            # Such a code gives tokens that open nothing.
            raise Refusal("invalid_scope", "no scope was asked for")

    def gives_refresh_token(self, grant: Grant) -> bool:
        return True

    def access_token(self, grant: Grant) -> str:
        return self.signer.token(
            header={"typ": None},
            sub="user-1",
            aud=None,
            client_id=grant.client_id,
            token_use="access",
            username="alice",
            version=2,
            scope=" ".join(grant.scopes),
        )


class Google(BridgedProvider):
    """Google: opaque access tokens, an ID token each time, refresh tokens for `access_type=offline` only."""

    CLIENT = "1000000000001-example.apps.googleusercontent.com"

    preset = "google"
    authorize_path = "/o/oauth2/v2/auth"
    known_scopes = frozenset({"openid", "email", "profile"})

    def __init__(self) -> None:
        super().__init__(self.CLIENT)

    def authorization(self, **more: Any) -> dict[str, Any]:
        return super().authorization(issuer=self.issuer, **more)

    def check_authorization(self, asked: Fields) -> None:
        if not asked.get("scope"):
            raise Refusal("invalid_request", "Missing required parameter: scope")
        if "resource" in asked or "audience" in asked:
            raise Refusal("invalid_request", "Parameter not allowed for this message type")

    def gives_refresh_token(self, grant: Grant) -> bool:
        return grant.asked.get("access_type") == "offline"

    def access_token(self, grant: Grant) -> str:
        return f"ya29.a0{secrets.token_urlsafe(96)}"

    def id_token(self, grant: Grant, access_token: str) -> str | None:
        return self.signer.token(
            header={"typ": "JWT"},
            sub="100000000000000000002",
            aud=grant.client_id,
            azp=grant.client_id,
            client_id=None,
            scope=None,
            jti=None,
            hd="example.com",
            email="alice@example.com",
            email_verified=True,
            at_hash=token_hash(access_token),
            # Google repeats it in refreshed ID tokens only in part of the cases; none is the harder one.
            nonce=grant.asked.get("nonce") if not grant.refresh_tokens else None,
            exp=now() + 3600,
        )


class Auth0(BridgedProvider):
    """Auth0: a JWT for those who name an `audience`, an opaque token for others. Its issuer ends in a slash."""

    API = "https://mcp.example.com/api"

    preset = "auth0"
    revoke_path = "/oauth/revoke"
    token_path = "/oauth/token"
    rotates = True

    def __init__(self) -> None:
        super().__init__(audience=self.API)
        self.issuer = self.signer.issuer = f"{self.origin}/"

    def authorization(self, **more: Any) -> dict[str, Any]:
        return super().authorization(issuer=self.issuer, **more)

    def access_token(self, grant: Grant) -> str:
        if grant.asked.get("audience") != self.API:
            return secrets.token_urlsafe(24)
        return self.signer.token(
            header={"typ": "JWT"},
            sub="auth0|alice",
            aud=[self.API, f"{self.origin}/userinfo"],
            client_id=None,
            azp=grant.client_id,
            scope=" ".join(grant.scopes),
        )


class Keycloak(BridgedProvider):
    """Keycloak: says who it is in its responses (RFC 9207); a mix-up is one who says it wrong."""

    preset = "keycloak"
    base = "/realms/example"
    authorize_path = f"{base}/protocol/openid-connect/auth"
    token_path = f"{base}/protocol/openid-connect/token"
    revoke_path = f"{base}/protocol/openid-connect/revoke"

    def __init__(self) -> None:
        super().__init__()
        self.claimed_issuer: str | None = self.issuer
        self.metadata["authorization_response_iss_parameter_supported"] = True

    def response_parameters(self) -> Fields:
        return {"iss": self.claimed_issuer} if self.claimed_issuer else {}

    def gives_refresh_token(self, grant: Grant) -> bool:
        return True

    def access_token(self, grant: Grant) -> str:
        return self.signer.token(
            header={"typ": "JWT"},
            typ="Bearer",
            sub="user-1",
            aud=[self.signer.audience, "account"],
            client_id=None,
            azp=grant.client_id,
            scope=" ".join(grant.scopes),
        )


class Okta(BridgedProvider):
    """Okta's custom authorization server: one audience, and nothing without a scope."""

    preset = "okta"
    base = "/oauth2/default"
    authorize_path = f"{base}/v1/authorize"
    token_path = f"{base}/v1/token"
    revoke_path = f"{base}/v1/revoke"
    known_scopes = frozenset({"openid", "email", "offline_access", "mcp:tools", "mcp:admin"})
    rotates = True

    def __init__(self) -> None:
        super().__init__("0oa1gateway", audience="api://default")

    def check_authorization(self, asked: Fields) -> None:
        if not asked.get("scope"):
            raise Refusal("invalid_scope", "No scopes were requested.")

    def access_token(self, grant: Grant) -> str:
        return self.signer.token(
            header={"typ": None},
            sub="alice@example.com",
            client_id=None,
            scope=None,
            cid=grant.client_id,
            uid="00u1example",
            scp=grant.scopes,
            ver=1,
        )
