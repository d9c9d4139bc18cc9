"""The MCP SDKs with https all the way: HTTP/2 to the gateway, and TLS to the provider and to the tools behind it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from support.browser import Browser
from support.certificates import Authority, Certificate
from support.gateway import Gateway, route
from support.provider import Provider
from support.sign_in import Storage, oauth_client
from support.tls_client import client_context
from support.tools import ToolServers
from test_older_sdk import run_client

VARIANTS = ("stateless-json", "stateless-sse", "stateful-json", "stateful-sse")


@pytest.fixture(scope="module")
def counterparts(
    run_directory: Path, authority: Authority, server_certificate: Certificate
) -> Iterator[tuple[Provider, ToolServers]]:
    """The same provider and the same tools, behind https."""
    provider = Provider(run_directory, "secure-provider", server_certificate, authority.file)
    try:
        tools = ToolServers(run_directory, "secure-tools", server_certificate)
        try:
            tools.wait_until_ready()
            provider.wait_until_ready()
            yield provider, tools
        finally:
            tools.stop()
    finally:
        provider.stop()


@pytest.fixture(scope="module")
def provider(counterparts: tuple[Provider, ToolServers]) -> Provider:
    return counterparts[0]


@pytest.fixture(scope="module")
def tools(counterparts: tuple[Provider, ToolServers]) -> ToolServers:
    return counterparts[1]


@pytest.fixture(scope="module")
def gateway(
    provider: Provider,
    tools: ToolServers,
    run_directory: Path,
    authority: Authority,
    server_certificate: Certificate,
) -> Iterator[Gateway]:
    """One route for each variant of server."""

    def routes(url: str) -> list[dict[str, Any]]:
        return [
            route(
                tools.url(name),
                path=f"/{name}",
                upstream_options={"tls": {"ca": str(authority.file)}},
                authorization={
                    "discovery_url": provider.discovery_url,
                    "provider_ca": str(authority.file),
                    "allowed_audience": [f"{url}/{name}"],
                    "allowed_scopes": ["mcp:tools"],
                },
            )
            for name in VARIANTS
        ]

    tls = {"certificates": [server_certificate.files]}
    gateway = Gateway(run_directory, routes, name="secure-sdk-gateway", listener={"tls": tls})
    yield gateway
    gateway.stop()


@pytest.fixture
def alice(provider: Provider, authority: Authority) -> Browser:
    return Browser("alice", provider.users["alice"], str(authority.file))


@asynccontextmanager
async def connected(
    url: str, auth: httpx2.Auth, authority: Authority, protocols: set[str], mode: str, http2: bool = True
) -> AsyncIterator[Client]:
    """An SDK client over https that notes which protocol the gateway's answers came by."""

    async def note(response: httpx2.Response) -> None:
        if str(response.url) == url:
            protocols.add(response.http_version)

    async with httpx2.AsyncClient(
        auth=auth,
        timeout=20,
        trust_env=False,
        http2=http2,
        verify=client_context(authority.file),
        event_hooks={"response": [note]},
    ) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            yield client


def text(result: Any) -> str:
    assert not result.is_error, result
    return result.content[0].text


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_signs_in_and_calls_tools(
    gateway: Gateway, alice: Browser, authority: Authority, mode: str, variant: str
) -> None:
    """From the 401 to streamed progress, every byte of it over TLS and HTTP/2."""
    url = f"{gateway.url}/{variant}"
    assert url.startswith("https://")
    protocols: set[str] = set()
    progress: list[float] = []

    async def on_progress(value: float, _total: float | None, _message: str | None) -> None:
        progress.append(value)

    async def scenario() -> None:
        auth = oauth_client(url, alice, Storage())
        async with connected(url, auth, authority, protocols, mode) as client:
            listing = await client.list_tools()
            assert {"echo", "add", "countdown"} <= {tool.name for tool in listing.tools}
            assert text(await client.call_tool("echo", {"text": "grüße ☃"})) == "grüße ☃"
            counted = await client.call_tool("countdown", {"start": 5}, progress_callback=on_progress)
            assert text(counted) == "lift-off"

    asyncio.run(scenario())
    assert protocols == {"HTTP/2"}
    assert len(alice.authorizations) == 1 and alice.authorizations[0]["resource"] == url
    if variant.endswith("-sse"):
        assert progress == [1, 2, 3, 4, 5]
    assert gateway.access(route=f"/{variant}", auth="verified")["status"] in (200, 202)


def test_http1_over_tls_works_as_well(gateway: Gateway, alice: Browser, authority: Authority) -> None:
    """A client without HTTP/2; the backend is told https."""
    url = f"{gateway.url}/stateless-sse"
    protocols: set[str] = set()

    async def scenario() -> dict[str, str]:
        auth = oauth_client(url, alice, Storage())
        async with connected(url, auth, authority, protocols, "auto", http2=False) as client:
            return json.loads(text(await client.call_tool("headers_seen")))

    seen = asyncio.run(scenario())
    assert protocols == {"HTTP/1.1"}
    assert seen["x-forwarded-proto"] == "https" and "authorization" not in seen


def test_many_calls_share_one_connection(gateway: Gateway, alice: Browser, authority: Authority) -> None:
    """Concurrent calls are streams of one HTTP/2 connection, each with its own answer."""
    url = f"{gateway.url}/stateless-sse"
    protocols: set[str] = set()

    async def scenario() -> list[str]:
        auth = oauth_client(url, alice, Storage())
        async with connected(url, auth, authority, protocols, "auto") as client:
            calls = (client.call_tool("echo", {"text": f"call {number}"}) for number in range(40))
            return [text(result) for result in await asyncio.gather(*calls)]

    assert asyncio.run(scenario()) == [f"call {number}" for number in range(40)]
    assert protocols == {"HTTP/2"}


def test_leaving_in_a_call_reaches_the_tool(
    gateway: Gateway, alice: Browser, authority: Authority, tools: ToolServers
) -> None:
    """The tool is cancelled behind TLS. (The SDK's HTTP client resets no streams: the connection's end has to do.)"""
    url = f"{gateway.url}/stateless-sse"

    async def scenario() -> None:
        auth = oauth_client(url, alice, Storage())
        async with connected(url, auth, authority, set(), "2026-07-28") as client:
            begun = asyncio.Event()

            async def on_progress(*_: Any) -> None:
                begun.set()

            call = asyncio.ensure_future(
                client.call_tool("slow", {"marker": "given-up"}, progress_callback=on_progress)
            )
            async with asyncio.timeout(10):
                await begun.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

    asyncio.run(scenario())
    tools.process.wait_for_line('"slow_cancelled"')


@pytest.mark.parametrize("variant", ["stateful-sse", "stateless-json"])
def test_the_older_sdk_speaks_http2_as_well(
    gateway: Gateway, provider: Provider, authority: Authority, variant: str
) -> None:
    """mcp 1.30 with httpx: sign-in and tools over HTTP/2."""
    found = run_client(f"{gateway.url}/{variant}", provider, str(authority.file))
    assert found["protocols"] == ["HTTP/2"]
    assert found["added"] == "5" and found["counted"] == "lift-off"
    if variant == "stateful-sse":
        assert found["progress"] == [1, 2, 3]
        assert ["DELETE", 200] in found["wire"]
