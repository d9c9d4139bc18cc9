"""Connections on both sides of the proxy: reuse, order, old clients, early answers, UNIX-domain sockets."""

import json
import random
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.raw_backend import Conversation, RawBackend, Received
from support.rawhttp import Connection, exchange, request_bytes
from support.waiting import free_port


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend) -> Gateway:
    """An open route: the proxy alone."""
    return make_shared_gateway([route(shared_backend.url)])


def test_pipelined_requests_are_answered_in_order(gateway: Gateway, backend: RawBackend) -> None:
    """Ten requests in one write, ten responses in the same order."""
    backend.script = lambda conversation, request: conversation.respond(200, request.target.encode())
    with Connection(gateway.address) as connection:
        connection.send(
            b"".join(request_bytes("POST", f"/mcp?n={number}", gateway.authority, body=b"{}") for number in range(10))
        )
        for number in range(10):
            assert connection.read_response().body == b"/mcp?n=%d" % number


def test_a_connection_is_kept_on_both_sides(make_gateway: MakeGateway, own_backend: RawBackend) -> None:
    """Sequential requests use one connection to the gateway and one to the backend."""
    gateway = make_gateway([route(own_backend.url)])
    with Connection(gateway.address) as connection:
        for _ in range(25):
            connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
            assert connection.read_response().status == 200
    assert (own_backend.completed, own_backend.connections) == (25, 1)


def test_head_has_no_body(gateway: Gateway, backend: RawBackend) -> None:
    """A HEAD response ends with its head, whatever Content-Length it names."""
    with Connection(gateway.address) as connection:
        for _ in range(2):
            connection.send(request_bytes("HEAD", "/mcp", gateway.authority))
            response = connection.read_response("HEAD")
            assert response.status == 200 and int(response.get("content-length") or 0) > 0
        connection.send(request_bytes("GET", "/mcp", gateway.authority))
        assert json.loads(connection.read_response().body)["method"] == "GET"


@pytest.mark.parametrize("answer", ["length", "chunked", "close"])
def test_an_http_1_0_client(gateway: Gateway, backend: RawBackend, answer: str) -> None:
    """It gets no chunks and a connection that ends with the response."""

    def script(conversation: Conversation, _: Received) -> None:
        if answer == "length":
            conversation.respond(200, b"old client")
        elif answer == "chunked":
            conversation.start_chunked("text/plain")
            conversation.chunk(b"old ")
            conversation.chunk(b"client")
            conversation.end_chunks()
        else:
            conversation.send(b"HTTP/1.1 200 OK\r\n\r\nold client")
            conversation.close()

    backend.script = script
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("GET", "/mcp", gateway.authority, version="HTTP/1.0"))
        head = connection.read_head()
        assert head.status == 200
        assert head.get("transfer-encoding") is None
        assert connection.read_to_end() == b"old client"


def test_connection_close_is_honoured(gateway: Gateway, backend: RawBackend) -> None:
    """A client that asks for the end gets it after its response."""
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("GET", "/mcp", gateway.authority, [("Connection", "close")]))
        assert connection.read_response().status == 200
        assert connection.at_end()


def test_expect_continue_with_curl(gateway: Gateway, backend: RawBackend, tmp_path: Path) -> None:
    """curl sends its large body after 100 Continue, and the backend gets all of it."""
    body = random.Random(3).randbytes(1 << 20)
    large = tmp_path / "large.json"
    large.write_bytes(body)
    done = subprocess.run(
        ["curl", "--silent", "--noproxy", "*", "--max-time", "20", "--include", "--expect100-timeout", "15"]
        + ["--header", "Expect: 100-continue", "--data-binary", f"@{large}", f"{gateway.url}/mcp"],
        capture_output=True,
        timeout=30,
    )
    assert done.returncode == 0
    assert done.stdout.startswith(b"HTTP/1.1 100")
    assert backend.last.body == body


