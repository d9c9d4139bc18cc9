"""An HTTP/1.1 backend that a test scripts byte by byte, one thread a connection.

A script is a function `(conversation, request) -> None` called for each request; it may answer, hang, reset,
answer early or send garbage. `completed` counts only requests whose head and body arrived in full.
"""

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from support.rawhttp import Truncated
from support.waiting import wait_until


@dataclass
class Received:
    method: str
    target: str
    version: str
    fields: list[tuple[str, str]]
    raw_head: bytes
    connection: int
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name: str) -> str | None:
        values = self.all(name)
        assert len(values) <= 1, f"{name} is repeated: {values}"
        return values[0] if values else None


class Conversation:
    """The backend's end of one connection."""

    def __init__(self, connection: socket.socket, number: int):
        self.socket = connection
        self.number = number
        self.buffer = b""
        self.open = True

    def _fill(self) -> bool:
        data = self.socket.recv(65536)
        self.buffer += data
        return bool(data)

    def _until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            if not self._fill():
                raise Truncated(f"closed while waiting for {mark!r}")
        head, self.buffer = self.buffer.split(mark, 1)
        return head

    def _exactly(self, count: int) -> bytes:
        while len(self.buffer) < count:
            if not self._fill():
                raise Truncated("closed in a body")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read_head(self) -> Received | None:
        """The next request head; None when the peer closes between two requests."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._fill():
                if self.buffer:
                    raise Truncated("closed in a head")
                return None
        raw, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = raw.decode("latin-1").split("\r\n")
        method, target, version = lines[0].split(" ")
        fields = []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            fields.append((name, value.strip(" \t")))
        return Received(method, target, version, fields, raw, self.number)

    def read_body(self, request: Received) -> None:
        if (request.get("transfer-encoding") or "").lower() == "chunked":
            while size := int(self._until(b"\r\n").split(b";")[0], 16):
                request.body += self._exactly(size)
                assert self._exactly(2) == b"\r\n"
            while line := self._until(b"\r\n").decode("latin-1"):
                name, _, value = line.partition(":")
                request.trailers.append((name, value.strip()))
        elif length := request.get("content-length"):
            request.body = self._exactly(int(length))

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def respond(
        self,
        status: int = 200,
        body: bytes = b"",
        fields: list[tuple[str, str]] | None = None,
        reason: str = "Answer",
    ) -> None:
        """A complete response with a Content-Length."""
        lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in fields or [])]
        self.send(("\r\n".join([*lines, f"Content-Length: {len(body)}"]) + "\r\n\r\n").encode("latin-1") + body)

    def start_chunked(self, content_type: str = "text/event-stream", status: int = 200) -> None:
        self.send(
            f"HTTP/1.1 {status} OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )

    def chunk(self, data: bytes) -> None:
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def end_chunks(self) -> None:
        self.send(b"0\r\n\r\n")

    def peer_gone(self, timeout: float = 10.0) -> bool:
        """Whether the gateway closes or resets this connection before the deadline."""
        self.socket.settimeout(timeout)
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def close(self) -> None:
        self.open = False
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def reset(self) -> None:
        self.open = False
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


Script = Callable[[Conversation, Received], None]


def echo(conversation: Conversation, request: Received) -> None:
    """Answers with what arrived, as JSON."""
    seen = {
        "method": request.method,
        "target": request.target,
        "fields": request.fields,
        "length": len(request.body),
        "connection": request.connection,
    }
    body = json.dumps(seen).encode()
    if request.method == "HEAD":
        conversation.send(
            f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        )
    else:
        conversation.respond(200, body, [("Content-Type", "application/json")])


def answering(data: bytes, then: str = "keep") -> Script:
    """A script that answers with exactly these bytes, and keeps its connection, closes or resets it."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.send(data)
        if then != "keep":
            getattr(conversation, then)()

    return script


class RawBackend:
    """Listens on a loopback port, or on a UNIX-domain socket when a path is given."""

    def __init__(self, path: Path | None = None, send_buffer: int | None = None):
        self.script: Script = echo
        self.head_script: Script | None = None
        self.requests: list[Received] = []
        self.raw_heads: list[bytes] = []
        self.heads = 0
        self.completed = 0
        self.connections = 0
        self.send_buffer = send_buffer
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET, socket.SOCK_STREAM)
        self._listener.bind(str(path) if path else ("127.0.0.1", 0))
        self._listener.listen(128)
        self.port = 0 if path else self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/mcp" if not path else "http://backend.internal/mcp"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    def reset_script(self) -> None:
        self.script = echo
        self.head_script = None

    @property
    def last(self) -> Received:
        return self.requests[-1]

    def wait_for(self, count: int) -> None:
        wait_until(lambda: self.completed >= count, f"{count} requests at the backend (have {self.completed})")

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self.send_buffer is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.send_buffer)
            with self._lock:
                self.connections += 1
                self._open.add(connection)
                number = self.connections
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        conversation = Conversation(connection, number)
        try:
            while conversation.open:
                request = conversation.read_head()
                if request is None:
                    break
                with self._lock:
                    self.heads += 1
                    self.raw_heads.append(request.raw_head)
                if self.head_script is not None:
                    self.head_script(conversation, request)
                    if not conversation.open:
                        break
                conversation.read_body(request)
                with self._lock:
                    self.completed += 1
                    self.requests.append(request)
                self.script(conversation, request)
        except (OSError, Truncated):
            pass  # The gateway went away, which is what many scripts provoke.
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
