"""Fixtures: real providers, backends and gateways, started on free loopback ports and ended with the run."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.browser import Browser
from support.certificates import Authority, Certificate
from support.gateway import Gateway, Routes, binary, route
from support.h2frames import USABLE, H2Connection
from support.provider import Provider
from support.raw_backend import RawBackend
from support.rawhttp import exchange
from support.scanner import Scanner
from support.static_provider import StaticProvider
from support.tools import ToolServers
from support.waiting import free_port

MakeGateway = Callable[..., Gateway]
# A provider that has changed its keys, a gateway that has not been asked since, and a token of the old ones.
Refreshing = tuple[StaticProvider, Gateway, str]

USABLE_REQUEST = f"GET {USABLE} HTTP/1.1\r\n".encode()


def pytest_configure() -> None:
    if not os.access(binary(), os.X_OK):
        raise pytest.UsageError(f"no gateway at {binary()}: build it first, or set PORTCULLIS")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The log tests read what all other tests made the gateways write, so they come last."""
    items.sort(key=lambda item: item.path.name == "test_logs.py")


@pytest.fixture(scope="session")
def run_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("end-to-end")


@pytest.fixture(scope="session")
def counterparts(run_directory: Path) -> Iterator[tuple[Provider, ToolServers]]:
    """The OpenID provider and the SDK's servers, which start side by side."""
    provider = Provider(run_directory)
    try:
        tools = ToolServers(run_directory)
        try:
            tools.wait_until_ready()
            provider.wait_until_ready()
            yield provider, tools
        finally:
            tools.stop()
    finally:
        provider.stop()


@pytest.fixture(scope="session")
def provider(counterparts: tuple[Provider, ToolServers]) -> Provider:
    return counterparts[0]


@pytest.fixture(scope="session")
def tools(counterparts: tuple[Provider, ToolServers]) -> ToolServers:
    return counterparts[1]


@pytest.fixture(scope="session")
def sdk_gateway(provider: Provider, tools: ToolServers, run_directory: Path) -> Iterator[Gateway]:
    """One route for each variant of SDK server, all trusting the real provider."""

    def routes(url: str) -> list[dict[str, Any]]:
        def protected(path: str, variant: str, scope: str) -> dict[str, Any]:
            return route(
                tools.url(variant),
                path=path,
                authorization={
                    "discovery_url": provider.discovery_url,
                    "allowed_audience": [url + path],
                    "allowed_scopes": [scope],
                },
            )

        variants = ("stateless-json", "stateless-sse", "stateful-json", "stateful-sse", "resumable")
        return [protected(f"/{name}", name, "mcp:tools") for name in variants] + [
            protected("/admin", "stateless-json", "mcp:admin")
        ]

    gateway = Gateway(run_directory, routes, name="sdk-gateway")
    yield gateway
    gateway.stop()


@pytest.fixture(scope="session")
def certificates(run_directory: Path) -> Path:
    """Where the certificates and keys of this run lie."""
    directory = run_directory / "certificates"
    directory.mkdir()
    return directory


@pytest.fixture(scope="session")
def authority(certificates: Path) -> Authority:
    """The authority that clients, and gateways where they are told, trust."""
    return Authority(certificates, "Root")


@pytest.fixture(scope="session")
def server_certificate(authority: Authority) -> Certificate:
    """A good certificate for the gateway's loopback address, from an intermediate."""
    return authority.intermediate("Intermediate").issue("gateway")


@pytest.fixture(scope="session")
def scanned_gateway(run_directory: Path, authority: Authority, server_certificate: Certificate) -> Iterator[Gateway]:
    """TLS as it comes, with an ECDSA and an RSA certificate."""
    certificates = [server_certificate.files, authority.issue("rsa", kind="rsa").files]
    listener = {"tls": {"certificates": certificates}}
    gateway = Gateway(run_directory, [route("http://127.0.0.1:9/mcp")], "scanned-gateway", listener=listener)
    yield gateway
    gateway.stop()


