"""An HTTP/2 backend that a test scripts stream by stream: in the clear by prior knowledge, or inside TLS by ALPN.

One thread reads each connection, one runs the script of each stream. Flow control is obeyed: `Stream.send` blocks
until the gateway has given room.
"""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from support.waiting import wait_until

T = TypeVar("T")

Fields = list[tuple[str, str]]


class Gone(Exception):
    """The stream or its connection has ended."""


@dataclass
class Request:
    connection: int
    stream: int
    fields: Fields
    body: bytes = b""
    trailers: Fields = field(default_factory=list)

    def get(self, name: str) -> str | None:
        values = [value for key, value in self.fields if key == name]
        assert len(values) <= 1, f"{name} is repeated: {values}"
        return values[0] if values else None


class Stream:
    """One request and the answer to it, as a script sees them."""

    def __init__(self, peer: "Peer", request: Request):
        self.peer = peer
        self.request = request
        self.number = request.stream
        self.complete = threading.Event()
        self.ended = threading.Event()
        self.reset_code: int | None = None

    def respond(self, status: int = 200, body: bytes = b"", fields: Fields | None = None) -> None:
        """A complete response."""
        self.head(status, [*(fields or []), ("content-length", str(len(body)))], end=not body)
        if body:
            self.send(body, end=True)

    def head(self, status: int = 200, fields: Fields | None = None, end: bool = False) -> None:
        with self.peer.lock:
            self._alive()
            self.peer.h2.send_headers(self.number, [(":status", str(status)), *(fields or [])], end_stream=end)
            self.peer.flush()

    def send(self, data: bytes, end: bool = False) -> None:
        """Sends all of it, in as many frames and with as much waiting as it takes."""
        with self.peer.lock:
            while True:
                self._alive()
                room = min(
                    len(data),
                    self.peer.h2.local_flow_control_window(self.number),
                    self.peer.h2.max_outbound_frame_size,
                )
                if room > 0 or not data:
                    piece, data = data[:room], data[room:]
                    self.peer.h2.send_data(self.number, piece, end_stream=end and not data)
                    self.peer.flush()
                    if not data:
                        return
                elif not self.peer.room.wait(20):
                    raise Gone("no room for 20 s")

    def trailers(self, fields: Fields) -> None:
        with self.peer.lock:
            self._alive()
            self.peer.h2.send_headers(self.number, fields, end_stream=True)
            self.peer.flush()

    def reset(self, code: h2.errors.ErrorCodes) -> None:
        with self.peer.lock:
            self._alive()
            self.peer.h2.reset_stream(self.number, code)
            self.peer.flush()
            self.peer.forget(self)

    def raw_frame(self, kind: int, flags: int, payload: bytes, stream: int | None = None) -> None:
        """A frame that the library would not send."""
        number = self.number if stream is None else stream
        with self.peer.lock:
            self.peer.write(
                len(payload).to_bytes(3, "big") + bytes([kind, flags]) + number.to_bytes(4, "big") + payload
            )

    def goaway(self, last: int, code: h2.errors.ErrorCodes = h2.errors.ErrorCodes.NO_ERROR) -> None:
        """Announces the end of the connection, without ending it."""
        self.raw_frame(7, 0, last.to_bytes(4, "big") + int(code).to_bytes(4, "big"), stream=0)

    def _alive(self) -> None:
        if self.ended.is_set():
            raise Gone("the stream has ended")


class Secured:
    """A TLS server's end of a socket that one thread may read while others write."""

    def __init__(self, bare: socket.socket, context: ssl.SSLContext):
        self._bare = bare
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._lock = threading.Lock()
        self._step(self._tls.do_handshake)

    @property
    def protocol(self) -> str | None:
        return self._tls.selected_alpn_protocol()

    def _step(self, action: Callable[[], T]) -> T:
        """Repeats the action with more input until it has enough."""
        while True:
            with self._lock:
                try:
                    result = action()
                    self._send_pending()
                    return result
                except ssl.SSLWantReadError:
                    self._send_pending()
            data = self._bare.recv(65_536)
            with self._lock:
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()

    def _send_pending(self) -> None:
        if data := self._outgoing.read():
            self._bare.sendall(data)

    def recv(self, count: int) -> bytes:
        try:
            return self._step(lambda: self._tls.read(count))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def sendall(self, data: bytes) -> None:
        with self._lock:
            self._tls.write(data)
            self._send_pending()

    def shutdown(self, how: int) -> None:
        self._bare.shutdown(how)

    def close(self) -> None:
        self._bare.close()


