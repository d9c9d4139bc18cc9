"""Backends that refuse, hang, reset, send garbage or close early: 502 or 504 with a reason, and life goes on."""

import socket
import threading
from collections.abc import Callable

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.raw_backend import Conversation, RawBackend, Received, Script
from support.rawhttp import Connection, Response, exchange, request_bytes
from support.waiting import free_port, wait_until


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend) -> Gateway:
    """A route with a short patience, one to nobody, and one that stays healthy."""
    patience = {"response_timeout": "400ms", "connect_timeout": "2s"}
    return make_shared_gateway(
        [
            route(shared_backend.url, path="/mcp", upstream_options=patience),
            route(f"http://127.0.0.1:{free_port()}/mcp", path="/nobody"),
            route(shared_backend.url, path="/healthy"),
        ]
    )


def raw(data: bytes, then: str = "close") -> Script:
    """A script that sends `data` instead of a response, and then closes, resets or waits for the gateway."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.send(data)
        if then == "wait":
            conversation.peer_gone()
        getattr(conversation, "reset" if then == "reset" else "close")()

    return script


HEAD = b"HTTP/1.1 200 OK\r\n"

FAULTS: dict[str, Script] = {
    "closes without a word": raw(b""),
    "resets without a word": raw(b"", "reset"),
    "closes in the status line": raw(b"HTTP/1.1 20"),
    "closes in the head": raw(HEAD + b"Content-Type: text/pl"),
    "resets in the head": raw(HEAD + b"Content-Type: text/pl", "reset"),
    "closes after an interim response": raw(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "sends garbage": raw(b"\x00\x01\x02 this is no HTTP\r\n\r\n", "wait"),
    "speaks another protocol": raw(b"220 mail.example.com ESMTP\r\n\r\n", "wait"),
    "sends a status of two digits": raw(b"HTTP/1.1 20 OK\r\n\r\n", "wait"),
    "sends a status of letters": raw(b"HTTP/1.1 abc OK\r\n\r\n", "wait"),
    "sends a field without a colon": raw(HEAD + b"nonsense\r\nContent-Length: 0\r\n\r\n", "wait"),
    "sends a field name with a space": raw(HEAD + b"X Y: 1\r\nContent-Length: 0\r\n\r\n", "wait"),
    "sends a bare CR in a value": raw(HEAD + b"X: a\rb\r\nContent-Length: 0\r\n\r\n", "wait"),
    "sends two lengths": raw(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "wait"),
    "sends a length that is none": raw(HEAD + b"Content-Length: many\r\n\r\n", "wait"),
    "sends a head without end": raw(HEAD + b"X-Endless: " + b"x" * 400_000, "wait"),
}


@pytest.mark.parametrize("script", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_before_the_response_is_502(gateway: Gateway, backend: RawBackend, script: Script) -> None:
    """502 with a reason in the log; the client's connection serves the next request (GW-123, 1.9)."""
    with Connection(gateway.address) as connection:
        backend.script = script
        attempts = backend.completed
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        response = connection.read_response()
        assert response.status == 502
        assert response.get("www-authenticate") is None
        assert b"jsonrpc" not in response.body
        assert backend.completed == attempts + 1, "a POST is sent once (GW-89)"
        record = gateway.access(status=502)
        assert record["reason"]
        backend.reset_script()
        connection.send(request_bytes("POST", "/healthy", gateway.authority, body=b"{}"))
        assert connection.read_response().status == 200


def test_a_backend_that_refuses_is_502(gateway: Gateway) -> None:
    """Nobody listens; the client's connection serves the next request."""
    with Connection(gateway.address) as connection:
        for _ in range(3):
            connection.send(request_bytes("POST", "/nobody", gateway.authority, body=b"{}"))
            assert connection.read_response().status == 502
    assert gateway.access(route="/nobody", status=502)["reason"]


def test_a_backend_that_hangs_is_504(gateway: Gateway, backend: RawBackend) -> None:
    """After `response_timeout` the client is told and the backend's connection is closed."""
    gone = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        if conversation.peer_gone():
            gone.set()
        conversation.close()

    backend.script = script
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        assert connection.read_response().status == 504
        assert gone.wait(10)
        backend.reset_script()
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        assert connection.read_response().status == 200
    assert gateway.access(status=504)["reason"]


def test_a_slow_stream_is_not_a_hanging_backend(gateway: Gateway, backend: RawBackend) -> None:
    """`response_timeout` ends with the head: a stream may pause for longer (GW-86, GW-92)."""
    pause = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        conversation.chunk(b"data: 1\n\n")
        pause.wait(1.0)  # longer than response_timeout, which must not matter
        conversation.chunk(b"data: 2\n\n")
        conversation.end_chunks()

    backend.script = script
    assert exchange(gateway.address, "POST", "/mcp", body=b"{}").body == b"data: 1\n\ndata: 2\n\n"


