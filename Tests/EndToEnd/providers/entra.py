"""Microsoft Entra ID: short scopes in the string `scp`, asked for by their long names, and two versions of tokens."""

from typing import Any

from support.product import X5C, X5T, Accepted, Finding, Key, Mistake, Product, Refused, Token, resource

TENANT = "11111111-2222-3333-4444-555555555555"
OTHER_TENANT = "99999999-0000-1111-2222-333333333333"
API = "66666666-7777-8888-9999-000000000000"
AGENT = "99999999-8888-7777-6666-555555555555"
DAEMON = "88888888-7777-6666-5555-444444444444"
GRAPH = "00000003-0000-0000-c000-000000000000"
LOGIN = "https://login.microsoftonline.com"
ISSUER = f"{LOGIN}/{TENANT}/v2.0"
ISSUER_1 = f"https://sts.windows.net/{TENANT}/"
DISCOVERY = f"{ISSUER}/.well-known/openid-configuration"
DISCOVERY_1 = f"{LOGIN}/{TENANT}/.well-known/openid-configuration"
SCOPES = "one of mcp.tools, mcp.admin"
LONG_SCOPES = [f"api://{API}/mcp.tools", f"api://{API}/mcp.admin"]


def metadata(issuer: str, version: str, keys: str) -> dict[str, Any]:
    """The document of a tenant; there is no `code_challenge_methods_supported` in it."""
    return {
        "token_endpoint": f"{LOGIN}/{TENANT}/oauth2{version}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": keys,
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "authorization_endpoint": f"{LOGIN}/{TENANT}/oauth2{version}/authorize",
        "device_authorization_endpoint": f"{LOGIN}/{TENANT}/oauth2{version}/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{LOGIN}/{TENANT}/oauth2{version}/logout",
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "nonce", "name", "tid", "ver"],
        "kerberos_endpoint": f"{LOGIN}/{TENANT}/kerberos",
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    }


USER = Token(
    {
        "aud": API,
        "iss": ISSUER,
        "iat": 0,
        "nbf": 0,
        "exp": 4500,
        "aio": "ASQA2/8example",
        "azp": AGENT,
        "azpacr": "0",
        "name": "Alice",
        "oid": "00000000-aaaa-bbbb-cccc-111111111111",
        "preferred_username": "alice@example.com",
        "rh": "0.AXexample",
        "scp": "mcp.tools",
        "sub": "pairwise-subject-of-alice",
        "tid": TENANT,
        "uti": "uti-example-1",
        "ver": "2.0",
    },
    {"typ": "JWT"},
)
DAEMON_TOKEN = Token(
    {
        "aud": API,
        "iss": ISSUER,
        "iat": 0,
        "nbf": 0,
        "exp": 3900,
        "azp": DAEMON,
        "azpacr": "1",
        "idtyp": "app",
        "oid": "00000000-aaaa-bbbb-cccc-222222222222",
        "roles": ["mcp.tools"],
        "sub": "00000000-aaaa-bbbb-cccc-222222222222",
        "tid": TENANT,
        "ver": "2.0",
    },
    {"typ": "JWT"},
)
ID_TOKEN = Token(
    {
        "aud": AGENT,
        "iss": ISSUER,
        "iat": 0,
        "nbf": 0,
        "exp": 3900,
        "name": "Alice",
        "nonce": "n-1",
        "oid": "00000000-aaaa-bbbb-cccc-111111111111",
        "preferred_username": "alice@example.com",
        "rh": "0.AXexample",
        "sub": "pairwise-subject-of-alice-at-the-client",
        "tid": TENANT,
        "ver": "2.0",
    },
    {"typ": "JWT"},
)
USER_1 = Token(
    {
        "aud": f"api://{API}",
        "iss": ISSUER_1,
        "iat": 0,
        "nbf": 0,
        "exp": 4500,
        "acr": "1",
        "amr": ["pwd"],
        "appid": AGENT,
        "appidacr": "0",
        "ipaddr": "192.0.2.7",
        "name": "Alice",
        "oid": "00000000-aaaa-bbbb-cccc-111111111111",
        "scp": "mcp.tools",
        "sub": "pairwise-subject-of-alice",
        "tid": TENANT,
        "unique_name": "alice@example.com",
        "upn": "alice@example.com",
        "uti": "uti-example-2",
        "ver": "1.0",
    },
    {"typ": "JWT", "x5t": "kid-of-version-1", "kid": "kid-of-version-1"},
)
# Microsoft Graph changes the header before signing, so nobody else can check these.
GRAPH_TOKEN = USER_1.but(aud=GRAPH, scp="openid profile User.Read", header={"nonce": "n-2"}, foreign=True)