class Peer:
    """One connection of the gateway's."""

    def __init__(self, backend: "H2Backend", connection: socket.socket | Secured, number: int):
        self.backend = backend
        self.socket = connection
        self.number = number
        self.streams: dict[int, Stream] = {}
        self.lock = threading.RLock()
        self.room = threading.Condition(self.lock)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        if backend.settings:
            self.h2.local_settings = h2.settings.Settings(client=False, initial_values=backend.settings)

    def write(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Gone(str(error)) from error

    def flush(self) -> None:
        if data := self.h2.data_to_send():
            self.write(data)

    def serve(self) -> None:
        """Reads until the connection ends."""
        with self.lock:
            self.h2.initiate_connection()
            self.flush()
        try:
            while data := self.socket.recv(65_536):
                with self.lock:
                    for event in self.h2.receive_data(data):
                        self._handle(event)
                    self.flush()
        except h2.exceptions.ProtocolError as error:
            self.backend.faults.append(repr(error))
        except (OSError, Gone):
            pass  # The gateway went away, which is what many scripts provoke.
        finally:
            with self.lock:
                for stream in list(self.streams.values()):
                    self.forget(stream)
            self.socket.close()

    def forget(self, stream: Stream) -> None:
        stream.ended.set()
        stream.complete.set()
        self.streams.pop(stream.number, None)
        self.room.notify_all()

    def _handle(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            request = Request(self.number, event.stream_id, [(str(k), str(v)) for k, v in event.headers])
            stream = self.streams[event.stream_id] = Stream(self, request)
            self.backend.begun(self, stream)
        elif isinstance(event, h2.events.DataReceived):
            if stream := self.streams.get(event.stream_id):
                stream.request.body += event.data
            if self.backend.reads.is_set():
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            if stream := self.streams.get(event.stream_id):
                stream.request.trailers = [(str(k), str(v)) for k, v in event.headers]
        elif isinstance(event, h2.events.StreamEnded):
            if stream := self.streams.get(event.stream_id):
                stream.complete.set()
        elif isinstance(event, h2.events.StreamReset):
            if stream := self.streams.get(event.stream_id):
                stream.reset_code = event.error_code
                self.forget(stream)
        elif isinstance(event, h2.events.WindowUpdated | h2.events.RemoteSettingsChanged):
            self.room.notify_all()


Script = Callable[[Stream], None]


def echo(stream: Stream) -> None:
    """Answers with what arrived, as JSON."""
    seen = {
        "fields": stream.request.fields,
        "length": len(stream.request.body),
        "connection": stream.request.connection,
    }
    body = json.dumps(seen).encode()
    if stream.request.get(":method") == "HEAD":
        stream.head(200, [("content-type", "application/json"), ("content-length", str(len(body)))], end=True)
    else:
        stream.respond(200, body, [("content-type", "application/json")])


class H2Backend:
    """Listens on a loopback port. `script` runs for each complete request, `early_script` for each request's head."""

    def __init__(self, context: ssl.SSLContext | None = None, settings: dict[int, int] | None = None):
        self.script: Script = echo
        self.early_script: Script | None = None
        self.settings = settings
        self.requests: list[Request] = []
        self.faults: list[str] = []
        self.peers: list[Peer] = []
        self.most_at_once = 0
        self.reads = threading.Event()
        self.reads.set()
        self._context = context
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}/mcp"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def last(self) -> Request:
        return self.requests[-1]

    def wait_for(self, count: int) -> None:
        wait_until(lambda: len(self.requests) >= count, f"{count} requests at the backend (have {len(self.requests)})")

    def begun(self, peer: Peer, stream: Stream) -> None:
        self.most_at_once = max(self.most_at_once, peer.h2.open_inbound_streams)
        threading.Thread(target=self._run, args=(peer, stream), daemon=True).start()

    def _run(self, peer: Peer, stream: Stream) -> None:
        with contextlib.suppress(Gone, h2.exceptions.ProtocolError):
            if self.early_script is not None:
                self.early_script(stream)
            if not stream.complete.wait(20) or stream.ended.is_set():
                return
            with self._lock:
                self.requests.append(stream.request)
            self.script(stream)
        # A stream that both sides have ended counts no more.
        with peer.lock:
            peer.forget(stream)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream: socket.socket | Secured = connection
        if self._context:
            try:
                stream = secured = Secured(connection, self._context)
                if secured.protocol != "h2":
                    raise ConnectionError("h2 was not negotiated")
            except OSError as error:
                self.faults.append(str(error))
                connection.close()
                return
        with self._lock:
            peer = Peer(self, stream, len(self.peers) + 1)
            self.peers.append(peer)
        peer.serve()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in list(self.peers):
            with contextlib.suppress(OSError):
                peer.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
