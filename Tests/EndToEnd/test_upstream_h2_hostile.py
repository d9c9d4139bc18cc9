"""HTTP/2 backends that send more than anybody has asked for."""

import contextlib
from collections.abc import Callable, Iterator

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.h2_backend import Gone, H2Backend, Stream
from support.raw_backend import RawBackend
from support.rawhttp import Connection, exchange, request_bytes
from support.siege import MEGABYTE, Siege


@pytest.fixture
def hostile() -> Iterator[H2Backend]:
    server = H2Backend()
    yield server
    server.stop()


@pytest.fixture
def gateway(make_gateway: MakeGateway, hostile: H2Backend, backend: RawBackend) -> Gateway:
    return make_gateway(
        [route(hostile.url, upstream_options={"http2": "always"}), route(backend.url, path="/bystander")]
    )


def informing(count: int) -> Callable[[Stream], None]:
    def script(stream: Stream) -> None:
        with contextlib.suppress(OSError, Gone):
            for _ in range(count):
                with stream.peer.lock:
                    stream.peer.h2.send_headers(stream.number, [(":status", "103"), ("link", "x" * 200)])
                    stream.peer.flush()
            stream.respond(200, b"final")

    return script


def test_a_few_interim_responses_pass(gateway: Gateway, hostile: H2Backend) -> None:
    hostile.script = informing(16)
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        for _ in range(16):
            assert connection.read_head().status == 103
        assert connection.read_response().body == b"final"


def test_interim_responses_without_end_are_no_response(gateway: Gateway, hostile: H2Backend) -> None:
    """As with HTTP/1.1: whoever sends more than sixteen is broken, and does not fill the memory of the gateway."""
    hostile.script = informing(50_000)
    with Siege(gateway, memory=8 * MEGABYTE):
        with Connection(gateway.address) as connection:
            connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
            for _ in range(16):
                assert connection.read_head().status == 103
            assert connection.read_head().status == 502
    assert gateway.access(path="/mcp", status=502)["reason"] == "upstream_malformed"


def test_many_slow_clients_do_not_stop_their_neighbours(make_gateway: MakeGateway, hostile: H2Backend) -> None:
    """All windows of one shared connection full: whoever reads is served over that connection nevertheless."""

    def script(stream: Stream) -> None:
        with contextlib.suppress(OSError, Gone):
            stream.respond(200, b"x" * (5_000_000 if stream.request.get(":path") == "/mcp/large" else 100))

    hostile.script = script
    options = {"http2": "always", "max_connections": 1}
    gateway = make_gateway([route(hostile.url, upstream_options=options)])
    with contextlib.ExitStack() as slow:
        for _ in range(90):
            connection = slow.enter_context(Connection(gateway.address, receive_buffer=4_096))
            connection.send(request_bytes("GET", "/mcp/large", gateway.authority))
            assert connection.read_head().status == 200
        for _ in range(50):
            assert exchange(gateway.address, "GET", "/mcp").body == b"x" * 100
