"""The life of a stream: RFC 9113 section 5."""

import struct
import threading
from collections.abc import Iterator

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.h2frames import LARGEST_WINDOW, Code, Flag, H2Connection, Type
from support.hpack_bytes import INCREMENTAL, block, indexed, literal
from support.raw_backend import Conversation, RawBackend, Received

STREAMS = 10


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend) -> Gateway:
    return make_shared_gateway([route(shared_backend.url)], limits={"streams": STREAMS})


@pytest.fixture
def held(backend: RawBackend) -> Iterator[threading.Event]:
    """Requests for /mcp/held are answered when the event is set, or never."""
    release = threading.Event()

    def script(conversation: Conversation, request: Received) -> None:
        if request.target == "/mcp/held":
            release.wait(10)
        conversation.respond(200, b"body")

    backend.script = script
    yield release
    release.set()


def priority(dependency: int, weight: int = 15, exclusive: bool = False) -> bytes:
    return struct.pack(">IB", dependency | (1 << 31 if exclusive else 0), weight)


# Section 5.1: what each state takes.


def test_priority_is_taken_in_every_state(peer: H2Connection, held: threading.Event) -> None:
    """Idle, open, half-closed and closed: PRIORITY changes nothing that a client could see (5.1, 5.3.2)."""
    peer.frame(Type.PRIORITY, 0, 1, priority(0, 0))
    peer.frame(Type.PRIORITY, 0, 5, priority(3, 255))
    peer.frame(Type.PRIORITY, 0, 99, priority(1, exclusive=True))
    opened = peer.start("POST", "/mcp/held", end=False)
    peer.frame(Type.PRIORITY, 0, opened, priority(0))
    peer.data(opened, b"x")
    peer.frame(Type.PRIORITY, 0, opened, priority(7))
    held.set()
    assert peer.response(opened).status == 200
    peer.frame(Type.PRIORITY, 0, opened, priority(9, 255, exclusive=True))
    peer.expect_usable()


def test_priority_of_an_idle_stream_does_not_close_lower_ones(peer: H2Connection) -> None:
    """Streams below one that was only prioritised can still be opened."""
    peer.frame(Type.PRIORITY, 0, 7, priority(0))
    assert peer.response(peer.start()).status == 200


def test_headers_with_priority_are_taken(peer: H2Connection) -> None:
    """The deprecated fields are skipped (section 6.2)."""
    for stream, fields in ((1, priority(0)), (3, priority(1, 255, exclusive=True)), (5, priority(201, 1))):
        flags = Flag.END_HEADERS | Flag.PRIORITY
        peer.headers(stream, peer.head(), flags=flags, prefix=fields)
        assert peer.response(stream).status == 200


def test_a_half_closed_stream_takes_window_updates(peer: H2Connection, held: threading.Event) -> None:
    """The client has nothing more to send, but still to read."""
    stream = peer.start("GET", "/mcp/held")
    peer.window(stream, 1)
    held.set()
    assert peer.response(stream).status == 200


def test_a_half_closed_stream_takes_a_reset(peer: H2Connection, held: threading.Event) -> None:
    """The client may cancel what it waits for."""
    stream = peer.start("GET", "/mcp/held")
    peer.rst(stream)
    peer.expect_usable()
    assert peer.filed(stream) == []


IDLE = {
    "DATA": (Type.DATA, b"x"),
    "RST_STREAM": (Type.RST_STREAM, bytes(4)),
    "WINDOW_UPDATE": (Type.WINDOW_UPDATE, b"\0\0\0\1"),
    "CONTINUATION": (Type.CONTINUATION, b"\x82"),
}


@pytest.mark.parametrize("number", [1, 101])
@pytest.mark.parametrize(("kind", "payload"), IDLE.values(), ids=IDLE.keys())
def test_an_idle_stream_takes_nothing_else(peer: H2Connection, kind: Type, payload: bytes, number: int) -> None:
    """Frames for a stream that nobody has opened are an error of the connection."""
    peer.frame(kind, Flag.END_HEADERS if kind == Type.CONTINUATION else 0, number, payload)
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_data_on_a_half_closed_stream(peer: H2Connection, held: threading.Event) -> None:
    """After END_STREAM nothing more of the request can come."""
    stream = peer.start("POST", "/mcp/held")
    peer.data(stream, b"more")
    peer.expect_stream_error(stream, Code.STREAM_CLOSED, or_connection=True)


