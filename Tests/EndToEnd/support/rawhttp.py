"""HTTP/1.1 spoken over a bare socket, so that tests see and send exact bytes."""

import socket
import struct
from dataclasses import dataclass, field
from typing import Self


class Truncated(Exception):
    """The peer closed (or reset) before the message was complete."""


@dataclass
class Response:
    status: int
    reason: str
    version: str
    fields: list[tuple[str, str]]
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name: str) -> str | None:
        values = self.all(name)
        assert len(values) <= 1, f"{name} is repeated: {values}"
        return values[0] if values else None


class Connection:
    """A client connection with a receive buffer. Every read has a deadline."""

    def __init__(self, address: tuple[str, int] | str, timeout: float = 10.0, receive_buffer: int | None = None):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        self.buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def reset(self) -> None:
        """Closes with a TCP reset instead of a FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_leniently(self, data: bytes) -> None:
        """Sends as much as the peer takes: it may rightly answer and close before the end."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def _fill(self) -> bool:
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self.buffer += data
        return bool(data)

    def read_until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            if not self._fill():
                raise Truncated(f"closed while waiting for {mark!r}; have {self.buffer[:200]!r}")
        head, self.buffer = self.buffer.split(mark, 1)
        return head

    def read_exactly(self, count: int) -> bytes:
        while len(self.buffer) < count:
            if not self._fill():
                raise Truncated(f"closed with {count - len(self.buffer)} bytes missing")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read_to_end(self) -> bytes:
        while self._fill():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def at_end(self) -> bool:
        """Whether the peer closes without sending anything more."""
        return not self.buffer and not self._fill()

    def read_head(self) -> Response:
        """The next response head, interim ones included."""
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, *reason = lines[0].split(" ", 2)
        fields = []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            fields.append((name, value.strip(" \t")))
        return Response(int(status), reason[0] if reason else "", version, fields)

    def read_chunk(self) -> bytes:
        """One chunk of a chunked body; empty at the last one, whose trailer section is left unread."""
        size = int(self.read_until(b"\r\n").split(b";")[0], 16)
        if size == 0:
            return b""
        data = self.read_exactly(size)
        assert self.read_exactly(2) == b"\r\n"
        return data

    def read_body(self, response: Response, method: str = "GET") -> bytes:
        """The whole body by its framing; raises `Truncated` unless it ended cleanly."""
        if method == "HEAD" or response.status in (204, 304) or response.status < 200:
            return b""
        if (response.get("transfer-encoding") or "").lower() == "chunked":
            parts = []
            while chunk := self.read_chunk():
                parts.append(chunk)
            while line := self.read_until(b"\r\n").decode("latin-1"):
                name, _, value = line.partition(":")
                response.trailers.append((name, value.strip()))
            return b"".join(parts)
        length = response.get("content-length")
        if length is not None:
            return self.read_exactly(int(length))
        return self.read_to_end()

    def read_response(self, method: str = "GET") -> Response:
        """The next final response with its body."""
        response = self.read_head()
        while response.status < 200:
            response = self.read_head()
        response.body = self.read_body(response, method)
        return response


def request_bytes(
    method: str,
    target: str,
    host: str,
    fields: list[tuple[str, str]] | None = None,
    body: bytes | None = None,
    version: str = "HTTP/1.1",
) -> bytes:
    """A well-formed request; a body gets a Content-Length."""
    lines = [f"{method} {target} {version}", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in fields or []]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


def exchange(
    address: tuple[str, int] | str,
    method: str,
    target: str,
    host: str | None = None,
    fields: list[tuple[str, str]] | None = None,
    body: bytes | None = None,
    token: str | None = None,
) -> Response:
    """One request on a connection of its own."""
    if host is None:
        assert not isinstance(address, str), "a socket path needs an explicit host"
        host = f"{address[0]}:{address[1]}"
    fields = list(fields or [])
    if token is not None:
        fields.append(("Authorization", f"Bearer {token}"))
    with Connection(address) as connection:
        connection.send(request_bytes(method, target, host, fields, body))
        return connection.read_response(method)
