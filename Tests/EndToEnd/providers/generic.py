"""A provider without a preset: every claim that is known to hold clients and scopes is looked at."""

from support.product import Accepted, Finding, Key, Mistake, Product, Refused, Token, resource

ISSUER = "https://sso.example.org/tenant"
AGENT = "agent-example"
METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/jwks",
    "registration_endpoint": f"{ISSUER}/register",
    "response_types_supported": ["code"],
    "grant_types_supported": ["authorization_code", "refresh_token"],
    "code_challenge_methods_supported": ["S256"],
    "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
    "authorization_response_iss_parameter_supported": True,
}

# The claims of RFC 9068 §2.2.
USER = Token(
    {
        "iss": ISSUER,
        "exp": 600,
        "aud": resource("generic"),
        "sub": "alice",
        "client_id": AGENT,
        "iat": 0,
        "jti": "jti-example-1",
        "auth_time": -60,
        "scope": "mcp:tools",
    },
    {"typ": "at+jwt"},
)
SERVICE_TOKEN = USER.but(sub=AGENT, auth_time=None)
ID_TOKEN = Token(
    {
        "iss": ISSUER,
        "exp": 600,
        "aud": AGENT,
        "sub": "alice",
        "iat": 0,
        "nonce": "n-1",
        "at_hash": "c2FtcGxlLWF0LWhhc2g",
    },
    {"typ": "JWT"},
)

GENERIC = Product(
    name="generic",
    # RFC 8414 §3.1: inserted, not appended.
    metadata={f"{ISSUER}/.well-known/oauth-authorization-server": METADATA},
    keys={
        f"{ISSUER}/jwks": [
            Key("2026-11", {"use": "sig", "alg": "RS256", "key_ops": ["verify"]}),
            Key("2026-10", {"use": "sig", "alg": "RS256", "key_ops": ["verify"]}),
        ]
    },
    authorization={
        "issuer": ISSUER,
        "discovery_url": f"{ISSUER}/.well-known/oauth-authorization-server",
        "allowed_audience": [resource("generic")],
        "allowed_clients": [AGENT],
        "allowed_scopes": ["mcp:tools", "mcp:admin"],
        "scope_match": "all",
        "scope_hierarchy": {"mcp:root": ["mcp:tools", "mcp:admin"]},
    },
    challenge_scope="mcp:tools mcp:admin",
    resource_metadata={
        "resource": resource("generic"),
        "authorization_servers": [ISSUER],
        "scopes_supported": ["mcp:tools", "mcp:admin"],
        "bearer_methods_supported": ["header"],
    },
    expanded=[
        ["provider: generic"],
        ["client_id_claims:", "- client_id", "- azp", "- cid", "- appid"],
        ["scope_claims:", "- scope", "- scp", "- roles", "- permissions"],
    ],
    user=USER.but(scope="mcp:root"),
    cases=[
        Accepted("user with both scopes", USER.but(scope="mcp:admin mcp:tools"), "alice", AGENT, "mcp:admin mcp:tools"),
        Accepted("user with the scope that includes both", USER.but(scope="mcp:root"), "alice", AGENT, "mcp:root"),
        Accepted("client credentials", SERVICE_TOKEN.but(scope="mcp:root"), AGENT, AGENT, "mcp:root"),
        Accepted(
            "scopes in several claims",
            USER.but(roles=["mcp:admin"]),
            "alice",
            AGENT,
            "mcp:tools mcp:admin",
        ),
        Accepted(
            "no key id: every key is tried",
            USER.but(header={"kid": None}, scope="mcp:root"),
            "alice",
            AGENT,
            "mcp:root",
        ),
        Refused(
            "one scope of two, and all are asked for",
            USER,
            "insufficient_scope",
            "mcp:tools",
            "all of mcp:tools, mcp:admin",
            "Let the client ask for mcp:tools and mcp:admin",
        ),
        Refused(
            "ID token", ID_TOKEN, "wrong_audience", f"aud {AGENT}", resource("generic"), "because this is an ID token"
        ),
        Refused("expired", USER.but(iat=-1200, exp=-600), "expired", remedy="Ask for a new one"),
        Refused(
            "another audience",
            USER.but(aud="https://mcp.example.com/other"),
            "wrong_audience",
            "aud https://mcp.example.com/other",
            resource("generic"),
            "let the client ask for",
        ),
        Refused(
            "another client",
            USER.but(client_id="stranger"),
            "wrong_client",
            "client_id stranger",
            AGENT,
            "add it to allowed_clients",
        ),
        Refused(
            "another tenant",
            USER.but(iss="https://sso.example.org/other", foreign=True),
            "wrong_issuer",
            "iss https://sso.example.org/other",
            ISSUER,
            "The token is from https://sso.example.org/other",
        ),
        Refused(
            "key of somebody else",
            USER.but(header={"kid": "2025-01"}, foreign=True),
            "unknown_key",
            "kid 2025-01",
            "a key of the issuer",
            "The provider does not publish the key 2025-01",
        ),
        Refused(
            "signature of somebody else",
            USER.but(foreign=True),
            "bad_signature",
            "kid 2026-11",
            "a key of the issuer",
            "A key with this id has not made the signature",
        ),
        Refused("clock ahead", USER.but(iat=900, exp=1500), "issued_in_future", remedy="set both by NTP"),
        Refused("opaque token", "opaque-example-token-0001", "opaque_token", remedy="add introspection to this entry"),
        Refused(
            "shared secret",
            USER.but(header={"alg": "HS256"}),
            "unsupported_algorithm",
            remedy="HS256 needs the secret of whoever signs",
        ),
    ],
    mistakes=[
        Mistake(
            "hierarchy without scopes",
            {"allowed_scopes": None, "scope_match": None},
            [Finding("warning", "scope_hierarchy", "has no effect without allowed_scopes")],
        )
    ],
)
