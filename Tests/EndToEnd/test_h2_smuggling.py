"""What HTTP/2 can carry and HTTP/1.1 cannot never reaches a backend: no request is smuggled by the downgrade.

Every case is refused, by RST_STREAM or with a status of its own, and the backend records every octet that it gets.
"""

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.h2frames import Code, Flag, H2Connection, Type
from support.hpack_bytes import block
from support.raw_backend import RawBackend
from support.waiting import wait_until

Fields = list[tuple[str, str]]


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend) -> Gateway:
    return make_shared_gateway([route(shared_backend.url)], allowed_hosts=["gateway.example.com"])


def expect_refusal(peer: H2Connection, stream: int, *statuses: int) -> None:
    """PROTOCOL_ERROR on the stream, or a response with one of the statuses."""
    frame = peer.take(stream, Type.HEADERS, Type.RST_STREAM)
    if frame.type == Type.RST_STREAM:
        assert frame.code == Code.PROTOCOL_ERROR
    else:
        assert int(frame.fields[0][1]) in (statuses or (400,)), frame.fields
    peer.expect_usable()


def replaced(peer: H2Connection, name: str, value: str) -> Fields:
    """The fields of a good request, but for one."""
    return [(key, value if key == name else old) for key, old in peer.head()]


# Everywhere a value can stand: what would end a line, a field or a word in HTTP/1.1.
CONTROLS = {
    "CRLF": "\r\n",
    "CR": "\r",
    "LF": "\n",
    "NUL": "\0",
    "CRLF and a field": "\r\nx-injected: 1",
    "LF and a field": "\nx-injected: 1",
    "CRLF and a request": " HTTP/1.1\r\nhost: x\r\n\r\nGET /injected HTTP/1.1\r\nhost: x\r\n\r\n",
    "a control": "\x01",
    "DEL": "\x7f",
}

IN_NAMES = CONTROLS | {"SP": " ", "colon": ":", "a field": ": 1\r\nx-injected"}

PLACES = {
    ":method": "GET{}",
    ":scheme": "http{}",
    ":path": "/mcp{}",
    ":path, query": "/mcp?a={}b",
    ":authority": "{authority}{}",
    "host": "{authority}{}",
    "a value": "x{}y",
    "cookie": "a={}b",
    "authorization": "Bearer x{}y",
    "content-type": "text/plain{}",
}


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS.keys())
@pytest.mark.parametrize("place", PLACES)
def test_controls_in_values(peer: H2Connection, place: str, control: str) -> None:
    """Whatever would break a line of the backend's request."""
    value = PLACES[place].format(control, authority=peer.authority)
    name = place.partition(",")[0]
    if name.startswith(":"):
        fields = replaced(peer, name, value)
    else:
        fields = [line for line in peer.head() if (line[0], name) != (":authority", "host")]
        fields.append(("x-value" if name == "a value" else name, value))
    peer.headers(1, fields)
    expect_refusal(peer, 1)


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("control", IN_NAMES.values(), ids=IN_NAMES.keys())
def test_controls_in_names(peer: H2Connection, control: str) -> None:
    """At the start, inside and at the end."""
    for name in (f"x{control}y", f"x{control}", f"{control}x"):
        peer.headers(stream := peer.next_stream, [*peer.head(), (name, "1")])
        expect_refusal(peer, stream)


METHODS = ["", " ", "GET /injected HTTP/1.1", "GE T", "G:ET", "GET,POST", "GET(", "G\xc9T", "GET ", " GET"]


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("method", METHODS)
def test_methods_that_are_no_token(peer: H2Connection, method: str) -> None:
    """RFC 9110 section 9.1."""
    peer.headers(1, replaced(peer, ":method", method))
    expect_refusal(peer, 1)


PATHS = [
    "mcp",
    "*",
    " /mcp",
    "/mcp HTTP/1.1",
    "/m cp",
    "/mcp\t",
    "http://127.0.0.1/mcp",
    "//user@127.0.0.1/../mcp",
    "/mcp#fragment",
    "/mcp/../other",
    "/mcp/%2e%2e/other",
    "/mcp/.",
    "/mcp/%00",
    "/mcp/%zz",
    "/mcp/%2",
    "/mcp\\other",
    '/mcp/"x"',
    "/mcp/\xe9",
    "?a=b",
]


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("path", PATHS)
def test_paths_that_are_none(peer: H2Connection, path: str) -> None:
    """What is refused over HTTP/1.1, and the forms of a target that HTTP/2 does not have."""
    peer.headers(1, replaced(peer, ":path", path))
    expect_refusal(peer, 1)


