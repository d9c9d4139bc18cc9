"""Clients that speak no TLS, bad TLS, or nothing: bounded time and memory, and good clients are served meanwhile."""

import os
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest

from conftest import MakeGateway
from support.certificates import Authority, Certificate
from support.gateway import Gateway, route
from support.raw_backend import RawBackend
from support.rawhttp import Connection, request_bytes
from support.tls_client import TLSConnection, client_context, s_client, secure_exchange
from support.waiting import wait_until

HANDSHAKES = 4


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend, server_certificate: Certificate) -> Gateway:
    """The usual patience."""
    return make_shared_gateway(
        [route(shared_backend.url)], listener={"tls": {"certificates": [server_certificate.files]}}
    )


@pytest.fixture(scope="module")
def hasty_gateway(
    make_shared_gateway: MakeGateway, shared_backend: RawBackend, server_certificate: Certificate
) -> Gateway:
    """Little patience, and few handshakes at a time."""
    return make_shared_gateway(
        [route(shared_backend.url)],
        listener={"tls": {"certificates": [server_certificate.files]}},
        timeouts={"handshake": "500ms"},
        limits={"handshakes": HANDSHAKES},
    )


def works(gateway: Gateway, authority: Authority) -> bool:
    return secure_exchange(gateway, client_context(authority.file)).status == 200


def client_hello(context: ssl.SSLContext | None = None) -> bytes:
    """The first flight of a client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = (context or client_context(None)).wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize(
    "request_line",
    ["GET /mcp HTTP/1.1", "POST /mcp HTTP/1.1", "OPTIONS * HTTP/1.1", "DELETE /mcp HTTP/1.0", "PATCH /mcp HTTP/1.1"],
)
def test_plain_http_is_told_so(gateway: Gateway, backend: RawBackend, authority: Authority, request_line: str) -> None:
    """A readable 400 that names https, and the end of the connection; the backend learns nothing of it."""
    before = backend.heads
    with Connection(gateway.address) as connection:
        connection.send(f"{request_line}\r\nHost: {gateway.authority}\r\nContent-Length: 0\r\n\r\n".encode())
        response = connection.read_response()
        assert response.status == 400
        assert b"https" in response.body.lower()
        assert response.get("content-length") is not None
        assert connection.at_end()
    assert backend.heads == before
    assert works(gateway, authority)


def test_prior_knowledge_in_the_clear_is_no_handshake(gateway: Gateway, authority: Authority) -> None:
    """An HTTP/2 preface on a TLS port ends the connection, with words or without."""
    with Connection(gateway.address) as connection:
        connection.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        answer = connection.read_to_end()
        assert not answer.startswith(b"HTTP/1.1 2")
    assert works(gateway, authority)


GARBAGE: dict[str, Callable[[], bytes]] = {
    "zeros": lambda: bytes(600),
    "noise": lambda: b"\x80" + os.urandom(2000),
    "another protocol": lambda: b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "SSL 2": lambda: bytes.fromhex("802e0100020015000000100100800200800300800400800500800600400700c0") + bytes(16),
    "a record longer than records are": lambda: b"\x16\x03\x01\xff\xff" + bytes(0xFFFF),
    "an alert": lambda: b"\x15\x03\x03\x00\x02\x02\x28",
    "data before a handshake": lambda: b"\x17\x03\x03\x00\x20" + os.urandom(32),
    "a handshake of an unknown kind": lambda: b"\x16\x03\x03\x00\x04\x63\x00\x00\x00",
    "a hello with its bytes turned": lambda: client_hello()[:9] + bytes(byte ^ 0x55 for byte in client_hello()[9:]),
    "a hello cut inside its extensions": lambda: client_hello()[:100] + b"\xff" * 400,
    "empty records": lambda: b"\x16\x03\x01\x00\x00" * 500,
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_ends_the_connection(gateway: Gateway, authority: Authority, garbage: Callable[[], bytes]) -> None:
    """At most an alert comes back, or the 400 of plain text, and the next client is served."""
    with Connection(gateway.address) as connection:
        connection.send_leniently(garbage())
        # What is no broken record yet may be waited for; the end of the input decides it.
        try:
            connection.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        answer = connection.read_to_end()
        assert len(answer) <= 64 or answer.startswith(b"HTTP/1.1 400 "), answer[:200]
    assert works(gateway, authority)


def test_a_hello_in_single_bytes_is_a_hello(gateway: Gateway, backend: RawBackend, authority: Authority) -> None:
    """However the network cuts it: every byte of the handshake and of the request comes alone."""
    context = client_context(authority.file)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with Connection(gateway.address) as connection:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def pump(step: Callable[[], object]) -> object:
            while True:
                try:
                    return step()
                except ssl.SSLWantReadError:
                    for byte in outgoing.read():
                        connection.send(bytes([byte]))
                    incoming.write(connection.socket.recv(65536))

        pump(client.do_handshake)
        client.write(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        answer = pump(lambda: client.read(65536))
    assert isinstance(answer, bytes) and answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("sent", ["nothing", "a byte", "half a hello", "a hello without the rest"])
def test_silence_has_an_end(hasty_gateway: Gateway, authority: Authority, sent: str) -> None:
    """`timeouts.handshake` runs from accepting until the handshake is over."""
    hello = client_hello()
    pieces = {"nothing": b"", "a byte": hello[:1], "half a hello": hello[: len(hello) // 2]}
    with Connection(hasty_gateway.address) as connection:
        connection.send(pieces.get(sent, hello))
        answer = connection.read_to_end()
        assert (len(answer) > 500) == (sent == "a hello without the rest")
    assert works(hasty_gateway, authority)


def test_a_trickled_hello_has_an_end(hasty_gateway: Gateway, authority: Authority) -> None:
    """Bytes that keep coming do not extend the deadline."""
    stop = threading.Event()

    with Connection(hasty_gateway.address) as connection:

        def trickle() -> None:
            for byte in client_hello()[:-1]:
                try:
                    connection.socket.send(bytes([byte]))
                except OSError:
                    return
                if stop.wait(0.02):
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        connection.read_to_end()
        stop.set()
        thread.join()
    assert works(hasty_gateway, authority)


@pytest.fixture
def stalled(hasty_gateway: Gateway) -> Iterator[list[Connection]]:
    """As many unfinished handshakes as there may be."""
    connections = []
    for _ in range(HANDSHAKES):
        connection = Connection(hasty_gateway.address)
        connections.append(connection)
        connection.send(client_hello())
        # The server's flight shows that this one has been accepted.
        connection.read_exactly(100)
    yield connections
    for connection in connections:
        connection.close()


def test_handshakes_are_limited(hasty_gateway: Gateway, authority: Authority, stalled: list[Connection]) -> None:
    """A client beyond the limit waits in the kernel's queue until a deadline has made room, and is served then."""
    assert works(hasty_gateway, authority)
    freed = 0
    for connection in stalled:
        connection.buffer = b""
        ready, _, _ = select.select([connection.socket], [], [], 0)
        if ready:
            connection.read_to_end()
            freed += 1
    assert freed > 0, "the good client must have waited for room"


