"""MCP servers behind https: who is believed, what is offered, and what the log says when it fails."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from conftest import MakeGateway
from support.certificates import Authority, Certificate, self_signed
from support.gateway import Gateway, route
from support.raw_backend import Conversation, RawBackend, Received
from support.rawhttp import Connection, Truncated, exchange, request_bytes
from support.tls_backend import TLSBackend, end_with_notice, server_context
from support.waiting import wait_until


@pytest.fixture(scope="module")
def internal(certificates: Path) -> Authority:
    """A private authority, which no system store knows."""
    return Authority(certificates, "Internal")


@pytest.fixture(scope="module")
def good(internal: Authority) -> Certificate:
    return internal.intermediate("Internal-Issuing").issue("backend")


@pytest.fixture
def servers() -> Iterator[list[TLSBackend]]:
    """Backends that end with the test."""
    running: list[TLSBackend] = []
    yield running
    for server in running:
        server.stop()


def start(servers: list[TLSBackend], context: ssl.SSLContext) -> TLSBackend:
    servers.append(TLSBackend(context))
    return servers[-1]


def to(backend: RawBackend, path: str = "/mcp", http2: str | None = None, **tls: Any) -> dict[str, Any]:
    """A route to a backend, with these TLS options."""
    options: dict[str, Any] = {"tls": tls} if tls else {}
    if http2:
        options["http2"] = http2
    return route(backend.url, path=path, upstream_options=options)


def post(gateway: Gateway, path: str = "/mcp") -> int:
    return exchange(gateway.address, "POST", path, body=b"{}").status


def said(gateway: Gateway, **wanted: Any) -> str:
    """Reason and detail of the newest record."""
    record = gateway.access(**wanted)
    return f"{record.get('reason')} {record.get('detail')}".lower()


def test_a_private_authority_is_trusted_when_named(
    make_gateway: MakeGateway, servers: list[TLSBackend], internal: Authority, good: Certificate
) -> None:
    """Verified by address, without SNI; the connection is kept and used again."""
    backend = start(servers, server_context(good))
    gateway = make_gateway([to(backend, ca=str(internal.file))])
    for _ in range(3):
        assert post(gateway) == 200
    assert backend.names == [None], "an address is no name for SNI (RFC 6066 §3)"
    assert backend.last.get("host") == backend.authority
    assert backend.connections == 1


@dataclass
class Fault:
    """A backend that must not be believed, and the words of which one explains it."""

    name: str
    words: tuple[str, ...]
    trusted: bool = True


FAULTS = [
    Fault("unknown issuer", ("unknown_issuer",)),
    Fault("system store", ("unknown_issuer", "self_signed"), trusted=False),
    Fault("expired", ("expired",)),
    Fault("not yet valid", ("not_yet_valid",)),
    Fault("wrong host", ("wrong_host",)),
    Fault("another address", ("wrong_host",)),
    Fault("self-signed", ("self_signed", "unknown_issuer")),
    Fault("for clients", ("purpose", "unsupported")),
    Fault("missing intermediate", ("unknown_issuer",)),
]


@pytest.fixture(scope="module")
def faulty(
    make_shared_gateway: MakeGateway, certificates: Path, internal: Authority, good: Certificate
) -> Iterator[tuple[Gateway, dict[str, TLSBackend]]]:
    """One route for each fault."""
    stranger = Authority(certificates, "Stranger")
    lone = internal.intermediate("Missing").issue("lone")
    pem = lone.certificate.read_text()
    lone.certificate.write_text(pem[: pem.index("-----END CERTIFICATE-----\n") + 26])
    shown = {
        "unknown issuer": stranger.issue("backend"),
        "system store": good,
        "expired": internal.issue("backend", ends=timedelta(hours=-1)),
        "not yet valid": internal.issue("backend", begins=timedelta(hours=1)),
        "wrong host": internal.issue("backend", ("backend.internal.test",)),
        "another address": internal.issue("backend", ("127.0.0.2", "::1")),
        "self-signed": self_signed(certificates, "backend"),
        "for clients": internal.issue("backend", client=True),
        "missing intermediate": lone,
    }
    backends = {name: TLSBackend(server_context(certificate)) for name, certificate in shown.items()}
    try:
        routes = []
        for fault in FAULTS:
            tls = {"ca": str(internal.file)} if fault.trusted else {}
            routes.append(to(backends[fault.name], path=path_of(fault), **tls))
        yield make_shared_gateway(routes), backends
    finally:
        for backend in backends.values():
            backend.stop()


def path_of(fault: Fault) -> str:
    return "/" + fault.name.replace(" ", "-")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_nobody_else_is_believed(faulty: tuple[Gateway, dict[str, TLSBackend]], fault: Fault) -> None:
    """502, the log says what is wrong with the certificate, and not a byte of the request has left."""
    gateway, backends = faulty
    for _ in range(2):
        assert post(gateway, path_of(fault)) == 502
    words = said(gateway, route=path_of(fault))
    assert any(word in words for word in fault.words), words
    assert backends[fault.name].heads == 0


def test_routes_do_not_share_their_trust(
    make_gateway: MakeGateway, servers: list[TLSBackend], certificates: Path, internal: Authority, good: Certificate
) -> None:
    """One route's verified connection to a backend is of no use to a route that would not have believed it."""
    backend = start(servers, server_context(good))
    stranger = Authority(certificates, "Another")
    gateway = make_gateway(
        [
            to(backend, "/good", ca=str(internal.file)),
            to(backend, "/stranger", ca=str(stranger.file)),
            to(backend, "/system"),
            to(backend, "/name", ca=str(internal.file), server_name="other.internal.test"),
        ]
    )
    for _ in range(2):
        assert [post(gateway, path) for path in ("/good", "/stranger", "/system", "/name")] == [200, 502, 502, 502]
    assert backend.completed == 2


