"""How HTTP/2 streams and connections end before their time: nothing looks whole that is not."""

import signal
import struct
import threading

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.h2frames import (
    FRAME_SIZE,
    LARGEST_WINDOW,
    Code,
    ConnectionEnded,
    H2Connection,
    StreamReset,
    Type,
)
from support.raw_backend import Conversation, RawBackend, Received, answering


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend) -> Gateway:
    return make_shared_gateway([route(shared_backend.url)])


@pytest.mark.parametrize("farewell", ["reset", "close the connection"])
@pytest.mark.parametrize("phase", ["before the head", "in the stream", "in the request"])
def test_a_client_that_cancels_ends_the_request_at_the_backend(
    gateway: Gateway, backend: RawBackend, farewell: str, phase: str
) -> None:
    """RST_STREAM of the client reaches the backend as the end of its connection; neighbours go on."""
    waiting, gone = threading.Event(), threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        if phase == "in the stream":
            conversation.start_chunked()
            conversation.chunk(b"data: 1\n\n")
        waiting.set()
        if conversation.peer_gone():
            gone.set()
        conversation.close()

    if phase == "in the request":
        backend.head_script = script
    else:
        backend.script = script
    path = f"/mcp/{phase}-{farewell}".replace(" ", "-")
    with H2Connection(gateway.address) as peer:
        peer.handshake()
        stream = peer.start("POST", path, end=phase != "in the request")
        assert waiting.wait(10)
        if phase == "in the stream":
            peer.take_head(stream)
            peer.take_data(stream, 9)
        backend.reset_script()
        if farewell == "reset":
            peer.rst(stream)
            peer.expect_usable()
        else:
            peer.close()
        assert gone.wait(10), "the backend's request goes on"
    assert gateway.access(path=path)["reason"] == "client_gone"


BROKEN = {
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
}


@pytest.mark.parametrize("ending", ["close", "reset", "nonsense"])
@pytest.mark.parametrize("framing", BROKEN)
def test_a_backend_that_dies_in_the_body_is_no_clean_end(
    peer: H2Connection, backend: RawBackend, framing: str, ending: str
) -> None:
    """RST_STREAM with an error, never END_STREAM; the client's connection goes on."""
    passed_on = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        conversation.send(BROKEN[framing])
        passed_on.wait(10)
        if ending == "nonsense":
            # No chunk size; and with a length, less than was promised.
            conversation.send(b"nonsense\r\n")
            conversation.close()
        else:
            getattr(conversation, ending)()

    backend.script = script
    stream = peer.start()
    head = peer.take_head(stream)
    assert head.status == 200 and peer.take_data(stream, 9) == b"only this"
    passed_on.set()
    with pytest.raises(StreamReset) as broken:
        peer.take_body(stream, head)
    assert broken.value.code in (Code.INTERNAL_ERROR, Code.CANCEL)
    backend.reset_script()
    peer.expect_usable()


def test_a_fault_before_the_response_is_502(peer: H2Connection, backend: RawBackend) -> None:
    """As over HTTP/1.1, and the connection goes on."""
    for answer in (b"", b"HTTP/1.1 20", b"\0\1\2 no HTTP\r\n\r\n"):
        backend.script = answering(answer, "close")
        assert peer.exchange("POST", body=b"{}").status == 502
    backend.reset_script()
    peer.expect_usable()