AUTHORITIES = [
    "",
    "user@{}",
    "user:password@{}",
    "{}@evil.example",
    "{}/mcp",
    "{}?x",
    "{}#x",
    "{},evil.example",
    "{} evil.example",
    " {}",
    "127.0.0.1:port",
    "127.0.0.1:99999999",
    "[::1",
    "evil\xe9.example",
]


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("place", [":authority", "host"])
@pytest.mark.parametrize("value", AUTHORITIES)
def test_authorities_that_are_none(peer: H2Connection, value: str, place: str) -> None:
    """Userinfo (section 8.3.1) and everything else that is not host and port; as :authority and alone in Host."""
    value = value.format(peer.authority)
    if place == ":authority":
        fields = replaced(peer, place, value)
    else:
        fields = [line for line in peer.head() if line[0] != ":authority"] + [("host", value)]
    peer.headers(1, fields)
    expect_refusal(peer, 1, 400, 421)


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("place", [":authority", "host"])
@pytest.mark.parametrize("value", ["evil.example", "127.0.0.1:1", "gateway.example.com.evil.example"])
def test_a_request_for_somebody_else_is_misdirected(peer: H2Connection, value: str, place: str) -> None:
    """421 for a well-formed host that is not ours."""
    if place == ":authority":
        fields = replaced(peer, place, value)
    else:
        fields = [line for line in peer.head() if line[0] != ":authority"] + [("host", value)]
    peer.headers(1, fields)
    response = peer.response(1)
    assert response.status == 421 and b"evil" not in response.body
    peer.expect_usable()


HOSTS_BESIDE = [["evil.example"], ["gateway.example.com"], ["{}", "{}"], ["{}", "evil.example"], [""]]


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("hosts", HOSTS_BESIDE)
def test_a_host_beside_an_authority(peer: H2Connection, hosts: list[str]) -> None:
    """One that differs, or more than one, is refused; the one that is ours, too (section 8.3.1)."""
    peer.headers(1, peer.head() + [("host", host.format(peer.authority)) for host in hosts])
    expect_refusal(peer, 1)


def test_a_host_that_says_the_same(peer: H2Connection, backend: RawBackend) -> None:
    """Beside the authority, or instead of it."""
    peer.headers(1, [*peer.head(), ("host", peer.authority)])
    assert peer.response(1).status == 200
    assert backend.last.get("x-forwarded-host") == peer.authority
    peer.headers(3, [line for line in peer.head() if line[0] != ":authority"] + [("host", peer.authority)])
    assert peer.response(3).status == 200
    assert backend.last.get("host") == backend.authority


@pytest.mark.usefixtures("nothing_forwarded")
def test_a_request_for_nobody(peer: H2Connection) -> None:
    """Neither :authority nor Host."""
    peer.headers(1, [line for line in peer.head() if line[0] != ":authority"])
    expect_refusal(peer, 1, 400)


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("scheme", ["", "http://evil.example/mcp?", "http evil", "1http", "http:"])
def test_schemes_that_are_none(peer: H2Connection, scheme: str) -> None:
    """RFC 3986 section 3.1: a scheme that holds a target is the classic one."""
    peer.headers(1, replaced(peer, ":scheme", scheme))
    expect_refusal(peer, 1)


FRAMINGS: dict[str, Fields] = {
    "chunked": [("transfer-encoding", "chunked")],
    "chunked and a length": [("transfer-encoding", "chunked"), ("content-length", "5")],
    "chunked with an odd value": [("transfer-encoding", "\x0bchunked")],
    "chunked in upper case": [("Transfer-Encoding", "chunked")],
    "chunked with a space": [("transfer-encoding ", "chunked")],
    "named by connection": [("connection", "content-length"), ("content-length", "5")],
    "a length with a space": [("content-length ", "5")],
    "an upgrade": [("connection", "upgrade"), ("upgrade", "h2c"), ("http2-settings", "AAMAAABkAAQAAP__")],
}


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("fields", FRAMINGS.values(), ids=FRAMINGS.keys())
def test_framing_of_http_1_1(peer: H2Connection, fields: Fields) -> None:
    """The length of an HTTP/2 body is in its frames."""
    stream = peer.start("POST", "/mcp", *fields, end=False)
    peer.data(stream, b"0\r\n\r\nGET /injected HTTP/1.1\r\n\r\n")
    expect_refusal(peer, stream)


