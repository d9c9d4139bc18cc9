"""Malformed requests over raw sockets: one clear status each, a closed connection, nothing at the backend."""

import re
from collections.abc import Iterator

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.raw_backend import RawBackend
from support.rawhttp import Connection, request_bytes
from support.waiting import wait_until

BODY_LIMIT = 65_536


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend) -> Gateway:
    """An open route, so that only the HTTP layer stands between a request and the backend."""
    return make_shared_gateway(
        [route(shared_backend.url)],
        limits={"head_size": "32KiB", "target_size": "8KiB", "header_count": 100, "body_size": str(BODY_LIMIT)},
    )


@pytest.fixture
def untouched(backend: RawBackend) -> Iterator[None]:
    """Fails the test when a complete request reached the backend."""
    before = backend.completed
    yield
    assert backend.completed == before


def line(text: bytes) -> bytes:
    """A request with this request line."""
    return text + b"\r\nHost: @HOST@\r\n\r\n"


def field(text: bytes, method: bytes = b"GET") -> bytes:
    """A request with this field line (or several) between good ones."""
    return method + b" /mcp HTTP/1.1\r\nHost: @HOST@\r\nAccept: a/b\r\n" + text + b"\r\nX-Last: 1\r\n\r\n"


def framed(fields: bytes, body: bytes = b"") -> bytes:
    """A POST with these framing fields and this body."""
    return b"POST /mcp HTTP/1.1\r\nHost: @HOST@\r\n" + fields + b"\r\n\r\n" + body


def chunked(body: bytes) -> bytes:
    return framed(b"Transfer-Encoding: chunked", body)


REQUEST_LINES: dict[str, tuple[bytes, int]] = {
    "no target": (line(b"GET"), 400),
    "no version": (line(b"GET /mcp"), 400),
    "four words": (line(b"GET /mcp HTTP/1.1 more"), 400),
    "two spaces before the target": (line(b"GET  /mcp HTTP/1.1"), 400),
    "two spaces after the target": (line(b"GET /mcp  HTTP/1.1"), 400),
    "tabs": (line(b"GET\t/mcp\tHTTP/1.1"), 400),
    "leading space": (line(b" GET /mcp HTTP/1.1"), 400),
    "trailing space": (line(b"GET /mcp HTTP/1.1 "), 400),
    "method is no token": (line(b"G@T /mcp HTTP/1.1"), 400),
    "method with a NUL": (line(b"GE\x00T /mcp HTTP/1.1"), 400),
    "relative target": (line(b"GET mcp HTTP/1.1"), 400),
    "target with a fragment": (line(b"GET /mcp#fragment HTTP/1.1"), 400),
    "target with a control": (line(b"GET /m\x01cp HTTP/1.1"), 400),
    "target with DEL": (line(b"GET /m\x7fcp HTTP/1.1"), 400),
    "target in raw UTF-8": (line("GET /mcp/é HTTP/1.1".encode()), 400),
    "target with a quote": (line(b'GET /mcp/"x" HTTP/1.1'), 400),
    "target with a brace": (line(b"GET /mcp/{x} HTTP/1.1"), 400),
    "target with a backslash": (line(b"GET /mcp\\x HTTP/1.1"), 400),
    "target with a bad escape": (line(b"GET /mcp/%zz HTTP/1.1"), 400),
    "target with half an escape": (line(b"GET /mcp/%2 HTTP/1.1"), 400),
    "target with an escaped NUL": (line(b"GET /mcp/%00 HTTP/1.1"), 400),
    "target that climbs": (line(b"GET /mcp/../other HTTP/1.1"), 400),
    "target that climbs in escapes": (line(b"GET /mcp/%2e%2E/other HTTP/1.1"), 400),
    "target with a dot segment": (line(b"GET /mcp/./x HTTP/1.1"), 400),
    "target that ends in dots": (line(b"GET /mcp/.. HTTP/1.1"), 400),
    "asterisk with GET": (line(b"GET * HTTP/1.1"), 400),
    "absolute form of another scheme": (line(b"GET ftp://@HOST@/mcp HTTP/1.1"), 400),
    "absolute form with userinfo": (line(b"GET http://user@@HOST@/mcp HTTP/1.1"), 400),
    "absolute form without host": (line(b"GET http:///mcp HTTP/1.1"), 400),
    "CONNECT": (line(b"CONNECT example.com:443 HTTP/1.1"), 501),
    "lower-case version": (line(b"GET /mcp http/1.1"), 400),
    "version without minor": (line(b"GET /mcp HTTP/1"), 400),
    "version with two digits": (line(b"GET /mcp HTTP/1.10"), 400),
    "version 2.0": (line(b"GET /mcp HTTP/2.0"), 505),
    "version 0.9": (line(b"GET /mcp HTTP/0.9"), 505),
    "version 3.0": (line(b"GET /mcp HTTP/3.0"), 505),
    "almost the HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", 505),
    "over-long target": (line(b"GET /mcp?" + b"a" * 9000 + b" HTTP/1.1"), 414),
    "endless target": (b"GET /mcp?" + b"a" * 20_000, 414),
    "bare LF after the request line": (b"GET /mcp HTTP/1.1\nHost: @HOST@\r\n\r\n", 400),
    "bare CR in the request line": (b"GET /mcp\r HTTP/1.1\r\nHost: @HOST@\r\n\r\n", 400),
    "TLS handshake": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 64, 400),
    "binary noise": (bytes(range(128, 256)) * 2, 400),
}