def test_another_name_can_be_asked_for(
    make_gateway: MakeGateway, servers: list[TLSBackend], internal: Authority
) -> None:
    """`server_name` is sent as SNI and is what the certificate must have, exactly or by a wildcard."""
    backend = start(servers, server_context(internal.issue("named", ("tools.internal.test", "*.wild.internal.test"))))
    names = ["tools.internal.test", "a.wild.internal.test", "a.b.wild.internal.test", "other.internal.test"]
    gateway = make_gateway(
        [to(backend, f"/{number}", ca=str(internal.file), server_name=name) for number, name in enumerate(names)]
    )
    assert [post(gateway, f"/{number}") for number in range(4)] == [200, 200, 502, 502]
    assert backend.names == names
    assert backend.last.get("host") == backend.authority, "the Host header still follows the URL"
    for number in (2, 3):
        assert "wrong_host" in said(gateway, route=f"/{number}")


def test_a_name_of_the_url_is_sent_and_checked(
    make_gateway: MakeGateway, servers: list[TLSBackend], internal: Authority
) -> None:
    """localhost is a name: SNI, and a DNS name in the certificate."""
    backend = start(servers, server_context(internal.issue("localhost", ("localhost",))))
    backend.url = backend.url.replace("127.0.0.1", "localhost")
    gateway = make_gateway([to(backend, ca=str(internal.file))])
    assert post(gateway) == 200
    assert backend.names == ["localhost"]


def test_backends_may_ask_for_a_certificate(
    make_gateway: MakeGateway, servers: list[TLSBackend], certificates: Path, internal: Authority, good: Certificate
) -> None:
    """With `certificate` and `key` the gateway shows it; without, the handshake fails and the log says so."""
    gateways = Authority(certificates, "Gateways")
    identity = gateways.intermediate("Gateways-Issuing").issue("portcullis", client=True)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        backend = start(servers, server_context(good, clients=gateways.file, newest=version))
        ca = str(internal.file)
        gateway = make_gateway([to(backend, "/shown", ca=ca, **identity.files), to(backend, "/hidden", ca=ca)])
        assert post(gateway, "/shown") == 200
        assert backend.clients == [identity.x509.public_bytes(Encoding.DER)]
        assert post(gateway, "/hidden") == 502
        assert "tls" in said(gateway, route="/hidden") or "certificate" in said(gateway, route="/hidden")
        assert post(gateway, "/shown") == 200


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_sessions_are_resumed(
    make_gateway: MakeGateway,
    servers: list[TLSBackend],
    internal: Authority,
    good: Certificate,
    newest: ssl.TLSVersion,
) -> None:
    """A backend that closes after each response costs one full handshake."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.respond(200, b"{}", [("Connection", "close")])
        end_with_notice(conversation.socket)
        conversation.open = False

    backend = start(servers, server_context(good, newest=newest))
    backend.script = script
    gateway = make_gateway([to(backend, ca=str(internal.file))])
    for _ in range(4):
        assert post(gateway) == 200
    wait_until(lambda: len(backend.resumed) == 4, "four connections")
    assert backend.resumed == [False, True, True, True]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_old_backends_are_refused(
    make_gateway: MakeGateway, servers: list[TLSBackend], internal: Authority, good: Certificate
) -> None:
    """Nothing below TLS 1.2."""
    context = server_context(good)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    backend = start(servers, context)
    gateway = make_gateway([to(backend, ca=str(internal.file))])
    assert post(gateway) == 502
    assert "tls" in said(gateway, status=502)
    assert backend.heads == 0


def test_a_backend_that_never_shakes_hands(make_gateway: MakeGateway, internal: Authority) -> None:
    """The handshake is part of `connect_timeout`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/mcp"
        options = {"tls": {"ca": str(internal.file)}, "connect_timeout": "300ms"}
        gateway = make_gateway([route(url, upstream_options=options)])
        assert post(gateway) == 504
        assert "upstream_connect_timeout" in said(gateway, status=504)


