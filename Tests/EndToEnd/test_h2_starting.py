"""How HTTP/2 connections begin, and what a frame is: RFC 9113 sections 3 and 4."""

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.h2frames import (
    FRAME_SIZE,
    PREFACE,
    Code,
    Flag,
    H2Connection,
    Setting,
    Type,
    encode_frame,
    encode_settings,
)
from support.hpack_bytes import block, literal
from support.raw_backend import RawBackend
from support.rawhttp import Connection, exchange, request_bytes


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend) -> Gateway:
    return make_shared_gateway([route(shared_backend.url)])


# Section 3.4: the connection preface.


def test_the_preface_is_answered_with_settings(gateway: Gateway) -> None:
    """The server's first frame is SETTINGS, and it acknowledges the client's."""
    with H2Connection(gateway.address) as peer:
        peer.preface()
        first = peer.read_frame()
        assert first is not None and first.type == Type.SETTINGS and first.stream == 0
        assert not first.flags & Flag.ACK
        peer.take_settings_ack()


def test_the_servers_settings_are_what_is_documented(gateway: Gateway) -> None:
    """The stream limit is announced; what a server must not announce is not."""
    with H2Connection(gateway.address) as peer:
        peer.handshake()
        assert peer.server_settings[Setting.MAX_CONCURRENT_STREAMS] == 128
        assert peer.server_settings.get(Setting.ENABLE_PUSH, 0) == 0
        assert peer.server_settings.get(Setting.ENABLE_CONNECT_PROTOCOL, 0) == 0
        assert FRAME_SIZE <= peer.server_settings.get(Setting.MAX_FRAME_SIZE, FRAME_SIZE) <= (1 << 24) - 1
        assert peer.server_settings.get(Setting.MAX_HEADER_LIST_SIZE, 0) >= 32 << 10, "limits.head_size"


def test_the_stream_limit_is_configured(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """`limits.streams` is what SETTINGS_MAX_CONCURRENT_STREAMS says."""
    gateway = make_gateway([route(backend.url)], limits={"streams": 7})
    with H2Connection(gateway.address) as peer:
        peer.handshake()
        assert peer.server_settings[Setting.MAX_CONCURRENT_STREAMS] == 7


def test_requests_need_not_wait_for_the_servers_settings(gateway: Gateway, backend: RawBackend) -> None:
    """Preface, settings and a request in one write are good."""
    with H2Connection(gateway.address) as peer:
        head = encode_frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 1, block(peer.head()))
        peer.send(PREFACE + encode_frame(Type.SETTINGS, 0, 0, b"") + head)
        assert peer.response(1).status == 200
    assert backend.last.target == "/mcp"


def test_a_preface_in_single_bytes_is_one(gateway: Gateway) -> None:
    """However the preface is cut by the network, it is recognised."""
    with H2Connection(gateway.address) as peer:
        for byte in PREFACE + encode_frame(Type.SETTINGS, 0, 0, b""):
            peer.send(bytes([byte]))
        peer.take_settings_ack()
        peer.expect_usable()


BAD_PREFACES = {
    "other words": b"INVALID CONNECTION PREFACE\r\n\r\n",
    "wrong end": PREFACE[:-6] + b"XX\r\n\r\n",
    "wrong last byte": PREFACE[:-1] + b"\r",
    "another target": PREFACE.replace(b"*", b"/"),
    "another version": PREFACE.replace(b"2.0", b"2.1"),
    "lower case": PREFACE.lower(),
    "bare line feeds": PREFACE.replace(b"\r\n", b"\n"),
    "fields in it": PREFACE.replace(b"SM", b"Host: @\r\n\r\nSM"),
}


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("preface", BAD_PREFACES.values(), ids=BAD_PREFACES.keys())
def test_a_bad_preface_ends_the_connection(gateway: Gateway, preface: bytes) -> None:
    """A refusal in the protocol it was taken for, GOAWAY, or nothing; then the end."""
    with H2Connection(gateway.address) as peer:
        peer.send_leniently(preface.replace(b"@", peer.authority.encode()))
        peer.send_leniently(encode_frame(Type.SETTINGS, 0, 0, b""))
        answer = peer.read_to_end()
        assert b" 200 " not in answer
        assert not answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")) or answer[3] in (4, 7), answer


