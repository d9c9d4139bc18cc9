"""How MCP clients in the field find the bridge, introduce themselves and ask: one row for each way that was seen.

The facts come from the products' documentation, sources and trackers, not from running them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from support.bridge import Client

RESOURCE_METADATA = "/.well-known/oauth-protected-resource"
AUTHORIZATION_SERVER = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"
# A probe: method, target and the status that sends the client on as it should.
Probe = tuple[str, str, int]
Asks = Callable[[Client], dict[str, str | None]]

MCP: Probe = ("POST", "/mcp", 401)
FOUND: list[Probe] = [("GET", f"{RESOURCE_METADATA}/mcp", 200), ("GET", f"{AUTHORIZATION_SERVER}/oauth", 200)]


def not_encoded(parameters: dict[str, str]) -> str:
    """Names and values joined as they are; a space is a plus."""
    return "&".join(f"{name}={value.replace(' ', '+')}" for name, value in parameters.items())


def percent_encoded(parameters: dict[str, str]) -> str:
    """As encodeURIComponent has it: a space is %20."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())


def as_published(client: Client) -> dict[str, str | None]:
    """Scopes and resource of the resource metadata."""
    return {}


def all_scopes(client: Client) -> dict[str, str | None]:
    """Every scope of the authorization server."""
    return {"scope": " ".join(client.metadata["scopes_supported"])}


def all_scopes_for_good(client: Client) -> dict[str, str | None]:
    """With offline_access comes `prompt=consent` (OpenID Connect Core §11)."""
    return {**all_scopes(client), "prompt": "consent"}


def neither_scope_nor_resource(client: Client) -> dict[str, str | None]:
    return {"scope": None, "resource": None}


def origin_as_resource(client: Client) -> dict[str, str | None]:
    return {"resource": client.server.removesuffix("/mcp")}


def origin_with_slash(client: Client) -> dict[str, str | None]:
    return {"resource": client.server.removesuffix("mcp")}


def trailing_slash(client: Client) -> dict[str, str | None]:
    return {"resource": f"{client.server}/"}


def no_scope(client: Client) -> dict[str, str | None]:
    return {"scope": None}


@dataclass(frozen=True)
class Emulator:
    """One client. `registers` are changes to a plain registration (None leaves a member out), `document` are the redirect
    URIs of its metadata document, `entered` is the identifier under which the operator has entered it."""

    name: str
    redirect_uri: str
    registers: dict[str, Any] | None = None
    document: list[str] | None = None
    entered: str | None = None
    probes: list[Probe] = field(default_factory=lambda: [MCP, *FOUND])
    asks: Asks = as_published
    query: Callable[[dict[str, str]], str] = urlencode
    # Further parameters of the token requests; None leaves one out.
    sends: dict[str, str | None] = field(default_factory=dict)


ENTERED = [
    {"client_id": "kiro", "client_name": "Kiro", "redirect_uris": ["http://localhost/oauth/callback"]},
    {"client_id": "Q DEV CLI", "redirect_uris": ["http://localhost/custom/path"]},
    {"client_id": "mcp-remote", "redirect_uris": ["http://localhost/oauth/callback"]},
]

