"""authentik, which has no preset: the audience is the client, so ID tokens of the same user have it, too."""

from support.product import X5C, X5T, X5T_S256, Accepted, Key, Product, Refused, Token, resource

ISSUER = "https://auth.example.com/application/o/mcp/"
HOST = "https://auth.example.com/application/o"
AGENT = "aUtHeNtIkExampleClientIdentifier00000001"
SCOPES = "one of mcp:tools"
METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{HOST}/authorize/",
    "token_endpoint": f"{HOST}/token/",
    "userinfo_endpoint": f"{HOST}/userinfo/",
    "end_session_endpoint": f"{ISSUER}end-session/",
    "introspection_endpoint": f"{HOST}/introspect/",
    "revocation_endpoint": f"{HOST}/revoke/",
    "device_authorization_endpoint": f"{HOST}/device/",
    "response_types_supported": ["code", "id_token", "id_token token", "code token"],
    "response_modes_supported": ["query", "fragment", "form_post"],
    "jwks_uri": f"{ISSUER}jwks/",
    "grant_types_supported": ["authorization_code", "refresh_token", "implicit", "client_credentials"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "subject_types_supported": ["public"],
    "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    "acr_values_supported": ["goauthentik.io/providers/oauth2/default"],
    "scopes_supported": ["openid", "email", "profile", "mcp:tools"],
    "code_challenge_methods_supported": ["plain", "S256"],
}

USER = Token(
    {
        "iss": ISSUER,
        "sub": "hashed-user-id-of-alice",
        "aud": AGENT,
        "exp": 300,
        "iat": 0,
        "auth_time": -60,
        "acr": "goauthentik.io/providers/oauth2/default",
        "azp": AGENT,
        "uid": "uid-example-1",
        "scope": "openid mcp:tools",
    },
    {"typ": "JWT"},
)
SERVICE_TOKEN = USER.but(sub="hashed-user-id-of-the-service", auth_time=None, scope="mcp:tools")
ID_TOKEN = USER.but(azp=None, uid=None, scope=None, nonce="n-1", at_hash="c2FtcGxlLWF0LWhhc2g", c_hash="aGFzaA")

AUTHENTIK = Product(
    name="authentik",
    metadata={f"{ISSUER}.well-known/openid-configuration": METADATA},
    keys={
        f"{ISSUER}jwks/": [
            Key(
                "0123456789abcdef0123456789abcdef",
                {"alg": "RS256", "use": "sig", "x5c": X5C, "x5t": X5T, "x5t#S256": X5T_S256},
            )
        ]
    },
    authorization={
        "issuer": ISSUER,
        "discovery_url": f"{ISSUER}.well-known/openid-configuration",
        "allowed_audience": [AGENT],
        "allowed_scopes": ["mcp:tools"],
    },
    challenge_scope="mcp:tools",
    resource_metadata={
        "resource": resource("authentik"),
        "authorization_servers": [ISSUER],
        "scopes_supported": ["mcp:tools"],
        "bearer_methods_supported": ["header"],
    },
    expanded=[["provider: generic"], [f"issuer: {ISSUER}"]],
    user=USER,
    cases=[
        Accepted("user", USER, "hashed-user-id-of-alice", AGENT, "openid mcp:tools"),
        Accepted("client credentials", SERVICE_TOKEN, "hashed-user-id-of-the-service", AGENT, "mcp:tools"),
        Refused(
            "ID token, whose audience is the same",
            ID_TOKEN,
            "not_an_access_token",
            "claims nonce, at_hash, c_hash",
            "an access token",
            "This is an ID token",
        ),
        Refused(
            "ID token that shows it by nothing",
            ID_TOKEN.but(nonce=None, at_hash=None, c_hash=None),
            "insufficient_scope",
            "(none)",
            SCOPES,
            "Let the client ask for mcp:tools",
        ),
        Refused("expired", USER.but(iat=-900, exp=-600), "expired", remedy="Ask for a new one"),
        Refused(
            "another application",
            USER.but(aud="another-client", azp="another-client"),
            "wrong_audience",
            "aud another-client",
            AGENT,
            "add it to allowed_audience",
        ),
        Refused(
            "no scope of the route",
            USER.but(scope="openid email"),
            "insufficient_scope",
            "openid, email",
            SCOPES,
            "grant it to this client and this user",
        ),
        Refused(
            "issuer of another application",
            USER.but(iss=f"{HOST}/other/", foreign=True),
            "wrong_issuer",
            f"iss {HOST}/other/",
            ISSUER,
            f"The token is from {HOST}/other/",
        ),
        Refused(
            "issuer without its slash",
            USER.but(iss=ISSUER.removesuffix("/")),
            "wrong_issuer",
            f"iss {ISSUER.removesuffix('/')}",
            ISSUER,
            "They differ by a slash at the end only",
        ),
    ],
)
