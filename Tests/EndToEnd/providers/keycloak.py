"""Keycloak: no audience without a mapper, an encryption key beside the signing key, roles in nested claims."""

from support.product import (
    X5C,
    X5T,
    X5T_S256,
    Accepted,
    Finding,
    Key,
    Mistake,
    Product,
    Refused,
    Token,
    claim_rule,
    resource,
)

ISSUER = "https://sso.example.com/realms/example"
PROTOCOL = f"{ISSUER}/protocol/openid-connect"
AGENT = "mcp-clients"
SERVICE = "nightly-job"
USER_ID = "5a0c1d2e-0001-4000-8000-bbbbbbbbbbbb"
SCOPES = "one of mcp:tools, mcp:admin"
ROLE = "realm_access.roles CONTAINS mcp-user"

METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{PROTOCOL}/auth",
    "token_endpoint": f"{PROTOCOL}/token",
    "introspection_endpoint": f"{PROTOCOL}/token/introspect",
    "userinfo_endpoint": f"{PROTOCOL}/userinfo",
    "end_session_endpoint": f"{PROTOCOL}/logout",
    "jwks_uri": f"{PROTOCOL}/certs",
    "registration_endpoint": f"{ISSUER}/clients-registrations/openid-connect",
    "revocation_endpoint": f"{PROTOCOL}/revoke",
    "device_authorization_endpoint": f"{PROTOCOL}/auth/device",
    "grant_types_supported": ["authorization_code", "client_credentials", "implicit", "password", "refresh_token"],
    "response_types_supported": ["code", "none", "id_token", "token", "id_token token", "code id_token"],
    "subject_types_supported": ["public", "pairwise"],
    "id_token_signing_alg_values_supported": ["PS384", "RS384", "EdDSA", "ES384", "HS256", "ES256", "RS256", "PS256"],
    "response_modes_supported": ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"],
    "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic", "client_secret_post"],
    "claims_supported": ["aud", "sub", "iss", "auth_time", "name", "preferred_username", "email", "acr"],
    "scopes_supported": ["openid", "offline_access", "mcp:tools", "mcp:admin", "profile", "email", "roles", "basic"],
    "code_challenge_methods_supported": ["plain", "S256"],
    "tls_client_certificate_bound_access_tokens": True,
    "authorization_response_iss_parameter_supported": True,
}

USER = Token(
    {
        "exp": 300,
        "iat": 0,
        "auth_time": -60,
        "jti": "onrtac:jti-example-1",
        "iss": ISSUER,
        "aud": [resource("keycloak"), "account"],
        "sub": USER_ID,
        "typ": "Bearer",
        "azp": AGENT,
        "sid": "session-example",
        "acr": "1",
        "allowed-origins": ["*"],
        "realm_access": {"roles": ["default-roles-example", "offline_access", "mcp-user"]},
        "resource_access": {"account": {"roles": ["manage-account", "view-profile"]}},
        "scope": "openid email profile mcp:tools",
        "email_verified": True,
        "name": "Alice",
        "preferred_username": "alice",
        "email": "alice@example.com",
    },
    {"typ": "JWT"},
)
SERVICE_TOKEN = USER.but(
    sub="5a0c1d2e-0002-4000-8000-bbbbbbbbbbbb",
    azp=SERVICE,
    auth_time=None,
    sid=None,
    aud=resource("keycloak"),
    scope="mcp:tools email profile",
    clientHost="192.0.2.7",
    clientAddress="192.0.2.7",
    client_id=SERVICE,
    preferred_username=f"service-account-{SERVICE}",
    name=None,
    email=None,
)
ID_TOKEN = Token(
    {
        "exp": 300,
        "iat": 0,
        "auth_time": -60,
        "jti": "jti-example-2",
        "iss": ISSUER,
        "aud": AGENT,
        "sub": USER_ID,
        "typ": "ID",
        "azp": AGENT,
        "nonce": "n-1",
        "sid": "session-example",
        "at_hash": "c2FtcGxlLWF0LWhhc2g",
        "acr": "1",
        "preferred_username": "alice",
    },
    {"typ": "JWT"},
)

