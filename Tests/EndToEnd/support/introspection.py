"""An introspection endpoint (RFC 7662) that knows what a test tells it."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

CLIENT_ID = "gateway"
CLIENT_SECRET = "s3cret-of-the-gateway"


class IntrospectionEndpoint:
    """Answers about the tokens in `tokens`; all others are not active."""

    def __init__(self) -> None:
        self.tokens: dict[str, dict[str, Any]] = {}
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                endpoint._answer(self)

            def log_message(self, *_: Any) -> None:
                pass  # The test reads what the program says instead.

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/introspect"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def section(self, **more: Any) -> dict[str, Any]:
        """The `introspection` section of a route that asks here."""
        return {"endpoint": self.url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **more}

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        form = parse_qs(handler.rfile.read(int(handler.headers["Content-Length"])).decode())
        credentials = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        status: int
        answer: dict[str, Any]
        if handler.headers["Authorization"] != f"Basic {credentials}":
            status, answer = 401, {"error": "invalid_client"}
        else:
            known = self.tokens.get(form["token"][0])
            status, answer = 200, {"active": False} if known is None else {"active": True, **known}
        body = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
