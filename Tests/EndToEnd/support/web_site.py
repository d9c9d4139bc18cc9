"""A web site of a test's own: where a client is answered, or an attacker's pages."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class WebSite:
    """Shows the same page everywhere, but for `pages`; over https with a server context."""

    def __init__(self, tls: ssl.SSLContext | None = None):
        self.pages: dict[str, str] = {}
        # Paths with queries.
        self.visits: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.visits.append(self.path)
                content = site.pages.get(self.path.partition("?")[0], "<h1>You can close this page</h1>")
                body = f"<!doctype html><title>A site</title><link rel=icon href=data:,>{content}".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass  # The test reads `visits` instead.

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # Browsers open connections that they do not use.

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def answers(self) -> list[str]:
        """The visits that brought a code or an error."""
        return [visit for visit in self.visits if "code=" in visit or "error=" in visit]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
