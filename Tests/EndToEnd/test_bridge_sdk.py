"""The MCP SDKs sign in through a bridge: 2.3.0 and 1.30.0; registered, by a metadata document, and entered by the
operator. Behind the bridge are a real provider that knows none of them, and emulated ones."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.shared.auth import OAuthClientInformationFull
from pydantic import AnyUrl

from conftest import MakeGateway
from support import secrecy
from support.bridge import issuer_of
from support.bridged_gateway import bridged_gateway, key_line, secret_file, write_keys
from support.bridged_provider import BridgedProvider
from support.browser import REDIRECT_URI, Browser
from support.certificates import Authority, Certificate
from support.client_documents import ClientDocuments
from support.gateway import Gateway, route
from support.provider import Provider
from support.sign_in import Storage, oauth_client
from support.tools import ToolServers
from support.waiting import free_port
from test_older_sdk import run_client
from test_sdk import MODES, connected, text

DOCUMENT = "/clients/sdk.json"
ENTERED = "sdk-of-the-house"
API = "https://mcp.example.com/api"
KINDS = ("registered", "document", "entered")
VARIANTS = ("stateless-json", "stateful-sse")


@pytest.fixture(scope="module")
def documents(authority: Authority, server_certificate: Certificate) -> Iterator[ClientDocuments]:
    documents = ClientDocuments(server_certificate, authority)
    yield documents
    documents.stop()


@pytest.fixture(scope="module")
def options(documents: ClientDocuments) -> dict[str, Any]:
    """Of the bridges: every kind of client."""
    # As applications on people's machines write it: any port of loopback.
    documents.publish(DOCUMENT, redirect_uris=["http://127.0.0.1/callback", "http://localhost/callback"])
    return {
        "clients": [{"client_id": ENTERED, "client_name": "SDK", "redirect_uris": [REDIRECT_URI]}],
        "client_metadata_documents": documents.options,
        "registration_limit": 1000,
    }


def client_at(provider: Provider, callback: str) -> tuple[str, str]:
    """What an administrator does once: the gateway becomes a client of the provider, with that redirect URI."""
    registration = httpx2.get(provider.inserted_discovery_url, trust_env=False).json()["registration_endpoint"]
    asked = {
        "client_name": "gateway",
        "redirect_uris": [callback],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "client_secret_basic",
    }
    answer = httpx2.post(registration, json=asked, trust_env=False)
    assert answer.status_code == 201, answer.text
    secrecy.remember("client secret", answer.json()["client_secret"])
    return answer.json()["client_id"], answer.json()["client_secret"]


@pytest.fixture(scope="module")
def gateway(
    provider: Provider,
    tools: ToolServers,
    make_shared_gateway: MakeGateway,
    options: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Gateway:
    """A route for each variant of server, and a bridge to the real provider."""
    directory = tmp_path_factory.mktemp("bridge")
    port = free_port()
    client_id, secret = client_at(provider, f"{issuer_of(f'http://127.0.0.1:{port}')}/callback")
    keys = directory / "bridge.keys"
    write_keys(keys, key_line("first"))
    entry = {
        "name": "real",
        "sealing_keys_file": str(keys),
        "client_id": client_id,
        "client_secret": secret_file(directory, secret),
        "resource": API,
        # The provider does not know it, and refreshes in any case.
        "dropped_scopes": ["offline_access"],
        **options,
    }
    trust = {"discovery_url": provider.inserted_discovery_url, "allowed_audience": [API], "bridge": "real"}

    def protected(path: str, variant: str, scope: str) -> dict[str, Any]:
        return route(tools.url(variant), path=path, authorization={**trust, "allowed_scopes": [scope]})

    routes = [protected(f"/{variant}", variant, "mcp:tools") for variant in VARIANTS]
    return make_shared_gateway(
        [*routes, protected("/admin", "stateless-json", "mcp:admin")], bridges=[entry], port=port
    )


def storage_of(kind: str) -> Storage:
    if kind != "entered":
        return Storage()
    return Storage(client=OAuthClientInformationFull(client_id=ENTERED, redirect_uris=[AnyUrl(REDIRECT_URI)]))


def document_of(kind: str, documents: ClientDocuments) -> str | None:
    return documents.origin + DOCUMENT if kind == "document" else None


def assert_kind(kind: str, client_id: str | None, documents: ClientDocuments) -> None:
    """The identifier is of that kind."""
    assert client_id
    expected = {"document": documents.origin + DOCUMENT, "entered": ENTERED}.get(kind)
    assert client_id == expected if expected else len(client_id) > 50 and "." not in client_id


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_signs_in_and_calls_tools(
    gateway: Gateway, alice: Browser, documents: ClientDocuments, kind: str, mode: str, variant: str
) -> None:
    """From the 401 to a tool's result, with a refresh in between, at a provider that has no client but the gateway."""
    url = f"{gateway.url}/{variant}"
    storage = storage_of(kind)

    async def scenario() -> None:
        auth = oauth_client(url, alice, storage, document_of(kind, documents))
        async with connected(url, auth, mode) as (client, wire):
            assert client.protocol_version == MODES[mode]
            assert text(await client.call_tool("add", {"a": 20, "b": 22})) == "42"
            auth.context.token_expiry_time = 1.0
            assert text(await client.call_tool("echo", {"text": "grüße ☃"})) == "grüße ☃"
            assert wire.count("POST", 401) == 1

    asyncio.run(scenario())
    assert len(alice.authorizations) == 1, "the user is asked once"
    asked = alice.authorizations[0]
    assert (asked["resource"], asked["scope"]) == (url, "mcp:tools")
    assert_kind(kind, asked["client_id"], documents)
    assert len(storage.history) == 2
    assert storage.history[0].access_token != storage.history[1].access_token
    assert gateway.access(route=f"/{variant}", auth="verified")["status"] in (200, 202)


