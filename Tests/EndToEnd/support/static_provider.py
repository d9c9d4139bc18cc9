"""A hand-made identity provider: discovery and keys only, and every fault a test wants. Counts fetches."""

import contextlib
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.tokens import Signer
from support.waiting import wait_until


class StaticProvider:
    """Serves `<issuer>/.well-known/openid-configuration` and `<issuer>/jwks`; over https with a server context."""

    def __init__(self, audience: str, path: str = "", tls: ssl.SSLContext | None = None):
        self.down = threading.Event()
        self.release = threading.Event()
        self.release.set()
        self.wrong_issuer = False
        self.discovery_fetches = 0
        self.jwks_fetches = 0
        self.extra_keys: list[Any] = []
        # Further members of the metadata.
        self.metadata: dict[str, Any] = {}
        # Seconds by which the clock of its answers is ahead.
        self.clock_ahead = 0.0
        self._lock = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                provider._answer(self)

            def date_time_string(self, timestamp: float | None = None) -> str:
                return super().date_time_string((timestamp or time.time()) + provider.clock_ahead)

            def log_message(self, *_: Any) -> None:
                pass  # The test reads the counters instead.

            def handle(self) -> None:
                # A gateway that does not trust the certificate breaks off; the test reads its log instead.
                with contextlib.suppress(OSError):
                    super().handle()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls:
            # The handshake belongs to the connection's own thread.
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.origin = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"
        self.path = path
        self.issuer = self.origin + path
        self.discovery_url = f"{self.issuer}/.well-known/openid-configuration"
        self.inserted_discovery_url = f"{self.origin}/.well-known/oauth-authorization-server{path}"
        self.signer = Signer(self.issuer, audience)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

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
        discovery = handler.path in (
            f"{self.path}/.well-known/openid-configuration",
            f"/.well-known/oauth-authorization-server{self.path}",
        )
        with self._lock:
            if discovery:
                self.discovery_fetches += 1
            elif handler.path == f"{self.path}/jwks":
                self.jwks_fetches += 1
        self.release.wait(30)
        document: Any
        if self.down.is_set():
            status, document = 500, {"error": "down"}
        elif discovery:
            status, document = (
                200,
                {
                    "issuer": "http://127.0.0.1:1/other" if self.wrong_issuer else self.issuer,
                    "jwks_uri": f"{self.issuer}/jwks",
                    "authorization_endpoint": f"{self.issuer}/authorize",
                    "token_endpoint": f"{self.issuer}/token",
                    "response_types_supported": ["code"],
                    **self.metadata,
                },
            )
        elif handler.path == f"{self.path}/jwks":
            keys = self.signer.jwks()
            keys["keys"] = self.extra_keys + keys["keys"]
            status, document = 200, keys
        else:
            status, document = 404, {"error": "not_found"}
        body = json.dumps(document).encode()
        try:
            handler.send_response(status)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
        except OSError:
            handler.close_connection = True

    def stop(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def now() -> int:
    """Unix seconds, as in a token's claims."""
    return int(time.time())
