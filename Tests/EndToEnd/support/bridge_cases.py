"""Providers behind a bridge, how the gateway is configured for each, and what must come of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from support.bridged_clients import OpaqueTokens, PublicClient, SecretInForm, SignedAssertion, SpecialCharacters
from support.bridged_products import Auth0, Cognito, Entra, Google, Keycloak, Okta
from support.bridged_provider import BridgedProvider
from support.product import claim_rule

OWN = "the MCP client's own"
GATEWAY = "the gateway's at the provider"


@dataclass(frozen=True)
class Case:
    """A provider, how the gateway is configured for it, and what must come of that."""

    name: str
    provider: Callable[[], BridgedProvider]
    # What the client asks for, and what the provider is asked for then.
    asks: str | None
    scopes: set[str]
    # What the client is told that it has.
    told: set[str]
    subject: str
    rules: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    # Further parameters of the authorization request. None must be absent.
    asked: dict[str, str | None] = field(default_factory=dict)
    client: str = GATEWAY
    seen_scopes: str | None = "mcp:tools"
    # Parameters of the refresh request beside the token.
    refreshes_with: dict[str, set[str]] = field(default_factory=dict)

    @property
    def wraps(self) -> bool:
        return self.client == OWN


ENTRA_RULES = {"allowed_audience": [Entra.API, Entra.APPLICATION], "allowed_scopes": ["mcp.tools"]}
ENTRA_SCOPES = {f"{Entra.APPLICATION}/mcp.tools", "offline_access"}
TOOLS = {"mcp:tools", "offline_access"}
EXAMPLE_COM = claim_rule("hd", "STRING", "EQUALS", "example.com")
GOOGLE_ASKS = {"access_type": "offline", "prompt": "consent", "resource": None, "audience": None}

CASES = [
    Case(
        "Entra by the prefix of its API",
        Entra,
        "mcp.tools offline_access",
        ENTRA_SCOPES,
        {"mcp.tools"},
        "pairwise-subject-of-alice",
        ENTRA_RULES,
        asked={"resource": None, "audience": None},
        seen_scopes="mcp.tools",
        refreshes_with={"scope": ENTRA_SCOPES},
    ),
    Case(
        "Entra by a mapping",
        Entra,
        "mcp.tools offline_access",
        ENTRA_SCOPES,
        {"mcp.tools"},
        "pairwise-subject-of-alice",
        {
            "allowed_audience": [Entra.API],
            "allowed_scopes": ["mcp.tools"],
            "advertised_scope_mapping": {"mcp.tools": f"{Entra.APPLICATION}/mcp.tools"},
        },
        asked={"resource": None},
        seen_scopes="mcp.tools",
        refreshes_with={"scope": ENTRA_SCOPES},
    ),
    Case(
        "Cognito without offline_access",
        Cognito,
        "mcp/tools offline_access",
        {"mcp/tools", "openid"},
        {"mcp/tools"},
        "user-1",
        {"allowed_scopes": ["mcp/tools"]},
        {"extra_scopes": ["openid"]},
        {"resource": None},
        seen_scopes="mcp/tools openid",
    ),
    Case(
        "Google wrapped",
        Google,
        None,
        {"openid", "email"},
        set(),
        "100000000000000000002",
        {"allowed_scopes": None, "custom_claims": [EXAMPLE_COM]},
        asked=GOOGLE_ASKS,
        client=OWN,
        seen_scopes=None,
    ),
    Case(
        "Google with a scope of the gateway's own",
        Google,
        "mcp:tools offline_access",
        {"openid", "email"},
        {"mcp:tools"},
        "100000000000000000002",
        {"custom_claims": [EXAMPLE_COM], "advertised_scope_mapping": {"mcp:tools": "openid"}},
        asked=GOOGLE_ASKS,
        client=OWN,
        # It is called differently at Google, and granted by its refresh token.
        seen_scopes="mcp:tools offline_access",
    ),
    Case(
        "Auth0 by its audience",
        Auth0,
        "mcp:tools offline_access",
        TOOLS,
        {"mcp:tools"},
        "auth0|alice",
        asked={"audience": Auth0.API, "resource": None},
        seen_scopes="mcp:tools offline_access",
    ),
    Case("Keycloak", Keycloak, "mcp:tools", {"mcp:tools"}, {"mcp:tools"}, "user-1"),
    Case(
        "Okta",
        Okta,
        "mcp:tools offline_access",
        TOOLS,
        {"mcp:tools"},
        "alice@example.com",
        asked={"resource": None, "audience": None},
        seen_scopes="mcp:tools offline_access",
    ),
    Case(
        "resource for the provider",
        BridgedProvider,
        "mcp:tools offline_access",
        TOOLS,
        {"mcp:tools"},
        "alice",
        options={"resource": "https://api.example.com/mcp"},
        asked={"resource": "https://api.example.com/mcp"},
        seen_scopes="mcp:tools offline_access",
    ),
    Case(
        "JWTs wrapped",
        BridgedProvider,
        "mcp:tools offline_access",
        TOOLS,
        {"mcp:tools"},
        "alice",
        options={"tokens": "wrap", "authorization_parameters": {"prompt": "select_account"}},
        asked={"prompt": "select_account"},
        client=OWN,
        seen_scopes="mcp:tools offline_access",
    ),
    Case(
        "ID tokens wrapped",
        BridgedProvider,
        "mcp:tools offline_access",
        {*TOOLS, "openid"},
        {"mcp:tools"},
        "alice",
        options={"tokens": "wrap", "wrapped_claims": "id_token"},
        client=OWN,
        seen_scopes="mcp:tools offline_access",
    ),
    Case(
        "opaque tokens wrapped",
        OpaqueTokens,
        "mcp:tools offline_access",
        TOOLS,
        {"mcp:tools"},
        "opaque-alice",
        options={"tokens": "wrap"},
        client=OWN,
        seen_scopes="mcp:tools offline_access",
    ),
]
AUTHENTICATIONS = [
    Case(
        kind.__name__,
        kind,
        "mcp:tools offline_access",
        TOOLS,
        {"mcp:tools"},
        "alice",
        options=options,
        seen_scopes="mcp:tools offline_access",
    )
    for kind, options in (
        (PublicClient, {"client_secret": None}),
        (SecretInForm, {"auth_method": "client_secret_post"}),
        (SpecialCharacters, {}),
        (SignedAssertion, {}),
    )
]
