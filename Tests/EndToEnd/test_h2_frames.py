"""Each type of frame, sound and unsound: RFC 9113 sections 6.1 to 6.8, 6.10 and 7. Flow control has its own file."""

import struct
import threading
from collections.abc import Iterator

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.h2frames import Code, Flag, H2Connection, Setting, Type, encode_settings
from support.hpack_bytes import block
from support.raw_backend import Conversation, RawBackend, Received


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend) -> Gateway:
    return make_shared_gateway([route(shared_backend.url)])


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


# Section 6.1: DATA.


def test_a_body_in_many_frames_is_one(peer: H2Connection, backend: RawBackend) -> None:
    """Of all sizes, empty ones among them."""
    stream = peer.start("POST", end=False)
    for size in (0, 1, 100, 0, 16_384, 7):
        peer.data(stream, b"x" * size, end=False)
    peer.data(stream)
    assert peer.response(stream).status == 200
    assert backend.last.body == b"x" * (1 + 100 + 16_384 + 7)


@pytest.mark.parametrize(("data", "padding"), [(b"data", 0), (b"data", 255), (b"", 0), (b"", 200)])
def test_padding_is_no_data(peer: H2Connection, backend: RawBackend, data: bytes, padding: int) -> None:
    """The backend gets what is between."""
    stream = peer.start("POST", end=False)
    peer.frame(Type.DATA, Flag.PADDED, stream, bytes([padding]) + data + bytes(padding))
    peer.frame(Type.DATA, Flag.PADDED | Flag.END_STREAM, stream, bytes([padding]) + data + bytes(padding))
    assert peer.response(stream).status == 200
    assert backend.last.body == data * 2


def test_data_on_stream_zero(peer: H2Connection) -> None:
    """DATA belongs to a stream."""
    peer.data(0, b"x")
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("payload", [b"\x01", b"\x04abc", b"\xffabc"])
def test_data_with_more_padding_than_there_is(peer: H2Connection, payload: bytes) -> None:
    """Padding that fills the payload or goes beyond it."""
    stream = peer.start("POST", end=False)
    peer.frame(Type.DATA, Flag.PADDED | Flag.END_STREAM, stream, payload)
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_padded_data_without_a_pad_length(peer: H2Connection) -> None:
    """A frame too small for what its flags promise."""
    stream = peer.start("POST", end=False)
    peer.frame(Type.DATA, Flag.PADDED | Flag.END_STREAM, stream)
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR, Code.PROTOCOL_ERROR)


# Section 6.2: HEADERS.


def test_headers_may_be_padded(peer: H2Connection) -> None:
    """With and without the priority fields."""
    for stream, flags, prefix in ((1, Flag.NONE, b""), (3, Flag.PRIORITY, b"\0\0\0\0\x0f")):
        flags |= Flag.END_HEADERS | Flag.END_STREAM | Flag.PADDED
        peer.frame(Type.HEADERS, flags, stream, b"\x20" + prefix + block(peer.head()) + bytes(0x20))
        assert peer.response(stream).status == 200


def test_headers_on_stream_zero(peer: H2Connection) -> None:
    """HEADERS open a stream."""
    peer.headers(0, peer.head())
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("padding", [0, 1])
def test_headers_with_more_padding_than_there_is(peer: H2Connection, padding: int) -> None:
    """One octet too many, or the largest number there is."""
    encoded = block(peer.head())
    peer.frame(
        Type.HEADERS,
        Flag.END_HEADERS | Flag.END_STREAM | Flag.PADDED,
        1,
        bytes([len(encoded) + 1 if padding else 255]) + encoded,
    )
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.usefixtures("nothing_forwarded")
def test_headers_too_short_for_their_priority(peer: H2Connection) -> None:
    """A frame too small for what its flags promise."""
    peer.frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM | Flag.PRIORITY, 1, b"\0\0\0\0")
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR, Code.PROTOCOL_ERROR)


# Section 6.3: PRIORITY.


def test_priority_on_stream_zero(peer: H2Connection) -> None:
    """PRIORITY names a stream."""
    peer.frame(Type.PRIORITY, 0, 0, bytes(5))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("length", [0, 4, 6])
def test_priority_of_a_wrong_length(peer: H2Connection, held: threading.Event, length: int) -> None:
    """An error of the stream alone, or of the connection."""
    stream = peer.start("GET", "/mcp/held")
    peer.frame(Type.PRIORITY, 0, stream, bytes(length))
    peer.expect_stream_error(stream, Code.FRAME_SIZE_ERROR, or_connection=True)


# Section 6.4: RST_STREAM.


