"""The scripted backend behind TLS, and the server contexts for it and its like."""

import contextlib
import socket
import ssl
from pathlib import Path

from support.certificates import Certificate
from support.raw_backend import RawBackend


def server_context(
    certificate: Certificate,
    offers: tuple[str, ...] = (),
    clients: Path | None = None,
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
) -> ssl.SSLContext:
    """Shows this certificate; with `clients`, asks for one that these authorities have signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    context.maximum_version = newest
    if offers:
        context.set_alpn_protocols(list(offers))
    if clients:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class TLSBackend(RawBackend):
    """Speaks HTTP/1.1 inside TLS and keeps what each connection's handshake said."""

    def __init__(self, context: ssl.SSLContext):
        self.context = context
        self.names: list[str | None] = []
        self.resumed: list[bool] = []
        self.protocols: list[str | None] = []
        self.clients: list[bytes | None] = []
        self.failures: list[str] = []
        context.sni_callback = self._note_name
        super().__init__()
        self.url = f"https://127.0.0.1:{self.port}/mcp"

    def _note_name(self, _: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> None:
        self.names.append(name)

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            secure = self.context.wrap_socket(connection, server_side=True, suppress_ragged_eofs=True)
        except OSError as error:
            self.failures.append(str(error))
            with self._lock:
                self._open.discard(connection)
            connection.close()
            return
        with self._lock:
            self._open.discard(connection)
            self._open.add(secure)
            self.resumed.append(secure.session_reused is True)
            self.protocols.append(secure.selected_alpn_protocol())
            self.clients.append(secure.getpeercert(binary_form=True))
        super()._serve(secure, number)


def end_with_notice(connection: socket.socket) -> None:
    """close_notify, then the end of the connection."""
    assert isinstance(connection, ssl.SSLSocket)
    with contextlib.suppress(OSError):
        connection.settimeout(5)
        connection.unwrap()
    connection.close()
