"""A forward proxy for http and https (RFC 9110 §9.3.6), which resolves names as a test says and notes what it did."""

import contextlib
import socket
import threading

from support.rawhttp import Connection, Truncated


class ForwardProxy:
    """`addresses` maps authorities (`host:port`) to where they really are; others are refused."""

    def __init__(self, addresses: dict[str, tuple[str, int]]):
        self._addresses = addresses
        self.requests: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, Truncated):
            client.settimeout(20)
            head = b""
            while b"\r\n\r\n" not in head:
                piece = client.recv(4096)
                if not piece:
                    return
                head += piece
            line, _, rest = head.partition(b"\r\n")
            method, target, version = line.decode("latin-1").split(" ")
            self.requests.append(f"{method} {target}")
            if method == "CONNECT":
                self._tunnel(client, target)
            else:
                self._forward(client, method, target, version, rest)

    def _connect(self, client: socket.socket, authority: str) -> Connection | None:
        address = self._addresses.get(authority)
        if address is None:
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return None
        return Connection(address, timeout=20)

    def _tunnel(self, client: socket.socket, authority: str) -> None:
        origin = self._connect(client, authority)
        if origin is None:
            return
        with origin:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=self._copy, args=(origin.socket, client), daemon=True)
            back.start()
            self._copy(client, origin.socket)
            back.join(20)

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def _forward(self, client: socket.socket, method: str, target: str, version: str, rest: bytes) -> None:
        """One request in absolute form without a body, and its response; then the connection ends."""
        authority, slash, path = target.removeprefix("http://").partition("/")
        origin = self._connect(client, authority)
        if origin is None:
            return
        with origin:
            fields = rest.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
            origin.send(f"{method} {slash}{path} {version}\r\n".encode("latin-1") + fields)
            self._copy(origin.socket, client)

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
