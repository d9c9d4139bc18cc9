"""A bridge over https, at an origin of its own, and with endpoints of the provider that its metadata does not name."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeGateway
from support.bridge import Client, registered
from support.bridged_gateway import bridged_gateway
from support.bridged_provider import BridgedProvider
from support.browser import Browser
from support.certificates import Authority, Certificate
from support.gateway import Gateway
from support.raw_backend import RawBackend
from support.sign_in import Storage, oauth_client
from support.tls_backend import server_context
from support.tools import ToolServers
from support.user_agent import UserAgent
from test_sdk import text
from test_sdk_tls import connected

PUBLIC_URL = "https://mcp.example.com"
BRIDGE_URL = "https://sign-in.example.com"


@pytest.fixture
def secure_provider(server_certificate: Certificate) -> Iterator[BridgedProvider]:
    """Behind https, with a certificate of the run's own authority."""
    provider = BridgedProvider(tls=server_context(server_certificate))
    yield provider
    provider.stop()


@pytest.fixture
def provider() -> Iterator[BridgedProvider]:
    provider = BridgedProvider()
    yield provider
    provider.stop()


def secure_gateway(
    make: MakeGateway,
    provider: BridgedProvider,
    upstream: str,
    directory: Path,
    authority: Authority,
    certificate: Certificate,
    **options: Any,
) -> Gateway:
    """https on both sides."""
    return bridged_gateway(
        make,
        provider,
        upstream,
        directory,
        rules={"provider_ca": str(authority.file)},
        listener={"tls": {"certificates": [certificate.files]}},
        **options,
    )


@pytest.mark.parametrize("http2", [True, False], ids=["HTTP/2", "HTTP/1.1"])
def test_the_sdk_over_https(
    make_gateway: MakeGateway,
    secure_provider: BridgedProvider,
    tools: ToolServers,
    authority: Authority,
    server_certificate: Certificate,
    tmp_path: Path,
    http2: bool,
) -> None:
    """Every byte of the sign-in over TLS, with a refresh; the browser keeps Secure cookies."""
    upstream = tools.url("stateless-json")
    gateway = secure_gateway(make_gateway, secure_provider, upstream, tmp_path, authority, server_certificate)
    url = f"{gateway.url}/mcp"
    assert url.startswith("https://")
    browser = Browser("alice", "unused", str(authority.file))
    storage = Storage()
    protocols: set[str] = set()

    async def scenario() -> None:
        auth = oauth_client(url, browser, storage)
        async with connected(url, auth, authority, protocols, "auto", http2=http2) as client:
            assert text(await client.call_tool("add", {"a": 20, "b": 22})) == "42"
            auth.context.token_expiry_time = 1.0
            assert text(await client.call_tool("add", {"a": 1, "b": 2})) == "3"

    asyncio.run(scenario())
    assert protocols == {"HTTP/2" if http2 else "HTTP/1.1"}
    assert len(storage.history) == 2 and len(browser.authorizations) == 1
    assert gateway.access(path="/oauth/token", status=200)["protocol"] == ("HTTP/2" if http2 else "HTTP/1.1")


@pytest.fixture
def split(
    make_gateway: MakeGateway, provider: BridgedProvider, backend: RawBackend, tmp_path: Path
) -> tuple[Gateway, UserAgent]:
    """A gateway whose bridge has a name of its own, and a browser that knows both."""
    gateway = bridged_gateway(
        make_gateway, provider, backend.url, tmp_path, public_url=PUBLIC_URL, bridge_url=BRIDGE_URL
    )
    return gateway, UserAgent({PUBLIC_URL: [gateway.address], BRIDGE_URL: [gateway.address]})


def test_an_origin_of_its_own(split: tuple[Gateway, UserAgent]) -> None:
    """People sign in under another name than clients call tools."""
    client = registered(f"{PUBLIC_URL}/mcp", split[1])
    assert client.resource_metadata["authorization_servers"] == [f"{BRIDGE_URL}/oauth"]
    tokens = client.tokens(scope="mcp:tools offline_access")
    assert client.call(tokens["access_token"]).status == 200
    assert client.refresh(tokens["refresh_token"]).status == 200
    hosts = {host for host, name in client.agent.cookies if "portcullis" in name}
    assert hosts == {"sign-in.example.com"}


def test_each_name_has_its_own(split: tuple[Gateway, UserAgent]) -> None:
    """Neither the bridge under the gateway's name, nor the tools under the bridge's."""
    agent = split[1]
    for path in ("/.well-known/oauth-authorization-server/oauth", "/oauth/authorize?client_id=x"):
        assert agent.get(PUBLIC_URL + path).status in (404, 421)
    assert agent.post_json(f"{PUBLIC_URL}/oauth/register", {"redirect_uris": []}).status in (404, 421)
    assert agent.post_json(f"{BRIDGE_URL}/mcp", {}).status in (404, 421)


def test_endpoints_may_be_written(
    make_gateway: MakeGateway, provider: BridgedProvider, backend: RawBackend, tmp_path: Path
) -> None:
    """For providers whose metadata names none, or others than the gateway is to use."""
    names = ("authorization_endpoint", "token_endpoint", "revocation_endpoint")
    written = {name: provider.metadata[name] for name in names}
    for name in names:
        provider.metadata[name] = f"{provider.origin}/elsewhere"
    gateway = bridged_gateway(make_gateway, provider, backend.url, tmp_path, **written)
    client: Client = registered(f"{gateway.url}/mcp")
    tokens = client.tokens(scope="mcp:tools offline_access")
    assert client.call(tokens["access_token"]).status == 200
    assert client.revoke(tokens["refresh_token"]).status == 200
    assert client.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