def test_an_early_answer_is_forwarded(gateway: Gateway, backend: RawBackend) -> None:
    """A backend may refuse a request before its body has come; the client hears of it."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.respond(413, b"too much", [("Connection", "close")])
        conversation.close()

    backend.head_script = script
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, [("Content-Length", "1000000")]) + b"x" * 1000)
        response = connection.read_response()
    assert (response.status, response.body) == (413, b"too much")


def test_no_post_is_sent_twice(make_gateway: MakeGateway, own_backend: RawBackend) -> None:
    """A connection that dies after the request was sent is a 502, never a second attempt (GW-89)."""
    gateway = make_gateway([route(own_backend.url)])
    with Connection(gateway.address) as connection:
        # The first request leaves a reusable connection in the pool; the second one dies on it.
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        assert connection.read_response().status == 200
        own_backend.script = lambda conversation, _: conversation.reset()
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        assert connection.read_response().status == 502
        own_backend.reset_script()
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        assert connection.read_response().status == 200
    assert own_backend.completed == 3


def test_a_backend_that_closes_idle_connections_costs_nothing(
    make_gateway: MakeGateway, own_backend: RawBackend
) -> None:
    """A pooled connection that the backend has closed is not used for the next request."""
    gateway = make_gateway([route(own_backend.url)])
    closed = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        conversation.respond(200, b"and goodbye")
        conversation.close()
        closed.set()

    own_backend.script = script
    with Connection(gateway.address) as connection:
        for _ in range(5):
            closed.clear()
            connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
            assert connection.read_response().status == 200
            # Once closed, the end of the connection reaches the gateway before the next request does.
            assert closed.wait(10)
    assert own_backend.completed == 5


def test_unix_sockets_on_both_sides(make_gateway: MakeGateway, tmp_path: Path) -> None:
    """A UNIX-domain listener in front of a UNIX-domain backend."""
    backend = RawBackend(path=tmp_path / "backend.sock")
    try:
        gateway = make_gateway(
            [route(backend.url, upstream_options={"socket": str(tmp_path / "backend.sock")})],
            public_url="https://gateway.example.com",
            listeners=[{"address": f"unix:{tmp_path / 'front.sock'}"}],
        )
        response = exchange(str(tmp_path / "front.sock"), "POST", "/mcp?a=1", host="gateway.example.com", body=b"{}")
        assert response.status == 200
        assert gateway.access(path="/mcp")["status"] == 200
        assert backend.last.get("host") == "backend.internal"
        assert backend.last.target == "/mcp?a=1"
    finally:
        backend.stop()


def test_several_listeners_serve_the_same_routes(
    make_gateway: MakeGateway, backend: RawBackend, tmp_path: Path
) -> None:
    """A TCP and a UNIX-domain listener side by side."""
    front = tmp_path / "second.sock"
    port = free_port()
    gateway = make_gateway(
        [route(backend.url)],
        public_url=f"http://127.0.0.1:{port}",
        listeners=[{"address": f"127.0.0.1:{port}"}, {"address": f"unix:{front}"}],
    )
    for address in (("127.0.0.1", port), str(front)):
        assert exchange(address, "POST", "/mcp", host=f"127.0.0.1:{port}", body=b"{}").status == 200
    assert len(gateway.events("listening")) == 2


def test_many_connections_at_once(gateway: Gateway, backend: RawBackend) -> None:
    """Two hundred clients, each with its own answer."""
    backend.script = lambda conversation, request: conversation.respond(200, request.body)
    connections = [Connection(gateway.address) for _ in range(200)]
    try:
        for number, connection in enumerate(connections):
            connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"number %d" % number))
        for number, connection in enumerate(connections):
            assert connection.read_response().body == b"number %d" % number
    finally:
        for connection in connections:
            connection.close()


def test_a_body_byte_by_byte(gateway: Gateway, backend: RawBackend) -> None:
    """Heads and bodies may arrive in pieces of any size."""
    whole = request_bytes("POST", "/mcp", gateway.authority, [("Content-Type", "application/json")], b'{"a":[1,2,3]}')
    with Connection(gateway.address) as connection:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index in range(len(whole)):
            connection.send(whole[index : index + 1])
        assert connection.read_response().status == 200
    assert backend.last.body == b'{"a":[1,2,3]}'