def test_reset_of_stream_zero(peer: H2Connection) -> None:
    """The connection is ended by GOAWAY."""
    peer.rst(0)
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("length", [0, 3, 5])
def test_reset_of_a_wrong_length(peer: H2Connection, length: int) -> None:
    """An error of the connection."""
    stream = peer.start("POST", end=False)
    peer.frame(Type.RST_STREAM, 0, stream, bytes(length))
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR)


@pytest.mark.parametrize("code", [Code.NO_ERROR, 0xFF, 0xFFFFFFFF])
def test_a_reset_may_have_any_code(peer: H2Connection, code: int) -> None:
    """Unknown codes mean nothing special (section 7)."""
    stream = peer.start("POST", end=False)
    peer.rst(stream, code)
    peer.expect_usable()


# Section 6.5: SETTINGS.


def test_settings_are_acknowledged_each(peer: H2Connection) -> None:
    """Empty ones, too."""
    for settings in ([], [(Setting.MAX_CONCURRENT_STREAMS, 100)], [(Setting.MAX_CONCURRENT_STREAMS, 0)]):
        peer.settings(*settings)
    peer.expect_usable()


BAD_SETTINGS = {
    "acknowledgement with a payload": (Flag.ACK, 0, bytes(6), Code.FRAME_SIZE_ERROR),
    "acknowledgement with an octet": (Flag.ACK, 0, b"\0", Code.FRAME_SIZE_ERROR),
    "on a stream": (Flag.NONE, 1, b"", Code.PROTOCOL_ERROR),
    "half a setting": (Flag.NONE, 0, bytes(3), Code.FRAME_SIZE_ERROR),
    "a setting and a bit": (Flag.NONE, 0, encode_settings([(3, 100)]) + b"\0", Code.FRAME_SIZE_ERROR),
    "push 2": (Flag.NONE, 0, encode_settings([(Setting.ENABLE_PUSH, 2)]), Code.PROTOCOL_ERROR),
    "window 2^31": (
        Flag.NONE,
        0,
        encode_settings([(Setting.INITIAL_WINDOW_SIZE, 1 << 31)]),
        Code.FLOW_CONTROL_ERROR,
    ),
    "largest window": (
        Flag.NONE,
        0,
        encode_settings([(Setting.INITIAL_WINDOW_SIZE, (1 << 32) - 1)]),
        Code.FLOW_CONTROL_ERROR,
    ),
    "frame size too small": (
        Flag.NONE,
        0,
        encode_settings([(Setting.MAX_FRAME_SIZE, 16_383)]),
        Code.PROTOCOL_ERROR,
    ),
    "frame size zero": (Flag.NONE, 0, encode_settings([(Setting.MAX_FRAME_SIZE, 0)]), Code.PROTOCOL_ERROR),
    "frame size too large": (
        Flag.NONE,
        0,
        encode_settings([(Setting.MAX_FRAME_SIZE, 1 << 24)]),
        Code.PROTOCOL_ERROR,
    ),
    "a bad one between good ones": (
        Flag.NONE,
        0,
        encode_settings([(Setting.MAX_FRAME_SIZE, 16_384), (Setting.ENABLE_PUSH, 3), (0xFF, 0)]),
        Code.PROTOCOL_ERROR,
    ),
}


@pytest.mark.parametrize(("flags", "stream", "payload", "code"), BAD_SETTINGS.values(), ids=BAD_SETTINGS.keys())
def test_bad_settings_end_the_connection(
    peer: H2Connection, flags: Flag, stream: int, payload: bytes, code: Code
) -> None:
    """Each with the code that section 6.5 gives it."""
    peer.frame(Type.SETTINGS, flags, stream, payload)
    peer.expect_connection_error(code)


@pytest.mark.parametrize("value", [0, 1])
def test_push_may_be_turned_on_and_off(peer: H2Connection, value: int) -> None:
    """A gateway never pushes, so it makes no difference."""
    peer.settings((Setting.ENABLE_PUSH, value))
    peer.expect_usable()


def test_unknown_settings_are_ignored(peer: H2Connection) -> None:
    """And acknowledged (section 6.5.2)."""
    peer.settings((0x00, 1), (0xFF, 1), (0xFFFF, (1 << 32) - 1))
    peer.expect_usable()


@pytest.mark.parametrize("size", [0, 1, 100, 4096, 65_536, (1 << 32) - 1])
def test_the_clients_header_table_size_is_respected(peer: H2Connection, size: int) -> None:
    """Responses decode with a table of that size; the smallest of several has to be met, too (6.5.3, RFC 7541 4.2)."""
    peer.expect_usable()
    peer._decoder.max_allowed_table_size = min(size, 1 << 20)
    peer.settings((Setting.HEADER_TABLE_SIZE, 0), (Setting.HEADER_TABLE_SIZE, size))
    for _ in range(3):
        peer.expect_usable()