def test_established_connections_are_no_handshakes(
    hasty_gateway: Gateway, backend: RawBackend, authority: Authority
) -> None:
    """The limit counts handshakes under way: many connections may stand, each of them past its deadline."""
    context = client_context(authority.file)
    connections = [TLSConnection(hasty_gateway.address, context) for _ in range(HANDSHAKES * 3)]
    try:
        for _ in range(2):
            for connection in connections:
                connection.send(request_bytes("POST", "/mcp", hasty_gateway.authority, body=b"{}"))
                assert connection.read_response().status == 200
            # A deadline that is still running for one of them would end within this silent client's.
            with Connection(hasty_gateway.address) as silent:
                assert silent.at_end()
    finally:
        for connection in connections:
            connection.close()


def test_refusals_are_in_the_log(hasty_gateway: Gateway, authority: Authority) -> None:
    """One line each, with a reason, where it came from, and which listener it came to."""

    def refusals() -> list[str]:
        events = hasty_gateway.events("connection_refused")
        assert all(event["client"] == "127.0.0.1" for event in events)
        assert all(event["listener"] == hasty_gateway.authority for event in events)
        return [f"{event['reason']}: {event.get('detail')}".lower() for event in events]

    def said(cause: Callable[[], object], words: str) -> None:
        before = sum(words in refusal for refusal in refusals())
        cause()
        wait_until(lambda: sum(words in refusal for refusal in refusals()) > before, f"the log says {words}")

    def send(data: bytes) -> None:
        with Connection(hasty_gateway.address) as connection:
            connection.send(data)
            connection.read_to_end()

    def distrust() -> None:
        with pytest.raises(ssl.SSLError):
            TLSConnection(hasty_gateway.address, ssl.create_default_context())

    def old() -> None:
        assert s_client(hasty_gateway.address, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0").status != 0

    def leave() -> None:
        Connection(hasty_gateway.address).close()

    said(lambda: send(client_hello()[:50]), "tls_handshake_timeout")
    said(lambda: send(bytes(100)), "not_tls")
    said(distrust, "tls_alert_received: ")
    assert "unknown ca" in refusals()[-1]
    said(old, "unsupported protocol")
    said(lambda: send(b"GET / HTTP/1.1\r\n\r\n"), "plain_http_on_tls_port")
    before = len(refusals())
    leave()
    said(lambda: send(b"GET / HTTP/1.1\r\n\r\n"), "plain_http_on_tls_port")
    assert len(refusals()) == before + 1, "a health check that only connects is no refusal"


@pytest.mark.parametrize("manner", ["close", "reset"])
def test_handshakes_that_break_off_leave_nothing(gateway: Gateway, authority: Authority, manner: str) -> None:
    """Hundreds of them: every descriptor comes back."""
    descriptors = f"/proc/{gateway.process.process.pid}/fd"
    assert works(gateway, authority)
    before = len(os.listdir(descriptors))
    hello = client_hello()
    for count in range(300):
        connection = Connection(gateway.address)
        connection.send(hello[: (count * 7) % (len(hello) + 1)])
        getattr(connection, manner)()
    assert works(gateway, authority)
    wait_until(lambda: len(os.listdir(descriptors)) <= before + 1, "the descriptors are closed")


def test_silent_connections_cost_little(gateway: Gateway, authority: Authority) -> None:
    """A connection that has sent nothing, or half a hello, holds a few kilobytes."""
    assert works(gateway, authority)
    before = gateway.process.resident_kilobytes()
    hello = client_hello()
    connections = []
    try:
        for count in range(400):
            connections.append(Connection(gateway.address))
            connections[-1].send(hello[: len(hello) // 2 if count % 2 else 0])
        assert works(gateway, authority), "below limits.handshakes everybody is served"
        assert gateway.process.resident_kilobytes() - before < 400 * 64
    finally:
        for connection in connections:
            connection.close()
