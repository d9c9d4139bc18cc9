"""Auth0: an issuer with a slash at its end, audiences in an array, permissions beside scopes."""

from support.product import X5C, X5T, Accepted, Finding, Key, Mistake, Product, Refused, Token, resource

TENANT = "https://example.eu.auth0.com"
ISSUER = f"{TENANT}/"
DISCOVERY = f"{TENANT}/.well-known/openid-configuration"
AGENT = "Agent0example1client2identifier3"
SERVICE = "Service4example5client6identifi7"
SCOPES = "one of mcp:tools, mcp:admin"

METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{TENANT}/authorize",
    "token_endpoint": f"{TENANT}/oauth/token",
    "device_authorization_endpoint": f"{TENANT}/oauth/device/code",
    "userinfo_endpoint": f"{TENANT}/userinfo",
    "mfa_challenge_endpoint": f"{TENANT}/mfa/challenge",
    "jwks_uri": f"{TENANT}/.well-known/jwks.json",
    "registration_endpoint": f"{TENANT}/oidc/register",
    "revocation_endpoint": f"{TENANT}/oauth/revoke",
    "scopes_supported": ["openid", "profile", "offline_access", "name", "email"],
    "response_types_supported": ["code", "token", "id_token", "code token", "code id_token"],
    "code_challenge_methods_supported": ["S256", "plain"],
    "response_modes_supported": ["query", "fragment", "form_post"],
    "subject_types_supported": ["public"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
    "claims_supported": ["aud", "auth_time", "email", "exp", "iat", "iss", "name", "sub"],
    "request_uri_parameter_supported": False,
    "request_parameter_supported": True,
    "id_token_signing_alg_values_supported": ["HS256", "RS256", "PS256"],
    "backchannel_logout_supported": True,
    "end_session_endpoint": f"{TENANT}/oidc/logout",
}

USER = Token(
    {
        "iss": ISSUER,
        "sub": "auth0|alice",
        "aud": [resource("auth0"), f"{TENANT}/userinfo"],
        "iat": 0,
        "exp": 86400,
        "scope": "openid mcp:tools offline_access",
        "azp": AGENT,
    },
    {"typ": "JWT"},
)
SERVICE_TOKEN = Token(
    {
        "iss": ISSUER,
        "sub": f"{SERVICE}@clients",
        "aud": resource("auth0"),
        "iat": 0,
        "exp": 86400,
        "scope": "mcp:tools",
        "gty": "client-credentials",
        "azp": SERVICE,
    },
    {"typ": "JWT"},
)
ID_TOKEN = Token(
    {
        "nickname": "alice",
        "name": "Alice",
        "email": "alice@example.com",
        "iss": ISSUER,
        "aud": AGENT,
        "iat": 0,
        "exp": 36000,
        "sub": "auth0|alice",
        "sid": "session-example",
        "nonce": "n-1",
    },
    {"typ": "JWT"},
)
# {"alg":"dir","enc":"A256GCM","iss":"https://example.eu.auth0.com/"}, encrypted for Auth0 itself.
OPAQUE = (
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwiaXNzIjoiaHR0cHM6Ly9leGFtcGxlLmV1LmF1dGgwLmNvbS8ifQ."
    ".initialvector000.ciphertextciphertext.authenticationtag"
)

AUTH0 = Product(
    name="auth0",
    metadata={DISCOVERY: METADATA},
    keys={
        f"{TENANT}/.well-known/jwks.json": [
            Key(kid, {"use": "sig", "x5c": X5C, "x5t": X5T, "alg": "RS256"})
            for kid in ("sIgNiNg-0example1key2", "nExT-3example4key5aaa")
        ]
    },
    authorization={
        "provider": "auth0",
        "issuer": ISSUER,
        "discovery_url": DISCOVERY,
        "allowed_audience": [resource("auth0")],
        "allowed_scopes": ["mcp:tools", "mcp:admin"],
    },
    challenge_scope="mcp:tools mcp:admin",
    resource_metadata={
        "resource": resource("auth0"),
        "authorization_servers": [ISSUER],
        "scopes_supported": ["mcp:tools", "mcp:admin"],
        "bearer_methods_supported": ["header"],
    },
    expanded=[
        [f"issuer: {ISSUER}"],
        ["client_id_claims:", "- azp", "- client_id"],
        ["scope_claims:", "- scope", "- permissions"],
    ],
    user=USER,
    cases=[
        Accepted("user, audiences in an array", USER, "auth0|alice", AGENT, "openid mcp:tools offline_access"),
        Accepted("client credentials", SERVICE_TOKEN, f"{SERVICE}@clients", SERVICE, "mcp:tools"),
        Accepted(
            "profile of RFC 9068",
            USER.but(header={"typ": "at+jwt"}, azp=None, client_id=AGENT, jti="jti-example-1"),
            "auth0|alice",
            AGENT,
            "openid mcp:tools offline_access",
        ),
        Accepted(
            "permission of a role (RBAC)",
            USER.but(scope="openid", permissions=["mcp:admin"]),
            "auth0|alice",
            AGENT,
            "openid mcp:admin",
        ),
        Refused(
            "ID token", ID_TOKEN, "wrong_audience", f"aud {AGENT}", resource("auth0"), "because this is an ID token"
        ),
        Refused("opaque token", OPAQUE, "encrypted_token", remedy="Auth0 has issued an opaque token"),
        Refused("expired", USER.but(iat=-90000, exp=-3600), "expired", remedy="Ask for a new one"),
        Refused(
            "for /userinfo only",
            USER.but(aud=f"{TENANT}/userinfo"),
            "wrong_audience",
            f"aud {TENANT}/userinfo",
            resource("auth0"),
            "The token is for Auth0's own /userinfo only",
        ),
        Refused(
            "another API",
            USER.but(aud=["urn:payroll", f"{TENANT}/userinfo"]),
            "wrong_audience",
            f"aud urn:payroll, {TENANT}/userinfo",
            resource("auth0"),
            "let the client ask for",
        ),
        Refused(
            "API whose identifier has a slash more",
            USER.but(aud=resource("auth0") + "/"),
            "wrong_audience",
            f"aud {resource('auth0')}/",
            resource("auth0"),
            "They differ by a slash at the end only",
        ),
        Refused(
            "no scope of the route",
            USER.but(scope="openid offline_access", permissions=[]),
            "insufficient_scope",
            "openid, offline_access",
            SCOPES,
            "with RBAC the user needs it through a role",
        ),
        Refused(
            "API that signs with HS256",
            USER.but(header={"alg": "HS256", "kid": None}),
            "unsupported_algorithm",
            remedy="HS256 needs the secret of whoever signs",
        ),
        Refused(
            "issuer without its slash",
            USER.but(iss=TENANT),
            "wrong_issuer",
            f"iss {TENANT}",
            ISSUER,
            "They differ by a slash at the end only",
        ),
        Refused(
            "custom domain",
            USER.but(iss="https://login.example.com/"),
            "wrong_issuer",
            "iss https://login.example.com/",
            ISSUER,
            "The token is from https://login.example.com/",
        ),
        Refused(
            "another tenant",
            USER.but(iss="https://other.eu.auth0.com/", foreign=True),
            "wrong_issuer",
            "iss https://other.eu.auth0.com/",
            ISSUER,
            "The token is from https://other.eu.auth0.com/",
        ),
    ],
    mistakes=[
        Mistake("issuer without its slash", {"issuer": TENANT}, [Finding("error", "issuer", f"Write {ISSUER}")]),
        Mistake("issuer from discovery_url", {"issuer": None, "discovery_url": DISCOVERY}, []),
    ],
)
