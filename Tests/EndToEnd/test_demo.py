"""`portcullis demo`: its own identity provider and tool server, signed in to by the real SDK client."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from support import secrecy
from support.browser import Browser
from support.gateway import binary
from support.process import ManagedProcess
from support.sign_in import Storage, oauth_client
from support.waiting import free_port

MODES = {"auto": "2026-07-28", "2026-07-28": "2026-07-28", "legacy": "2025-11-25"}


@pytest.fixture(scope="module")
def demo(run_directory: Path) -> Iterator[dict[str, Any]]:
    """The facts of the line with which the demo says that it is ready."""
    yield from running(run_directory, "demo")


@pytest.fixture(scope="module")
def bridged(run_directory: Path) -> Iterator[dict[str, Any]]:
    """The same, of a demo whose provider registers no clients."""
    yield from running(run_directory, "demo-bridge", "--bridge")


def running(run_directory: Path, name: str, *more: str) -> Iterator[dict[str, Any]]:
    options = [f"--{name}={free_port()}" for name in ("port", "idp-port", "mcp-port")]
    process = ManagedProcess([binary(), "demo", *options, *more], run_directory, name)
    try:
        ready = json.loads(process.wait_for_line('"demo_ready"'))
        # The demo prints its users' passwords on purpose; everything else it must keep to itself.
        secrecy.watch(process.stdout_path, for_people=True)
        secrecy.watch(process.stderr_path, for_people=True)
        yield ready
    finally:
        process.stop()


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def text(result: Any) -> str:
    assert not result.is_error, result
    return result.content[0].text


@pytest.mark.parametrize("mode", MODES)
def test_signs_in_at_the_demo_provider_and_calls_tools(demo: dict[str, Any], mode: str) -> None:
    """The main job of the product on its own counterparts: sign-in, consent, a streamed result."""
    url = demo["mcp_url"]
    browser = Browser("alice", "alice-demo")
    storage = Storage()
    progress: list[float] = []

    async def on_progress(value: float, _total: float | None, _message: str | None) -> None:
        progress.append(value)

    async def scenario() -> None:
        async with httpx2.AsyncClient(auth=oauth_client(url, browser, storage), timeout=20, trust_env=False) as http:
            async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
                assert client.protocol_version == MODES[mode]
                names = {tool.name for tool in (await client.list_tools()).tools}
                assert {"whoami", "add", "countdown"} <= names
                assert "42" in text(await client.call_tool("add", {"a": 20, "b": 22}))
                assert storage.client is not None
                assert storage.client.client_id in text(await client.call_tool("whoami"))
                arguments = {"from": 3, "interval_ms": 1}
                await client.call_tool("countdown", arguments, progress_callback=on_progress)

    asyncio.run(scenario())
    assert len(browser.authorizations) == 1
    assert progress == sorted(progress) and len(progress) >= 3


def test_the_issuer_is_exact_everywhere(demo: dict[str, Any]) -> None:
    """PRM, both discovery documents and the ready line name the same issuer, byte for byte (GW-23)."""
    assert demo["authorization_server"] == demo["issuer"]
    metadata = f"/.well-known/oauth-protected-resource{urlsplit(demo['mcp_url']).path}"
    prm = httpx2.get(origin(demo["mcp_url"]) + metadata, trust_env=False).json()
    assert prm["authorization_servers"] == [demo["issuer"]]
    for document in ("openid-configuration", "oauth-authorization-server"):
        found = httpx2.get(f"{demo['issuer']}/.well-known/{document}", trust_env=False).json()
        assert found["issuer"] == demo["issuer"]


def test_wrong_password_gives_no_code(demo: dict[str, Any]) -> None:
    """The sign-in page asks again, and gives up in the end; it never hands out a code."""
    url = demo["mcp_url"]
    browser = Browser("alice", "not-the-password")

    async def scenario() -> None:
        async with httpx2.AsyncClient(auth=oauth_client(url, browser, Storage()), timeout=20, trust_env=False) as http:
            await http.post(url, content=b"{}")

    with pytest.raises(AssertionError, match="sign-in|access_denied"):
        asyncio.run(scenario())
    assert browser.forms_sent >= 1


def test_the_provider_of_the_bridge_registers_nobody(bridged: dict[str, Any]) -> None:
    """Clients are sent to the gateway, whose client the provider knows; they can do nothing with the provider."""
    assert bridged["authorization_server"] == origin(bridged["mcp_url"]) + "/oauth"
    prm_url = origin(bridged["mcp_url"]) + "/.well-known/oauth-protected-resource/mcp"
    prm = httpx2.get(prm_url, trust_env=False).json()
    assert prm["authorization_servers"] == [bridged["authorization_server"]]
    metadata = httpx2.get(f"{bridged['issuer']}/.well-known/openid-configuration", trust_env=False).json()
    assert "registration_endpoint" not in metadata
    assert metadata["token_endpoint_auth_methods_supported"] == ["client_secret_basic"]
    assert httpx2.post(f"{bridged['issuer']}/register", json={}, trust_env=False).status_code == 404


@pytest.mark.parametrize("mode", MODES)
def test_signs_in_by_the_bridge(bridged: dict[str, Any], mode: str) -> None:
    """Registration, the gateway's consent page, the provider's two pages, and a tool, with nothing entered by hand."""
    url = bridged["mcp_url"]
    browser = Browser("bob", "bob-demo")
    storage = Storage()

    async def scenario() -> str:
        async with httpx2.AsyncClient(auth=oauth_client(url, browser, storage), timeout=20, trust_env=False) as http:
            async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
                return text(await client.call_tool("whoami"))

    whoami = asyncio.run(scenario())
    # The provider's token names the only client that it knows.
    assert "bob" in whoami and "portcullis-gateway" in whoami
    assert storage.client is not None and storage.client.client_id not in (None, "portcullis-gateway")
    assert browser.forms_sent == 3
    [asked] = browser.authorizations
    assert asked["client_id"] == storage.client.client_id


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1"])
def test_refuses_to_leave_loopback(run_directory: Path, address: str) -> None:
    """The demo's users and keys are public knowledge, so it serves loopback only."""
    options = [f"--{name}={free_port()}" for name in ("port", "idp-port", "mcp-port")]
    process = ManagedProcess([binary(), "demo", f"--host={address}", *options], run_directory, "demo-abroad")
    try:
        assert process.wait() != 0
        assert "demo_ready" not in process.stdout
    finally:
        process.stop()


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--port=0"], "--port must be"), (["--idp-port=65536"], "--idp-port must be"), (["--mcp-port=8080"], "must differ")],
)
def test_bad_ports_are_a_usage_error(options: list[str], words: str) -> None:
    """Exit status 2, and the option is named."""
    result = subprocess.run([binary(), "demo", *options], capture_output=True, text=True, timeout=20)
    assert result.returncode == 2
    assert words in result.stderr
