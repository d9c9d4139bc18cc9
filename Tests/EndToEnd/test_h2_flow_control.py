"""Flow control to the octet: RFC 9113 sections 5.2 and 6.9."""

import struct
import threading

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.h2frames import (
    FRAME_SIZE,
    LARGEST_WINDOW,
    WINDOW,
    Code,
    Flag,
    H2Connection,
    Setting,
    Type,
    encode_frame,
)
from support.raw_backend import Conversation, RawBackend, Received
from support.waiting import wait_until


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend) -> Gateway:
    return make_shared_gateway([route(shared_backend.url)], limits={"body_size": "0"})


@pytest.fixture(autouse=True)
def sized(backend: RawBackend) -> None:
    """The backend answers with as many bytes as the query says."""

    def script(conversation: Conversation, request: Received) -> None:
        size = int(request.target.partition("=")[2] or 4)
        conversation.respond(200, (b"0123456789" * (size // 10 + 1))[:size])

    backend.script = script


def received(peer: H2Connection, stream: int) -> bytes:
    """All the DATA that the windows let through: what has come when the server has answered several times since."""
    for _ in range(3):
        peer.ping()
    return b"".join(frame.data for frame in peer.filed(stream, Type.DATA))


def wait_for(peer: H2Connection, stream: int, count: int) -> bytes:
    """DATA of the stream up to `count` bytes, and the certainty that no more comes."""
    wait_until(lambda: len(received(peer, stream)) >= count, f"{count} bytes on stream {stream}")
    data = received(peer, stream)
    assert len(data) == count, "more than the window allows"
    return data


# Section 6.9.2: the initial window.


@pytest.mark.parametrize("window", [0, 1, 3, 1000, 20_000, 70_000])
def test_a_streams_window_is_kept_to_the_octet(gateway: Gateway, window: int) -> None:
    """Heads are never held back; bodies are, and go on with exactly what is granted."""
    with H2Connection(gateway.address) as peer:
        peer.handshake((Setting.INITIAL_WINDOW_SIZE, window))
        peer.window(0, 1 << 20)
        stream = peer.start("GET", "/mcp?size=100000")
        response = peer.take_head(stream)
        assert response.status == 200 and not response.complete
        wait_for(peer, stream, window)
        peer.window(stream, 1)
        wait_for(peer, stream, window + 1)
        peer.window(stream, 1 << 20)
        peer.take_body(stream, response)
        assert response.body == b"0123456789" * 10_000


def test_the_connections_window_is_kept_to_the_octet(gateway: Gateway) -> None:
    """65,535 octets over all streams, whatever theirs allow; an empty end needs no window."""
    with H2Connection(gateway.address) as peer:
        peer.handshake((Setting.INITIAL_WINDOW_SIZE, 1 << 20))
        streams = [peer.start("GET", "/mcp?size=40000") for _ in range(3)]
        responses = [peer.take_head(stream) for stream in streams]
        wait_until(lambda: sum(len(received(peer, stream)) for stream in streams) >= WINDOW, "the window is used")
        assert sum(len(received(peer, stream)) for stream in streams) == WINDOW
        empty = peer.exchange("HEAD", "/mcp?size=0")
        assert empty.status == 200
        peer.window(0, 10)
        wait_until(lambda: sum(len(received(peer, stream)) for stream in streams) >= WINDOW + 10, "the grant is used")
        assert sum(len(received(peer, stream)) for stream in streams) == WINDOW + 10
        peer.window(0, 1 << 20)
        for stream, response in zip(streams, responses, strict=True):
            peer.take_body(stream, response)
            assert response.body == b"0123456789" * 4000


def test_settings_change_the_windows_of_open_streams(gateway: Gateway) -> None:
    """From nothing to three octets and on, on streams that wait already."""
    with H2Connection(gateway.address) as peer:
        peer.handshake((Setting.INITIAL_WINDOW_SIZE, 0))
        streams = [peer.start("GET", "/mcp?size=10") for _ in range(2)]
        responses = [peer.take_head(stream) for stream in streams]
        peer.settings((Setting.INITIAL_WINDOW_SIZE, 3))
        for stream in streams:
            assert wait_for(peer, stream, 3) == b"012"
        peer.settings((Setting.INITIAL_WINDOW_SIZE, 10))
        for stream, response in zip(streams, responses, strict=True):
            peer.take_body(stream, response)
            assert response.body == b"0123456789"


def test_windows_may_become_negative(gateway: Gateway) -> None:
    """A smaller initial window takes back what has been used; grants count from there."""
    with H2Connection(gateway.address) as peer:
        peer.handshake((Setting.INITIAL_WINDOW_SIZE, 100))
        stream = peer.start("GET", "/mcp?size=200")
        response = peer.take_head(stream)
        wait_for(peer, stream, 100)
        peer.settings((Setting.INITIAL_WINDOW_SIZE, 20))  # now -80
        peer.window(stream, 80)
        assert len(received(peer, stream)) == 100
        peer.window(stream, 2)
        wait_for(peer, stream, 102)
        peer.settings((Setting.INITIAL_WINDOW_SIZE, 0))
        peer.window(stream, 20 + 98)
        peer.take_body(stream, response)
        assert len(response.body) == 200


def test_settings_are_processed_in_their_order(gateway: Gateway) -> None:
    """The last of several values counts (section 6.5.3)."""
    with H2Connection(gateway.address) as peer:
        peer.handshake((Setting.INITIAL_WINDOW_SIZE, 100), (Setting.INITIAL_WINDOW_SIZE, 1))
        stream = peer.start("GET", "/mcp?size=10")
        assert peer.take_head(stream).status == 200
        assert wait_for(peer, stream, 1) == b"0"


def test_a_window_that_is_granted_early_counts(gateway: Gateway) -> None:
    """WINDOW_UPDATE may come while the request is still being sent."""
    with H2Connection(gateway.address) as peer:
        peer.handshake((Setting.INITIAL_WINDOW_SIZE, 0))
        stream = peer.start("POST", "/mcp?size=9", end=False)
        peer.window(stream, 4)
        peer.window(stream, 5)
        peer.data(stream, b"{}")
        assert peer.response(stream).body == b"012345678"


def test_padding_of_the_client_uses_its_windows(peer: H2Connection, backend: RawBackend) -> None:
    """And is given back like data: more padding than the windows hold passes (section 6.9.1)."""
    stream = peer.start("POST", end=False)
    available = {0: WINDOW, stream: WINDOW}
    used = b"\xff" + b"x" + bytes(255)
    for _ in range(600):
        while min(available.values()) < len(used):
            number = min(available, key=lambda key: available[key])
            (increment,) = struct.unpack(">I", peer.take(number, Type.WINDOW_UPDATE).payload)
            available[number] += increment
        peer.frame(Type.DATA, Flag.PADDED, stream, used)
        for number in available:
            available[number] -= len(used)
    peer.data(stream)
    assert peer.response(stream).status == 200
    assert backend.last.body == b"x" * 600


# What a window update must not be.


def test_an_increment_of_zero_on_the_connection(peer: H2Connection) -> None:
    """An error of the connection."""
    peer.window(0, 0)
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_an_increment_of_zero_on_a_stream(peer: H2Connection) -> None:
    """An error of the stream or, as the server likes, of the connection."""
    stream = peer.start("POST", end=False)
    peer.window(stream, 0)
    peer.expect_stream_error(stream, Code.PROTOCOL_ERROR, or_connection=True)


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("length", [0, 3, 5])
def test_a_window_update_of_a_wrong_length(peer: H2Connection, number: int, length: int) -> None:
    """It has 4 octets."""
    peer.start("POST", end=False)
    peer.frame(Type.WINDOW_UPDATE, 0, number, bytes(length))
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR)


def test_the_connections_window_beyond_its_limit(peer: H2Connection) -> None:
    """2^31-1 octets are the most (section 6.9.1)."""
    peer.window(0, LARGEST_WINDOW)
    peer.window(0, LARGEST_WINDOW)
    peer.expect_connection_error(Code.FLOW_CONTROL_ERROR)


def test_a_streams_window_beyond_its_limit(peer: H2Connection) -> None:
    """An error of the stream; its neighbours go on."""
    stream = peer.start("POST", end=False)
    peer.window(stream, LARGEST_WINDOW)
    peer.window(stream, LARGEST_WINDOW)
    peer.expect_stream_error(stream, Code.FLOW_CONTROL_ERROR)
    peer.expect_usable()


def test_the_largest_windows_are_good(peer: H2Connection) -> None:
    """Exactly 2^31-1 octets, on the connection and on a stream."""
    peer.window(0, LARGEST_WINDOW - WINDOW)
    stream = peer.start("POST", end=False)
    peer.window(stream, LARGEST_WINDOW - WINDOW)
    peer.data(stream)
    assert peer.response(stream).status == 200


def test_settings_that_lift_a_window_beyond_its_limit(peer: H2Connection) -> None:
    """The change of the initial window counts on top of what was granted (section 6.9.2)."""
    stream = peer.start("POST", end=False)
    peer.window(stream, LARGEST_WINDOW - WINDOW)
    peer.frame(Type.SETTINGS, payload=struct.pack(">HI", Setting.INITIAL_WINDOW_SIZE, WINDOW + 1))
    peer.expect_stream_error(stream, Code.FLOW_CONTROL_ERROR, or_connection=True)


# What the server grants.


def test_a_client_that_sends_beyond_its_window(peer: H2Connection, backend: RawBackend) -> None:
    """The server's own windows are a promise that it holds the client to."""
    held = threading.Event()
    backend.head_script = lambda *_: held.wait(10) and None
    try:
        stream = peer.start("POST", end=False)
        block = encode_frame(Type.DATA, 0, stream, b"x" * FRAME_SIZE) * 64
        # The backend reads nothing, so sooner or later nothing is granted any more.
        for _ in range(32):
            peer.send_leniently(block)
        peer.expect_stream_error(stream, Code.FLOW_CONTROL_ERROR, or_connection=True)
    finally:
        held.set()


def test_the_server_grants_what_the_backend_takes(peer: H2Connection, backend: RawBackend) -> None:
    """A body of many windows passes whole, and the client is never left without a grant."""
    body = bytes(range(256)) * 8192  # 2 MiB
    stream = peer.start("POST", "/mcp?size=2", end=False)
    left = {0: WINDOW, stream: peer.server_settings.get(Setting.INITIAL_WINDOW_SIZE, WINDOW)}
    sent = 0
    while sent < len(body):
        for number in left:
            while left[number] <= 0:
                (increment,) = struct.unpack(">I", peer.take(number, Type.WINDOW_UPDATE).payload)
                left[number] += increment
        size = min(FRAME_SIZE, *left.values())
        peer.data(stream, body[sent : sent + size], end=False)
        sent += size
        for number in left:
            left[number] -= size
    peer.data(stream)
    assert peer.response(stream).status == 200
    assert backend.last.body == body
