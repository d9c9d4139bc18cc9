"""Peers that make work without working: each is stopped, and told to be calm, while all others are served.

Every attack runs against a gateway of its own, with a bound on its memory and processor time.
"""

import itertools
import re
import struct
from collections.abc import Callable, Iterator

import pytest

from conftest import MakeGateway
from support.event_backend import EventBackend
from support.gateway import Gateway, route
from support.h2frames import (
    FRAME_SIZE,
    LARGEST_WINDOW,
    Code,
    ConnectionEnded,
    Flag,
    H2Connection,
    Setting,
    Type,
    encode_frame,
    encode_settings,
)
from support.hpack_bytes import INCREMENTAL, block, indexed, literal
from support.raw_backend import RawBackend
from support.rawhttp import exchange
from support.siege import Siege
from support.waiting import free_port, wait_until

STREAMS = 20
WHOLE = Flag.END_HEADERS | Flag.END_STREAM


@pytest.fixture
def held() -> Iterator[EventBackend]:
    """Takes requests and never answers."""
    backend = EventBackend(streams=False)
    yield backend
    backend.stop()


@pytest.fixture
def admin_port() -> int:
    return free_port()


@pytest.fixture
def gateway(make_gateway: MakeGateway, backend: RawBackend, held: EventBackend, admin_port: int) -> Gateway:
    """A route to a backend that never answers, and one for bystanders."""
    return make_gateway(
        [route(held.url), route(backend.url, path="/bystander")],
        limits={"streams": STREAMS, "body_size": "64KiB"},
        admin={"address": f"127.0.0.1:{admin_port}"},
    )


def expect_abuse(gateway: Gateway, admin_port: int, *causes: str) -> None:
    """The log names one of the causes, and so does the counter."""
    event = wait_until(lambda: gateway.events("http2_abuse"), "the abuse is logged")[-1]
    assert event["cause"] in causes
    assert event["client"] == "127.0.0.1"
    metrics = exchange(("127.0.0.1", admin_port), "GET", "/metrics").body.decode()
    counter = re.search(rf'^portcullis_http2_\w*abuse\w*_total{{cause="{event["cause"]}"}} (\d+)$', metrics, re.M)
    assert counter is not None and int(counter[1]) == 1, [line for line in metrics.splitlines() if "abuse" in line]


def flood(peer: H2Connection, pieces: Iterator[bytes]) -> None:
    """Sends until the pieces or the peer's patience end, without reading."""
    while batch := b"".join(itertools.islice(pieces, 500)):
        try:
            peer.send(batch)
        except (ConnectionError, TimeoutError):
            return


def repeated(data: bytes, count: int = 200_000) -> Callable[[H2Connection], Iterator[bytes]]:
    return lambda _: itertools.repeat(data, count)


def streams(kind: str, count: int = 20_000) -> Callable[[H2Connection], Iterator[bytes]]:
    """A frame or two for each of many new streams."""

    def pieces(peer: H2Connection) -> Iterator[bytes]:
        head = block(peer.head())
        for stream in range(3, 3 + 2 * count, 2):
            if kind == "reset":
                yield encode_frame(Type.HEADERS, WHOLE, stream, head)
                yield encode_frame(Type.RST_STREAM, 0, stream, struct.pack(">I", Code.CANCEL))
            elif kind == "unfinished":
                yield encode_frame(Type.HEADERS, Flag.END_HEADERS, stream, head)
                yield encode_frame(Type.RST_STREAM, 0, stream, struct.pack(">I", Code.CANCEL))
            elif kind == "priority":
                yield encode_frame(Type.PRIORITY, 0, stream, struct.pack(">IB", 0, stream % 256))

    return pieces


def continuations(piece: bytes, count: int) -> Callable[[H2Connection], Iterator[bytes]]:
    """A header block that does not end."""

    def pieces(peer: H2Connection) -> Iterator[bytes]:
        yield encode_frame(Type.HEADERS, Flag.END_STREAM, 3, block(peer.head()))
        yield from itertools.repeat(encode_frame(Type.CONTINUATION, 0, 3, piece), count)

    return pieces


