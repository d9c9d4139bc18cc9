"""What a request is, and what it must not be: RFC 9113 section 8, frame by frame.

A malformed request is a stream error of type PROTOCOL_ERROR; no part of it reaches the backend, and the connection
goes on.
"""

import contextlib

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.h2frames import Code, H2Connection, Type
from support.raw_backend import Conversation, RawBackend, Received
from support.waiting import wait_until

Fields = list[tuple[str, str]]

TRAILERS = [("x-checksum", "1"), ("x-other", "2")]


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend) -> Gateway:
    return make_shared_gateway([route(shared_backend.url)])


def without(peer: H2Connection, *names: str) -> Fields:
    return [line for line in peer.head() if line[0] not in names]


# Section 8.1: the frames of a message.


@pytest.mark.parametrize("pieces", [0, 1, 3])
def test_requests_of_every_shape(peer: H2Connection, backend: RawBackend, pieces: int) -> None:
    """With no, one and several DATA frames, with and without trailers."""
    for trailers in (False, True):
        stream = peer.start("POST", "/mcp", end=False)
        for number in range(pieces):
            peer.data(stream, b"12345", end=not trailers and number == pieces - 1)
        if trailers:
            peer.headers(stream, TRAILERS)
        elif pieces == 0:
            peer.data(stream)
        assert peer.response(stream).status == 200
        assert backend.last.body == b"12345" * pieces
        if trailers and pieces:
            assert sorted((name.lower(), value) for name, value in backend.last.trailers) == TRAILERS


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "M-SEARCH"])
def test_methods_pass(peer: H2Connection, backend: RawBackend, method: str) -> None:
    """Whatever HTTP/1.1 passes on."""
    response = peer.exchange(method)
    assert response.status == 200
    assert backend.last.method == method
    assert (response.body == b"") == (method == "HEAD")


def test_a_second_head_without_an_end(peer: H2Connection) -> None:
    """Trailers end the stream (section 8.1)."""
    stream = peer.start("POST", end=False)
    peer.headers(stream, [("x-trailer", "1")], end=False)
    peer.expect_stream_error(stream, Code.PROTOCOL_ERROR)
    peer.expect_usable()


def test_data_behind_trailers(peer: H2Connection, backend: RawBackend) -> None:
    """The request has ended."""
    backend.script = lambda conversation, _: conversation.peer_gone() and None
    stream = peer.start("POST", end=False)
    peer.headers(stream, [("x-trailer", "1")])
    peer.data(stream, b"x")
    peer.expect_stream_error(stream, Code.STREAM_CLOSED, or_connection=True)


BAD_TRAILERS: dict[str, Fields] = {
    ":method": [(":method", "POST")],
    ":path": [("x-first", "1"), (":path", "/other")],
    ":status": [(":status", "200")],
    "unknown pseudo-header": [(":unknown", "1")],
    "upper case": [("X-Trailer", "1")],
    "connection": [("connection", "close")],
    "transfer-encoding": [("transfer-encoding", "chunked")],
    "line feed": [("x-trailer", "1\nx-injected: 1")],
    "carriage return and line feed": [("x-trailer", "1\r\nx-injected: 1")],
    "NUL": [("x-trailer", "1\0")],
    "colon in a name": [("x-trailer:", "1")],
    "line feed in a name": [("x-trailer: 1\nx-injected", "1")],
}


@pytest.mark.parametrize("trailers", BAD_TRAILERS.values(), ids=BAD_TRAILERS.keys())
def test_malformed_trailers(peer: H2Connection, backend: RawBackend, trailers: Fields) -> None:
    """The request is never whole, and nothing is injected."""
    completed = backend.completed
    stream = peer.start("POST", "/mcp?trailers", end=False)
    peer.data(stream, b"{}", end=False)
    peer.headers(stream, trailers)
    peer.expect_stream_error(stream, Code.PROTOCOL_ERROR)
    peer.expect_usable()
    assert backend.completed == completed + 1


# Section 8.2: fields.