def signing(*kids: str, **more: str) -> list[Key]:
    """Without `alg`, as Entra publishes them; `issuer` stands in the keys of version 2 only."""
    return [Key(kid, {"use": "sig", "x5t": X5T, "x5c": X5C, **more}) for kid in kids]


ENTRA = Product(
    name="entra",
    metadata={DISCOVERY: metadata(ISSUER, "/v2.0", f"{LOGIN}/{TENANT}/discovery/v2.0/keys")},
    keys={
        f"{LOGIN}/{TENANT}/discovery/v2.0/keys": [
            *signing("kid-of-version-2", "next-kid-of-version-2", issuer=ISSUER),
            *signing("kid-of-all-tenants", issuer=f"{LOGIN}/{{tenantid}}/v2.0"),
        ]
    },
    authorization={
        "provider": "entra",
        "issuer": ISSUER,
        "discovery_url": DISCOVERY,
        "allowed_audience": [API, f"api://{API}"],
        "allowed_clients": [AGENT, DAEMON],
        "allowed_scopes": ["mcp.tools", "mcp.admin"],
        "advertised_scope_mapping": {"mcp.tools": LONG_SCOPES[0], "mcp.admin": LONG_SCOPES[1]},
    },
    challenge_scope=" ".join(LONG_SCOPES),
    resource_metadata={
        "resource": resource("entra"),
        "authorization_servers": [ISSUER],
        "scopes_supported": LONG_SCOPES,
        "bearer_methods_supported": ["header"],
    },
    expanded=[["client_id_claims:", "- azp", "- appid"], ["scope_claims:", "- scp", "- roles"]],
    user=USER,
    cases=[
        Accepted("user", USER, "pairwise-subject-of-alice", AGENT, "mcp.tools"),
        Accepted("client credentials", DAEMON_TOKEN, "00000000-aaaa-bbbb-cccc-222222222222", DAEMON, "mcp.tools"),
        Accepted(
            "several scopes in the string",
            USER.but(scp="profile mcp.admin mcp.tools"),
            "pairwise-subject-of-alice",
            AGENT,
            "profile mcp.admin mcp.tools",
        ),
        Accepted(
            "audience by its Application ID URI",
            USER.but(aud=f"api://{API}"),
            "pairwise-subject-of-alice",
            AGENT,
            "mcp.tools",
        ),
        Accepted(
            "roles of a user beside scopes",
            USER.but(scp="profile", roles=["mcp.admin"]),
            "pairwise-subject-of-alice",
            AGENT,
            "profile mcp.admin",
        ),
        Refused(
            "ID token", ID_TOKEN, "wrong_audience", f"aud {AGENT}", f"{API}, api://{API}", "because this is an ID token"
        ),
        Refused("expired", USER.but(iat=-9000, nbf=-9000, exp=-4500), "expired", remedy="Ask for a new one"),
        Refused(
            "another API",
            USER.but(aud="api://payroll"),
            "wrong_audience",
            "aud api://payroll",
            f"{API}, api://{API}",
            "set the Application ID URI in Entra (Expose an API)",
        ),
        Refused(
            "version 1 token",
            USER_1,
            "wrong_issuer",
            f"iss {ISSUER_1}",
            ISSUER,
            "set requestedAccessTokenVersion to 2 in the manifest",
        ),
        Refused(
            "Microsoft Graph",
            GRAPH_TOKEN,
            "wrong_issuer",
            f"iss {ISSUER_1}",
            ISSUER,
            "The token is for Microsoft Graph, because a scope without its API was asked for",
        ),
        Refused(
            "no scope of the route",
            USER.but(scp="profile"),
            "insufficient_scope",
            "profile",
            SCOPES,
            f"Let the client ask for {LONG_SCOPES[0]} or {LONG_SCOPES[1]}",
        ),
        Refused(
            "daemon without a role",
            DAEMON_TOKEN.but(roles=None),
            "insufficient_scope",
            "(none)",
            SCOPES,
            "an administrator consent to it",
        ),
        Refused(
            "scope by its long name",
            USER.but(scp=LONG_SCOPES[0]),
            "insufficient_scope",
            LONG_SCOPES[0],
            SCOPES,
            "see advertised_scope_mapping",
        ),
        Refused(
            "another tenant",
            USER.but(iss=f"{LOGIN}/{OTHER_TENANT}/v2.0", tid=OTHER_TENANT),
            "wrong_issuer",
            f"iss {LOGIN}/{OTHER_TENANT}/v2.0",
            ISSUER,
            "The token is from another tenant",
        ),
        Refused(
            "another application",
            USER.but(azp="aebc6443-996d-45c2-90f0-388ff96faa56"),
            "wrong_client",
            "azp aebc6443-996d-45c2-90f0-388ff96faa56",
            f"{AGENT}, {DAEMON}",
            "add it to allowed_clients",
        ),
        Refused(
            "keys of an application's own",
            USER.but(header={"kid": "kid-of-the-application"}, foreign=True),
            "unknown_key",
            "kid kid-of-the-application",
            "a key of the issuer",
            "An application with claims mapping has keys of its own",
        ),
    ],
    mistakes=[
        *[
            Mistake(
                tenant,
                {"issuer": None, "discovery_url": f"{LOGIN}/{tenant}/v2.0/.well-known/openid-configuration"},
                [Finding("error", "discovery_url", f'"{tenant}" stands for many tenants')],
            )
            for tenant in ("common", "organizations", "consumers")
        ],
        Mistake(
            "version 1 issuer on a version 2 document",
            {"issuer": ISSUER_1},
            [Finding("warning", "issuer", "Set requestedAccessTokenVersion to 2")],
        ),
        Mistake(
            "version 1 document alone",
            {"issuer": None, "discovery_url": DISCOVERY_1},
            [Finding("warning", "discovery_url", "Insert /v2.0 behind the tenant")],
        ),
        Mistake(
            "no GUID among the audiences",
            {"allowed_audience": [f"api://{API}"]},
            [Finding("warning", "allowed_audience", "version 2 tokens carry the ID of the API's application")],
        ),
        Mistake(
            "mapping of a scope that is not allowed",
            {"allowed_scopes": ["mcp.tools"]},
            [Finding("error", "advertised_scope_mapping.mcp.admin", "is not in allowed_scopes")],
        ),
    ],
)

