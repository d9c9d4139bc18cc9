"""PingOne: a custom resource's audience in an array, an issuer below the region's host."""

from support.product import X5C, X5T, Accepted, Key, Mistake, Product, Refused, Token, resource

ENVIRONMENT = "11111111-2222-3333-4444-555555555555"
ISSUER = f"https://auth.pingone.eu/{ENVIRONMENT}/as"
AGENT = "99999999-8888-7777-6666-555555555555"
SERVICE = "88888888-7777-6666-5555-444444444444"
USER_ID = "0a1b2c3d-0001-4000-8000-cccccccccccc"

METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "pushed_authorization_request_endpoint": f"{ISSUER}/par",
    "token_endpoint": f"{ISSUER}/token",
    "userinfo_endpoint": f"{ISSUER}/userinfo",
    "jwks_uri": f"{ISSUER}/jwks",
    "end_session_endpoint": f"{ISSUER}/signoff",
    "introspection_endpoint": f"{ISSUER}/introspect",
    "revocation_endpoint": f"{ISSUER}/revoke",
    "device_authorization_endpoint": f"{ISSUER}/device_authorization",
    "claims_parameter_supported": False,
    "request_parameter_supported": True,
    "request_uri_parameter_supported": False,
    "scopes_supported": ["openid", "profile", "email", "address", "phone"],
    "response_types_supported": ["code", "id_token", "token id_token", "code id_token", "code token"],
    "response_modes_supported": ["pi.flow", "query", "fragment", "form_post"],
    "grant_types_supported": ["authorization_code", "implicit", "client_credentials", "refresh_token"],
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
    "claim_types_supported": ["normal"],
    "code_challenge_methods_supported": ["plain", "S256"],
}

USER = Token(
    {
        "client_id": AGENT,
        "iss": ISSUER,
        "jti": "jti-example-1",
        "iat": 0,
        "exp": 3600,
        "aud": [resource("ping")],
        "scope": "openid mcp:tools",
        "sub": USER_ID,
        "sid": "session-example",
        "auth_time": -60,
        "acr": "Single_Factor",
        "env": ENVIRONMENT,
        "org": "00000000-1111-2222-3333-444444444444",
    }
)
SERVICE_TOKEN = USER.but(client_id=SERVICE, scope="mcp:tools", sub=None, sid=None, auth_time=None, acr=None)
ID_TOKEN = USER.but(
    client_id=None, scope=None, aud=AGENT, at_hash="c2FtcGxlLWF0LWhhc2g", nonce="n-1", preferred_username="alice"
)

PING = Product(
    name="ping",
    metadata={f"{ISSUER}/.well-known/openid-configuration": METADATA},
    keys={
        f"{ISSUER}/jwks": [
            Key("default-example-key-1", {"use": "sig", "alg": "RS256", "x5t": X5T, "x5c": X5C}),
            Key("default-example-key-2", {"use": "sig", "alg": "RS256", "x5t": X5T, "x5c": X5C}),
        ]
    },
    authorization={
        "provider": "ping",
        "issuer": ISSUER,
        "discovery_url": f"{ISSUER}/.well-known/openid-configuration",
        "allowed_audience": [resource("ping")],
        "allowed_clients": [AGENT, SERVICE],
        "allowed_scopes": ["mcp:tools"],
    },
    challenge_scope="mcp:tools",
    resource_metadata={
        "resource": resource("ping"),
        "authorization_servers": [ISSUER],
        "scopes_supported": ["mcp:tools"],
        "bearer_methods_supported": ["header"],
    },
    expanded=[["client_id_claims:", "- client_id"], ["scope_claims:", "- scope"]],
    user=USER,
    cases=[
        Accepted("user", USER, USER_ID, AGENT, "openid mcp:tools"),
        Accepted("client credentials, without a subject", SERVICE_TOKEN, None, SERVICE, "mcp:tools"),
        Refused(
            "ID token", ID_TOKEN, "wrong_audience", f"aud {AGENT}", resource("ping"), "because this is an ID token"
        ),
        Refused(
            "reference token of PingFederate",
            "0001aBcDeFgHiJkLmNoPqRsTuVwX",
            "opaque_token",
            remedy="add introspection to this entry",
        ),
        Refused("expired", USER.but(iat=-7200, exp=-3600), "expired", remedy="Ask for a new one"),
        Refused(
            "for PingOne itself",
            USER.but(aud=["https://api.pingone.eu"], scope="openid p1:read:user"),
            "wrong_audience",
            "aud https://api.pingone.eu",
            resource("ping"),
            "let the client ask for",
        ),
        Refused(
            "no scope of the route",
            USER.but(scope="openid mcp:other"),
            "insufficient_scope",
            "openid, mcp:other",
            "one of mcp:tools",
            "Let the client ask for mcp:tools",
        ),
        Refused(
            "another application",
            USER.but(client_id="00000000-8888-7777-6666-555555555555"),
            "wrong_client",
            "client_id 00000000-8888-7777-6666-555555555555",
            f"{AGENT}, {SERVICE}",
            "add it to allowed_clients",
        ),
        Refused(
            "another region",
            USER.but(iss=ISSUER.replace(".eu/", ".com/"), foreign=True),
            "wrong_issuer",
            f"iss {ISSUER.replace('.eu/', '.com/')}",
            ISSUER,
            "The token is from https://auth.pingone.com/",
        ),
        Refused(
            "another environment",
            USER.but(iss="https://auth.pingone.eu/22222222-3333-4444-5555-666666666666/as", foreign=True),
            "wrong_issuer",
            "iss https://auth.pingone.eu/22222222-3333-4444-5555-666666666666/as",
            ISSUER,
            "which this entry is not about",
        ),
    ],
    mistakes=[Mistake("client alone", {"allowed_audience": None}, [])],
)