FIRST_FRAMES = {
    "PING": encode_frame(Type.PING, 0, 0, bytes(8)),
    "WINDOW_UPDATE": encode_frame(Type.WINDOW_UPDATE, 0, 0, b"\0\0\0\1"),
    "GOAWAY": encode_frame(Type.GOAWAY, 0, 0, bytes(8)),
    "acknowledgement": encode_frame(Type.SETTINGS, Flag.ACK, 0, b""),
    "DATA": encode_frame(Type.DATA, 0, 1, b"x"),
}


@pytest.mark.parametrize("frame", FIRST_FRAMES.values(), ids=FIRST_FRAMES.keys())
def test_the_first_frame_has_to_be_settings(gateway: Gateway, frame: bytes) -> None:
    """Anything else is an invalid preface."""
    with H2Connection(gateway.address) as peer:
        peer.send(PREFACE + frame)
        peer.expect_connection_error(Code.PROTOCOL_ERROR, silently=True)


def test_a_request_before_the_settings_is_not_served(gateway: Gateway, nothing_forwarded: None) -> None:
    """HEADERS right behind the preface are no preface either."""
    with H2Connection(gateway.address) as peer:
        head = encode_frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 1, block(peer.head()))
        peer.send(PREFACE + head)
        peer.expect_connection_error(Code.PROTOCOL_ERROR, silently=True)


# HTTP/1.1 beside it.


def test_both_protocols_share_a_clear_port(gateway: Gateway, backend: RawBackend) -> None:
    """A connection speaks what it begins with."""
    with H2Connection(gateway.address) as second, Connection(gateway.address) as first:
        second.handshake()
        first.send(request_bytes("GET", "/mcp", gateway.authority))
        assert first.read_response().status == 200
        assert second.exchange().status == 200
    # What begins like the preface and is none.
    assert exchange(gateway.address, "PRIVATE", "/mcp").status == 200
    assert backend.last.method == "PRIVATE"


def test_an_upgrade_to_h2c_is_not_taken(gateway: Gateway, backend: RawBackend) -> None:
    """RFC 9113 has no Upgrade any more: the request is answered in HTTP/1.1."""
    fields = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQAAP__")]
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("GET", "/mcp", gateway.authority, fields))
        head = connection.read_head()
        assert head.status == 200 and head.version == "HTTP/1.1" and head.get("upgrade") is None
    assert backend.last.all("http2-settings") == [] and backend.last.all("upgrade") == []


def test_http2_can_be_turned_off(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """With `http2: false` the preface is a request of a version that is not served."""
    gateway = make_gateway([route(backend.url)])
    port = gateway.port
    gateway.stop()
    gateway = make_gateway(
        [route(backend.url)],
        listeners=[{"address": f"127.0.0.1:{port}", "http2": False}],
        public_url=f"http://127.0.0.1:{port}",
    )
    with Connection(("127.0.0.1", port)) as connection:
        connection.send_leniently(PREFACE + encode_frame(Type.SETTINGS, 0, 0, b""))
        assert connection.read_to_end().startswith((b"HTTP/1.1 505 ", b"HTTP/1.1 400 "))
    assert exchange(("127.0.0.1", port), "GET", "/mcp").status == 200


# Section 4.1: the frame format.


@pytest.mark.parametrize("stream", [0, 1, 2, 99])
@pytest.mark.parametrize("kind", [0x0A, 0x16, 0xFF])
def test_unknown_frame_types_are_ignored(peer: H2Connection, kind: int, stream: int) -> None:
    """On any stream, whatever is in them (sections 4.1 and 5.5)."""
    peer.frame(kind, 0xFF, stream, b"whatever this means")
    peer.frame(kind, 0, stream)
    peer.ping()
    peer.expect_usable()


def test_unknown_frames_inside_a_request_are_ignored(peer: H2Connection, backend: RawBackend) -> None:
    """Between HEADERS and DATA, and between DATA, they change nothing."""
    stream = peer.start("POST", end=False)
    peer.frame(Type.UNKNOWN, Flag.END_STREAM, stream, b"no DATA")
    peer.data(stream, b"12", end=False)
    peer.frame(Type.UNKNOWN, Flag.END_STREAM, stream)
    peer.data(stream, b"345")
    assert peer.response(stream).status == 200
    assert backend.last.body == b"12345"


def test_undefined_flags_are_ignored(peer: H2Connection) -> None:
    """On every type that has flags of its own."""
    peer.frame(Type.PING, 0xFE, 0, b"01234567")
    assert peer.take(0, Type.PING, flags=Flag.ACK).payload == b"01234567"
    peer.frame(Type.SETTINGS, 0xFE, 0)
    peer.take_settings_ack()
    peer.frame(Type.WINDOW_UPDATE, 0xFF, 0, b"\0\0\0\1")
    stream = peer.start("POST", end=False)
    peer.frame(Type.DATA, 0xF7, stream, b"body")
    assert peer.response(stream).status == 200
    peer.headers(stream + 2, peer.head(), flags=Flag.END_HEADERS | 0xD2)
    assert peer.response(stream + 2).status == 200


def test_the_reserved_bits_are_ignored(peer: H2Connection) -> None:
    """Of the stream identifier and of the window increment."""
    peer.frame(Type.PING, 0, 1 << 31, b"01234567")
    assert peer.take(0, Type.PING, flags=Flag.ACK).payload == b"01234567"
    peer.frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 1 << 31 | 1, block(peer.head()))
    assert peer.response(1).status == 200
    peer.frame(Type.WINDOW_UPDATE, 0, 0, b"\x80\0\0\1")
    peer.ping()


