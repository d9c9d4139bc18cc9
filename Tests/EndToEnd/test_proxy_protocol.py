"""The PROXY protocol: the client's address from a load balancer in front, and from nobody else."""

import socket
import ssl

import pytest

from conftest import MakeGateway
from support.certificates import Authority, Certificate
from support.gateway import Gateway, route
from support.proxy_protocol import AUTHORITY, LOCAL, NOOP, SIGNATURE, crc32c, tlv, version1, version2
from support.raw_backend import RawBackend
from support.rawhttp import Connection, Response, request_bytes
from support.tls_client import client_context, secure_exchange
from support.waiting import free_port

Address = tuple[str, int]
PROXIES = ["127.0.0.0/8", "::1"]


@pytest.fixture(scope="module")
def secure_address() -> Address:
    return ("127.0.0.1", free_port())


@pytest.fixture(scope="module")
def closed_address() -> Address:
    return ("127.0.0.1", free_port())


@pytest.fixture(scope="module")
def gateway(
    make_shared_gateway: MakeGateway,
    shared_backend: RawBackend,
    server_certificate: Certificate,
    secure_address: Address,
    closed_address: Address,
) -> Gateway:
    """Three listeners that want the header: in the clear, before TLS, and from an address that is not ours."""
    return make_shared_gateway(
        [route(shared_backend.url)],
        listener={"proxy_protocol": PROXIES},
        more_listeners=[
            {
                "address": f"127.0.0.1:{secure_address[1]}",
                "proxy_protocol": PROXIES,
                "tls": {"certificates": [server_certificate.files]},
            },
            {"address": f"127.0.0.1:{closed_address[1]}", "proxy_protocol": ["10.0.0.0/8", "2001:db8::/32"]},
        ],
        timeouts={"handshake": "700ms"},
    )


def request(gateway: Gateway) -> bytes:
    return request_bytes("POST", "/mcp", gateway.authority, body=b"{}")


def through(gateway: Gateway, header: bytes) -> Response:
    """A request in the clear behind this header, all of it at once."""
    with Connection(gateway.address) as connection:
        connection.send(header + request(gateway))
        return connection.read_response()


# The checksum of RFC 3720 B.4, so that a wrong helper cannot prove a wrong gateway right.
assert crc32c(b"123456789") == 0xE3069283

