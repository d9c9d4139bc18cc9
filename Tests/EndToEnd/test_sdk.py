"""The MCP Python SDK 2.3.0 as the client: sign-in at a real provider, then tools through the gateway."""

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from mcp import Client
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthToken
from mcp_types import ResourceListChangedNotification

from support.browser import Browser
from support.gateway import Gateway
from support.provider import Provider
from support.sign_in import Storage, oauth_client
from support.tools import ToolServers

MODES = {"auto": "2026-07-28", "2026-07-28": "2026-07-28", "legacy": "2025-11-25"}


@dataclass
class Wire:
    """What the client sent to the gateway's MCP endpoint and what came back."""

    url: str
    exchanges: list[tuple[str, int]] = field(default_factory=list)
    challenges: list[str] = field(default_factory=list)

    async def record(self, response: httpx2.Response) -> None:
        if str(response.url) == self.url:
            self.exchanges.append((response.request.method, response.status_code))
            if "www-authenticate" in response.headers:
                self.challenges.append(response.headers["www-authenticate"])

    def count(self, method: str, status: int) -> int:
        return self.exchanges.count((method, status))


@asynccontextmanager
async def connected(
    url: str, auth: httpx2.Auth, mode: str = "auto", **options: Any
) -> AsyncIterator[tuple[Client, Wire]]:
    """An SDK client that speaks to `url` through an authorizing HTTP client."""
    wire = Wire(url)
    async with httpx2.AsyncClient(
        auth=auth, timeout=20, trust_env=False, event_hooks={"response": [wire.record]}
    ) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode, **options) as client:
            yield client, wire


def text(result: Any) -> str:
    assert not result.is_error, result
    return result.content[0].text


@pytest.mark.parametrize("variant", ["stateless-json", "stateless-sse", "stateful-json", "stateful-sse"])
@pytest.mark.parametrize("mode", MODES)
def test_signs_in_and_calls_tools(sdk_gateway: Gateway, alice: Browser, mode: str, variant: str) -> None:
    """From the 401 to a tool's result in every mode, against every kind of backend (GW-01, GW-80 to GW-86)."""
    url = f"{sdk_gateway.url}/{variant}"
    storage = Storage()
    progress: list[float] = []

    async def on_progress(value: float, _total: float | None, _message: str | None) -> None:
        progress.append(value)

    async def scenario() -> Wire:
        async with connected(url, oauth_client(url, alice, storage), mode) as (client, wire):
            assert client.protocol_version == MODES[mode]
            listing = await client.list_tools()
            assert {"echo", "add", "countdown"} <= {tool.name for tool in listing.tools}
            assert text(await client.call_tool("echo", {"text": 'grüße ☃ "\\'})) == 'grüße ☃ "\\'
            assert text(await client.call_tool("add", {"a": 20, "b": 22})) == "42"
            counted = await client.call_tool("countdown", {"start": 5}, progress_callback=on_progress)
            assert text(counted) == "lift-off"
        return wire

    wire = asyncio.run(scenario())
    assert len(alice.authorizations) == 1, "the user is asked once"
    assert alice.authorizations[0]["resource"] == url
    assert alice.authorizations[0]["scope"] == "mcp:tools"
    assert wire.count("POST", 401) == 1, "one challenge, before the sign-in"
    if variant.endswith("-sse"):
        assert progress == [1, 2, 3, 4, 5]
    assert storage.client is not None
    record = sdk_gateway.access(route=f"/{variant}", client_id=storage.client.client_id)
    assert record["auth"] == "verified"


def test_the_backend_sees_the_identity_and_no_credentials(
    sdk_gateway: Gateway, alice: Browser, tools: ToolServers
) -> None:
    """The tool gets subject, client and scopes, and neither the token nor the client's Host (GW-60, GW-61, GW-72)."""
    url = f"{sdk_gateway.url}/stateless-json"
    storage = Storage()

    async def scenario() -> dict[str, str]:
        async with connected(url, oauth_client(url, alice, storage)) as (client, _):
            return json.loads(text(await client.call_tool("headers_seen")))

    seen = asyncio.run(scenario())
    assert "authorization" not in seen and "cookie" not in seen
    assert seen["host"] == f"127.0.0.1:{tools.port}"
    assert seen["x-portcullis-client"] == storage.client.client_id
    assert seen["x-portcullis-scopes"] == "mcp:tools"
    assert seen["x-portcullis-subject"].isdigit()
    assert seen["mcp-method"] == "tools/call" and seen["mcp-name"] == "headers_seen"