FIELDS: dict[str, tuple[bytes, int]] = {
    "no host": (b"GET /mcp HTTP/1.1\r\nAccept: a/b\r\n\r\n", 400),
    "two hosts": (field(b"Host: @HOST@"), 400),
    "two different hosts": (field(b"Host: evil.example"), 400),
    "host with userinfo": (b"GET /mcp HTTP/1.1\r\nHost: user@@HOST@\r\n\r\n", 400),
    "host with a path": (b"GET /mcp HTTP/1.1\r\nHost: @HOST@/mcp\r\n\r\n", 400),
    "host list": (b"GET /mcp HTTP/1.1\r\nHost: @HOST@, evil.example\r\n\r\n", 400),
    "host with a space": (b"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1 evil\r\n\r\n", 400),
    "no colon": (field(b"NoColonHere"), 400),
    "space before the colon": (field(b"X-Space : 1"), 400),
    "tab before the colon": (field(b"X-Space\t: 1"), 400),
    "empty name": (field(b": value"), 400),
    "name with a bracket": (field(b"X(Y): 1"), 400),
    "name with a control": (field(b"X\x01Y: 1"), 400),
    "name with a space": (field(b"X Y: 1"), 400),
    "name in UTF-8": (field("Naïve: 1".encode()), 400),
    "folded with a space": (field(b"X-Fold: 1\r\n 2"), 400),
    "folded with a tab": (field(b"X-Fold: 1\r\n\t2"), 400),
    "folded first field": (b"GET /mcp HTTP/1.1\r\n Host: @HOST@\r\n\r\n", 400),
    "value with NUL": (field(b"X-Value: a\x00b"), 400),
    "value with a control": (field(b"X-Value: a\x08b"), 400),
    "value with DEL": (field(b"X-Value: a\x7fb"), 400),
    "value with a bare CR": (field(b"X-Value: a\rb"), 400),
    "value ending in CR": (field(b"X-Value: a\r"), 400),
    "bare LF between fields": (field(b"X-One: 1\nX-Two: 2"), 400),
    "bare LFs throughout": (b"GET /mcp HTTP/1.1\nHost: @HOST@\n\n", 400),
    "bare LF as the last line": (b"GET /mcp HTTP/1.1\r\nHost: @HOST@\r\n\n", 400),
    "too many fields": (field(b"\r\n".join(b"X-%d: 1" % number for number in range(120))), 431),
    "a field too large": (field(b"X-Large: " + b"a" * 40_000), 431),
    "fields too large together": (field(b"\r\n".join(b"X-%d: %s" % (n, b"a" * 900) for n in range(60))), 431),
    "an endless name": (b"GET /mcp HTTP/1.1\r\nHost: @HOST@\r\n" + b"a" * 40_000, 431),
}