KEYCLOAK = Product(
    name="keycloak",
    metadata={f"{ISSUER}/.well-known/openid-configuration": METADATA},
    keys={
        f"{PROTOCOL}/certs": [
            Key(kid, {"alg": alg, "use": use, "x5c": X5C, "x5t": X5T, "x5t#S256": X5T_S256})
            for kid, alg, use in (
                ("eNcRyPtIoN-example-key-0000000000000000000000", "RSA-OAEP", "enc"),
                ("sIgNiNg-example-key-000000000000000000000000", "RS256", "sig"),
            )
        ]
    },
    authorization={
        "provider": "keycloak",
        "issuer": ISSUER,
        "discovery_url": f"{ISSUER}/.well-known/openid-configuration",
        "allowed_audience": [resource("keycloak")],
        "allowed_scopes": ["mcp:tools", "mcp:admin"],
        "custom_claims": [claim_rule("realm_access.roles", "STRING_ARRAY", "CONTAINS", "mcp-user")],
    },
    challenge_scope="mcp:tools mcp:admin",
    resource_metadata={
        "resource": resource("keycloak"),
        "authorization_servers": [ISSUER],
        "scopes_supported": ["mcp:tools", "mcp:admin"],
        "bearer_methods_supported": ["header"],
    },
    expanded=[["client_id_claims:", "- azp", "- client_id"], ["scope_claims:", "- scope"]],
    user=USER,
    cases=[
        Accepted("user, with the mapper", USER, USER_ID, AGENT, "openid email profile mcp:tools"),
        Accepted(
            "client credentials",
            SERVICE_TOKEN,
            "5a0c1d2e-0002-4000-8000-bbbbbbbbbbbb",
            SERVICE,
            "mcp:tools email profile",
        ),
        Accepted(
            "nonce in an access token, as before version 25",
            USER.but(nonce="n-1"),
            USER_ID,
            AGENT,
            "openid email profile mcp:tools",
        ),
        Refused(
            "no audience mapper",
            USER.but(aud="account"),
            "wrong_audience",
            "aud account",
            resource("keycloak"),
            "aud is only Keycloak's own account",
        ),
        Refused(
            "no audience at all",
            USER.but(aud=None),
            "wrong_audience",
            "aud (none)",
            resource("keycloak"),
            "add a mapper of the type Audience",
        ),
        Refused(
            "audience of another API",
            USER.but(aud=["payroll", "account"]),
            "wrong_audience",
            "aud payroll, account",
            resource("keycloak"),
            "add a mapper of the type Audience",
        ),
        Refused(
            "ID token", ID_TOKEN, "wrong_audience", f"aud {AGENT}", resource("keycloak"), "because this is an ID token"
        ),
        Refused(
            "ID token with the audience",
            ID_TOKEN.but(aud=[AGENT, resource("keycloak")]),
            "not_an_access_token",
            "claims typ, nonce, at_hash",
            "an access token",
            "This is an ID token",
        ),
        Refused(
            "refresh token",
            USER.but(header={"alg": "HS512", "kid": "realm-secret"}, typ="Refresh", aud=ISSUER),
            "unsupported_algorithm",
            remedy="This is a refresh token",
        ),
        Refused("expired", USER.but(iat=-900, exp=-600), "expired", remedy="Ask for a new one"),
        Refused(
            "no scope of the route",
            USER.but(scope="openid email profile"),
            "insufficient_scope",
            "openid, email, profile",
            SCOPES,
            "the client scope must be assigned to the client",
        ),
        Refused(
            "user without the role",
            USER.but(realm_access={"roles": ["default-roles-example"]}),
            "claim_mismatch",
            'realm_access.roles ["default-roles-example"]',
            ROLE,
            "Give the user or the client at the provider what the rule asks for",
        ),
        Refused(
            "roles are not mapped",
            USER.but(realm_access=None),
            "claim_mismatch",
            "realm_access.roles (absent)",
            ROLE,
            'add a mapper with "Add to access token"',
        ),
        Refused(
            "host by which the client came",
            USER.but(iss="http://keycloak.internal:8080/realms/example"),
            "wrong_issuer",
            "iss http://keycloak.internal:8080/realms/example",
            ISSUER,
            "The token is from http://keycloak.internal:8080/realms/example",
        ),
        Refused(
            "http in place of https",
            USER.but(iss=ISSUER.replace("https", "http")),
            "wrong_issuer",
            f"iss {ISSUER.replace('https', 'http')}",
            ISSUER,
            "They differ by http and https only",
        ),
        Refused(
            "another realm",
            USER.but(iss="https://sso.example.com/realms/master", foreign=True),
            "wrong_issuer",
            "iss https://sso.example.com/realms/master",
            ISSUER,
            "The token is from https://sso.example.com/realms/master",
        ),
    ],
    mistakes=[
        Mistake(
            "no audience",
            {"allowed_audience": None},
            [Finding("warning", "allowed_audience", 'Add a mapper of the type "Audience"')],
        ),
    ],
)