def test_headers_on_a_half_closed_stream(peer: H2Connection, held: threading.Event) -> None:
    """Neither trailers nor a second request."""
    stream = peer.start("POST", "/mcp/held")
    peer.headers(stream, peer.head())
    peer.expect_stream_error(stream, Code.STREAM_CLOSED, or_connection=True)


def test_continuation_on_a_half_closed_stream(peer: H2Connection, held: threading.Event) -> None:
    """A header block that has ended cannot go on."""
    stream = peer.start("POST", "/mcp/held")
    peer.frame(Type.CONTINUATION, Flag.END_HEADERS, stream, b"\x82")
    peer.expect_connection_error(Code.PROTOCOL_ERROR, Code.STREAM_CLOSED)


def close(peer: H2Connection, how: str) -> int:
    """A stream that the client has reset, or that both sides have ended."""
    if how == "reset":
        stream = peer.start("POST", "/mcp", end=False)
        peer.rst(stream)
    else:
        stream = peer.start()
        assert peer.response(stream).status == 200
    return stream


@pytest.mark.parametrize("how", ["reset", "ended"])
def test_data_on_a_closed_stream(peer: H2Connection, how: str) -> None:
    """STREAM_CLOSED, on the stream or the connection."""
    stream = close(peer, how)
    peer.data(stream, b"more")
    peer.expect_stream_error(stream, Code.STREAM_CLOSED, or_connection=True)


@pytest.mark.parametrize("how", ["reset", "ended"])
def test_headers_on_a_closed_stream(peer: H2Connection, how: str) -> None:
    """A stream is never opened twice."""
    stream = close(peer, how)
    peer.headers(stream, peer.head())
    peer.expect_stream_error(stream, Code.STREAM_CLOSED, or_connection=True)


@pytest.mark.parametrize("how", ["reset", "ended"])
def test_continuation_on_a_closed_stream(peer: H2Connection, how: str) -> None:
    """A header block that has ended cannot go on."""
    stream = close(peer, how)
    peer.frame(Type.CONTINUATION, Flag.END_HEADERS, stream, b"\x82")
    peer.expect_connection_error(Code.PROTOCOL_ERROR, Code.STREAM_CLOSED)


@pytest.mark.parametrize("how", ["reset", "ended"])
def test_a_closed_stream_takes_what_crosses_its_end(peer: H2Connection, how: str) -> None:
    """WINDOW_UPDATE and RST_STREAM may have been on their way."""
    stream = close(peer, how)
    peer.window(stream, 1)
    peer.rst(stream)
    peer.expect_usable()


def test_what_follows_a_reset_of_the_servers_is_ignored(peer: H2Connection, backend: RawBackend) -> None:
    """The client cannot know of the reset yet, and gets the connection's window back for what it sends."""
    for _ in range(8):
        stream = peer.start("POST", end=False)
        peer.window(stream, LARGEST_WINDOW)
        peer.data(stream, b"x" * 16_000, end=False)
        peer.headers(stream, [("x-trailer", "1")])
        peer.expect_stream_error(stream, Code.FLOW_CONTROL_ERROR)
    peer.ping()
    granted = sum(struct.unpack(">I", frame.payload)[0] for frame in peer.filed(0, Type.WINDOW_UPDATE))
    assert granted >= 8 * 16_000 - 65_535 // 2, "the window is not given back"
    assert peer.exchange("POST", body=b"x" * 10).status == 200


# Section 5.1.1: stream identifiers.


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("number", [2, 100])
def test_even_streams_are_not_the_clients(peer: H2Connection, number: int) -> None:
    """Clients open odd ones only."""
    peer.headers(number, peer.head())
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("number", [1, 3])
def test_stream_numbers_never_go_back(peer: H2Connection, backend: RawBackend, number: int) -> None:
    """Opening a stream closes all idle ones below it."""
    peer.headers(5, peer.head())
    assert peer.response(5).status == 200
    heads = backend.heads
    peer.headers(number, peer.head())
    peer.expect_connection_error(Code.PROTOCOL_ERROR)
    assert backend.heads == heads