def test_asks_for_more_scope_when_the_token_lacks_it(gateway: Gateway, alice: Browser) -> None:
    """A token for one route, then 403 at another: the client widens its grant through the bridge (GW-08, GW-09)."""
    storage = Storage()

    async def scenario() -> None:
        for path, result in (("/stateless-json", "2"), ("/admin", "2")):
            url = f"{gateway.url}{path}"
            async with connected(url, oauth_client(url, alice, storage)) as (client, wire):
                assert text(await client.call_tool("add", {"a": 1, "b": 1})) == result
            if path == "/admin":
                assert wire.count("POST", 403) == 1

    asyncio.run(scenario())
    assert set(alice.authorizations[-1]["scope"].split()) >= {"mcp:admin"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_older_sdk(
    gateway: Gateway, provider: Provider, documents: ClientDocuments, kind: str, variant: str
) -> None:
    """mcp 1.30.0, which knows nothing later than 2025-11-25."""
    client = {"document": documents.origin + DOCUMENT, "entered": ENTERED}.get(kind, "")
    found = run_client(f"{gateway.url}/{variant}", provider, "", client)
    assert (found["added"], found["counted"]) == ("5", "lift-off")
    assert ["POST", 401] in found["wire"]
    assert_kind(kind, found["client"], documents)


@pytest.fixture
def emulated() -> Iterator[BridgedProvider]:
    provider = BridgedProvider()
    yield provider
    provider.stop()


@pytest.mark.parametrize("tokens", ["passthrough", "wrap"])
@pytest.mark.parametrize("kind", KINDS)
def test_offline_access_and_who_the_tool_sees(
    make_gateway: MakeGateway,
    emulated: BridgedProvider,
    tools: ToolServers,
    options: dict[str, Any],
    documents: ClientDocuments,
    tmp_path: Path,
    kind: str,
    tokens: str,
) -> None:
    """The SDK asks for offline_access with `prompt=consent`, because the bridge has it. Behind wrapped tokens the tool
    sees the MCP client; behind passed-through ones the gateway's own client, whoever has asked."""
    gateway = bridged_gateway(make_gateway, emulated, tools.url("stateless-json"), tmp_path, tokens=tokens, **options)
    url = f"{gateway.url}/mcp"
    storage = storage_of(kind)
    browser = Browser("alice", "unused")

    async def scenario() -> dict[str, str]:
        auth = oauth_client(url, browser, storage, document_of(kind, documents))
        async with connected(url, auth) as (client, _):
            await client.list_tools()
            auth.context.token_expiry_time = 1.0
            seen = json.loads(text(await client.call_tool("headers_seen")))
        assert isinstance(seen, dict)
        return seen

    seen = asyncio.run(scenario())
    asked = browser.authorizations[0]
    assert (asked["scope"], asked["prompt"]) == ("mcp:tools offline_access", "consent")
    assert set(emulated.authorizations[-1]["scope"].split()) == {"mcp:tools", "offline_access"}
    assert len(storage.history) == 2 and all(each.refresh_token for each in storage.history)
    shown = seen["x-portcullis-client"]
    if tokens == "passthrough":
        assert shown == emulated.client_id
    elif kind == "registered":
        assert shown.startswith("registered-")
    else:
        assert_kind(kind, shown, documents)
    assert gateway.access(auth="verified", client_id=shown)["status"] == 200