EMULATORS = [
    Emulator(
        "Kiro IDE, registered, query not encoded",
        "http://localhost:49213/oauth/callback",
        registers={"client_uri": "https://kiro.dev", "scope": None},
        query=not_encoded,
        sends={"resource": None},
    ),
    Emulator(
        "Kiro IDE 1.0.293, entered, neither scope nor resource",
        "http://localhost:40123/oauth/callback",
        entered="kiro",
        asks=neither_scope_nor_resource,
    ),
    Emulator(
        "Kiro CLI, entered, with a client secret",
        "http://localhost:8976/custom/path",
        entered="Q DEV CLI",
        sends={"client_secret": "given-to-the-cli-by-mistake"},
    ),
    Emulator("Kiro CLI, registered", "http://127.0.0.1:8976/", registers={"client_name": "Q DEV CLI"}),
    Emulator(
        "Claude Code by its document, origin as resource",
        "http://localhost:53682/callback",
        document=["http://localhost/callback", "http://127.0.0.1/callback"],
        asks=origin_as_resource,
        sends={"resource": None},
    ),
    Emulator(
        "Claude Code, registered without scope, slash behind the resource",
        "http://localhost:53683/callback",
        registers={"client_name": "Claude Code (server)", "scope": None},
        probes=[MCP, *FOUND, ("GET", f"/oauth{OPENID}", 404), ("GET", f"{OPENID}/oauth", 404)],
        asks=trailing_slash,
    ),
    Emulator(
        "Claude Code, origin with a slash and no scope",
        "http://localhost:53684/callback",
        registers={"scope": None},
        asks=lambda client: {**origin_with_slash(client), **no_scope(client)},
    ),
    Emulator(
        "claude.ai, registered each time",
        "https://claude.ai/api/mcp/auth_callback",
        registers={"client_name": "claudeai", "scope": "mcp:tools offline_access"},
        asks=all_scopes_for_good,
    ),
    Emulator(
        "claude.ai by its document",
        "https://claude.com/api/mcp/auth_callback",
        document=["https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"],
    ),
    Emulator(
        "VS Code by its document",
        "http://127.0.0.1:33418/",
        document=["https://vscode.dev/redirect", "http://127.0.0.1/", "http://127.0.0.1:33418/"],
        query=percent_encoded,
    ),
    Emulator(
        "VS Code, registered, port 33418 is busy",
        "http://127.0.0.1:61234/",
        registers={
            "client_name": "Visual Studio Code",
            "application_type": "native",
            "redirect_uris": [
                "https://insiders.vscode.dev/redirect",
                "https://vscode.dev/redirect",
                "http://127.0.0.1/",
                "http://127.0.0.1:33418/",
            ],
        },
        query=percent_encoded,
    ),
    Emulator(
        "Cursor, a scheme of its own, every scope",
        "cursor://anysphere.cursor-mcp/oauth/callback",
        registers={"client_name": "Cursor", "token_endpoint_auth_method": "client_secret_post"},
        asks=all_scopes,
    ),
    Emulator(
        "Codex, path with the server's name, more scopes than registered",
        "http://127.0.0.1:54545/callback/server-1",
        registers={"client_name": "Codex", "scope": None, "token_endpoint_auth_method": "none"},
        asks=all_scopes,
        query=percent_encoded,
    ),
    Emulator(
        "Gemini CLI, HEAD first, unknown members",
        "http://localhost:7777/oauth/callback",
        registers={
            "client_name": "Gemini CLI MCP Client",
            "code_challenge_method": ["S256"],
            "scope": "",
            "response_types": ["code"],
        },
        probes=[("HEAD", "/mcp", 401), *FOUND],
        asks=all_scopes,
    ),
    Emulator(
        "mcp-remote, registered, prompt=consent",
        "http://localhost:3334/oauth/callback",
        registers={
            "client_name": "MCP CLI Proxy",
            "client_uri": "https://github.com/modelcontextprotocol/mcp-cli",
            "software_id": "2e6dc280-f3c3-4e01-99a7-8181dbd1d23d",
            "software_version": "0.1.43",
        },
        probes=[("GET", "/mcp", 401), MCP, *FOUND],
        asks=all_scopes_for_good,
    ),
    Emulator(
        "mcp-remote with static client information and no resource",
        "http://localhost:19876/oauth/callback",
        entered="mcp-remote",
        asks=lambda client: {"resource": None},
        sends={"client_secret": ""},
    ),
    Emulator(
        "Copilot CLI, the root of loopback, no scope anywhere",
        "http://127.0.0.1:37777/",
        registers={"scope": None, "grant_types": None, "response_types": None, "token_endpoint_auth_method": None},
        asks=no_scope,
    ),
]
