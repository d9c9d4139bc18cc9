"""HTTP/2 spoken frame by frame over a bare socket (RFC 9113), so that tests see and send exact frames.

There is no state machine: whatever a test says is sent, and what arrives is filed by stream until somebody asks for
it. Every wait has a deadline.
"""

import itertools
import json
import socket
import ssl
import struct
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

import hpack

from support.hpack_bytes import FieldLines, block
from support.rawhttp import Connection, Truncated

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FRAME_SIZE = 16_384
WINDOW = 65_535
LARGEST_WINDOW = (1 << 31) - 1
# What `expect_usable` asks for.
USABLE = "/mcp?usable"


class Type(IntEnum):
    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9
    UNKNOWN = 0xBB


class Flag(IntFlag):
    NONE = 0
    ACK = 0x1
    END_STREAM = 0x1
    END_HEADERS = 0x4
    PADDED = 0x8
    PRIORITY = 0x20


class Code(IntEnum):
    NO_ERROR = 0x0
    PROTOCOL_ERROR = 0x1
    INTERNAL_ERROR = 0x2
    FLOW_CONTROL_ERROR = 0x3
    STREAM_CLOSED = 0x5
    FRAME_SIZE_ERROR = 0x6
    REFUSED_STREAM = 0x7
    CANCEL = 0x8
    COMPRESSION_ERROR = 0x9
    ENHANCE_YOUR_CALM = 0xB


class Setting(IntEnum):
    HEADER_TABLE_SIZE = 1
    ENABLE_PUSH = 2
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5
    MAX_HEADER_LIST_SIZE = 6
    ENABLE_CONNECT_PROTOCOL = 8


class StreamReset(Exception):
    """The peer ended the stream with RST_STREAM."""

    def __init__(self, code: int):
        super().__init__(f"the stream was reset with {code:#x}")
        self.code = code


class ConnectionEnded(Exception):
    """The peer closed the connection, after a GOAWAY with `code` unless that is None."""

    def __init__(self, code: int | None):
        super().__init__("closed without GOAWAY" if code is None else f"closed after GOAWAY {code:#x}")
        self.code = code


@dataclass
class Frame:
    type: int
    flags: int
    stream: int
    payload: bytes
    # Of a header block, which may have come in several frames; of RST_STREAM and GOAWAY.
    fields: list[tuple[str, str]] = field(default_factory=list)
    code: int | None = None

    @property
    def ends_stream(self) -> bool:
        return self.type in (Type.DATA, Type.HEADERS) and bool(self.flags & Flag.END_STREAM)

    @property
    def data(self) -> bytes:
        """The payload of DATA without its padding."""
        if self.flags & Flag.PADDED:
            return self.payload[1 : len(self.payload) - self.payload[0]]
        return self.payload

    @property
    def settings(self) -> dict[int, int]:
        return dict(struct.iter_unpack(">HI", self.payload))


@dataclass
class H2Response:
    status: int
    fields: list[tuple[str, str]]
    interim: list[list[tuple[str, str]]]
    # Whether the head ended the stream.
    complete: bool
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def get(self, name: str) -> str | None:
        values = self.all(name)
        assert len(values) <= 1, f"{name} is repeated: {values}"
        return values[0] if values else None

    def json(self) -> Any:
        return json.loads(self.body)


def encode_frame(kind: int, flags: int, stream: int, payload: bytes, length: int | None = None) -> bytes:
    """`length` replaces the true one; `stream` may have its reserved bit set."""
    size = len(payload) if length is None else length
    return struct.pack(">BHBBI", size >> 16, size & 0xFFFF, kind, flags, stream) + payload


def encode_settings(settings: Iterable[tuple[int, int]]) -> bytes:
    return b"".join(struct.pack(">HI", *setting) for setting in settings)


