"""HTTP/2 peers that stop reading or read late, and peers that never finish what they say: bounded memory and time."""

import itertools
import struct
import threading
from collections.abc import Iterator

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.h2frames import (
    LARGEST_WINDOW,
    PREFACE,
    WINDOW,
    Code,
    Flag,
    H2Connection,
    Setting,
    StreamReset,
    Type,
    encode_frame,
)
from support.hpack_bytes import block
from support.raw_backend import Conversation, RawBackend, Received
from support.siege import MEGABYTE, Siege
from support.waiting import wait_until

STREAMS = 100
SHORT = {"request_head": "400ms", "request_body": "400ms", "keep_alive": "400ms"}


@pytest.fixture
def vast() -> Iterator[RawBackend]:
    """Answers with 50 MB for each request, as fast as they are taken."""
    backend = RawBackend()

    def script(conversation: Conversation, _: Received) -> None:
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n")
        for _ in range(500):
            conversation.send(b"x" * 100_000)

    backend.script = script
    yield backend
    backend.stop()


@pytest.fixture
def vast_gateway(make_gateway: MakeGateway, vast: RawBackend, backend: RawBackend) -> Gateway:
    routes = [route(vast.url), route(backend.url, path="/bystander")]
    return make_gateway(routes, timeouts={"stream_idle": "2s"}, limits={"streams": STREAMS + 1})


def settled(gateway: Gateway) -> None:
    """The gateway has taken in all that it is going to: its memory stands still over many looks."""
    history: list[int] = []

    def still() -> bool:
        history.append(gateway.process.resident_kilobytes())
        return len(history) > 20 and max(history[-20:]) - min(history[-20:]) < 64

    wait_until(still, "memory stands still", 20, 0.02)


@pytest.mark.parametrize("how", ["no windows", "no connection window", "one octet at a time", "no reading"])
def test_responses_that_are_not_read_do_not_pile_up(vast_gateway: Gateway, vast: RawBackend, how: str) -> None:
    """A hundred streams of 50 MB each: they wait at the backend, and are cut when nothing moves for too long."""
    window = {"no windows": 0, "one octet at a time": 1}.get(how, LARGEST_WINDOW)
    with Siege(vast_gateway, memory=32 * MEGABYTE) as siege:
        with H2Connection(vast_gateway.address, receive_buffer=65_536) as peer:
            peer.handshake((Setting.INITIAL_WINDOW_SIZE, window))
            if how != "no connection window":
                peer.window(0, LARGEST_WINDOW - WINDOW)
            streams = [peer.start() for _ in range(STREAMS)]
            vast.wait_for(STREAMS)
            settled(vast_gateway)
            siege.wait_until_served()
            if how == "one octet at a time":
                for stream in streams:
                    peer.window(stream, 1)
                    assert len(peer.take_data(stream, 1)) == 1
            elif how == "no windows":
                for stream in streams:
                    with pytest.raises(StreamReset):
                        peer.response(stream)
                peer.ping()
    wait_until(lambda: len(vast_gateway.events("request")) >= STREAMS, "all of them have ended", 20)


def test_a_stream_that_reads_slowly_gets_everything(vast_gateway: Gateway) -> None:
    """Slowness alone is no abuse: windows given back in small pieces carry a body whole."""
    with H2Connection(vast_gateway.address) as peer:
        peer.handshake((Setting.INITIAL_WINDOW_SIZE, 50_000))
        stream = peer.start()
        assert peer.take_head(stream).status == 200
        for _ in range(40):
            data = peer.take_data(stream, 10_000)
            peer.window(stream, len(data))
            peer.window(0, len(data))
        assert peer.goaway is None


# Peers that never finish.


@pytest.fixture
def short(make_gateway: MakeGateway, backend: RawBackend) -> Gateway:
    return make_gateway([route(backend.url), route(backend.url, path="/bystander")], timeouts=SHORT)


HALVES = {
    "half a preface": PREFACE[:10],
    "a preface without its last octet": PREFACE[:-1],
    "a preface without settings": PREFACE,
    "a preface and half a frame": PREFACE + b"\0\0",
    "a preface and half of its settings": PREFACE + encode_frame(Type.SETTINGS, 0, 0, bytes(3), length=6),
    "a preface and nothing to ask": PREFACE + encode_frame(Type.SETTINGS, 0, 0, b""),
}


@pytest.mark.parametrize("start", HALVES.values(), ids=HALVES.keys())
def test_a_connection_that_does_not_begin_is_closed(short: Gateway, start: bytes) -> None:
    """After `request_head`, or `keep_alive` when it has begun; a hundred of them hold nobody up."""
    with Siege(short):
        peers = [H2Connection(short.address) for _ in range(100)]
        for peer in peers:
            peer.send(start)
        for peer in peers:
            peer.read_to_end()
            peer.close()