# Section 6.6: PUSH_PROMISE.


def test_clients_cannot_push(peer: H2Connection) -> None:
    """PUSH_PROMISE goes the other way only (also section 8.4)."""
    stream = peer.start("POST", end=False)
    payload = struct.pack(">I", 2) + block(peer.head())
    peer.frame(Type.PUSH_PROMISE, Flag.END_HEADERS, stream, payload)
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


# Section 6.7: PING.


def test_a_ping_is_answered_with_its_payload(peer: H2Connection) -> None:
    """Octet by octet, in order."""
    payloads = [bytes(8), b"\xff" * 8, b"8 octets"]
    for payload in payloads:
        peer.frame(Type.PING, payload=payload)
    assert [peer.take(0, Type.PING).payload for _ in payloads] == payloads


def test_an_answered_ping_is_not_answered(peer: H2Connection) -> None:
    """A PING with ACK that nobody asked for is ignored."""
    peer.frame(Type.PING, Flag.ACK, payload=b"unasked!")
    peer.frame(Type.PING, payload=b"asked it")
    answer = peer.take(0, Type.PING)
    assert answer.payload == b"asked it" and answer.flags & Flag.ACK
    assert peer.filed(0, Type.PING) == []


def test_a_ping_on_a_stream(peer: H2Connection) -> None:
    """PING belongs to the connection."""
    peer.frame(Type.PING, 0, 1, bytes(8))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("length", [0, 6, 7, 9])
def test_a_ping_of_a_wrong_length(peer: H2Connection, length: int) -> None:
    """It has 8 octets."""
    peer.frame(Type.PING, payload=bytes(length))
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR)


# Section 6.8: GOAWAY.


@pytest.mark.parametrize("code", [Code.NO_ERROR, Code.INTERNAL_ERROR, 0xFF])
def test_a_client_that_goes_gets_its_answers(peer: H2Connection, held: threading.Event, code: int) -> None:
    """GOAWAY of a client ends nothing that runs; the code is not looked at (section 7)."""
    stream = peer.start("GET", "/mcp/held")
    peer.frame(Type.GOAWAY, payload=struct.pack(">II", 0, code) + b"debug data")
    held.set()
    assert peer.response(stream).status == 200


def test_a_goaway_on_a_stream(peer: H2Connection) -> None:
    """GOAWAY belongs to the connection."""
    peer.frame(Type.GOAWAY, 0, 1, bytes(8))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("length", [0, 7])
def test_a_goaway_that_is_too_short(peer: H2Connection, length: int) -> None:
    """It has at least 8 octets."""
    peer.frame(Type.GOAWAY, payload=bytes(length))
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR)


# Section 6.10: CONTINUATION. What stands inside a header block is in test_h2_starting.py.


def test_a_head_may_have_several_continuations(peer: H2Connection, backend: RawBackend) -> None:
    """HEADERS, two of them without END_HEADERS, and one with it."""
    encoded = block(peer.head("GET", "/mcp?continued"))
    peer.headers(1, [], flags=0)
    peer.frame(Type.CONTINUATION, 0, 1, encoded[:5])
    peer.frame(Type.CONTINUATION, 0, 1, encoded[5:9])
    peer.frame(Type.CONTINUATION, Flag.END_HEADERS, 1, encoded[9:])
    assert peer.response(1).status == 200
    assert backend.last.target == "/mcp?continued"


def test_a_continuation_on_stream_zero(peer: H2Connection) -> None:
    """Inside a header block of stream 1."""
    peer.headers(1, peer.head(), flags=0)
    peer.frame(Type.CONTINUATION, Flag.END_HEADERS, 0, b"\x82")
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("before", ["HEADERS", "CONTINUATION", "DATA"])
def test_a_continuation_of_nothing(peer: H2Connection, before: str) -> None:
    """Behind frames that end a header block, or have none."""
    if before == "CONTINUATION":
        peer.headers(1, peer.head("POST"), end=False, flags=0)
        peer.frame(Type.CONTINUATION, Flag.END_HEADERS, 1)
    else:
        peer.headers(1, peer.head("POST"), end=False)
    if before == "DATA":
        peer.data(1, b"x", end=False)
    peer.frame(Type.CONTINUATION, Flag.END_HEADERS, 1, b"\x82")
    peer.expect_connection_error(Code.PROTOCOL_ERROR)