SOURCES = ["203.0.113.7", "2001:db8::7"]
HEADERS = {
    "version 1, IPv4": (version1("203.0.113.7"), "203.0.113.7"),
    "version 1, IPv6": (version1("2001:db8::7", "2001:db8::1"), "2001:db8::7"),
    "version 1, port 0 and 65535": (version1("203.0.113.7", source_port=0, port=65535), "203.0.113.7"),
    "version 1, the longest": (
        b"PROXY TCP6 " + b" ".join([b"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"] * 2) + b" 65535 65535\r\n",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ),
    "version 1, unknown": (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
    "version 1, unknown with more": (b"PROXY UNKNOWN 203.0.113.7 192.0.2.1 1 2\r\n", "127.0.0.1"),
    "version 2, IPv4": (version2("203.0.113.7"), "203.0.113.7"),
    "version 2, IPv6": (version2("2001:db8::7"), "2001:db8::7"),
    "version 2, local": (version2(None, command=LOCAL), "127.0.0.1"),
    "version 2, local with addresses": (version2("203.0.113.7", command=LOCAL), "127.0.0.1"),
    "version 2, unspecified": (version2(None), "127.0.0.1"),
    "version 2, a good checksum": (version2("203.0.113.7", checksum=True), "203.0.113.7"),
    "version 2, more members": (
        version2("203.0.113.7", extra=tlv(AUTHORITY, b"mcp.example.test") + tlv(NOOP, bytes(100)), checksum=True),
        "203.0.113.7",
    ),
    "version 2, an unknown member": (version2("2001:db8::7", extra=tlv(0xE7, b"theirs")), "2001:db8::7"),
}


@pytest.mark.parametrize(("header", "client"), HEADERS.values(), ids=HEADERS.keys())
def test_the_header_names_the_client(gateway: Gateway, backend: RawBackend, header: bytes, client: str) -> None:
    """In the log and in what the backend is told; LOCAL and UNKNOWN leave the connection's own address."""
    assert through(gateway, header).status == 200
    assert gateway.access(client=client)["status"] == 200
    assert backend.last.get("x-forwarded-for") == client
    assert client in (backend.last.get("forwarded") or "")


@pytest.mark.parametrize(("header", "client"), HEADERS.values(), ids=HEADERS.keys())
def test_the_header_comes_before_tls(
    gateway: Gateway,
    backend: RawBackend,
    authority: Authority,
    secure_address: Address,
    header: bytes,
    client: str,
) -> None:
    """The header is in the clear, the handshake follows it."""
    context = client_context(authority.file)
    with socket.create_connection(secure_address, 10) as bare:
        bare.sendall(header)
        with context.wrap_socket(bare, server_hostname="127.0.0.1") as secure:
            secure.sendall(request(gateway))
            assert secure.recv(65536).startswith(b"HTTP/1.1 200")
    assert backend.last.get("x-forwarded-for") == client


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("version", [1, 2])
def test_a_header_in_single_bytes(gateway: Gateway, backend: RawBackend, source: str, version: int) -> None:
    """However the network cuts it."""
    header = version1(source, source) if version == 1 else version2(source, source, checksum=True)
    with Connection(gateway.address) as connection:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in header + request(gateway):
            connection.send(bytes([byte]))
        assert connection.read_response().status == 200
    assert backend.last.get("x-forwarded-for") == source


def test_header_and_handshake_in_one_piece(
    gateway: Gateway, backend: RawBackend, authority: Authority, secure_address: Address
) -> None:
    """The bytes behind the header belong to TLS."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context(authority.file).wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with socket.create_connection(secure_address, 10) as bare:
        before = version2("203.0.113.7", checksum=True)
        while True:
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                bare.sendall(before + outgoing.read())
                before = b""
                incoming.write(bare.recv(65536))
        client.write(request(gateway))
        bare.sendall(outgoing.read())
        answer = b""
        while not answer:
            incoming.write(bare.recv(65536))
            try:
                answer = client.read(65536)
            except ssl.SSLWantReadError:
                pass
    assert answer.startswith(b"HTTP/1.1 200")
    assert backend.last.get("x-forwarded-for") == "203.0.113.7"


def test_one_header_serves_all_requests_of_the_connection(gateway: Gateway, backend: RawBackend) -> None:
    """A client cannot name another address in a later request."""
    with Connection(gateway.address) as connection:
        connection.send(version1("203.0.113.7") + request(gateway) * 2)
        for _ in range(2):
            assert connection.read_response().status == 200
            assert backend.last.get("x-forwarded-for") == "203.0.113.7"
        connection.send(version1("203.0.113.8") + request(gateway))
        assert connection.read_response().status == 400
        assert connection.at_end()


def damaged(offset: int, value: int, header: bytes | None = None) -> bytes:
    """A header of version 2 with one byte changed."""
    changed = bytearray(header or version2("203.0.113.7"))
    changed[offset] = value
    return bytes(changed)


MALFORMED = {
    "no header": b"",
    "in lower case": b"proxy TCP4 203.0.113.7 192.0.2.1 1 2\r\n",
    "an unknown family": b"PROXY TCP5 203.0.113.7 192.0.2.1 1 2\r\n",
    "a family that differs": b"PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n",
    "not an address": b"PROXY TCP4 203.0.113 192.0.2.1 1 2\r\n",
    "an address with a zero in front": b"PROXY TCP4 203.0.113.007 192.0.2.1 1 2\r\n",
    "a name": b"PROXY TCP4 localhost 192.0.2.1 1 2\r\n",
    "a port that is too large": b"PROXY TCP4 203.0.113.7 192.0.2.1 65536 2\r\n",
    "a port with a sign": b"PROXY TCP4 203.0.113.7 192.0.2.1 -1 2\r\n",
    "a port that is missing": b"PROXY TCP4 203.0.113.7 192.0.2.1 1\r\n",
    "something behind the ports": b"PROXY TCP4 203.0.113.7 192.0.2.1 1 2 3\r\n",
    "two spaces": b"PROXY  TCP4 203.0.113.7 192.0.2.1 1 2\r\n",
    "a bare line feed": b"PROXY TCP4 203.0.113.7 192.0.2.1 1 2\n",
    "no end": b"PROXY UNKNOWN " + b"x" * 200 + b"\r\n",
    "a damaged signature": damaged(11, 0x0B),
    "another version": damaged(12, 0x31),
    "an unknown command": damaged(12, 0x22),
    "an unknown family of version 2": damaged(13, 0x41),
    "a length that is too short": damaged(15, 11),
    "a wrong checksum": version2("203.0.113.7", checksum=False),
    "a changed address under a checksum": damaged(19, 8, version2("203.0.113.7", checksum=True)),
    "a member that is longer than the header": version2("203.0.113.7", extra=b"\x04\x00\x10abc"),
    "a checksum of three bytes": version2("203.0.113.7", extra=tlv(0x03, b"abc")),
    "another signature": SIGNATURE[:-1] + b"!" + version2("203.0.113.7")[12:],
}


@pytest.mark.parametrize("header", MALFORMED.values(), ids=MALFORMED.keys())
def test_anything_else_ends_the_connection(
    gateway: Gateway, backend: RawBackend, secure_address: Address, header: bytes
) -> None:
    """Without a word, in the clear and before TLS: whoever it is, it is not the load balancer."""
    before = backend.heads
    for address in (gateway.address, secure_address):
        with Connection(address) as connection:
            connection.send_leniently(header + request(gateway))
            assert connection.read_to_end() == b""
    assert backend.heads == before
    assert through(gateway, version1("203.0.113.7")).status == 200


def test_a_handshake_without_a_header_is_refused(
    gateway: Gateway, authority: Authority, secure_address: Address
) -> None:
    """TLS first is not what the listener was told to expect."""
    with socket.create_connection(secure_address, 10) as bare, pytest.raises((ssl.SSLError, ConnectionError)):
        client_context(authority.file).wrap_socket(bare, server_hostname="127.0.0.1")


@pytest.mark.parametrize(
    "sent", [b"", b"PROX", SIGNATURE[:5], version2("203.0.113.7")[:-1]], ids=["nothing", "1", "2", "all but a byte"]
)
def test_a_slow_header_is_not_waited_for(
    gateway: Gateway, backend: RawBackend, secure_address: Address, sent: bytes
) -> None:
    """`timeouts.handshake` holds for the header, too, in the clear and before TLS."""
    before = backend.heads
    for address in (gateway.address, secure_address):
        with Connection(address) as connection:
            connection.send(sent)
            assert connection.read_to_end() == b""
    assert backend.heads == before


@pytest.mark.parametrize("header", [version1("10.0.0.7"), version2("10.0.0.7"), b""], ids=["1", "2", "none"])
def test_other_addresses_may_not_speak(
    gateway: Gateway, backend: RawBackend, closed_address: Address, header: bytes
) -> None:
    """A peer outside `proxy_protocol` is closed, whatever it claims to be."""
    before = backend.heads
    with Connection(closed_address) as connection:
        connection.send_leniently(header + request(gateway))
        assert connection.read_to_end() == b""
    assert backend.heads == before


def test_a_listener_without_the_option_takes_no_header(
    make_gateway: MakeGateway, backend: RawBackend, server_certificate: Certificate, authority: Authority
) -> None:
    """Otherwise every client could choose its address."""
    gateway = make_gateway([route(backend.url)], listener={"tls": {"certificates": [server_certificate.files]}})
    with pytest.raises((ssl.SSLError, ConnectionError)):
        secure_exchange(gateway, client_context(authority.file), before=version2("203.0.113.7"))
    plain = make_gateway([route(backend.url)])
    with Connection(plain.address) as connection:
        connection.send(version1("203.0.113.7") + request(plain))
        assert connection.read_response().status == 400
        assert connection.at_end()