MANY_SETTINGS = encode_settings([(Setting.MAX_CONCURRENT_STREAMS, 100), (Setting.INITIAL_WINDOW_SIZE, 100)] * 1000)

FLOODS: dict[str, tuple[Callable[[H2Connection], Iterator[bytes]], set[str]]] = {
    "rapid reset": (streams("reset"), {"rapid_reset"}),
    "rapid reset of unfinished requests": (streams("unfinished"), {"rapid_reset"}),
    "PING": (repeated(encode_frame(Type.PING, 0, 0, bytes(8))), {"ping_flood"}),
    "PING that answers nothing": (repeated(encode_frame(Type.PING, Flag.ACK, 0, bytes(8))), {"ping_flood"}),
    "SETTINGS": (repeated(encode_frame(Type.SETTINGS, 0, 0, b"")), {"settings_flood"}),
    "SETTINGS full of settings": (repeated(encode_frame(Type.SETTINGS, 0, 0, MANY_SETTINGS), 2000), {"settings_flood"}),
    "RST_STREAM of one stream": (repeated(encode_frame(Type.RST_STREAM, 0, 1, bytes(4))), {"rapid_reset"}),
    "WINDOW_UPDATE of the connection": (
        repeated(encode_frame(Type.WINDOW_UPDATE, 0, 0, b"\0\0\0\1")),
        {"window_update_flood"},
    ),
    "WINDOW_UPDATE of a stream": (
        repeated(encode_frame(Type.WINDOW_UPDATE, 0, 1, b"\0\0\0\1")),
        {"window_update_flood"},
    ),
    "PRIORITY": (streams("priority", 200_000), {"priority_flood"}),
    "PRIORITY of one stream": (repeated(encode_frame(Type.PRIORITY, 0, 1, bytes(5))), {"priority_flood"}),
    "empty DATA": (repeated(encode_frame(Type.DATA, 0, 1, b"")), {"empty_data_flood"}),
    "DATA with padding only": (
        repeated(encode_frame(Type.DATA, Flag.PADDED, 1, b"\0"), 60_000),
        {"empty_data_flood"},
    ),
    "empty CONTINUATION": (continuations(b"", 200_000), {"continuation_flood"}),
    "CONTINUATION of one octet": (continuations(b"\x82", 200_000), {"continuation_flood", "field_bomb"}),
    "CONTINUATION of many fields": (
        continuations(literal("x", "v" * 100) * 150, 2000),
        {"continuation_flood", "field_bomb"},
    ),
    "unknown frames": (repeated(encode_frame(Type.UNKNOWN, 0, 0, b"")), {"unknown_frame_flood"}),
    "unknown frames with payloads": (
        repeated(encode_frame(Type.UNKNOWN, 0, 1, bytes(1000)), 50_000),
        {"unknown_frame_flood"},
    ),
}


@pytest.mark.parametrize(("pieces", "causes"), FLOODS.values(), ids=FLOODS.keys())
def test_floods_are_stopped(
    gateway: Gateway,
    held: EventBackend,
    admin_port: int,
    pieces: Callable[[H2Connection], Iterator[bytes]],
    causes: set[str],
) -> None:
    """GOAWAY with ENHANCE_YOUR_CALM, a line in the log, a counter; little has been spent, nothing runs on."""
    with Siege(gateway) as siege, H2Connection(gateway.address) as peer:
        peer.handshake()
        peer.start("POST", end=False)
        flood(peer, pieces(peer))
        siege.wait_until_served()
        peer.expect_connection_error(Code.ENHANCE_YOUR_CALM)
    held.wait_for(running=0)
    assert held.peak <= STREAMS
    assert held.heads <= 1000
    expect_abuse(gateway, admin_port, *causes)