ENDINGS = {
    "close": lambda conversation: conversation.close(),
    "reset": lambda conversation: conversation.reset(),
    "HTTP": lambda conversation: conversation.respond(400, b"what?"),
    "an alert": lambda conversation: conversation.send(b"\x15\x03\x03\x00\x02\x02\x28"),
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS.keys())
def test_a_backend_that_speaks_no_tls(
    make_gateway: MakeGateway, internal: Authority, ending: Callable[[Conversation], None]
) -> None:
    """https in the configuration, something else on the wire: 502 and a reason."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        heard: list[bytes] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    accepted, _ = listener.accept()
                    heard.append(accepted.recv(65_536))
                    conversation = Conversation(accepted, 0)
                    ending(conversation)
                    conversation.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/mcp"
        gateway = make_gateway([route(url, upstream_options={"tls": {"ca": str(internal.file)}})])
        assert post(gateway) == 502
        assert "upstream_tls" in said(gateway, status=502)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    assert not any(b"HTTP/1.1" in data for data in heard)


def close_delimited(clean: bool) -> Any:
    """A body without framing, whose end is announced or not."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end")
        conversation.open = False
        if clean:
            end_with_notice(conversation.socket)
        else:
            conversation.close()

    return script


def test_an_unannounced_end_is_no_end(
    make_gateway: MakeGateway, servers: list[TLSBackend], internal: Authority, good: Certificate
) -> None:
    """A body that lasts until the close is complete only behind a close_notify: anybody can cut a connection."""
    backend = start(servers, server_context(good))
    gateway = make_gateway([to(backend, ca=str(internal.file))])
    for clean in (True, False):
        backend.script = close_delimited(clean)
        with Connection(gateway.address) as connection:
            connection.send(request_bytes("GET", "/mcp", gateway.authority))
            head = connection.read_head()
            if clean:
                assert connection.read_body(head) == b"until the end"
            else:
                with pytest.raises(Truncated):
                    connection.read_body(head)
    assert gateway.access(reason="upstream_aborted")["status"] == 200


def test_large_bodies_pass_to_and_from_tls(
    make_gateway: MakeGateway, servers: list[TLSBackend], internal: Authority, good: Certificate
) -> None:
    """Both ways, byte for byte."""
    backend = start(servers, server_context(good))
    backend.script = lambda conversation, request: conversation.respond(200, request.body)
    gateway = make_gateway([to(backend, ca=str(internal.file))], limits={"body_size": "0"})
    body = bytes(range(256)) * 20_000
    with Connection(gateway.address) as connection:
        for size in (len(body), 16_384, 16_385, 1):
            connection.send(request_bytes("POST", "/mcp", gateway.authority, body=body[:size]))
            assert connection.read_response().body == body[:size]


@pytest.mark.parametrize(
    ("use", "offers", "expected"),
    [
        (None, ("http/1.1",), "http/1.1"),
        ("auto", (), None),
        ("never", ("h2", "http/1.1"), "http/1.1"),
        ("never", ("http/1.1",), "http/1.1"),
    ],
)
def test_http1_backends_are_found_by_alpn(
    make_gateway: MakeGateway,
    servers: list[TLSBackend],
    internal: Authority,
    good: Certificate,
    use: str | None,
    offers: tuple[str, ...],
    expected: str | None,
) -> None:
    """HTTP/1.1 where HTTP/2 is not known, or not wanted."""
    backend = start(servers, server_context(good, offers))
    gateway = make_gateway([to(backend, http2=use, ca=str(internal.file))])
    assert post(gateway) == 200
    assert backend.protocols == [expected]


@pytest.mark.parametrize("offers", [(), ("http/1.1",)], ids=["no ALPN", "HTTP/1.1"])
def test_http2_can_be_demanded(
    make_gateway: MakeGateway,
    servers: list[TLSBackend],
    internal: Authority,
    good: Certificate,
    offers: tuple[str, ...],
) -> None:
    """`http2: always` and a backend that cannot: 502."""
    backend = start(servers, server_context(good, offers))
    gateway = make_gateway([to(backend, http2="always", ca=str(internal.file))])
    assert post(gateway) == 502
    assert gateway.access(status=502)["reason"].startswith("upstream_")
    assert backend.heads == 0