MALFORMED_FIELDS: dict[str, tuple[str, str]] = {
    "name in upper case": ("X-Upper", "1"),
    "one letter in upper case": ("x-uppeR", "1"),
    "empty name": ("", "1"),
    "name with a space": ("x y", "1"),
    "name with a colon": ("x:y", "1"),
    "name with a control": ("x\x01", "1"),
    "name with DEL": ("x\x7f", "1"),
    "name beyond ASCII": ("x\xe9", "1"),
    "name with a bracket": ("x(y)", "1"),
    "value with NUL": ("x-value", "a\0b"),
    "value with a line feed": ("x-value", "a\nb"),
    "value with a carriage return": ("x-value", "a\rb"),
    "value with leading white space": ("x-value", " a"),
    "value with trailing white space": ("x-value", "a\t"),
    "connection": ("connection", "close"),
    "connection that names a field": ("connection", "x-value"),
    "keep-alive": ("keep-alive", "timeout=5"),
    "proxy-connection": ("proxy-connection", "keep-alive"),
    "transfer-encoding": ("transfer-encoding", "chunked"),
    "transfer-encoding identity": ("transfer-encoding", "identity"),
    "upgrade": ("upgrade", "websocket"),
    "te": ("te", "gzip"),
    "te with more than trailers": ("te", "trailers, deflate"),
}


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("line", MALFORMED_FIELDS.values(), ids=MALFORMED_FIELDS.keys())
def test_malformed_fields(peer: H2Connection, line: tuple[str, str]) -> None:
    """Sections 8.2.1 and 8.2.2."""
    stream = peer.start("GET", "/mcp", line)
    peer.expect_stream_error(stream, Code.PROTOCOL_ERROR)
    peer.expect_usable()


def test_te_may_say_trailers(peer: H2Connection, backend: RawBackend) -> None:
    """The one connection-specific thing that HTTP/2 has; it stays on its hop."""
    assert peer.exchange("GET", "/mcp", ("te", "trailers")).status == 200
    assert backend.last.all("te") == []


@pytest.mark.parametrize("value", ["a b\tc", "", "~!@#$%^&*()", "Gr\xc3\xbc\xc3\x9fe"])
def test_values_that_are_good(peer: H2Connection, backend: RawBackend, value: str) -> None:
    """Inner white space, nothing, any visible character and octets beyond ASCII pass unchanged."""
    assert peer.exchange("GET", "/mcp", ("x-value", value)).status == 200
    assert backend.last.get("x-value") == value


# Section 8.3: pseudo-header fields.


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("name", [":method", ":scheme", ":path"])
def test_a_missing_pseudo_header(peer: H2Connection, name: str) -> None:
    """The three that every request has."""
    peer.headers(1, without(peer, name))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)
    peer.expect_usable()


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("name", [":method", ":scheme", ":path", ":authority"])
@pytest.mark.parametrize("same", [True, False])
def test_a_repeated_pseudo_header(peer: H2Connection, name: str, same: bool) -> None:
    """Whether both say the same or not."""
    fields = peer.head()
    value = dict(fields)[name] if same else {":method": "POST", ":path": "/mcp/other"}.get(name, "other")
    peer.headers(1, [*fields, (name, value)])
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


PSEUDO_FAULTS: dict[str, Fields] = {
    "unknown": [(":unknown", "1")],
    "of responses": [(":status", "200")],
    "of extended CONNECT without it": [(":protocol", "websocket")],
    "empty name": [(":", "1")],
    "in upper case": [(":Method", "GET")],
}


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("fields", PSEUDO_FAULTS.values(), ids=PSEUDO_FAULTS.keys())
def test_pseudo_headers_that_requests_do_not_have(peer: H2Connection, fields: Fields) -> None:
    """Undefined ones, and those of others."""
    peer.headers(1, peer.head() + fields)
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)
    peer.expect_usable()


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("name", [":method", ":scheme", ":path", ":authority"])
def test_pseudo_headers_stand_first(peer: H2Connection, name: str) -> None:
    """Behind a regular field none is accepted."""
    fields = peer.head()
    peer.headers(1, [line for line in fields if line[0] != name] + [("x-regular", "1"), (name, dict(fields)[name])])
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


@pytest.mark.usefixtures("nothing_forwarded")
def test_an_empty_path(peer: H2Connection) -> None:
    """Not even for the root."""
    peer.headers(1, [*without(peer, ":path"), (":path", "")])
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


def test_pseudo_headers_may_come_in_any_order(peer: H2Connection) -> None:
    """Among themselves."""
    peer.headers(1, list(reversed(peer.head())))
    assert peer.response(1).status == 200


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_scheme_may_be_that_of_a_proxy_in_front(peer: H2Connection, scheme: str) -> None:
    """A load balancer that ended TLS passes its client's scheme on."""
    peer.headers(1, [*without(peer, ":method", ":scheme"), (":method", "GET"), (":scheme", scheme)][::-1])
    assert peer.response(1).status == 200


# Section 8.1.1: content-length.

LENGTHS: dict[str, tuple[str, list[bytes]]] = {
    "more than one frame holds": ("10", [b"12345"]),
    "less than one frame holds": ("3", [b"12345"]),
    "more than all frames hold": ("11", [b"12345", b"12345"]),
    "less than all frames hold": ("7", [b"12345", b"12345"]),
    "something, and nothing comes": ("1", []),
    "nothing, and something comes": ("0", [b"1"]),
}


