"""Descope: an issuer for each MCP server beside the project's, and the project's keys for all of them."""

from typing import Any

from support.product import Accepted, Finding, Key, Mistake, Product, Refused, Token, resource

HOST = "https://api.descope.com"
PROJECT = "P2example"
ISSUER = f"{HOST}/v1/apps/agentic/{PROJECT}/MS2example"
PROJECT_ISSUER = f"{HOST}/{PROJECT}"
JWKS = f"{HOST}/{PROJECT}/.well-known/jwks.json"
AGENT = "TPA2exampleagent"
SERVICE = "K2exampleaccesskey"
USER_ID = "U2examplealice"


def metadata(issuer: str, endpoints: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "jwks_uri": JWKS,
        "authorization_endpoint": f"{endpoints}/authorize",
        "token_endpoint": f"{endpoints}/token",
        "userinfo_endpoint": f"{endpoints}/userinfo",
        "revocation_endpoint": f"{endpoints}/revoke",
        "registration_endpoint": f"{issuer}/register",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "none"],
        "scopes_supported": ["openid", "mcp:tools"],
        "client_id_metadata_document_supported": True,
    }


USER = Token(
    {
        "amr": ["email"],
        "aud": [resource("descope")],
        "azp": AGENT,
        "client_id": AGENT,
        "dct": "T2example",
        "exp": 3600,
        "iat": 0,
        "iss": ISSUER,
        "permissions": ["profile.read"],
        "scope": "openid mcp:tools",
        "sub": USER_ID,
        "tenants": {"T2example": {"permissions": [], "roles": []}},
    },
    {"typ": "JWT"},
)
SERVICE_TOKEN = USER.but(iss=PROJECT_ISSUER, amr=None, sub=SERVICE, azp=SERVICE, client_id=SERVICE, scope="mcp:tools")
ID_TOKEN = USER.but(aud=[AGENT], client_id=None, scope=None, permissions=None, nonce="n-1", email="alice@example.com")
# What the application's own SDK holds; no client has asked for it.
SESSION_TOKEN = Token(
    {"amr": ["email"], "drn": "DS", "exp": 600, "iat": 0, "iss": PROJECT_ISSUER, "rexp": "2026-12-24", "sub": USER_ID},
    {"typ": "JWT"},
)

DESCOPE = Product(
    name="descope",
    metadata={
        f"{ISSUER}/.well-known/openid-configuration": metadata(ISSUER, f"{HOST}/oauth2/v1/apps/{PROJECT}"),
        f"{PROJECT_ISSUER}/.well-known/openid-configuration": metadata(PROJECT_ISSUER, f"{HOST}/oauth2/v1"),
    },
    keys={JWKS: [Key("SK2examplesigningkey", {"alg": "RS256", "use": "sig"})]},
    authorization=[
        {
            "provider": "descope",
            "issuer": ISSUER,
            "discovery_url": f"{ISSUER}/.well-known/openid-configuration",
            "allowed_audience": [resource("descope"), PROJECT],
            "allowed_scopes": ["mcp:tools", "mcp:admin"],
        },
        {
            "provider": "descope",
            "issuer": PROJECT_ISSUER,
            "discovery_url": f"{PROJECT_ISSUER}/.well-known/openid-configuration",
            "allowed_audience": [resource("descope")],
            "allowed_scopes": ["mcp:tools"],
        },
    ],
    challenge_scope="mcp:tools mcp:admin",
    resource_metadata={
        "resource": resource("descope"),
        "authorization_servers": [ISSUER, PROJECT_ISSUER],
        "scopes_supported": ["mcp:tools", "mcp:admin"],
        "bearer_methods_supported": ["header"],
    },
    expanded=[["client_id_claims:", "- azp", "- client_id"], ["scope_claims:", "- scope", "- permissions"]],
    user=USER,
    cases=[
        Accepted("user", USER, USER_ID, AGENT, "openid mcp:tools profile.read"),
        Accepted(
            "user whose client sent no resource",
            USER.but(aud=[PROJECT, AGENT]),
            USER_ID,
            AGENT,
            "openid mcp:tools profile.read",
        ),
        Accepted("client credentials, by the project", SERVICE_TOKEN, SERVICE, SERVICE, "mcp:tools profile.read"),
        Refused(
            "ID token",
            ID_TOKEN,
            "wrong_audience",
            f"aud {AGENT}",
            f"{resource('descope')}, {PROJECT}",
            "because this is an ID token",
        ),
        Refused(
            "ID token for the project",
            ID_TOKEN.but(aud=[PROJECT]),
            "not_an_access_token",
            "claims nonce",
            "an access token",
            "This is an ID token",
        ),
        Refused(
            "session token",
            SESSION_TOKEN,
            "wrong_audience",
            "aud (none)",
            resource("descope"),
            "The token has no aud",
        ),
        Refused(
            "session token of an older project",
            SESSION_TOKEN.but(iss=PROJECT),
            "wrong_issuer",
            f"iss {PROJECT}",
            f"{ISSUER}, {PROJECT_ISSUER}",
            "which this entry is not about",
        ),
        Refused("expired", USER.but(iat=-7200, exp=-3600), "expired", remedy="Ask for a new one"),
        Refused(
            "the project's, for no resource",
            SERVICE_TOKEN.but(aud=[PROJECT]),
            "wrong_audience",
            f"aud {PROJECT}",
            resource("descope"),
            "let the client ask for",
        ),
        Refused(
            "no scope of the route",
            USER.but(scope="openid"),
            "insufficient_scope",
            "openid, profile.read",
            "one of mcp:tools, mcp:admin",
            "Let the client ask for mcp:tools or mcp:admin",
        ),
        Refused(
            "scope of the other entry",
            SERVICE_TOKEN.but(scope="mcp:admin"),
            "insufficient_scope",
            "mcp:admin, profile.read",
            "one of mcp:tools",
            "Let the client ask for mcp:tools",
        ),
        Refused(
            "another MCP server of the project",
            USER.but(iss=f"{HOST}/v1/apps/agentic/{PROJECT}/MS9example"),
            "wrong_issuer",
            f"iss {HOST}/v1/apps/agentic/{PROJECT}/MS9example",
            f"{ISSUER}, {PROJECT_ISSUER}",
            "Descope has an issuer for each project, MCP server and tenant",
        ),
        Refused(
            "another project",
            USER.but(iss=f"{HOST}/P9example", foreign=True),
            "wrong_issuer",
            f"iss {HOST}/P9example",
            f"{ISSUER}, {PROJECT_ISSUER}",
            "Descope has an issuer for each project, MCP server and tenant",
        ),
    ],
    mistakes=[
        Mistake("the same issuer twice", {"issuer": ISSUER}, [Finding("error", "issuer", "")]),
    ],
)