def test_fields_that_only_look_like_others(peer: H2Connection, backend: RawBackend) -> None:
    """What backends may take for a framing or identity field does not arrive as one."""
    fields = [("transfer_encoding", "chunked"), ("content_length", "5"), ("x_portcullis_subject", "root")]
    stream = peer.start("POST", "/mcp?alike", *fields, end=False)
    peer.data(stream, b"{}")
    assert peer.response(stream).status == 200
    assert b"root" not in backend.last.raw_head and b"ransfer_" not in backend.last.raw_head
    assert backend.last.body == b"{}"


def test_a_body_is_one_whatever_is_in_it(peer: H2Connection, backend: RawBackend) -> None:
    """Also in many small frames, and also when the method usually has none."""
    body = b"5\r\nabcde\r\n0\r\n\r\nGET /injected HTTP/1.1\r\nHost: x\r\n\r\n"
    heads = backend.heads
    for number, method in enumerate(("POST", "GET", "DELETE", "OPTIONS"), 1):
        stream = peer.start(method, "/mcp?body", end=False)
        for at in range(len(body)):
            peer.data(stream, body[at : at + 1], end=False)
        peer.data(stream)
        assert peer.response(stream).status == 200
        assert backend.last.body == body and backend.last.method == method
        assert backend.heads == heads + number


# Limits of the head.


@pytest.mark.usefixtures("nothing_forwarded")
def test_a_head_beyond_the_limit(peer: H2Connection) -> None:
    """431, whether it is one field or many; the connection goes on."""
    large = [("x-large", "v" * 40_000)]
    many = [(f"x-{number}", "v" * 900) for number in range(60)]
    small = [(f"x-{number}", "1") for number in range(120)]
    for fields in (large, many, small):
        encoded = block(peer.head() + fields)
        stream = peer.next_stream
        pieces = [encoded[at : at + 16_384] for at in range(0, len(encoded), 16_384)]
        peer.frame(Type.HEADERS, Flag.END_STREAM | (Flag.END_HEADERS if len(pieces) == 1 else 0), stream, pieces[0])
        for piece in pieces[1:]:
            peer.frame(Type.CONTINUATION, Flag.END_HEADERS if piece is pieces[-1] else 0, stream, piece)
        assert peer.response(stream).status == 431
    peer.expect_usable()


@pytest.mark.usefixtures("nothing_forwarded")
def test_a_path_beyond_the_limit(peer: H2Connection) -> None:
    """414, as over HTTP/1.1."""
    peer.headers(1, replaced(peer, ":path", "/mcp?" + "a" * 9000))
    assert peer.response(1).status == 414
    peer.expect_usable()


def test_a_head_just_below_the_limit(peer: H2Connection, backend: RawBackend) -> None:
    """Large is not too large."""
    assert peer.exchange("GET", "/mcp", ("x-large", "v" * 15_000)).status == 200
    assert backend.last.get("x-large") == "v" * 15_000


MALFORMED: dict[str, Fields] = {
    "a name in upper case": [(":method", "GET"), (":scheme", "http"), (":path", "/mcp"), ("X-Upper", "1")],
    "no path": [(":method", "GET"), (":scheme", "http")],
    "userinfo": [(":method", "GET"), (":scheme", "http"), (":path", "/mcp"), (":authority", "user@127.0.0.1")],
    "extended CONNECT": [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/mcp")],
}


@pytest.mark.parametrize("fields", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_request_is_logged(make_gateway: MakeGateway, backend: RawBackend, fields: Fields) -> None:
    """One line, with its protocol and a reason, like those over HTTP/1.1."""
    gateway = make_gateway([route(backend.url)])
    with H2Connection(gateway.address) as peer:
        peer.handshake()
        peer.headers(1, fields)
        peer.take(1, Type.HEADERS, Type.RST_STREAM)
    (record,) = wait_until(lambda: gateway.events("request"), "a record of the malformed request", 5)
    assert record["protocol"] == "HTTP/2" and record["reason"]