def test_goodbyes_that_never_end_cost_little(gateway: Gateway, held: EventBackend) -> None:
    """GOAWAY may be repeated (RFC 9113 section 6.8): whether or not the connection survives, others do."""
    with Siege(gateway), H2Connection(gateway.address) as peer:
        peer.handshake()
        flood(peer, itertools.repeat(encode_frame(Type.GOAWAY, 0, 0, bytes(8)), 200_000))
    held.wait_for(running=0)


def test_floods_that_are_not_read_do_not_pile_up(gateway: Gateway) -> None:
    """Answers to a peer that never reads have a limit, too, and its connection an end."""
    with Siege(gateway):
        peers = [H2Connection(gateway.address, receive_buffer=4096) for _ in range(4)]
        for peer in peers:
            peer.handshake()
        for kind, peer in zip((Type.PING, Type.SETTINGS, Type.PING, Type.SETTINGS), peers, strict=True):
            payload = bytes(8) if kind == Type.PING else b""
            flood(peer, itertools.repeat(encode_frame(kind, 0, 0, payload), 200_000))
        for peer in peers:
            peer.expect_connection_error(Code.ENHANCE_YOUR_CALM)
            peer.close()


BOMBS = {
    "one field many times": literal("x-bomb", "v" * 4000, INCREMENTAL) + indexed(62) * 15_000,
    "the largest name many times": literal("x" * 4000, "v", INCREMENTAL) + indexed(62) * 15_000,
    "small fields": literal("x-a", "1", INCREMENTAL) + indexed(62) * 15_000,
    "empty values": literal("x-a", "") * 2000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_field_bombs(gateway: Gateway, held: EventBackend, bomb: bytes) -> None:
    """Some kilobytes that unpack to megabytes cost neither: 431 each, or the end of the connection."""
    with Siege(gateway), H2Connection(gateway.address) as peer:
        peer.handshake()
        try:
            for _ in range(40):
                encoded = block(peer.head()) + bomb
                stream = peer.next_stream
                assert len(encoded) <= 2 * FRAME_SIZE
                peer.frame(Type.HEADERS, Flag.END_STREAM, stream, encoded[:FRAME_SIZE])
                peer.frame(Type.CONTINUATION, Flag.END_HEADERS, stream, encoded[FRAME_SIZE:])
                assert peer.response(stream).status == 431
        except (ConnectionEnded, ConnectionError):
            peer.expect_connection_error(Code.ENHANCE_YOUR_CALM)
            wait_until(lambda: gateway.events("http2_abuse"), "the abuse is logged")
    assert held.heads == 0


def mismatch(peer: H2Connection, stream: int) -> None:
    peer.headers(stream, peer.head("POST", "/mcp", ("content-length", "1")), end=False)
    peer.data(stream, b"two")


def overflow(peer: H2Connection, stream: int) -> None:
    peer.headers(stream, peer.head("POST"), end=False)
    peer.window(stream, LARGEST_WINDOW)


def zero(peer: H2Connection, stream: int) -> None:
    peer.headers(stream, peer.head())
    peer.window(stream, 0)


def data_behind_the_end(peer: H2Connection, stream: int) -> None:
    peer.headers(stream, peer.head("POST"))
    peer.data(stream, b"x")


def headers_behind_the_end(peer: H2Connection, stream: int) -> None:
    peer.headers(stream, peer.head("POST"))
    peer.headers(stream, [("x-trailer", "1")])


def self_dependency(peer: H2Connection, stream: int) -> None:
    peer.headers(stream, peer.head())
    peer.frame(Type.PRIORITY, 0, stream, struct.pack(">IB", stream, 1))


def short_priority(peer: H2Connection, stream: int) -> None:
    peer.headers(stream, peer.head())
    peer.frame(Type.PRIORITY, 0, stream, bytes(4))


def unfinished_trailers(peer: H2Connection, stream: int) -> None:
    peer.headers(stream, peer.head("POST"), end=False)
    peer.headers(stream, [("x-trailer", "1")], end=False)


def malformed_trailers(peer: H2Connection, stream: int) -> None:
    peer.headers(stream, peer.head("POST"), end=False)
    peer.headers(stream, [("X-Trailer", "1")])


def large_frame(peer: H2Connection, stream: int) -> None:
    peer.headers(stream, peer.head("POST"), end=False)
    peer.frame(Type.DATA, 0, stream, bytes(FRAME_SIZE + 1))


def malformed(peer: H2Connection, stream: int) -> None:
    peer.headers(stream, peer.head("GET", "/mcp", ("X-Upper", "1")))


def malformed_at_the_end(peer: H2Connection, stream: int) -> None:
    peer.headers(stream, peer.head("POST", "/mcp", ("x-value", "v" * 5000), ("connection", "close")), end=False)


def large_body(peer: H2Connection, stream: int) -> None:
    peer.headers(stream, peer.head("POST", "/mcp", ("content-length", "100000")), end=False)


def reset_by_the_client(peer: H2Connection, stream: int) -> None:
    peer.headers(stream, peer.head())
    peer.rst(stream)


WAYS = (
    mismatch,
    overflow,
    zero,
    data_behind_the_end,
    headers_behind_the_end,
    self_dependency,
    short_priority,
    unfinished_trailers,
    malformed_trailers,
    large_frame,
    malformed,
    malformed_at_the_end,
    large_body,
    reset_by_the_client,
)


@pytest.mark.parametrize("way", WAYS, ids=[way.__name__ for way in WAYS])
def test_resets_do_not_multiply_what_runs_at_the_backend(
    gateway: Gateway, held: EventBackend, way: Callable[[H2Connection, int], None]
) -> None:
    """MadeYouReset (CVE-2025-8671) and rapid reset: never more backend requests than streams, and not for long.

    The client takes care to have fewer streams open than it may: resets make room for the next ones.
    """
    with Siege(gateway), H2Connection(gateway.address) as peer:
        peer.handshake()
        try:
            for stream in range(1, 2001, 2):
                way(peer, stream)
                if stream % (STREAMS // 2) == 1:
                    peer.ping()
        except (ConnectionError, ConnectionEnded):
            pass
        if way is large_body and peer.goaway is None:
            # Refused before the backend hears of it: an answer each, and nothing that would have to be reset.
            assert peer.take(1, Type.HEADERS).fields[0] == (":status", "413")
            assert held.heads == 0
        else:
            peer.expect_connection_error(
                Code.ENHANCE_YOUR_CALM,
                Code.PROTOCOL_ERROR,
                Code.STREAM_CLOSED,
                Code.FRAME_SIZE_ERROR,
                Code.FLOW_CONTROL_ERROR,
            )
    held.wait_for(running=0)
    assert held.peak <= STREAMS, "more requests run at the backend than the client may have streams"
    assert held.heads <= 400, "the resets go on and on"


def test_honest_cancelling_is_no_attack(gateway: Gateway, held: EventBackend) -> None:
    """A client that cancels some of its requests, and pings now and then, keeps its connection."""
    with H2Connection(gateway.address) as peer:
        peer.handshake()
        for _ in range(40):
            stream = peer.start()
            peer.rst(stream)
            peer.ping()
            assert peer.exchange(path="/bystander").status == 200
        assert peer.goaway is None
    assert gateway.events("http2_abuse") == []
    held.wait_for(running=0)


def test_honest_work_is_no_attack(gateway: Gateway, backend: RawBackend) -> None:
    """Thousands of requests with small bodies and windows given back frame by frame."""
    with H2Connection(gateway.address) as peer:
        peer.handshake()
        for _ in range(2000):
            stream = peer.start("POST", "/bystander", end=False)
            peer.data(stream, b"{", end=False)
            peer.data(stream, b"}")
            assert peer.response(stream, replenish=True).status == 200
        assert peer.goaway is None
    assert gateway.events("http2_abuse") == []