@pytest.mark.parametrize("trickle", [False, True], ids=["silent", "trickling"])
def test_a_header_block_that_does_not_end(short: Gateway, trickle: bool, backend: RawBackend) -> None:
    """`request_head` counts from its first frame; what comes octet by octet does not prolong it."""
    heads = backend.heads
    with H2Connection(short.address) as peer:
        peer.handshake()
        encoded = block(peer.head("GET", "/mcp?never"))
        peer.frame(Type.HEADERS, Flag.END_STREAM, 1, encoded[:5])
        ended = threading.Event()

        def send() -> None:
            for octet in itertools.cycle(encoded):
                if ended.wait(0.15):
                    return
                peer.send_leniently(encode_frame(Type.CONTINUATION, 0, 1, bytes([octet])))

        sender = threading.Thread(target=send)
        if trickle:
            sender.start()
        try:
            peer.expect_connection_error(
                Code.NO_ERROR, Code.PROTOCOL_ERROR, Code.ENHANCE_YOUR_CALM, Code.COMPRESSION_ERROR, silently=True
            )
        finally:
            ended.set()
            if trickle:
                sender.join(10)
    assert backend.heads == heads


def test_a_frame_that_does_not_end(short: Gateway, backend: RawBackend) -> None:
    """Half a HEADERS frame is an unfinished head; other halves leave an unused connection."""
    for kind, stream in ((Type.HEADERS, 1), (Type.PING, 0), (Type.UNKNOWN, 0)):
        with H2Connection(short.address) as peer:
            peer.handshake()
            peer.frame(kind, Flag.END_HEADERS if kind == Type.HEADERS else 0, stream, b"\x82", length=8)
            peer.expect_connection_error(Code.NO_ERROR, Code.PROTOCOL_ERROR, Code.ENHANCE_YOUR_CALM, silently=True)


def test_neighbours_of_a_head_that_does_not_end(short: Gateway, backend: RawBackend) -> None:
    """Trickled pings do not keep a connection with an unfinished head, nor do running streams."""
    held = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        held.wait(10)
        conversation.respond(200, b"late")

    backend.script = script
    try:
        with H2Connection(short.address) as peer:
            peer.handshake()
            peer.start("GET", "/mcp?running")
            peer.headers(3, peer.head(), flags=0)
            peer.expect_connection_error(Code.NO_ERROR, Code.PROTOCOL_ERROR, Code.ENHANCE_YOUR_CALM, silently=True)
    finally:
        held.set()


def test_a_body_that_does_not_come(short: Gateway, backend: RawBackend) -> None:
    """408 or a reset after `request_body`; the backend's request ends, the client's connection does not."""
    completed, heads = backend.completed, backend.heads
    with H2Connection(short.address) as peer:
        peer.handshake()
        stream = peer.start("POST", "/mcp?never", end=False)
        peer.data(stream, b"only this", end=False)
        try:
            assert peer.take_head(stream).status == 408
        except StreamReset as reset:
            assert reset.code in (Code.CANCEL, Code.INTERNAL_ERROR, Code.PROTOCOL_ERROR, Code.NO_ERROR)
        peer.expect_usable()
    assert backend.completed == completed + 1 and backend.heads <= heads + 2
    assert short.access(path="/mcp", status=408)["reason"] == "request_body_timeout"


def test_a_body_that_trickles(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """Octet by octet it does not rest; it ends all the same, because it keeps up no pace."""
    completed = backend.completed
    gateway = make_gateway([route(backend.url)], timeouts={"request_body": "600ms"})
    with H2Connection(gateway.address) as peer:
        peer.handshake()
        stream = peer.start("POST", "/mcp?trickle", end=False)
        ended = threading.Event()

        def send() -> None:
            while not ended.wait(0.05):
                peer.data(stream, b"x", end=False)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            assert peer.take_head(stream).status == 408
        finally:
            ended.set()
            sender.join(10)
    assert backend.completed == completed
    assert gateway.access(path="/mcp", status=408)["reason"] == "request_body_timeout"


def test_bodies_that_do_not_come_hold_nobody_up(short: Gateway, backend: RawBackend) -> None:
    """Every stream of several connections waits for a body, and is ended."""
    with Siege(short):
        peers = [H2Connection(short.address) for _ in range(5)]
        for peer in peers:
            peer.handshake()
            streams = [peer.start("POST", "/mcp?never", end=False) for _ in range(50)]
            for stream in streams:
                peer.data(stream, b"x" * 100, end=False)
        for peer in peers:
            for stream in streams:
                peer.take(stream, Type.HEADERS, Type.RST_STREAM)
            peer.close()


def test_a_connection_that_is_gone_frees_what_it_held(vast_gateway: Gateway, vast: RawBackend) -> None:
    """However it goes, in the middle of everything."""
    with Siege(vast_gateway, memory=32 * MEGABYTE):
        for number in range(6):
            peer = H2Connection(vast_gateway.address, receive_buffer=65_536)
            peer.handshake((Setting.INITIAL_WINDOW_SIZE, LARGEST_WINDOW))
            peer.window(0, LARGEST_WINDOW - WINDOW)
            streams = [peer.start() for _ in range(20)]
            peer.take_data(streams[0], 100_000)
            if number % 3 == 0:
                peer.reset()
            elif number % 3 == 1:
                peer.close()
            else:
                peer.frame(Type.GOAWAY, payload=struct.pack(">II", 0, Code.INTERNAL_ERROR))
                for stream in streams:
                    peer.rst(stream)
                peer.close()
        wait_until(lambda: not vast._open, "the backend's requests end with their clients", 20)
