"""A hand-made identity provider: discovery and keys, what else a test puts there, every fault. Counts fetches."""

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from support.tokens import ALGORITHMS, Signer
from support.waiting import wait_until


Fields = dict[str, str]
Reply = tuple[int, Fields, bytes]
# From the request's fields and its form to status and document.
FormHandler = Callable[[Fields, Fields], tuple[int, Any]]


class _Server(ThreadingHTTPServer):
    """Knows its connections, so that it can end them."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]):
        self.connections: set[Any] = set()
        super().__init__(address, handler)

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        self.connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def end(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class StaticProvider:
    """Serves `<issuer>/.well-known/openid-configuration` and `<issuer>/jwks`; over https with a server context.

    `origin` is how others know it, when that is not its loopback address. `replies` stand in for whatever is asked for
    under their paths, `forms` answer posted ones, `metadata` adds to the discovery document.
    """

    def __init__(
        self,
        audience: str,
        path: str = "",
        tls: ssl.SSLContext | None = None,
        origin: str | None = None,
        algorithms: tuple[str, ...] = ALGORITHMS,
    ):
        self.down = threading.Event()
        self.release = threading.Event()
        self.release.set()
        self.wrong_issuer = False
        self.discovery_fetches = 0
        self.jwks_fetches = 0
        self.paths: list[str] = []
        self.extra_keys: list[Any] = []
        self.replies: dict[str, Reply] = {}
        self.forms: dict[str, FormHandler] = {}
        # Further members of the metadata.
        self.metadata: dict[str, Any] = {}
        self.cache_control: str | None = None
        # Seconds by which the clock of its answers is ahead.
        self.clock_ahead = 0.0
        self._lock = threading.Lock()
        self._tls = tls
        self._listen(0)
        self.port = self._server.server_port
        self.origin = origin or f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.path = path
        self.issuer = self.origin + path
        self.jwks_path = f"{path}/jwks"
        self.discovery_path = f"{path}/.well-known/openid-configuration"
        self.discovery_url = self.origin + self.discovery_path
        inserted = f"/.well-known/oauth-authorization-server{path}"
        self.inserted_discovery_url = self.origin + inserted
        self.discovery_paths = {self.discovery_path, inserted}
        self.signer = Signer(self.issuer, audience, algorithms)

    def _listen(self, port: int) -> None:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                provider._answer(self)

            def do_POST(self) -> None:
                provider._answer_form(self)

            def date_time_string(self, timestamp: float | None = None) -> str:
                return super().date_time_string((timestamp or time.time()) + provider.clock_ahead)

            def log_message(self, *_: Any) -> None:
                pass  # The test reads the counters instead.

            def handle(self) -> None:
                # A gateway that does not trust the certificate breaks off; the test reads its log instead.
                with contextlib.suppress(OSError):
                    super().handle()

        self._server = _Server(("127.0.0.1", port), Handler)
        if self._tls:
            # The handshake belongs to the connection's own thread.
            self._server.socket = self._tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def leave(self) -> None:
        """Ends its connections, and refuses new ones until `come_back`."""
        self._server.end()
        self._thread.join(5)

    def come_back(self) -> None:
        self._listen(self.port)

    def authorization(self, **more: Any) -> dict[str, Any]:
        """The authorization section of a route that trusts this provider."""
        return {"discovery_url": self.discovery_url, "allowed_audience": [self.signer.audience], **more}

    def slow(self) -> None:
        """Keeps every answer back until `release` is set."""
        self.release.clear()

    def wait_for_fetch(self) -> None:
        """Until somebody has asked for the discovery document."""
        wait_until(lambda: self.discovery_fetches > 0, "discovery is fetched")

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        discovery = handler.path in self.discovery_paths
        with self._lock:
            self.paths.append(handler.path)
            if discovery:
                self.discovery_fetches += 1
            elif handler.path == self.jwks_path:
                self.jwks_fetches += 1
        self.release.wait(30)
        if self.down.is_set():
            self._send(handler, 500, {"error": "down"})
        elif reply := self.replies.get(handler.path):
            self._send_bytes(handler, *reply)
        elif discovery:
            self._send(handler, 200, self._discovery())
        elif handler.path == self.jwks_path:
            keys = self.signer.jwks()
            keys["keys"] = self.extra_keys + keys["keys"]
            self._send(handler, 200, keys)
        else:
            self._send(handler, 404, {"error": "not_found"})

    def _discovery(self) -> dict[str, Any]:
        return {
            "issuer": "http://127.0.0.1:1/other" if self.wrong_issuer else self.issuer,
            "jwks_uri": self.origin + self.jwks_path,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "response_types_supported": ["code"],
            **self.metadata,
        }

    def publish(self, path: str, document: Any) -> None:
        """A further document."""
        self.replies[path] = (200, {"Content-Type": "application/json"}, json.dumps(document).encode())

    def _answer_form(self, handler: BaseHTTPRequestHandler) -> None:
        form = handler.rfile.read(int(handler.headers.get("Content-Length", "0"))).decode()
        answer = self.forms.get(handler.path)
        if answer is None:
            self._send(handler, 404, {"error": "not_found"})
        elif self.down.is_set():
            self._send(handler, 500, {"error": "down"})
        else:
            fields = {name.lower(): value for name, value in handler.headers.items()}
            self._send(handler, *answer(fields, {name: values[0] for name, values in parse_qs(form).items()}))

    def _send(self, handler: BaseHTTPRequestHandler, status: int, document: Any) -> None:
        fields = {"Content-Type": "application/json"}
        if self.cache_control:
            fields["Cache-Control"] = self.cache_control
        self._send_bytes(handler, status, fields, json.dumps(document).encode())

    def _send_bytes(self, handler: BaseHTTPRequestHandler, status: int, fields: Fields, body: bytes) -> None:
        try:
            handler.send_response(status)
            for name, value in fields.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
        except OSError:
            handler.close_connection = True

    def stop(self) -> None:
        self.release.set()
        self.leave()


def now() -> int:
    """Unix seconds, as in a token's claims."""
    return int(time.time())