VERSION_1 = Product(
    name="entra-v1",
    metadata={DISCOVERY_1: metadata(ISSUER_1, "", f"{LOGIN}/{TENANT}/discovery/keys")},
    keys={f"{LOGIN}/{TENANT}/discovery/keys": signing("kid-of-version-1", "next-kid-of-version-1")},
    authorization={
        "provider": "entra",
        "issuer": ISSUER_1,
        "discovery_url": DISCOVERY_1,
        "allowed_audience": [f"api://{API}"],
        "allowed_scopes": ["mcp.tools"],
        "advertised_scope_mapping": {"mcp.tools": LONG_SCOPES[0]},
    },
    challenge_scope=LONG_SCOPES[0],
    resource_metadata={
        "resource": resource("entra-v1"),
        "authorization_servers": [ISSUER_1],
        "scopes_supported": [LONG_SCOPES[0]],
        "bearer_methods_supported": ["header"],
    },
    expanded=[["client_id_claims:", "- azp", "- appid"], ["scope_claims:", "- scp", "- roles"]],
    user=USER_1,
    cases=[
        Accepted("user", USER_1, "pairwise-subject-of-alice", AGENT, "mcp.tools"),
        Refused(
            "version 2 token",
            USER,
            "wrong_issuer",
            f"iss {ISSUER}",
            ISSUER_1,
            "This is a version 2 token, and the entry is about version 1",
        ),
        Refused(
            "Microsoft Graph",
            GRAPH_TOKEN,
            "wrong_audience",
            f"aud {GRAPH}",
            f"api://{API}",
            "The token is for Microsoft Graph",
        ),
        Refused(
            "issuer without its slash",
            USER_1.but(iss=ISSUER_1.removesuffix("/")),
            "wrong_issuer",
            f"iss {ISSUER_1.removesuffix('/')}",
            ISSUER_1,
            "They differ by a slash at the end only",
        ),
        Refused(
            "audience by its GUID", USER_1.but(aud=API), "wrong_audience", f"aud {API}", f"api://{API}", "name both"
        ),
    ],
)

OWN_KEYS = Product(
    name="entra-own-keys",
    # With claims mapping, the API's application has keys that stand in no other set.
    metadata={},
    keys={f"{LOGIN}/{TENANT}/discovery/v2.0/keys?appid={API}": signing("kid-of-the-application", issuer=ISSUER)},
    authorization={
        "provider": "entra",
        "issuer": ISSUER,
        "jwks_uri": f"{LOGIN}/{TENANT}/discovery/v2.0/keys?appid={API}",
        "allowed_audience": [API],
        "allowed_scopes": ["mcp.tools"],
        "advertised_scope_mapping": {"mcp.tools": LONG_SCOPES[0]},
    },
    challenge_scope=LONG_SCOPES[0],
    resource_metadata={
        "resource": resource("entra-own-keys"),
        "authorization_servers": [ISSUER],
        "scopes_supported": [LONG_SCOPES[0]],
        "bearer_methods_supported": ["header"],
    },
    expanded=[["client_id_claims:", "- azp", "- appid"], ["scope_claims:", "- scp", "- roles"]],
    user=USER,
    cases=[
        Accepted("mapped claims", USER.but(employeeid="1001"), "pairwise-subject-of-alice", AGENT, "mcp.tools"),
    ],
)