# Section 4.2: frame sizes.


def test_data_of_the_default_frame_size_is_accepted(peer: H2Connection, backend: RawBackend) -> None:
    """2^14 octets are what every endpoint takes."""
    assert peer.exchange("POST", body=b"x" * FRAME_SIZE).status == 200
    assert len(backend.last.body) == FRAME_SIZE


def test_data_beyond_the_frame_size(peer: H2Connection) -> None:
    """An error of the stream or, as the server likes, of the connection."""
    stream = peer.start("POST", end=False)
    peer.frame(Type.DATA, Flag.END_STREAM, stream, b"x" * (FRAME_SIZE + 1))
    peer.expect_stream_error(stream, Code.FRAME_SIZE_ERROR, or_connection=True)


TOO_LARGE = {
    "HEADERS": encode_frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 1, bytes(FRAME_SIZE + 1)),
    "SETTINGS": encode_frame(Type.SETTINGS, 0, 0, bytes((FRAME_SIZE // 6 + 1) * 6)),
    "unknown": encode_frame(Type.UNKNOWN, 0, 0, bytes(FRAME_SIZE + 1)),
    "only announced": encode_frame(Type.HEADERS, Flag.END_HEADERS, 1, b"", length=(1 << 24) - 1),
}


@pytest.mark.parametrize("frame", TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_other_frames_beyond_the_frame_size_end_the_connection(peer: H2Connection, frame: bytes) -> None:
    """Whatever could change the state of the connection."""
    peer.send_leniently(frame)
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR)


def test_a_continuation_beyond_the_frame_size_ends_the_connection(peer: H2Connection) -> None:
    """Header blocks change the state of the connection."""
    peer.headers(1, peer.head(), flags=0)
    field = literal("x-large", "v" * (FRAME_SIZE - 11))
    assert len(field) == FRAME_SIZE + 1
    peer.frame(Type.CONTINUATION, Flag.END_HEADERS, 1, field)
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR)


@pytest.mark.parametrize("limit", [None, FRAME_SIZE, 20_000, (1 << 24) - 1])
def test_the_server_sends_no_frame_beyond_the_clients_limit(
    gateway: Gateway, backend: RawBackend, limit: int | None
) -> None:
    """SETTINGS_MAX_FRAME_SIZE of the client binds the server."""
    backend.script = lambda conversation, _: conversation.respond(200, b"x" * 200_000)
    with H2Connection(gateway.address) as peer:
        settings = [(Setting.INITIAL_WINDOW_SIZE, 1 << 20)]
        if limit is not None:
            settings.append((Setting.MAX_FRAME_SIZE, limit))
        peer.handshake(*settings)
        peer.window(0, 1 << 20)
        stream = peer.start()
        peer.take_head(stream)
        total = 0
        ended = False
        while not ended:
            frame = peer.take_part(stream, Type.DATA)
            assert len(frame.payload) <= (limit or FRAME_SIZE)
            total += len(frame.payload)
            ended = frame.ends_stream
        assert total == 200_000


def test_large_response_heads_are_cut_into_frames(peer: H2Connection, backend: RawBackend) -> None:
    """A response head beyond the frame size comes in CONTINUATION frames and is whole."""
    large = [(f"X-Large-{number}", f"{number}" + "v" * 2000) for number in range(12)]
    backend.script = lambda conversation, _: conversation.respond(200, b"body", large)
    response = peer.exchange()
    assert response.status == 200 and response.body == b"body"
    for name, value in large:
        assert response.get(name.lower()) == value


# Section 4.3: header compression and blocks.

BROKEN_BLOCKS = {
    "index zero": b"\x80",
    "a string that is cut off": b"\x00\x05ab",
    "an integer that is cut off": b"\xff\xff",
    "an index beyond the tables": b"\xff\x64",
    "a block that ends in a name": b"\x40\x01x",
}


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("fragment", BROKEN_BLOCKS.values(), ids=BROKEN_BLOCKS.keys())
def test_a_block_that_cannot_be_decoded_ends_the_connection(peer: H2Connection, fragment: bytes) -> None:
    """The tables of both ends would differ from here on."""
    payload = block(peer.head()) + fragment
    peer.frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 1, payload)
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