class H2Connection(Connection):
    """A client's end; with `tls` the protocol is chosen by ALPN as that context says."""

    def __init__(
        self,
        address: tuple[str, int] | str,
        timeout: float = 10.0,
        receive_buffer: int | None = None,
        tls: ssl.SSLContext | None = None,
        server_name: str = "localhost",
        authority: str | None = None,
    ):
        super().__init__(address, timeout, receive_buffer)
        if not isinstance(address, str):
            # Frames leave as they are sent.
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_name)
        self.timeout = timeout
        self.authority = authority or (f"{address[0]}:{address[1]}" if not isinstance(address, str) else "localhost")
        self.server_settings: dict[int, int] = {}
        self.ended = False
        self.goaway: Frame | None = None
        self._deadline = 0.0
        self._filed: defaultdict[int, deque[Frame]] = defaultdict(deque)
        self._decoder = hpack.Decoder()
        self._pings = itertools.count(1)
        self.next_stream = 1

    # Sending.

    def frame(
        self, kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"", length: int | None = None
    ) -> None:
        if kind == Type.HEADERS and stream % 2:
            self.next_stream = max(self.next_stream, stream + 2)
        self.send(encode_frame(kind, flags, stream, payload, length))

    def preface(self, settings: Iterable[tuple[int, int]] = ()) -> None:
        self.send(PREFACE + encode_frame(Type.SETTINGS, 0, 0, encode_settings(settings)))

    def settings(self, *settings: tuple[int, int]) -> None:
        """Sends them and waits until they are acknowledged."""
        self.frame(Type.SETTINGS, payload=encode_settings(settings))
        self.take_settings_ack()

    def headers(
        self, stream: int, fields: FieldLines, end: bool = True, flags: int = Flag.END_HEADERS, prefix: bytes = b""
    ) -> None:
        """One HEADERS frame of literals; `prefix` stands in front of the block."""
        flags |= Flag.END_STREAM if end else 0
        self.frame(Type.HEADERS, flags, stream, prefix + block(fields))

    def data(self, stream: int, data: bytes = b"", end: bool = True) -> None:
        self.frame(Type.DATA, Flag.END_STREAM if end else 0, stream, data)

    def window(self, stream: int, increment: int) -> None:
        self.frame(Type.WINDOW_UPDATE, stream=stream, payload=struct.pack(">I", increment))

    def rst(self, stream: int, code: int = Code.CANCEL) -> None:
        self.frame(Type.RST_STREAM, stream=stream, payload=struct.pack(">I", code))

    def head(self, method: str = "GET", path: str = "/mcp", *more: tuple[Any, Any]) -> list[tuple[Any, Any]]:
        """The fields of a good request."""
        return [
            (":method", method),
            (":scheme", "http"),
            (":path", path),
            (":authority", self.authority),
            *more,
        ]

    def start(self, method: str = "GET", path: str = "/mcp", *more: tuple[Any, Any], end: bool = True) -> int:
        """Sends the head of a good request on a new stream, whose number it gives."""
        stream = self.next_stream
        self.headers(stream, self.head(method, path, *more), end)
        return stream

    def exchange(
        self, method: str = "GET", path: str = "/mcp", *more: tuple[Any, Any], body: bytes | None = None
    ) -> H2Response:
        """A whole request, whose body fits into the first windows, and its response; its windows are given back."""
        stream = self.start(method, path, *more, end=body is None)
        if body is not None:
            for at in range(0, len(body), FRAME_SIZE):
                self.data(stream, body[at : at + FRAME_SIZE], end=False)
            self.data(stream)
        return self.response(stream, replenish=True)

    # Receiving.

    def _fill(self) -> bool:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(1 << 18)
        except (ConnectionError, ssl.SSLEOFError):
            return False
        finally:
            self.socket.settimeout(self.timeout)
        self.buffer += data
        return bool(data)

    def read_to_end(self) -> bytes:
        """What comes instead of frames."""
        self._deadline = time.monotonic() + self.timeout
        return super().read_to_end()

    def _read_header(self) -> tuple[int, int, int, bytes]:
        high, low, kind, flags, stream = struct.unpack(">BHBBI", self.read_exactly(9))
        length = high << 16 | low
        assert length <= 1 << 20, f"no frame: {self.buffer[:80]!r}"
        return kind, flags, stream & LARGEST_WINDOW, self.read_exactly(length)

    def read_frame(self) -> Frame | None:
        """The next frame, CONTINUATION frames taken together with their HEADERS; None at the end."""
        self._deadline = time.monotonic() + self.timeout
        return self._read_frame()

    def _read_frame(self) -> Frame | None:
        try:
            frame = Frame(*self._read_header())
            if frame.type == Type.HEADERS:
                encoded = frame.data[5:] if frame.flags & Flag.PRIORITY else frame.data
                ended = frame.flags & Flag.END_HEADERS
                while not ended:
                    kind, flags, stream, payload = self._read_header()
                    assert (kind, stream) == (Type.CONTINUATION, frame.stream), "a header block is interrupted"
                    encoded += payload
                    ended = flags & Flag.END_HEADERS
                frame.fields = [(str(name), str(value)) for name, value in self._decoder.decode(encoded)]
            elif frame.type in (Type.RST_STREAM, Type.GOAWAY):
                (frame.code,) = struct.unpack_from(">I", frame.payload, 4 if frame.type == Type.GOAWAY else 0)
            return frame
        except Truncated:
            assert not self.buffer, f"the connection ended inside a frame: {self.buffer[:80]!r}"
            return None

    def _pump(self) -> None:
        """Files one more frame."""
        if self.ended:
            raise ConnectionEnded(self.goaway.code if self.goaway else None)
        frame = self._read_frame()
        if frame is None:
            self.ended = True
            raise ConnectionEnded(self.goaway.code if self.goaway else None)
        if frame.type == Type.GOAWAY:
            self.goaway = frame
        self._filed[frame.stream].append(frame)

    def _find(self, stream: int, types: tuple[int, ...], flags: int | None = None) -> Frame | None:
        filed = self._filed[stream]
        for index, frame in enumerate(filed):
            if (not types or frame.type in types) and (flags is None or frame.flags & flags):
                del filed[index]
                return frame
        return None

    def take(self, stream: int, *types: int, flags: int | None = None) -> Frame:
        """The next frame of the stream (of one of these types, with these flags), as soon as it comes.

        Frames that nobody has asked for stay filed.
        """
        self._deadline = time.monotonic() + self.timeout
        try:
            while (frame := self._find(stream, types, flags)) is None:
                self._pump()
            return frame
        except TimeoutError:
            names = [Type(kind).name for kind in types]
            raise AssertionError(f"no {names or 'frame'} on stream {stream}; filed: {self._summary()}") from None

    def _summary(self) -> list[str]:
        return [f"{frame.type}/{frame.flags:#x}@{number}" for number, filed in self._filed.items() for frame in filed]

    def filed(self, stream: int, *types: int) -> list[Frame]:
        """The frames of the stream that have come and that nobody has taken."""
        return [frame for frame in self._filed[stream] if not types or frame.type in types]

    def take_settings_ack(self) -> Frame:
        return self.take(0, Type.SETTINGS, flags=Flag.ACK)

    def handshake(self, *settings: tuple[int, int]) -> None:
        """Preface and settings both ways, all acknowledged."""
        self.preface(settings)
        frame = self.take(0, Type.SETTINGS)
        assert not frame.flags & Flag.ACK, "the first frame of a server is its SETTINGS"
        self.server_settings = frame.settings
        self.frame(Type.SETTINGS, Flag.ACK)
        self.take_settings_ack()

    def take_part(self, stream: int, *types: int) -> Frame:
        """The stream's next frame; a reset is raised."""
        frame = self.take(stream, *types, *((Type.RST_STREAM,) if types else ()))
        if frame.type == Type.RST_STREAM:
            raise StreamReset(int(frame.code or 0))
        return frame

    def take_head(self, stream: int) -> H2Response:
        """The head of the final response, with the interim ones that came before it."""
        interim = []
        while True:
            frame = self.take_part(stream, Type.HEADERS)
            fields = [line for line in frame.fields if line[0] != ":status"]
            assert len(fields) == len(frame.fields) - 1 and frame.fields[0][0] == ":status", frame.fields
            status = int(frame.fields[0][1])
            if status >= 200:
                return H2Response(status, fields, interim, frame.ends_stream)
            assert not frame.ends_stream, "an interim response cannot end a stream"
            interim.append(frame.fields)

    def take_body(self, stream: int, response: H2Response, replenish: bool = False) -> None:
        """Body and trailers until the stream ends; `replenish` gives back the windows that the body uses."""
        parts = []
        ended = response.complete
        while not ended:
            frame = self.take_part(stream, Type.DATA, Type.HEADERS)
            ended = frame.ends_stream
            if frame.type == Type.DATA:
                parts.append(frame.data)
                if replenish and frame.payload:
                    self.window(0, len(frame.payload))
                    if not ended:
                        self.window(stream, len(frame.payload))
            else:
                assert ended, "trailers end the stream"
                response.trailers = frame.fields
        response.body = b"".join(parts)

    def response(self, stream: int, replenish: bool = False) -> H2Response:
        """The whole response; raises `StreamReset` or `ConnectionEnded` unless it ends cleanly."""
        response = self.take_head(stream)
        self.take_body(stream, response, replenish)
        return response

    def take_data(self, stream: int, count: int) -> bytes:
        """At least `count` bytes of DATA that do not end the stream."""
        data = b""
        while len(data) < count:
            frame = self.take_part(stream, Type.DATA)
            data += frame.data
            assert not frame.ends_stream, f"ended after {data[-80:]!r}"
        return data

    # Expecting.

    def ping(self) -> None:
        """A PING that the peer answers: it has read everything before it."""
        opaque = struct.pack(">Q", next(self._pings))
        self.frame(Type.PING, payload=opaque)
        while self.take(0, Type.PING, flags=Flag.ACK).payload != opaque:
            pass

    def expect_connection_error(self, *codes: int, silently: bool = False) -> None:
        """GOAWAY with one of these codes and then the end; `silently` allows the end alone."""
        self._deadline = time.monotonic() + self.timeout
        try:
            while True:
                self._pump()
        except ConnectionEnded as ended:
            if ended.code is None and silently:
                return
            assert ended.code in codes, f"{ended}, wanted GOAWAY {[hex(code) for code in codes]}"
        except TimeoutError:
            said = f"after GOAWAY {self.goaway.code}" if self.goaway else "without GOAWAY"
            raise AssertionError(f"the connection stays open {said}; filed: {self._summary()}") from None

    def expect_stream_error(self, stream: int, *codes: int, or_connection: bool = False) -> None:
        """RST_STREAM with one of these codes; a refusal (4xx) may precede it, a success may not.

        `or_connection` allows what RFC 9113 section 5.4.1 does: treating it as a connection error.
        """
        wanted = [hex(code) for code in codes]
        try:
            while True:
                frame = self.take(stream, Type.HEADERS, Type.RST_STREAM)
                if frame.type == Type.RST_STREAM:
                    assert frame.code in codes, f"RST_STREAM {frame.code}, wanted {wanted}"
                    return
                status = dict(frame.fields).get(":status", "trailers")
                assert status.startswith("4"), f"answered with {status}, wanted RST_STREAM {wanted}"
        except ConnectionEnded as ended:
            assert or_connection and ended.code in codes, f"{ended}, wanted RST_STREAM {wanted}"

    def overflow(self, stream: int) -> None:
        """Makes the server reset an open stream, and waits for it: a window beyond its limit (section 6.9.1)."""
        self.window(stream, LARGEST_WINDOW)
        self.expect_stream_error(stream, Code.FLOW_CONTROL_ERROR)

    def expect_usable(self) -> None:
        """The connection answers a further request."""
        assert self.exchange(path=USABLE).status == 200
        assert self.goaway is None