@pytest.fixture(scope="session")
def scanner(scanned_gateway: Gateway, authority: Authority, run_directory: Path) -> Iterator[Scanner]:
    """The scan runs beside the other tests: those that come before its own ask for it early."""
    scanner = Scanner(scanned_gateway, authority.file, run_directory)
    yield scanner
    scanner.stop()


@pytest.fixture(scope="session")
def refreshing(run_directory: Path) -> Iterator[Refreshing]:
    """The minute passes beside the other tests: those that come before the one that waits ask for it early."""
    backend = RawBackend()
    provider = StaticProvider("urn:test:audience", algorithms=("ES256",))
    provider.cache_control = "max-age=1"
    trust = provider.authorization(keys_refresh="1h")
    gateway = Gateway(run_directory, [route(backend.url, authorization=trust)], "refreshing-gateway")
    old = provider.signer.token()
    assert exchange(gateway.address, "POST", "/mcp", body=b"{}", token=old).status == 200
    provider.signer.rotate()
    yield provider, gateway, old
    gateway.stop()
    provider.stop()
    backend.stop()


@pytest.fixture
def free_address() -> tuple[str, int]:
    """For a second listener."""
    return ("127.0.0.1", free_port())


@pytest.fixture
def alice(provider: Provider) -> Browser:
    return Browser("alice", provider.users["alice"])


@pytest.fixture(scope="session")
def _gateway_numbers() -> Iterator[int]:
    return itertools.count(1)


def _factory(directory: Path, numbers: Iterator[int], running: list[Gateway]) -> MakeGateway:
    def make(routes: Routes, **more: Any) -> Gateway:
        gateway = Gateway(directory, routes, name=f"gateway-{next(numbers)}", **more)
        running.append(gateway)
        return gateway

    return make


@pytest.fixture
def make_gateway(run_directory: Path, _gateway_numbers: Iterator[int]) -> Iterator[MakeGateway]:
    """Starts gateways that end with the test."""
    running: list[Gateway] = []
    yield _factory(run_directory, _gateway_numbers, running)
    for gateway in running:
        gateway.stop()


@pytest.fixture(scope="module")
def make_shared_gateway(run_directory: Path, _gateway_numbers: Iterator[int]) -> Iterator[MakeGateway]:
    """Starts gateways that end with the module."""
    running: list[Gateway] = []
    yield _factory(run_directory, _gateway_numbers, running)
    for gateway in running:
        gateway.stop()


@pytest.fixture(scope="module")
def shared_backend() -> Iterator[RawBackend]:
    backend = RawBackend()
    yield backend
    backend.stop()


@pytest.fixture
def backend(shared_backend: RawBackend) -> Iterator[RawBackend]:
    """The module's backend with the echoing script."""
    shared_backend.reset_script()
    yield shared_backend
    shared_backend.reset_script()


@pytest.fixture
def own_backend() -> Iterator[RawBackend]:
    """A backend of the test's own, for counting connections from zero."""
    backend = RawBackend()
    yield backend
    backend.stop()


@pytest.fixture
def static_provider() -> Iterator[StaticProvider]:
    """An identity provider of the test's own, so that its counters and faults are too."""
    provider = StaticProvider("urn:test:audience")
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def shared_provider() -> Iterator[StaticProvider]:
    """An identity provider that stays healthy for the whole module."""
    provider = StaticProvider("urn:test:audience")
    yield provider
    provider.stop()


@pytest.fixture
def peer(gateway: Gateway) -> Iterator[H2Connection]:
    """An HTTP/2 connection with prior knowledge to the module's `gateway`, past the handshake."""
    with H2Connection(gateway.address) as connection:
        connection.handshake()
        yield connection


@pytest.fixture
def nothing_forwarded(backend: RawBackend) -> Iterator[None]:
    """Fails the test when any request head reached the backend, but for those of `expect_usable`."""
    before = len(backend.raw_heads)
    yield
    forwarded = [head for head in backend.raw_heads[before:] if not head.startswith(USABLE_REQUEST)]
    assert not forwarded