def test_an_idle_stream_ends_in_the_end(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """`stream_idle` bounds a stream in which nothing happens (GW-92), and cuts it visibly (GW-88)."""
    gone = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        conversation.chunk(b"data: 1\n\n")
        if conversation.peer_gone():
            gone.set()
        conversation.close()

    backend.script = script
    gateway = make_gateway([route(backend.url)], timeouts={"stream_idle": "300ms"})
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        assert connection.read_head().status == 200
        assert connection.read_chunk() == b"data: 1\n\n"
        assert connection.read_to_end() == b"", "no terminating chunk"
    assert gone.wait(10)


def test_more_requests_than_connections_wait_their_turn(make_gateway: MakeGateway, own_backend: RawBackend) -> None:
    """The pool is bounded; the queue in front of it is served in order, and is bounded too."""
    release = threading.Event()

    def script(conversation: Conversation, request: Received) -> None:
        release.wait(20)
        conversation.respond(200, request.body)

    own_backend.script = script
    gateway = make_gateway([route(own_backend.url, upstream_options={"max_connections": 2, "max_waiting": 3})])
    connections = [Connection(gateway.address) for _ in range(6)]
    try:
        responses: list[Response] = []
        for number, connection in enumerate(connections[:2]):
            connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"%d" % number))
        own_backend.wait_for(2)
        for number, connection in enumerate(connections[2:], 2):
            connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"%d" % number))
        refused = wait_until(lambda: gateway.events("request"), "the one that finds no place is refused")
        assert len(refused) == 1 and refused[0]["status"] == 503 and refused[0]["reason"]
        release.set()
        responses = [connection.read_response() for connection in connections]
    finally:
        release.set()
        for connection in connections:
            connection.close()
    assert sorted(response.status for response in responses) == [200] * 5 + [503]
    assert own_backend.connections <= 2
    for number, response in enumerate(responses):
        if response.status == 200:
            assert response.body == b"%d" % number


def test_a_backend_that_comes_back_is_found(make_gateway: MakeGateway) -> None:
    """Refused while it is away, served as soon as it listens."""
    port = free_port()
    gateway = make_gateway([route(f"http://127.0.0.1:{port}/mcp")])
    assert exchange(gateway.address, "POST", "/mcp", body=b"{}").status == 502
    with socket.create_server(("127.0.0.1", port)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nback")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert exchange(gateway.address, "POST", "/mcp", body=b"{}").body == b"back"
        thread.join(5)


@pytest.mark.parametrize("leave", [Connection.close, Connection.reset], ids=["closes", "resets"])
def test_a_client_that_leaves_the_queue_is_forgotten(
    make_gateway: MakeGateway, own_backend: RawBackend, leave: Callable[[Connection], None]
) -> None:
    """A request whose client has gone while it waited for a connection never reaches the backend (GW-87)."""
    release = threading.Event()

    def script(conversation: Conversation, request: Received) -> None:
        release.wait(20)
        conversation.respond(200, request.body)

    own_backend.script = script
    gateway = make_gateway([route(own_backend.url, upstream_options={"max_connections": 1, "max_waiting": 8})])
    host = gateway.authority
    try:
        first, waiting, last = (Connection(gateway.address) for _ in range(3))
        first.send(request_bytes("POST", "/mcp", host, body=b"first"))
        own_backend.wait_for(1)
        waiting.send(request_bytes("POST", "/mcp?waiting=1", host, body=b"waiting"))
        # An answer on another connection shows that what was sent before has been read.
        assert exchange(gateway.address, "GET", "/elsewhere").status == 404
        leave(waiting)
        wait_until(lambda: [r for r in gateway.events("request") if r["path"] == "/mcp"], "the leaving is noticed")
        last.send(request_bytes("POST", "/mcp", host, body=b"last"))
        release.set()
        assert first.read_response().body == b"first"
        assert last.read_response().body == b"last"
        first.close()
        last.close()
    finally:
        release.set()
    assert [request.body for request in own_backend.requests] == [b"first", b"last"]


def test_an_early_refusal_of_a_large_body_arrives(gateway: Gateway, backend: RawBackend) -> None:
    """A backend that answers 413 and closes is heard, although the rest of the body cannot be sent any more."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.respond(413, body=b"too much")
        conversation.close()

    backend.head_script = script
    for _ in range(20):
        with Connection(gateway.address) as connection:
            connection.send_leniently(request_bytes("POST", "/healthy", gateway.authority, body=b"x" * 3_000_000))
            response = connection.read_head()
            assert response.status == 413
            assert connection.read_body(response) == b"too much"