@pytest.mark.parametrize("trailers", [False, True], ids=["", "with trailers"])
@pytest.mark.parametrize(("length", "pieces"), LENGTHS.values(), ids=LENGTHS.keys())
def test_a_content_length_that_is_not_the_length(
    peer: H2Connection, backend: RawBackend, length: str, pieces: list[bytes], trailers: bool
) -> None:
    """The sum of the DATA frames decides; the backend never sees a whole request, nor bytes beyond the length."""
    taken: list[bytes] = []
    completed = backend.completed

    def drain(conversation: Conversation, request: Received) -> None:
        if not request.target.endswith("?length"):
            return
        with contextlib.suppress(OSError):
            while conversation._fill():
                pass
        taken.append(conversation.buffer)
        conversation.close()

    backend.head_script = drain
    heads = backend.heads
    stream = peer.start("POST", "/mcp?length", ("content-length", length), end=not pieces and not trailers)
    for number, piece in enumerate(pieces):
        peer.data(stream, piece, end=not trailers and number == len(pieces) - 1)
    if trailers:
        peer.headers(stream, [("x-trailer", "1")])
    peer.expect_stream_error(stream, Code.PROTOCOL_ERROR)
    peer.expect_usable()
    # Whether it has reached the backend or not, one request more than those broken off there has got through.
    wait_until(lambda: backend.heads == heads + 1 + len(taken), "the backend's request is broken off")
    assert backend.completed == completed + 1
    assert all(len(data) <= int(length) for data in taken), taken


BAD_LENGTHS = ["", "-1", "+5", "5.0", "five", "0x5", "5, 5", "18446744073709551621", "5 "]


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("value", BAD_LENGTHS)
def test_a_content_length_that_is_no_length(peer: H2Connection, value: str) -> None:
    """Not a plain decimal number."""
    stream = peer.start("POST", "/mcp", ("content-length", value), end=False)
    peer.data(stream, b"12345")
    peer.expect_stream_error(stream, Code.PROTOCOL_ERROR)
    peer.expect_usable()


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("second", ["5", "6"])
def test_two_content_lengths(peer: H2Connection, second: str) -> None:
    """Equal or not."""
    stream = peer.start("POST", "/mcp", ("content-length", "5"), ("content-length", second), end=False)
    peer.data(stream, b"12345")
    peer.expect_stream_error(stream, Code.PROTOCOL_ERROR)
    peer.expect_usable()


def test_a_content_length_that_is_the_length(peer: H2Connection, backend: RawBackend) -> None:
    """In one frame, in several, and with trailers behind."""
    for pieces in ([b"12345"], [b"1", b"", b"2345"]):
        stream = peer.start("POST", "/mcp", ("content-length", "5"), end=False)
        for piece in pieces:
            peer.data(stream, piece, end=False)
        peer.headers(stream, [("x-trailer", "1")])
        assert peer.response(stream).status == 200
        assert backend.last.body == b"12345"


# Section 8.5: CONNECT.


@pytest.mark.usefixtures("nothing_forwarded")
def test_connect_is_refused(peer: H2Connection) -> None:
    """A gateway is no tunnel."""
    peer.headers(1, [(":method", "CONNECT"), (":authority", "example.com:443")], end=False)
    frame = peer.take(1, Type.HEADERS, Type.RST_STREAM)
    assert frame.code in (Code.REFUSED_STREAM, Code.PROTOCOL_ERROR, Code.CANCEL) or frame.fields[0][1] in ("501", "405")
    peer.expect_usable()


@pytest.mark.usefixtures("nothing_forwarded")
def test_extended_connect_is_refused(peer: H2Connection) -> None:
    """RFC 8441, which the server's settings do not offer."""
    fields = [(":method", "CONNECT"), (":protocol", "websocket"), *without(peer, ":method")]
    peer.headers(1, fields, end=False)
    frame = peer.take(1, Type.HEADERS, Type.RST_STREAM)
    assert frame.code == Code.PROTOCOL_ERROR or frame.fields[0][1] in ("501", "405", "400")
    peer.expect_usable()


@pytest.mark.usefixtures("nothing_forwarded")
def test_a_connect_that_is_none(peer: H2Connection) -> None:
    """With :scheme and :path it is malformed."""
    peer.headers(1, [(":method", "CONNECT"), *without(peer, ":method")])
    frame = peer.take(1, Type.HEADERS, Type.RST_STREAM)
    assert frame.code == Code.PROTOCOL_ERROR or frame.fields[0][1] in ("501", "400")
    peer.expect_usable()