def test_asks_for_more_scope_when_the_token_lacks_it(sdk_gateway: Gateway, alice: Browser) -> None:
    """403 insufficient_scope makes the client widen its grant and repeat the request (GW-08, GW-09)."""
    url = f"{sdk_gateway.url}/admin"
    storage = Storage()

    async def scenario() -> Wire:
        # A token of the right audience with too little scope: the first sign-in asks for another one.
        narrow = oauth_client(url, alice, storage)
        async with connected(url, narrow) as (client, _):
            await client.list_tools()
        assert storage.tokens is not None and storage.client is not None
        storage.tokens = await sign_in_for(url, alice, storage, "mcp:other")
        async with connected(url, oauth_client(url, alice, storage)) as (client, wire):
            assert text(await client.call_tool("add", {"a": 1, "b": 1})) == "2"
        return wire

    wire = asyncio.run(scenario())
    assert wire.count("POST", 403) == 1
    assert 'error="insufficient_scope"' in wire.challenges[0]
    assert 'scope="mcp:admin"' in wire.challenges[0]
    assert set(alice.authorizations[-1]["scope"].split()) == {"mcp:other", "mcp:admin"}


async def sign_in_for(url: str, browser: Browser, storage: Storage, scope: str) -> OAuthToken:
    """A token for `url` with just `scope`, from the code flow of the stored client without the SDK's scope choice."""
    assert storage.client is not None and storage.client.issuer is not None
    issuer = storage.client.issuer
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": storage.client.client_id,
        "redirect_uri": str(storage.client.redirect_uris[0]),
        "state": secrets.token_urlsafe(16),
        "scope": scope,
        "resource": url,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    async with httpx2.AsyncClient(trust_env=False) as http:
        metadata = (await http.get(f"{issuer}/.well-known/openid-configuration")).json()
        result = await asyncio.to_thread(browser.authorize, f"{metadata['authorization_endpoint']}?{urlencode(asked)}")
        answer = await http.post(
            metadata["token_endpoint"],
            data={
                "grant_type": "authorization_code",
                "code": result["code"],
                "redirect_uri": asked["redirect_uri"],
                "client_id": asked["client_id"],
                "code_verifier": verifier,
                "resource": url,
            },
        )
    assert answer.status_code == 200, answer.text
    tokens = OAuthToken.model_validate_json(answer.content)
    await storage.set_tokens(tokens)
    return tokens


def test_refreshes_an_expired_token_without_the_user(sdk_gateway: Gateway, alice: Browser) -> None:
    """When `expires_in` has elapsed the client refreshes, and the gateway takes the new token (GW-17)."""
    url = f"{sdk_gateway.url}/stateless-json"
    storage = Storage()

    async def scenario() -> Wire:
        auth = oauth_client(url, alice, storage)
        async with connected(url, auth) as (client, wire):
            assert text(await client.call_tool("add", {"a": 1, "b": 2})) == "3"
            auth.context.token_expiry_time = 1.0
            assert text(await client.call_tool("add", {"a": 3, "b": 4})) == "7"
        return wire

    wire = asyncio.run(scenario())
    assert len(alice.authorizations) == 1, "the user is not asked again"
    assert len(storage.history) == 2
    assert storage.history[0].access_token != storage.history[1].access_token
    assert storage.history[0].refresh_token != storage.history[1].refresh_token, "refresh tokens rotate"
    assert wire.count("POST", 401) == 1


def test_passes_sessions_get_stream_and_delete(sdk_gateway: Gateway, alice: Browser) -> None:
    """A session's id travels, notifications come over GET, leaving sends DELETE (GW-121, -125, -126)."""
    url = f"{sdk_gateway.url}/stateful-sse"

    async def scenario() -> Wire:
        announced = asyncio.Event()

        async def on_message(message: Any) -> None:
            if isinstance(message, ResourceListChangedNotification):
                announced.set()

        auth = oauth_client(url, alice, Storage())
        async with connected(url, auth, "legacy", message_handler=on_message) as (client, wire):
            async with asyncio.timeout(10):
                while wire.count("GET", 200) == 0:
                    await asyncio.sleep(0.005)
                assert text(await client.call_tool("announce")) == "announced"
                await announced.wait()
        return wire

    wire = asyncio.run(scenario())
    assert wire.count("DELETE", 200) == 1
    assert wire.count("POST", 202) >= 1, "notifications are acknowledged with 202 (GW-84)"


