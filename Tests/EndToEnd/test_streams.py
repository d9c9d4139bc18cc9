"""Streams through the proxy: nothing is buffered, every end is an honest one, the slow end sets the pace."""

import threading

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.raw_backend import Conversation, RawBackend, Received
from support.rawhttp import Connection, Truncated, exchange, request_bytes
from support.waiting import wait_until


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend) -> Gateway:
    """An open route: the proxy alone."""
    return make_shared_gateway([route(shared_backend.url)])


def test_events_are_forwarded_one_by_one(gateway: Gateway, backend: RawBackend) -> None:
    """Each event is sent only after the client has confirmed the one before: nothing is buffered (GW-86)."""
    confirmed = threading.Semaphore(0)
    events = [b'event: message\ndata: {"n":%d}\n\n' % number for number in range(20)]
    events += [b": ping\n\n", b"id: 7\nretry: 10\ndata:\n\n"]

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        for event in events:
            conversation.chunk(event)
            if not confirmed.acquire(timeout=10):
                conversation.reset()
                return
        conversation.end_chunks()

    backend.script = script
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        head = connection.read_head()
        assert head.get("content-type") == "text/event-stream"
        assert head.get("content-encoding") is None
        for event in events:
            received = b""
            while len(received) < len(event):
                received += connection.read_chunk()
            assert received == event
            confirmed.release()
        assert connection.read_chunk() == b""


def test_the_head_is_forwarded_before_the_first_event(gateway: Gateway, backend: RawBackend) -> None:
    """A stream that has nothing to say yet is open all the same (GW-109)."""
    seen = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        if seen.wait(10):
            conversation.chunk(b"data: late\n\n")
            conversation.end_chunks()

    backend.script = script
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("GET", "/mcp", gateway.authority, [("Accept", "text/event-stream")]))
        assert connection.read_head().status == 200
        seen.set()
        assert connection.read_chunk() == b"data: late\n\n"


@pytest.mark.parametrize("farewell", ["close", "reset"])
@pytest.mark.parametrize("phase", ["before the head", "in the stream"])
def test_a_client_that_leaves_ends_the_request_at_the_backend(
    gateway: Gateway, backend: RawBackend, farewell: str, phase: str
) -> None:
    """The backend sees its connection go as soon as the client has gone (GW-87)."""
    waiting, gone = threading.Event(), threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        if phase == "in the stream":
            conversation.start_chunked()
            conversation.chunk(b"data: 1\n\n")
        waiting.set()
        if conversation.peer_gone():
            gone.set()
        conversation.close()

    backend.script = script
    connection = Connection(gateway.address)
    connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
    assert waiting.wait(10)
    if phase == "in the stream":
        connection.read_head()
        connection.read_chunk()
    getattr(connection, farewell)()
    assert gone.wait(10), "the backend's request goes on"
    gateway.access(method="POST", path="/mcp")


@pytest.mark.parametrize("ending", ["close", "reset"])
@pytest.mark.parametrize("framing", ["chunked", "length"])
def test_a_backend_that_dies_in_the_body_is_no_clean_end(
    gateway: Gateway, backend: RawBackend, framing: str, ending: str
) -> None:
    """The client can tell a truncated response from a whole one, and the log says so (GW-88)."""
    passed_on = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        if framing == "chunked":
            conversation.start_chunked()
            conversation.chunk(b"data: 1\n\n")
        else:
            conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        passed_on.wait(10)
        getattr(conversation, ending)()

    backend.script = script
    with Connection(gateway.address) as connection:
        target = f"/mcp?case={framing}-{ending}"
        connection.send(request_bytes("GET", target, gateway.authority))
        head = connection.read_head()
        assert head.status == 200
        part = connection.read_chunk() if framing == "chunked" else connection.read_exactly(9)
        assert part in (b"data: 1\n\n", b"only this")
        passed_on.set()
        with pytest.raises(Truncated):
            connection.read_chunk() if framing == "chunked" else connection.read_exactly(1)
        assert b"0\r\n\r\n" not in connection.buffer
    wait_until(lambda: gateway.events("request")[-1].get("reason"), "the record names a reason")


def test_a_bad_chunk_of_the_backend_is_no_clean_end(gateway: Gateway, backend: RawBackend) -> None:
    """A body whose framing breaks half-way is cut, not closed properly (GW-88)."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        conversation.chunk(b"data: 1\n\n")
        conversation.send(b"nonsense\r\n")
        conversation.peer_gone()

    backend.script = script
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("GET", "/mcp", gateway.authority))
        with pytest.raises(Truncated):
            connection.read_response()


def test_a_client_that_does_not_read_stops_the_backend(make_gateway: MakeGateway) -> None:
    """Backpressure reaches the backend's socket, and the gateway's memory stays where it was."""
    backend = RawBackend(send_buffer=1 << 16)
    total = 256 << 20
    sent = [0]
    finished = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        block = b"data: " + b"x" * 65_528 + b"\n\n"
        while sent[0] < total:
            conversation.chunk(block)
            sent[0] += len(block)
        conversation.end_chunks()
        finished.set()

    backend.script = script
    try:
        gateway = make_gateway([route(backend.url)])
        exchange(gateway.address, "GET", "/elsewhere")
        before = gateway.process.resident_kilobytes()
        connection = Connection(gateway.address, receive_buffer=1 << 16)
        connection.send(request_bytes("GET", "/mcp", gateway.authority))
        connection.read_head()
        # The backend has stalled when its count stands still over many looks.
        history: list[int] = []

        def stalled() -> bool:
            history.append(sent[0])
            return len(history) > 20 and len(set(history[-20:])) == 1 and history[-1] > 0

        wait_until(stalled, "the backend stops sending", 30, 0.02)
        assert sent[0] < total // 4 and not finished.is_set()
        assert gateway.process.resident_kilobytes() - before < 16 * 1024
        # Reading on lets it go on: nothing was lost and nothing is stuck.
        resumed_from = sent[0]
        received = 0
        while received < resumed_from + (4 << 20):
            received += len(connection.read_chunk())
        assert sent[0] > resumed_from
        connection.close()
    finally:
        backend.stop()


def test_a_backend_that_does_not_read_stops_the_client(make_gateway: MakeGateway) -> None:
    """Backpressure on a request body: the client's socket fills, the gateway's memory does not."""
    backend = RawBackend()
    held = threading.Event()

    def hold(_: Conversation, __: Received) -> None:
        held.wait(30)

    backend.head_script = hold
    try:
        gateway = make_gateway([route(backend.url)], limits={"body_size": "0"})
        exchange(gateway.address, "GET", "/elsewhere")
        before = gateway.process.resident_kilobytes()
        total = 128 << 20
        with Connection(gateway.address) as connection:
            connection.send(request_bytes("POST", "/mcp", gateway.authority, [("Content-Length", str(total))]))
            connection.socket.settimeout(0.5)
            block = b"x" * (1 << 20)
            sent = 0
            try:
                while sent < total:
                    sent += connection.socket.send(block)
            except TimeoutError:
                pass
            assert sent < total // 2, "the gateway swallows the whole body"
            assert gateway.process.resident_kilobytes() - before < 16 * 1024
        held.set()
    finally:
        held.set()
        backend.stop()
