"""Amazon Cognito: access tokens without `aud` as a rule, told from ID tokens by `token_use`."""

from typing import Any

from support.product import Accepted, Finding, Key, Mistake, Product, Refused, Token, resource

REGION = "https://cognito-idp.eu-central-1.amazonaws.com"
ISSUER = f"{REGION}/eu-central-1_Example"
BOUND_ISSUER = f"{REGION}/eu-central-1_Bound"
DOMAIN = "https://example.auth.eu-central-1.amazoncognito.com"
AGENT = "4example5client6id"
SERVICE = "7example8service9id"
USER_ID = "f3a4c8d2-0001-4000-8000-aaaaaaaaaaaa"


def metadata(issuer: str) -> dict[str, Any]:
    """The document of a pool, whose endpoints lie at the domain; there is no PKCE in it."""
    return {
        "authorization_endpoint": f"{DOMAIN}/oauth2/authorize",
        "end_session_endpoint": f"{DOMAIN}/logout",
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "response_types_supported": ["code", "token"],
        "revocation_endpoint": f"{DOMAIN}/oauth2/revoke",
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
        "token_endpoint": f"{DOMAIN}/oauth2/token",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "userinfo_endpoint": f"{DOMAIN}/oauth2/userInfo",
    }


def keys(issuer: str) -> dict[str, list[Key]]:
    """One for access tokens and one for ID tokens."""
    kids = ("aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcdef0=", "zYxWvUtSrQpOnMlKjIhGfEdCbA9876543210fedcba9=")
    return {f"{issuer}/.well-known/jwks.json": [Key(kid, {"alg": "RS256", "use": "sig"}) for kid in kids]}


USER = Token(
    {
        "sub": USER_ID,
        "cognito:groups": ["staff"],
        "iss": ISSUER,
        "version": 2,
        "client_id": AGENT,
        "origin_jti": "origin-example-1",
        "event_id": "event-example-1",
        "token_use": "access",
        "scope": "openid mcp/tools",
        "auth_time": -60,
        "exp": 3600,
        "iat": 0,
        "jti": "jti-example-1",
        "username": "alice",
    }
)
SERVICE_TOKEN = Token(
    {
        "sub": SERVICE,
        "token_use": "access",
        "scope": "mcp/tools",
        "auth_time": 0,
        "iss": ISSUER,
        "exp": 3600,
        "iat": 0,
        "version": 2,
        "jti": "jti-example-2",
        "client_id": SERVICE,
    }
)
ID_TOKEN = Token(
    {
        "at_hash": "c2FtcGxlLWF0LWhhc2g",
        "sub": USER_ID,
        "cognito:groups": ["staff"],
        "iss": ISSUER,
        "cognito:username": "alice",
        "origin_jti": "origin-example-1",
        "aud": AGENT,
        "token_use": "id",
        "auth_time": -60,
        "exp": 3600,
        "iat": 0,
        "jti": "jti-example-3",
        "email": "alice@example.com",
    }
)
# A JWE whose key only Cognito has.
REFRESH_TOKEN = (
    "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ.refreshrefresh00.initialvector000."
    "ciphertextciphertext.authenticationtag"
)
TOKEN_USE = [
    "custom_claims:",
    "- inbound_token_claim_name: token_use",
    "inbound_token_claim_value_type: STRING",
    "authorizing_claim_match_value:",
    "claim_match_operator: EQUALS",
    "claim_match_value:",
    "match_value_string: access",
]