def test_resumes_a_stream_that_the_server_closed(sdk_gateway: Gateway, alice: Browser, tools: ToolServers) -> None:
    """A server may end a stream on purpose; the client comes back with Last-Event-ID (GW-125)."""
    url = f"{sdk_gateway.url}/resumable"
    progress: list[float] = []

    async def on_progress(value: float, _total: float | None, _message: str | None) -> None:
        progress.append(value)

    async def scenario() -> Wire:
        async with connected(url, oauth_client(url, alice, Storage()), "legacy") as (client, wire):
            result = await client.call_tool("interrupted", progress_callback=on_progress)
            assert text(result) == "resumed"
        return wire

    asyncio.run(scenario())
    assert progress == [1, 2]
    tools.process.wait_for_line('"replay"')


def test_cancelling_a_call_reaches_the_tool(sdk_gateway: Gateway, alice: Browser, tools: ToolServers) -> None:
    """A client that gives up closes its stream, and the tool at the backend is cancelled (GW-87)."""
    url = f"{sdk_gateway.url}/stateless-sse"

    async def scenario() -> None:
        async with connected(url, oauth_client(url, alice, Storage()), "2026-07-28") as (client, _):
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
            await asyncio.to_thread(tools.process.wait_for_line, '"slow_cancelled"')

    asyncio.run(scenario())


def test_many_streams_at_once(sdk_gateway: Gateway, alice: Browser) -> None:
    """Concurrent calls of one client each get their own answer (GW-89, GW-90)."""
    url = f"{sdk_gateway.url}/stateless-sse"

    async def scenario() -> list[str]:
        async with connected(url, oauth_client(url, alice, Storage())) as (client, _):
            results = await asyncio.gather(
                *(client.call_tool("echo", {"text": f"call {number}"}) for number in range(40))
            )
            return [text(result) for result in results]

    assert asyncio.run(scenario()) == [f"call {number}" for number in range(40)]


def test_a_trailing_slash_leads_to_the_route(sdk_gateway: Gateway, alice: Browser) -> None:
    """The slash variant of a route is answered with 308, which the client follows for POST (GW-25)."""
    url = f"{sdk_gateway.url}/stateless-json"

    async def scenario() -> None:
        async with connected(f"{url}/", oauth_client(url, alice, Storage())) as (client, _):
            assert text(await client.call_tool("add", {"a": 5, "b": 6})) == "11"

    asyncio.run(scenario())


def test_a_machine_client_needs_no_user(sdk_gateway: Gateway, provider: Provider) -> None:
    """A client-credentials token has no user, and passes (GW-140)."""
    url = f"{sdk_gateway.url}/stateless-json"
    auth = ClientCredentialsOAuthProvider(
        url,
        Storage(),
        provider.machine_id,
        provider.machine_secret,
        scope="mcp:tools",
        issuer=provider.issuer,
    )

    async def scenario() -> dict[str, str]:
        async with connected(url, auth) as (client, _):
            return json.loads(text(await client.call_tool("headers_seen")))

    assert asyncio.run(scenario())["x-portcullis-client"] == provider.machine_id


def test_a_token_of_one_route_does_not_open_another(sdk_gateway: Gateway, alice: Browser) -> None:
    """Each route has its own audience (GW-45, GW-47)."""
    url = f"{sdk_gateway.url}/stateless-json"
    storage = Storage()

    async def scenario() -> httpx2.Response:
        async with connected(url, oauth_client(url, alice, storage)) as (client, _):
            await client.list_tools()
        assert storage.tokens is not None
        async with httpx2.AsyncClient(trust_env=False) as http:
            return await http.post(
                f"{sdk_gateway.url}/stateful-sse",
                headers={"Authorization": f"Bearer {storage.tokens.access_token}"},
                content=b"{}",
            )

    response = asyncio.run(scenario())
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


def test_works_when_only_the_well_known_document_is_used(sdk_gateway: Gateway) -> None:
    """Clients that ignore the challenge find the same document at the well-known place (GW-03, GW-20, GW-23)."""
    for path in ("/stateless-json", "/admin"):
        document = httpx2.get(f"{sdk_gateway.url}/.well-known/oauth-protected-resource{path}", trust_env=False).json()
        assert document["resource"] == sdk_gateway.url + path
        issuer = document["authorization_servers"][0]
        metadata = httpx2.get(f"{issuer}/.well-known/openid-configuration", trust_env=False).json()
        assert metadata["issuer"] == issuer