def test_stream_numbers_may_leave_gaps(peer: H2Connection) -> None:
    """Up to the largest one there is."""
    for stream in (1, 7, 1001, (1 << 31) - 1):
        peer.headers(stream, peer.head())
        assert peer.response(stream).status == 200


# Section 5.1.2: concurrency.


def test_a_stream_beyond_the_limit_is_refused(peer: H2Connection, backend: RawBackend, held: threading.Event) -> None:
    """Half-closed streams count; what is one too many never reaches the backend."""
    before = backend.heads
    for _ in range(STREAMS - 1):
        peer.start("POST", "/mcp/held")
    peer.start("POST", "/mcp/held", end=False)
    extra = peer.start("POST", "/mcp/held")
    peer.expect_stream_error(extra, Code.REFUSED_STREAM, Code.PROTOCOL_ERROR, or_connection=True)
    assert backend.heads <= before + STREAMS


def test_a_client_that_does_not_know_the_limit_yet(gateway: Gateway, held: threading.Event) -> None:
    """Before the settings have arrived, only the streams too many are refused; the others are answered.

    The header block of a refused stream changes the dynamic table like any other (section 4.3).
    """
    with H2Connection(gateway.address) as peer:
        peer.preface()
        streams = [peer.start("GET", "/mcp/held") for _ in range(STREAMS)]
        refused = streams[-1] + 2
        insert = literal("x-kept", "value", INCREMENTAL)
        peer.frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, refused, block(peer.head()) + insert)
        peer.expect_stream_error(refused, Code.REFUSED_STREAM)
        peer.frame(Type.SETTINGS, Flag.ACK)
        held.set()
        for stream in streams:
            assert peer.response(stream).status == 200
        peer.frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, refused + 2, block(peer.head()) + indexed(62))
        assert peer.response(refused + 2).status == 200


def test_streams_that_end_make_room(peer: H2Connection, held: threading.Event) -> None:
    """The limit counts what is open at once."""
    for _ in range(STREAMS - 1):
        peer.start("GET", "/mcp/held")
    for _ in range(2 * STREAMS):
        assert peer.response(peer.start()).status == 200


# Section 5.3: priorities, as RFC 7540 had them.


def test_a_stream_cannot_depend_on_itself(peer: H2Connection) -> None:
    """RFC 7540 section 5.3.1: in HEADERS."""
    peer.headers(1, peer.head(), flags=Flag.END_HEADERS | Flag.PRIORITY, prefix=priority(1))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR, or_connection=True)


@pytest.mark.parametrize("opened", [True, False])
def test_a_stream_cannot_be_made_to_depend_on_itself(peer: H2Connection, held: threading.Event, opened: bool) -> None:
    """RFC 7540 section 5.3.1: in PRIORITY."""
    if opened:
        peer.start("GET", "/mcp/held")
    peer.frame(Type.PRIORITY, 0, 1, priority(1))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR, or_connection=True)


# Section 5.4: errors.


def test_a_connection_error_is_explained(peer: H2Connection) -> None:
    """GOAWAY names the last stream that was, or might have been, processed; then the connection closes (5.4.1)."""
    assert peer.response(peer.start()).status == 200
    assert peer.response(peer.start()).status == 200
    peer.frame(Type.PING, 0, 1, bytes(8))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)
    assert peer.goaway is not None
    (last,) = struct.unpack_from(">I", peer.goaway.payload)
    assert last == 3


def test_a_stream_error_leaves_the_connection(peer: H2Connection, held: threading.Event) -> None:
    """Neither the neighbours nor later requests notice (5.4.2)."""
    neighbour = peer.start("GET", "/mcp/held")
    peer.overflow(peer.start("POST", end=False))
    held.set()
    assert peer.response(neighbour).status == 200
    peer.expect_usable()


def test_streams_are_answered_in_the_order_of_their_answers(peer: H2Connection, held: threading.Event) -> None:
    """A stream that waits does not hold up those behind it."""
    first = peer.start("GET", "/mcp/held")
    assert peer.response(peer.start()).status == 200
    assert peer.filed(first) == []
    held.set()
    assert peer.response(first).status == 200
