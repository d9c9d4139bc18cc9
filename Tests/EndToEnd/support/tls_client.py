"""TLS clients: Python's ssl around the bare HTTP client, and `openssl s_client` for what ssl cannot do."""

import os
import re
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from support.certificates import Certificate
from support.gateway import Gateway
from support.rawhttp import Connection, Response, request_bytes

VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}


def client_context(
    trusted: Path | None,
    version: str | None = None,
    offers: tuple[str, ...] = (),
    certificate: Certificate | None = None,
) -> ssl.SSLContext:
    """Trusts this file of authorities, or whatever comes when it is None; offers ALPN protocols and a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if trusted:
        context.load_verify_locations(trusted)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = VERSIONS[version]
    if offers:
        context.set_alpn_protocols(list(offers))
    if certificate:
        context.load_cert_chain(certificate.certificate, certificate.key)
    return context


class TLSConnection(Connection):
    """A bare HTTP connection inside TLS. `truncated`: it ended without close_notify."""

    def __init__(
        self,
        address: tuple[str, int] | str,
        context: ssl.SSLContext,
        name: str = "127.0.0.1",
        before: bytes = b"",
        session: ssl.SSLSession | None = None,
        timeout: float = 10.0,
        receive_buffer: int | None = None,
    ):
        super().__init__(address, timeout, receive_buffer)
        self.truncated = False
        self.socket: ssl.SSLSocket
        try:
            if before:
                self.socket.sendall(before)
            self.socket = context.wrap_socket(
                self.socket, server_hostname=name, suppress_ragged_eofs=False, session=session
            )
        except BaseException:
            self.socket.close()
            raise

    def _fill(self) -> bool:
        try:
            return super()._fill()
        except ssl.SSLEOFError:
            self.truncated = True
            return False

    @property
    def version(self) -> str | None:
        return self.socket.version()

    @property
    def certificate(self) -> x509.Certificate:
        der = self.socket.getpeercert(binary_form=True)
        assert der is not None
        return x509.load_der_x509_certificate(der)


def secure_exchange(
    gateway: Gateway,
    context: ssl.SSLContext,
    method: str = "POST",
    target: str = "/mcp",
    fields: list[tuple[str, str]] | None = None,
    body: bytes | None = b"{}",
    token: str | None = None,
    before: bytes = b"",
) -> Response:
    """One request on a TLS connection of its own; `before` goes out in the clear, ahead of the handshake."""
    fields = list(fields or [])
    if token is not None:
        fields.append(("Authorization", f"Bearer {token}"))
    with TLSConnection(gateway.address, context, before=before) as connection:
        connection.send(request_bytes(method, target, gateway.authority, fields, body))
        return connection.read_response(method)


@dataclass
class Dialogue:
    """What `openssl s_client` printed."""

    text: str
    status: int

    @property
    def resumed(self) -> bool:
        return "\nReused, " in self.text

    @property
    def certificate(self) -> x509.Certificate:
        found = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", self.text, re.DOTALL)
        assert found, self.text
        return x509.load_pem_x509_certificate(found[0].encode())

    @property
    def names(self) -> set[str]:
        """The DNS names of the server's certificate."""
        extension = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return set(extension.value.get_values_for_type(x509.DNSName))

    @property
    def ticket_key_name(self) -> bytes:
        """The first 16 bytes of the last ticket, which say what key sealed it (RFC 5077 §4)."""
        lines = re.findall(r"TLS session ticket:\s+0000 - ((?:[0-9a-f]{2}[ -]){16})", self.text)
        assert lines, self.text
        return bytes.fromhex(lines[-1].replace("-", " "))


def s_client(address: tuple[str, int], *options: str, send: bytes = b"", certificates: bool = True) -> Dialogue:
    """Connects, sends, reads until the server closes when there is something to send, and reports."""
    command = ["openssl", "s_client", "-connect", f"{address[0]}:{address[1]}"]
    command += ["-showcerts"] if certificates else []
    command += ["-ign_eof"] if send else []
    done = subprocess.run(
        [*command, *options],
        input=send,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=20,
        # Debian's configuration would hide the old versions from the tests.
        env={**os.environ, "OPENSSL_CONF": "/dev/null"},
    )
    return Dialogue(done.stdout.decode(errors="replace"), done.returncode)


def last_request(gateway: Gateway, target: str = "/mcp") -> bytes:
    """A request behind which the gateway closes."""
    return request_bytes("GET", target, gateway.authority, [("Connection", "close")])


def curl(gateway: Gateway, trusted: Path, *options: str, target: str = "/mcp") -> subprocess.CompletedProcess[bytes]:
    """curl without any configuration of the user's; the body comes on standard output."""
    return subprocess.run(
        ["curl", "--disable", "--silent", "--show-error", "--noproxy", "*", "--max-time", "20"]
        + ["--cacert", str(trusted), *options, gateway.url + target],
        capture_output=True,
        timeout=30,
    )