def test_a_body_beyond_the_limit(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """413 while the client still sends; the stream ends, the connection does not."""
    gateway = make_gateway([route(backend.url)], limits={"body_size": "20000"})
    completed = backend.completed
    with H2Connection(gateway.address) as peer:
        peer.handshake()
        announced = peer.start("POST", "/mcp", ("content-length", "20001"), end=False)
        assert peer.response(announced).status == 413
        stream = peer.start("POST", "/mcp", end=False)
        peer.data(stream, b"x" * FRAME_SIZE, end=False)
        peer.data(stream, b"x" * FRAME_SIZE, end=False)
        assert peer.response(stream).status == 413
        assert peer.exchange("POST", body=b"x" * 20_000).status == 200
    assert backend.completed == completed + 1


def test_an_answer_that_comes_early(peer: H2Connection, backend: RawBackend) -> None:
    """A backend that refuses a body before its end is heard; what the client still sends does no harm."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.send(b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
        conversation.peer_gone(1)
        conversation.close()

    backend.head_script = script
    stream = peer.start("POST", end=False)
    peer.data(stream, b"x" * 1000, end=False)
    response = peer.response(stream)
    assert response.status == 403 and response.body == b"no"
    peer.data(stream, b"x" * 1000, end=False)
    peer.rst(stream, Code.NO_ERROR)
    backend.reset_script()
    peer.expect_usable()


def test_running_streams_finish_while_draining(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """SIGTERM: GOAWAY without an error, the last event, a clean end; what is opened later is not served."""
    more = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        conversation.chunk(b"data: before\n\n")
        more.wait(10)
        conversation.chunk(b"data: after\n\n")
        conversation.end_chunks()

    backend.script = script
    gateway = make_gateway([route(backend.url)])
    with H2Connection(gateway.address) as peer:
        peer.handshake()
        stream = peer.start()
        head = peer.take_head(stream)
        assert peer.take_data(stream, 14) == b"data: before\n\n"
        gateway.process.signal(signal.SIGTERM)
        last = LARGEST_WINDOW
        while last == LARGEST_WINDOW:  # a first one may only give notice (section 6.8)
            goaway = peer.take(0, Type.GOAWAY)
            assert goaway.code == Code.NO_ERROR
            (last,) = struct.unpack_from(">I", goaway.payload)
        assert last == stream
        heads = backend.heads
        late = peer.start()
        peer.ping()
        more.set()
        peer.take_body(stream, head)
        assert head.body == b"data: after\n\n"
        with pytest.raises((StreamReset, ConnectionEnded)) as refused:
            peer.response(late)
        assert refused.value.code in (Code.REFUSED_STREAM, Code.NO_ERROR)
        assert backend.heads == heads
        peer.expect_connection_error(Code.NO_ERROR)
    assert gateway.process.wait(10) == 0


def test_idle_connections_do_not_hold_up_the_end(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """They are told, and closed at once."""
    gateway = make_gateway([route(backend.url)])
    with H2Connection(gateway.address) as idle, H2Connection(gateway.address) as used:
        idle.handshake()
        used.handshake()
        assert used.exchange().status == 200
        gateway.process.signal(signal.SIGTERM)
        idle.expect_connection_error(Code.NO_ERROR)
        used.expect_connection_error(Code.NO_ERROR)
    assert gateway.process.wait(10) == 0


def test_draining_has_an_end(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """A stream that goes on for ever is cut after `drain`, visibly."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        conversation.peer_gone()
        conversation.close()

    backend.script = script
    gateway = make_gateway([route(backend.url)], timeouts={"drain": "300ms"})
    with H2Connection(gateway.address) as peer:
        peer.handshake()
        stream = peer.start()
        head = peer.take_head(stream)
        gateway.process.signal(signal.SIGTERM)
        with pytest.raises((StreamReset, ConnectionEnded)):
            peer.take_body(stream, head)
    assert gateway.process.wait(10) == 0


def test_an_unused_connection_is_closed(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """After `keep_alive`, or `request_head` when it was never used, with GOAWAY; not while a stream is open."""
    held = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        held.wait(10)
        conversation.respond(200, b"late")

    backend.script = script
    gateway = make_gateway([route(backend.url)], timeouts={"keep_alive": "300ms", "request_head": "300ms"})
    with H2Connection(gateway.address) as peer, H2Connection(gateway.address) as other:
        peer.handshake()
        stream = peer.start()
        other.handshake()
        other.expect_connection_error(Code.NO_ERROR)
        peer.ping()
        held.set()
        assert peer.response(stream).body == b"late"
        peer.expect_connection_error(Code.NO_ERROR)


@pytest.mark.parametrize("timeout", ["stream_idle", "stream_max"])
def test_a_stream_that_outlives_its_time_is_reset(make_gateway: MakeGateway, backend: RawBackend, timeout: str) -> None:
    """`stream_idle` and `stream_max` end the stream, not the connection."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        conversation.peer_gone()
        conversation.close()

    backend.script = script
    gateway = make_gateway([route(backend.url)], timeouts={timeout: "300ms"})
    with H2Connection(gateway.address) as peer:
        peer.handshake()
        stream = peer.start()
        head = peer.take_head(stream)
        with pytest.raises(StreamReset):
            peer.take_body(stream, head)
        backend.reset_script()
        peer.expect_usable()
    assert gateway.access(path="/mcp", reason="timed_out")["status"] == 200