COGNITO = Product(
    name="cognito",
    metadata={f"{ISSUER}/.well-known/openid-configuration": metadata(ISSUER)},
    keys=keys(ISSUER),
    authorization={
        "provider": "cognito",
        "issuer": ISSUER,
        "discovery_url": f"{ISSUER}/.well-known/openid-configuration",
        "allowed_clients": [AGENT, SERVICE],
        "allowed_scopes": ["mcp/tools", "mcp/admin"],
    },
    challenge_scope="mcp/tools mcp/admin",
    resource_metadata={
        "resource": resource("cognito"),
        "authorization_servers": [ISSUER],
        "scopes_supported": ["mcp/tools", "mcp/admin"],
        "bearer_methods_supported": ["header"],
    },
    expanded=[["client_id_claims:", "- client_id"], ["scope_claims:", "- scope"], TOKEN_USE],
    user=USER,
    cases=[
        Accepted("user, without aud", USER, USER_ID, AGENT, "openid mcp/tools"),
        Accepted("client credentials", SERVICE_TOKEN, SERVICE, SERVICE, "mcp/tools"),
        Refused(
            "ID token", ID_TOKEN, "not_an_access_token", "claims token_use, at_hash", "an access token", "ID token"
        ),
        Refused(
            "ID token that names the client, too",
            ID_TOKEN.but(client_id=AGENT, scope="mcp/tools", at_hash=None),
            "not_an_access_token",
            "claims token_use",
            "an access token",
            "This is an ID token",
        ),
        Refused(
            "without token_use",
            USER.but(token_use=None),
            "claim_mismatch",
            "token_use (absent)",
            "token_use EQUALS access",
            "The preset cognito asks for it",
        ),
        Refused("refresh token", REFRESH_TOKEN, "encrypted_token", remedy="a refresh token of Amazon Cognito"),
        Refused("expired", USER.but(iat=-7200, exp=-3600), "expired", remedy="Ask for a new one"),
        Refused(
            "another app client",
            USER.but(client_id="1another2client3id"),
            "wrong_client",
            "client_id 1another2client3id",
            f"{AGENT}, {SERVICE}",
            "add it to allowed_clients",
        ),
        Refused(
            "no scope of the route",
            USER.but(scope="openid phone"),
            "insufficient_scope",
            "openid, phone",
            "one of mcp/tools, mcp/admin",
            "named IDENTIFIER/SCOPE",
        ),
        Refused(
            "scope without its resource server",
            USER.but(scope="tools"),
            "insufficient_scope",
            "tools",
            "one of mcp/tools, mcp/admin",
            "named IDENTIFIER/SCOPE",
        ),
        Refused(
            "another pool",
            USER.but(iss=BOUND_ISSUER, foreign=True),
            "wrong_issuer",
            f"iss {BOUND_ISSUER}",
            ISSUER,
            "another user pool",
        ),
    ],
    mistakes=[
        Mistake(
            "the domain as the issuer",
            {"issuer": DOMAIN, "discovery_url": None},
            [Finding("warning", "issuer", "Cognito's tokens come from the pool")],
        ),
        Mistake(
            "audience alone",
            {"allowed_clients": None, "allowed_audience": [resource("cognito")]},
            [Finding("warning", "allowed_audience", "that a client asks for with resource (RFC 8707)")],
        ),
        Mistake(
            "bound by the preset's rule only",
            {"allowed_clients": None},
            [Finding("error", "", "any token of this provider would be accepted")],
        ),
    ],
)

BOUND = Product(
    name="cognito-bound",
    metadata={f"{BOUND_ISSUER}/.well-known/openid-configuration": metadata(BOUND_ISSUER)},
    keys=keys(BOUND_ISSUER),
    authorization={
        "provider": "cognito",
        "issuer": BOUND_ISSUER,
        "discovery_url": f"{BOUND_ISSUER}/.well-known/openid-configuration",
        "allowed_audience": [resource("cognito-bound")],
        "allowed_scopes": ["mcp/tools"],
    },
    challenge_scope="mcp/tools",
    resource_metadata={
        "resource": resource("cognito-bound"),
        "authorization_servers": [BOUND_ISSUER],
        "scopes_supported": ["mcp/tools"],
        "bearer_methods_supported": ["header"],
    },
    expanded=[["client_id_claims:", "- client_id"], ["scope_claims:", "- scope"], TOKEN_USE],
    user=USER.but(iss=BOUND_ISSUER, aud=resource("cognito-bound")),
    cases=[
        Accepted(
            "asked for with resource",
            USER.but(iss=BOUND_ISSUER, aud=resource("cognito-bound")),
            USER_ID,
            AGENT,
            "openid mcp/tools",
        ),
        Refused(
            "without aud",
            USER.but(iss=BOUND_ISSUER),
            "wrong_audience",
            "aud (none)",
            resource("cognito-bound"),
            f"name the clients in allowed_clients in place of allowed_audience, here {AGENT}",
        ),
        Refused(
            "asked for with another resource",
            USER.but(iss=BOUND_ISSUER, aud="https://mcp.example.com/other"),
            "wrong_audience",
            "aud https://mcp.example.com/other",
            resource("cognito-bound"),
            "add it to allowed_audience",
        ),
        Refused(
            "ID token",
            ID_TOKEN.but(iss=BOUND_ISSUER),
            "wrong_audience",
            f"aud {AGENT}",
            resource("cognito-bound"),
            "because this is an ID token",
        ),
    ],
    findings=[Finding("warning", "allowed_audience", "name the clients in allowed_clients")],
)
