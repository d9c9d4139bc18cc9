"""Okta: a custom authorization server, its client in `cid`, its scopes in the array `scp`."""

from support.product import Accepted, Finding, Key, Mistake, Product, Refused, Token, resource

ORGANIZATION = "https://example.okta.com"
ISSUER = f"{ORGANIZATION}/oauth2/default"
AGENT = "0oa1example"
SERVICE = "0oa2example"
SCOPES = "one of mcp:tools, mcp:admin"

METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/v1/authorize",
    "token_endpoint": f"{ISSUER}/v1/token",
    "userinfo_endpoint": f"{ISSUER}/v1/userinfo",
    "registration_endpoint": f"{ORGANIZATION}/oauth2/v1/clients",
    "jwks_uri": f"{ISSUER}/v1/keys",
    "response_types_supported": ["code", "id_token", "code id_token", "code token", "id_token token"],
    "response_modes_supported": ["query", "fragment", "form_post", "okta_post_message"],
    "grant_types_supported": ["authorization_code", "implicit", "refresh_token", "password", "client_credentials"],
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "scopes_supported": ["mcp:tools", "mcp:admin", "openid", "profile", "email", "offline_access"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
    "claims_supported": ["ver", "jti", "iss", "aud", "iat", "exp", "cid", "uid", "scp", "sub"],
    "code_challenge_methods_supported": ["S256"],
    "introspection_endpoint": f"{ISSUER}/v1/introspect",
    "revocation_endpoint": f"{ISSUER}/v1/revoke",
    "end_session_endpoint": f"{ISSUER}/v1/logout",
    "dpop_signing_alg_values_supported": ["RS256", "ES256"],
}

USER = Token(
    {
        "ver": 1,
        "jti": "AT.example-1",
        "iss": ISSUER,
        "aud": "api://default",
        "iat": 0,
        "exp": 3600,
        "cid": AGENT,
        "uid": "00u1example",
        "scp": ["openid", "offline_access", "mcp:tools"],
        "auth_time": -60,
        "sub": "alice@example.com",
    }
)
SERVICE_TOKEN = USER.but(cid=SERVICE, sub=SERVICE, uid=None, auth_time=None, scp=["mcp:tools"])
ID_TOKEN = Token(
    {
        "sub": "00u1example",
        "name": "Alice",
        "ver": 1,
        "iss": ISSUER,
        "aud": AGENT,
        "iat": 0,
        "exp": 3600,
        "jti": "ID.example-1",
        "amr": ["pwd"],
        "idp": "00o1example",
        "nonce": "n-1",
        "preferred_username": "alice@example.com",
        "auth_time": -60,
        "at_hash": "c2FtcGxlLWF0LWhhc2g",
    }
)

OKTA = Product(
    name="okta",
    metadata={f"{ISSUER}/.well-known/openid-configuration": METADATA},
    keys={
        f"{ISSUER}/v1/keys": [
            Key("p7Xq0JbC2kq4Qy1sIuN5dHqkT0mUo3l9w8rYzA1BcDE", {"alg": "RS256", "use": "sig"}),
            Key("o6Wp9IaB1jp3Px0rHtM4cGpjS9lTn2k8v7qXyZ0AbCD", {"alg": "RS256", "use": "sig"}),
        ]
    },
    authorization={
        "provider": "okta",
        "issuer": ISSUER,
        "discovery_url": f"{ISSUER}/.well-known/openid-configuration",
        "allowed_audience": ["api://default"],
        "allowed_clients": [AGENT, SERVICE],
        "allowed_scopes": ["mcp:tools", "mcp:admin"],
    },
    challenge_scope="mcp:tools mcp:admin",
    resource_metadata={
        "resource": resource("okta"),
        "authorization_servers": [ISSUER],
        "scopes_supported": ["mcp:tools", "mcp:admin"],
        "bearer_methods_supported": ["header"],
    },
    expanded=[["client_id_claims:", "- cid"], ["scope_claims:", "- scp"]],
    user=USER,
    cases=[
        Accepted("user", USER, "alice@example.com", AGENT, "openid offline_access mcp:tools"),
        Accepted("client credentials", SERVICE_TOKEN, SERVICE, SERVICE, "mcp:tools"),
        Accepted("one scope of two", USER.but(scp=["mcp:admin"]), "alice@example.com", AGENT, "mcp:admin"),
        Refused("ID token", ID_TOKEN, "wrong_audience", f"aud {AGENT}", "api://default", "because this is an ID token"),
        Refused("expired", USER.but(iat=-7200, exp=-3600), "expired", remedy="Ask for a new one"),
        Refused(
            "audience of another server",
            USER.but(aud="api://payroll"),
            "wrong_audience",
            "aud api://payroll",
            "api://default",
            "the audience of the authorization server in Okta",
        ),
        Refused(
            "audience as the client asked for it",
            USER.but(aud=resource("okta")),
            "wrong_audience",
            f"aud {resource('okta')}",
            "api://default",
            "change it there (Security, API)",
        ),
        Refused(
            "no scope of the route",
            USER.but(scp=["openid", "offline_access"]),
            "insufficient_scope",
            "openid, offline_access",
            SCOPES,
            "an access policy must allow it",
        ),
        Refused(
            "scopes where Okta has none",
            USER.but(scp=None, scope="mcp:tools"),
            "insufficient_scope",
            "(none)",
            SCOPES,
            "The token has scopes in scope, which scope_claims does not name",
        ),
        Refused(
            "client where Okta has none",
            USER.but(cid=None, client_id=AGENT),
            "wrong_client",
            "none of cid",
            f"{AGENT}, {SERVICE}",
            "The client is in client_id, which client_id_claims does not name",
        ),
        Refused(
            "another application",
            USER.but(cid="0oa9example"),
            "wrong_client",
            "cid 0oa9example",
            f"{AGENT}, {SERVICE}",
            "add it to allowed_clients",
        ),
        Refused(
            "org authorization server",
            USER.but(iss=ORGANIZATION, aud=ORGANIZATION, scp=["openid"], foreign=True),
            "wrong_issuer",
            f"iss {ORGANIZATION}",
            ISSUER,
            "org authorization server, whose access tokens are for Okta's own APIs only",
        ),
        Refused(
            "another authorization server",
            USER.but(iss=f"{ORGANIZATION}/oauth2/aus9example", foreign=True),
            "wrong_issuer",
            f"iss {ORGANIZATION}/oauth2/aus9example",
            ISSUER,
            "another authorization server of Okta",
        ),
        Refused(
            "another organization",
            USER.but(iss="https://other.okta.com/oauth2/default", foreign=True),
            "wrong_issuer",
            "iss https://other.okta.com/oauth2/default",
            ISSUER,
            "another authorization server of Okta",
        ),
        Refused(
            "issuer with a slash more",
            USER.but(iss=ISSUER + "/"),
            "wrong_issuer",
            f"iss {ISSUER}/",
            ISSUER,
            "They differ by a slash at the end only",
        ),
    ],
    mistakes=[
        Mistake(
            "org authorization server",
            {"issuer": ORGANIZATION, "discovery_url": f"{ORGANIZATION}/.well-known/openid-configuration"},
            [Finding("warning", "issuer", f"such as {ISSUER}")],
        ),
        Mistake(
            "bound to nothing",
            {"allowed_audience": None, "allowed_clients": None},
            [Finding("error", "", "any token of this provider would be accepted")],
        ),
    ],
)
