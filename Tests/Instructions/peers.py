"""Both ends of the gateway in one thread, in step: what one side has sent is read on the other before anything more is
sent. So the gateway reads the same bytes in the same pieces each time, and executes the same instructions."""

import selectors
import socket
import ssl
import struct
from collections.abc import Iterable

PATIENCE = 60
BODY = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}'
RESULT = b'{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"hello"}],"isError":false}}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(RESULT), RESULT)
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
EVENT = b'data: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n'
CHUNK = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)
FIELDS = {
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2025-06-18",
}


class Backend:
    """The MCP server behind the gateway."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)

    def request(self, ending: bytes) -> socket.socket:
        """Reads a request up to its end; returns the connection it came on."""
        received = b""
        while True:
            ready = self.selector.select(PATIENCE)
            if not ready:
                raise SystemExit("no request has reached the backend")
            for key, _ in ready:
                connection = key.fileobj
                if not isinstance(connection, socket.socket):
                    continue
                if connection is self.listener:
                    accepted = self.listener.accept()[0]
                    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self.selector.register(accepted, selectors.EVENT_READ)
                    continue
                if not (data := connection.recv(65_536)):
                    self.selector.unregister(connection)
                received += data
                if received.endswith(ending):
                    return connection


class Client:
    """One connection by HTTP/1.1."""

    def __init__(self, port: int, protocol: str | None = None):
        """`protocol`: over TLS, agreed by ALPN."""
        connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if protocol is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.set_alpn_protocols([protocol])
            connection = context.wrap_socket(connection)
        self.connection, self.authority = connection, f"127.0.0.1:{port}"

    def send(self, path: str, token: str | None = None) -> None:
        fields = {"host": self.authority, **FIELDS, "content-length": str(len(BODY))}
        if token is not None:
            fields["authorization"] = f"Bearer {token}"
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.connection.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + BODY)

    def receive(self, begin: bytes, ending: bytes) -> None:
        received = b""
        while not received.endswith(ending):
            if not (data := self.connection.recv(65_536)):
                raise SystemExit(f"the gateway has closed the connection after {received!r}")
            received += data
        if not received.startswith(begin):
            raise SystemExit(f"the gateway has answered {received!r}")


class H2Client(Client):
    """One connection by HTTP/2 (RFC 9113), one request at a time. The first request fills HPACK's table."""

    DATA, HEADERS, SETTINGS, WINDOW_UPDATE = 0, 1, 4, 8
    END_STREAM, END_HEADERS = 1, 4

    def __init__(self, port: int):
        super().__init__(port, "h2")
        self.stream, self.buffer = -1, b""
        settings = struct.pack(">HIHI", 2, 0, 4, (1 << 31) - 1)
        self.connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + self.frame(self.SETTINGS, 0, 0, settings))
        self.connection.sendall(self.frame(self.WINDOW_UPDATE, 0, 0, struct.pack(">I", (1 << 31) - 1 - 65_535)))

    @staticmethod
    def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
        return struct.pack(">IBI", len(payload) << 8 | kind, flags, stream) + payload

    def send(self, path: str, token: str | None = None) -> None:
        first, self.stream = self.stream < 0, self.stream + 2
        fields = {":path": path, ":authority": self.authority, **FIELDS, "content-length": str(len(BODY))}
        # Static table: POST is 3, https is 7, authorization is 23. The dynamic table begins at 62, with the newest.
        block = b"\x83\x87"
        if first:
            block += b"".join(b"\x40" + string(name) + string(value) for name, value in fields.items())
        else:
            block += bytes(0x80 | 61 + len(fields) - index for index in range(len(fields)))
        block += b"\x1f\x08" + string(f"Bearer {token}")
        head = self.frame(self.HEADERS, self.END_HEADERS, self.stream, block)
        self.connection.sendall(head + self.frame(self.DATA, self.END_STREAM, self.stream, BODY))

    def receive(self, begin: bytes, ending: bytes) -> None:
        """Until the end of the newest stream, whose last DATA frame has `ending`."""
        body = b""
        for kind, flags, stream, payload in self.frames():
            if kind == self.SETTINGS and not flags & 1:
                self.connection.sendall(self.frame(self.SETTINGS, 1, 0, b""))
            if stream == self.stream and kind == self.DATA:
                body += payload
            if stream == self.stream and kind in (self.DATA, self.HEADERS) and flags & self.END_STREAM:
                if not body.endswith(ending) or not body:
                    raise SystemExit(f"the gateway has answered {body!r}")
                return

    def frames(self) -> Iterable[tuple[int, int, int, bytes]]:
        while True:
            while len(self.buffer) >= 9 and len(self.buffer) >= 9 + (length := int.from_bytes(self.buffer[:3])):
                kind, flags, stream = struct.unpack(">BBI", self.buffer[3:9])
                payload, self.buffer = self.buffer[9 : 9 + length], self.buffer[9 + length :]
                yield kind, flags, stream, payload
            if not (data := self.connection.recv(65_536)):
                raise SystemExit("the gateway has closed the connection")
            self.buffer += data


def string(text: str) -> bytes:
    """A string literal of HPACK, as it is (RFC 7541 5.2)."""
    value = text.encode()
    if len(value) < 127:
        return bytes([len(value)]) + value
    rest, prefix = len(value) - 127, b"\x7f"
    while rest >= 128:
        prefix += bytes([rest % 128 | 128])
        rest //= 128
    return prefix + bytes([rest]) + value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
