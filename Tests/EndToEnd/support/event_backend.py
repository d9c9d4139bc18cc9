"""A backend for thousands of requests at once: one thread, and every request is held until the test says otherwise.

It counts what runs: a request runs from its head until its response ends or its connection goes.
"""

import contextlib
import selectors
import socket
import threading
from dataclasses import dataclass

from support.waiting import wait_until

STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass
class _Request:
    received: bytes = b""
    running: bool = False


class EventBackend:
    """With `streams`, each request is answered with the head of an event stream at once; otherwise with nothing."""

    def __init__(self, streams: bool = True):
        self._streams = streams
        self.heads = 0
        self.running = 0
        self.peak = 0
        self._requests: dict[socket.socket, _Request] = {}
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/mcp"
        self._stopped, self._stop = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._stopped, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait_for(self, running: int, timeout: float = 20.0) -> None:
        wait_until(lambda: self.running == running, f"{running} requests run (now {self.running})", timeout)

    def publish(self, event: bytes) -> None:
        """Sends one event on every stream."""
        self._send(b"%x\r\n%s\r\n" % (len(event), event))

    def finish(self) -> None:
        """Ends every stream cleanly."""
        self._send(b"0\r\n\r\n", ends=True)

    def answer(self, body: bytes) -> None:
        """Answers every request that is held with this body."""
        self._send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body), ends=True)

    def _send(self, data: bytes, ends: bool = False) -> None:
        with self._lock:
            for connection, request in self._requests.items():
                if request.running:
                    with contextlib.suppress(OSError):
                        connection.sendall(data)
                    if ends:
                        self._end(request)

    def _end(self, request: _Request) -> None:
        if request.running:
            self.running -= 1
        request.running = False

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                if connection is self._stopped:
                    return
                if connection is self._listener:
                    connection, _ = self._listener.accept()
                    with self._lock:
                        self._requests[connection] = _Request()
                    self._selector.register(connection, selectors.EVENT_READ)
                elif connection in self._requests:
                    self._read(connection)

    def _read(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(65_536)
        except ConnectionError:
            data = b""
        request = self._requests.get(connection)
        if request is None:
            return  # Seen off in between.
        if not data:
            self._close(connection)
        elif not request.running:
            request.received += data
            if b"\r\n\r\n" in request.received:
                request.received = b""  # bodies are not looked at
                self._reap()
                self._begin(connection, request)

    def _begin(self, connection: socket.socket, request: _Request) -> None:
        with self._lock:
            request.running = True
            self.heads += 1
            self.running += 1
            self.peak = max(self.peak, self.running)
        if self._streams:
            with contextlib.suppress(OSError):
                connection.sendall(STREAM_HEAD)

    def _reap(self) -> None:
        """Sees off those that have gone before the request at hand came, so that the peak is exact."""
        for key, _ in self._selector.select(0):
            connection = key.fileobj
            request = self._requests.get(connection) if isinstance(connection, socket.socket) else None
            if request is not None and request.running:
                self._read(connection)

    def _close(self, connection: socket.socket) -> None:
        with self._lock:
            self._end(self._requests.pop(connection))
        self._selector.unregister(connection)
        connection.close()

    def stop(self) -> None:
        self._stop.close()
        self._thread.join(5)
        self._listener.close()
        for connection in self._requests:
            connection.close()
        self._selector.close()
        self._stopped.close()