FRAMING: dict[str, tuple[bytes, int]] = {
    "length and chunked": (framed(b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"), 400),
    "chunked and length": (framed(b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"0\r\n\r\n"), 400),
    "two different lengths": (framed(b"Content-Length: 5\r\nContent-Length: 6", b"12345"), 400),
    "two equal lengths": (framed(b"Content-Length: 5\r\nContent-Length: 5", b"12345"), 400),
    "a list of lengths": (framed(b"Content-Length: 5, 5", b"12345"), 400),
    "length with a plus": (framed(b"Content-Length: +5", b"12345"), 400),
    "length with a minus": (framed(b"Content-Length: -5", b"12345"), 400),
    "length in hex": (framed(b"Content-Length: 0x5", b"12345"), 400),
    "length with a fraction": (framed(b"Content-Length: 5.0", b"12345"), 400),
    "length with an underscore": (framed(b"Content-Length: 1_0", b"1234567890"), 400),
    "length with a space": (framed(b"Content-Length: 1 0", b"1234567890"), 400),
    "length with letters": (framed(b"Content-Length: five", b"12345"), 400),
    "empty length": (framed(b"Content-Length:", b"12345"), 400),
    "length in other digits": (framed("Content-Length: ٥".encode(), b"12345"), 400),
    "length beyond 64 bits": (framed(b"Content-Length: 18446744073709551621", b"12345"), 400),
    "length beyond the limit": (framed(b"Content-Length: 65537"), 413),
    "unknown coding": (framed(b"Transfer-Encoding: gzip", b"12345"), 501),
    "coding that looks like chunked": (framed(b"Transfer-Encoding: xchunked", b"0\r\n\r\n"), 501),
    "gzip before chunked": (framed(b"Transfer-Encoding: gzip, chunked", b"0\r\n\r\n"), 501),
    "chunked twice": (framed(b"Transfer-Encoding: chunked, chunked", b"0\r\n\r\n"), 400),
    "chunked in two fields": (
        framed(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
        400,
    ),
    "coding with a control": (framed(b"Transfer-Encoding: \x0bchunked", b"0\r\n\r\n"), 400),
    "chunked in HTTP/1.0": (
        b"POST /mcp HTTP/1.0\r\nHost: @HOST@\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "space before the coding's colon": (framed(b"Transfer-Encoding : chunked", b"0\r\n\r\n"), 400),
}

CHUNKS: dict[str, tuple[bytes, int]] = {
    "size is no number": (chunked(b"xyz\r\n"), 400),
    "size is empty": (chunked(b"\r\n12345\r\n"), 400),
    "size with a plus": (chunked(b"+5\r\n12345\r\n0\r\n\r\n"), 400),
    "size with a minus": (chunked(b"-5\r\n12345\r\n0\r\n\r\n"), 400),
    "size with 0x": (chunked(b"0x5\r\n12345\r\n0\r\n\r\n"), 400),
    "size with a leading space": (chunked(b" 5\r\n12345\r\n0\r\n\r\n"), 400),
    "size with an underscore": (chunked(b"0_5\r\n12345\r\n0\r\n\r\n"), 400),
    "size beyond 64 bits": (chunked(b"10000000000000005\r\n12345\r\n0\r\n\r\n"), 400),
    "size of all ones": (chunked(b"ffffffffffffffff\r\n12345\r\n0\r\n\r\n"), 400),
    "size with bare LF": (chunked(b"5\n12345\r\n0\r\n\r\n"), 400),
    "data with bare LF": (chunked(b"5\r\n12345\n0\r\n\r\n"), 400),
    "data too long": (chunked(b"5\r\n123456\r\n0\r\n\r\n"), 400),
    "data without its end": (chunked(b"5\r\n12345" + b"0\r\n\r\n"), 400),
    "extension with a control": (chunked(b"5;a=\x01\r\n12345\r\n0\r\n\r\n"), 400),
    "extension with bare LF": (chunked(b"5;a=b\nc\r\n12345\r\n0\r\n\r\n"), 400),
    "endless extension": (chunked(b"5;" + b"a" * 40_000), 400),
    "endless size": (chunked(b"0" * 40_000), 400),
    "trailer without a colon": (chunked(b"0\r\nnonsense\r\n\r\n"), 400),
    "trailer with a space in its name": (chunked(b"0\r\nX Y: 1\r\n\r\n"), 400),
    "folded trailer": (chunked(b"0\r\nX: 1\r\n 2\r\n\r\n"), 400),
    "last line with bare LF": (chunked(b"0\r\n\n"), 400),
    "more than the limit": (chunked(b"10001\r\n" + b"x" * 0x10001 + b"\r\n0\r\n\r\n"), 413),
}

TABLE = {
    f"{part}: {name}": case
    for part, cases in (("line", REQUEST_LINES), ("field", FIELDS), ("framing", FRAMING), ("chunk", CHUNKS))
    for name, case in cases.items()
}


def addressed(gateway: Gateway, raw: bytes) -> bytes:
    return raw.replace(b"@HOST@", gateway.authority.encode())


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("raw", "status"), TABLE.values(), ids=TABLE.keys())
def test_each_is_refused_and_the_connection_closed(gateway: Gateway, raw: bytes, status: int) -> None:
    """Exactly one response with exactly this status, then the end, whatever was pipelined behind."""
    smuggled = request_bytes("GET", "/mcp?smuggled=1", gateway.authority)
    with Connection(gateway.address) as connection:
        connection.send_leniently(addressed(gateway, raw))
        # The continuation is only sent where the message is complete; an endless one has no behind.
        if raw.endswith(b"\r\n\r\n"):
            connection.send_leniently(smuggled)
        everything = connection.read_to_end()
    assert everything.startswith(b"HTTP/1.1 %d " % status), everything[:120]
    assert len(re.findall(rb"HTTP/1\.1 \d{3} ", everything)) == 1, "one response only"
    assert b"\r\nconnection: close\r\n" in everything.lower()


def test_the_gateway_is_well_after_all_of_that(gateway: Gateway, backend: RawBackend) -> None:
    """A good request passes on a fresh connection."""
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        assert connection.read_response().status == 200
    assert backend.last.body == b"{}"


@pytest.mark.usefixtures("untouched")
def test_a_malformed_request_behind_a_good_one(gateway: Gateway) -> None:
    """The requests before it were answered; it ends the connection."""
    host = gateway.authority
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("GET", "/elsewhere", host) + addressed(gateway, field(b"X : 1")))
        assert connection.read_response().status == 404
        assert connection.read_response().status == 400
        assert connection.at_end()


MISDIRECTED: dict[str, bytes] = {
    "foreign host": b"GET /mcp HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "empty host": b"GET /mcp HTTP/1.1\r\nHost:\r\n\r\n",
    "our host with another port": b"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n",
    "our host as a prefix": b"GET /mcp HTTP/1.1\r\nHost: @HOST@.evil.example\r\n\r\n",
    "foreign host in absolute form": line(b"GET http://evil.example/mcp HTTP/1.1"),
}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("raw", MISDIRECTED.values(), ids=MISDIRECTED.keys())
def test_a_request_for_somebody_else_is_misdirected(gateway: Gateway, raw: bytes) -> None:
    """421 for a well-formed request whose host is not ours, on an open route too (GW-71)."""
    with Connection(gateway.address) as connection:
        connection.send(addressed(gateway, raw))
        response = connection.read_response()
    assert response.status in ((400, 421) if b"@HOST@.evil" in raw else (421,))
    assert b"evil" not in response.body


ODD_BUT_RIGHT: dict[str, bytes] = {
    "empty line before the request": b"\r\nGET /mcp HTTP/1.1\r\nHost: @HOST@\r\n\r\n",
    "host in upper case": b"GET /mcp HTTP/1.1\r\nHOST: @HOST@\r\n\r\n",
    "no space after the colon": b"GET /mcp HTTP/1.1\r\nHost:@HOST@\r\n\r\n",
    "white space around a value": b"GET /mcp HTTP/1.1\r\nHost: \t @HOST@ \t \r\n\r\n",
    "empty value": field(b"X-Empty:"),
    "value in UTF-8": field("X-Name: Grüße".encode()),
    "absolute form": b"GET http://@HOST@/mcp HTTP/1.1\r\nHost: @HOST@\r\n\r\n",
    "coding in upper case": framed(b"Transfer-Encoding: CHUNKED", b"5\r\n12345\r\n0\r\n\r\n"),
    "size with leading zeros": chunked(b"0005\r\n12345\r\n000\r\n\r\n"),
    "chunk extensions": chunked(b'5;name;name="quoted value"\r\n12345\r\n0;last\r\n\r\n'),
    "trailers": chunked(b"5\r\n12345\r\n0\r\nX-Checksum: 1\r\n\r\n"),
    "length zero": framed(b"Content-Length: 0"),
    "length with leading zeros": framed(b"Content-Length: 0005", b"12345"),
    "body at the limit": framed(b"Content-Length: 65536", b"x" * BODY_LIMIT),
    "target with a percent escape": b"GET /mcp?a=%2e%00 HTTP/1.1\r\nHost: @HOST@\r\n\r\n",
    "HTTP/1.0 with a host": b"GET /mcp HTTP/1.0\r\nHost: @HOST@\r\n\r\n",
}


@pytest.mark.parametrize("raw", ODD_BUT_RIGHT.values(), ids=ODD_BUT_RIGHT.keys())
def test_odd_but_right_requests_pass(gateway: Gateway, backend: RawBackend, raw: bytes) -> None:
    """Strict is not narrow: what RFC 9112 allows reaches the backend."""
    before = backend.completed
    with Connection(gateway.address) as connection:
        connection.send(addressed(gateway, raw))
        assert connection.read_response().status == 200
    assert backend.completed == before + 1


@pytest.mark.usefixtures("untouched")
def test_an_unfinished_head_does_not_hold_a_connection(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """After the configured time the connection ends, with 408 or nothing."""
    gateway = make_gateway([route(backend.url)], timeouts={"request_head": "300ms"})
    with Connection(gateway.address) as connection:
        connection.send(b"GET /mcp HTTP/1.1\r\nHost: 127")
        everything = connection.read_to_end()
    assert everything == b"" or everything.startswith(b"HTTP/1.1 408 ")


@pytest.mark.usefixtures("untouched")
def test_an_unfinished_body_does_not_hold_a_connection(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """After the configured time the connection ends, and the backend's request with it."""
    gateway = make_gateway([route(backend.url)], timeouts={"request_body": "300ms"})
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, [("Content-Length", "100")]) + b"only this")
        everything = connection.read_to_end()
    assert everything == b"" or everything.startswith(b"HTTP/1.1 408 ")


@pytest.mark.usefixtures("untouched")
def test_a_client_that_leaves_in_its_request_is_forgotten(gateway: Gateway, backend: RawBackend) -> None:
    """Half a body never becomes a whole request at the backend (GW-88 in the other direction)."""
    heads = backend.heads
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, [("Content-Length", "100")]) + b"only this")
        wait_until(lambda: backend.heads > heads, "the head reaches the backend")
    gateway.access(method="POST", path="/mcp")