INTERRUPTIONS = {
    "PRIORITY": encode_frame(Type.PRIORITY, 0, 1, b"\0\0\0\0\x0f"),
    "HEADERS of another stream": encode_frame(Type.HEADERS, Flag.END_HEADERS, 3, b"\x82"),
    "HEADERS of the same stream": encode_frame(Type.HEADERS, Flag.END_HEADERS, 1, b"\x82"),
    "DATA": encode_frame(Type.DATA, 0, 1, b"x"),
    "RST_STREAM": encode_frame(Type.RST_STREAM, 0, 1, bytes(4)),
    "SETTINGS": encode_frame(Type.SETTINGS, 0, 0, encode_settings([])),
    "PING": encode_frame(Type.PING, 0, 0, bytes(8)),
    "GOAWAY": encode_frame(Type.GOAWAY, 0, 0, bytes(8)),
    "WINDOW_UPDATE": encode_frame(Type.WINDOW_UPDATE, 0, 0, b"\0\0\0\1"),
    "an unknown frame": encode_frame(Type.UNKNOWN, 0, 1, b"x"),
    "an unknown frame of the connection": encode_frame(Type.UNKNOWN, 0, 0, b"x"),
    "CONTINUATION of another stream": encode_frame(Type.CONTINUATION, Flag.END_HEADERS, 3, b"\x82"),
}


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("frame", INTERRUPTIONS.values(), ids=INTERRUPTIONS.keys())
def test_nothing_may_stand_inside_a_header_block(peer: H2Connection, frame: bytes) -> None:
    """Only CONTINUATION of the same stream follows until END_HEADERS (sections 4.3, 5.5, 6.2 and 6.10)."""
    peer.headers(1, peer.head(), flags=0)
    peer.send(frame)
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_a_header_block_may_be_cut_anywhere(peer: H2Connection, backend: RawBackend) -> None:
    """Between any two octets, at its ends, and into several fragments, the block is the same."""
    encoded = block(peer.head("GET", "/mcp?cut", ("x-cut", "anywhere")))
    stream = 1
    for cut in range(len(encoded) + 1):
        peer.frame(Type.HEADERS, Flag.END_STREAM, stream, encoded[:cut])
        peer.frame(Type.CONTINUATION, Flag.END_HEADERS, stream, encoded[cut:])
        assert peer.response(stream).status == 200, cut
        assert backend.last.get("x-cut") == "anywhere"
        stream += 2
    peer.frame(Type.HEADERS, Flag.END_STREAM, stream, encoded[:3])
    for first, last in ((3, 10), (10, 10), (10, 30), (30, 50)):
        peer.frame(Type.CONTINUATION, 0, stream, encoded[first:last])
    peer.frame(Type.CONTINUATION, Flag.END_HEADERS, stream, encoded[50:])
    assert peer.response(stream).status == 200
