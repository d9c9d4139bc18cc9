"""WorkOS AuthKit: audiences are the resources that clients ask for; clients register by themselves."""

from support.product import Accepted, Finding, Key, Mistake, Product, Refused, Token, claim_rule, resource

ISSUER = "https://example.authkit.app"
AGENT = "client_01EXAMPLEAGENT0000000000000"
USER_ID = "user_01EXAMPLEALICE0000000000000"

METADATA = {
    "authorization_endpoint": f"{ISSUER}/oauth2/authorize",
    "client_id_metadata_document_supported": True,
    "code_challenge_methods_supported": ["S256"],
    "grant_types_supported": ["authorization_code", "refresh_token"],
    "introspection_endpoint": f"{ISSUER}/oauth2/introspection",
    "issuer": ISSUER,
    "jwks_uri": f"{ISSUER}/oauth2/jwks",
    "registration_endpoint": f"{ISSUER}/oauth2/register",
    "scopes_supported": ["email", "offline_access", "openid", "profile"],
    "response_modes_supported": ["query"],
    "response_types_supported": ["code"],
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "token_endpoint": f"{ISSUER}/oauth2/token",
    "token_endpoint_auth_methods_supported": ["none", "client_secret_post", "client_secret_basic"],
    "userinfo_endpoint": f"{ISSUER}/oauth2/userinfo",
}

USER = Token(
    {
        "iss": ISSUER,
        "aud": resource("workos"),
        "sub": USER_ID,
        "sid": "app_consent_01EXAMPLE",
        "jti": "01EXAMPLEJTI0000000000001",
        "client_id": AGENT,
        "org_id": "org_example",
        "role": "member",
        "permissions": ["mcp:call"],
        "scope": "openid offline_access",
        "iat": 0,
        "exp": 300,
    }
)
SERVICE_TOKEN = USER.but(sub=AGENT, sid=None, role=None, permissions=None, scope="mcp:call")
ID_TOKEN = USER.but(
    aud=AGENT, client_id=None, permissions=None, scope=None, nonce="n-1", email="alice@example.com", sid=None
)
ORGANIZATION = "org_id EQUALS org_example"

WORKOS = Product(
    name="workos",
    metadata={f"{ISSUER}/.well-known/oauth-authorization-server": METADATA},
    keys={
        f"{ISSUER}/oauth2/jwks": [Key("sso_oidc_key_pair_01EXAMPLE0000000000000000", {"alg": "RS256", "use": "sig"})]
    },
    authorization={
        "provider": "workos",
        "issuer": ISSUER,
        "discovery_url": f"{ISSUER}/.well-known/oauth-authorization-server",
        "allowed_audience": [resource("workos")],
        "allowed_scopes": ["mcp:call"],
        "custom_claims": [claim_rule("org_id", "STRING", "EQUALS", "org_example")],
    },
    challenge_scope="mcp:call",
    resource_metadata={
        "resource": resource("workos"),
        "authorization_servers": [ISSUER],
        "scopes_supported": ["mcp:call"],
        "bearer_methods_supported": ["header"],
    },
    expanded=[["client_id_claims:", "- client_id", "- azp"], ["scope_claims:", "- scope", "- permissions"]],
    user=USER,
    cases=[
        Accepted("user, by a permission of the role", USER, USER_ID, AGENT, "openid offline_access mcp:call"),
        Accepted("client credentials", SERVICE_TOKEN, AGENT, AGENT, "mcp:call"),
        Accepted(
            "client in azp",
            USER.but(client_id=None, azp=AGENT),
            USER_ID,
            AGENT,
            "openid offline_access mcp:call",
        ),
        Refused(
            "ID token", ID_TOKEN, "wrong_audience", f"aud {AGENT}", resource("workos"), "because this is an ID token"
        ),
        Refused(
            "token of a Connect application",
            "Q29ubmVjdC1leGFtcGxlLXRva2Vu-0001",
            "opaque_token",
            remedy="add introspection to this entry",
        ),
        Refused("expired", USER.but(iat=-900, exp=-600), "expired", remedy="Ask for a new one"),
        Refused(
            "resource that is not registered",
            USER.but(aud=AGENT),
            "wrong_audience",
            f"aud {AGENT}",
            resource("workos"),
            "let the client ask for",
        ),
        Refused(
            "resource with a slash more",
            USER.but(aud=resource("workos") + "/"),
            "wrong_audience",
            f"aud {resource('workos')}/",
            resource("workos"),
            "They differ by a slash at the end only",
        ),
        Refused(
            "neither scope nor permission of the route",
            USER.but(permissions=[]),
            "insufficient_scope",
            "openid, offline_access",
            "one of mcp:call",
            "Let the client ask for mcp:call",
        ),
        Refused(
            "another organization",
            USER.but(org_id="org_other"),
            "claim_mismatch",
            "org_id org_other",
            ORGANIZATION,
            "or change the rule",
        ),
        Refused(
            "no organization", USER.but(org_id=None), "claim_mismatch", "org_id (absent)", ORGANIZATION, "has no org_id"
        ),
        Refused(
            "staging environment",
            USER.but(iss="https://example-staging.authkit.app", foreign=True),
            "wrong_issuer",
            "iss https://example-staging.authkit.app",
            ISSUER,
            "The token is from https://example-staging.authkit.app",
        ),
    ],
    mistakes=[
        Mistake(
            "bound to nothing",
            {"allowed_audience": None, "custom_claims": None},
            [Finding("error", "", "any token of this provider would be accepted")],
        )
    ],
)
