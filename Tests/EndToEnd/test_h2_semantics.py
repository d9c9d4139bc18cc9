"""HTTP/2 clients and an HTTP/1.1 backend: what HTTP/1.1 clients get, HTTP/2 clients get the same way."""

import hashlib
import random
import struct
import threading

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.h2frames import (
    FRAME_SIZE,
    LARGEST_WINDOW,
    WINDOW,
    H2Connection,
    Setting,
    Type,
)
from support.raw_backend import Conversation, RawBackend, Received, answering
from support.rawhttp import exchange
from support.static_provider import StaticProvider


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend, shared_provider: StaticProvider) -> Gateway:
    """An open route and a protected one to the same backend."""
    return make_shared_gateway(
        [
            route(shared_backend.url),
            route(shared_backend.url, path="/protected", authorization=shared_provider.authorization()),
        ],
        limits={"body_size": "16MiB"},
    )


# Requests.


def test_a_request_arrives_as_http_1_1(peer: H2Connection, backend: RawBackend) -> None:
    """Method, path with query, fields and body; Host is the backend's, the authority is told in forwarding fields."""
    fields = [("content-type", "application/json"), ("mcp-session-id", "Session!"), ("x-twice", "1"), ("x-twice", "2")]
    response = peer.exchange("POST", "/mcp/below?q=%20", *fields, body=b'{"jsonrpc":"2.0"}')
    assert response.status == 200 and response.get("content-type") == "application/json"
    seen = backend.last
    assert (seen.method, seen.target, seen.version) == ("POST", "/mcp/below?q=%20", "HTTP/1.1")
    assert seen.body == b'{"jsonrpc":"2.0"}'
    assert seen.get("content-type") == "application/json" and seen.get("mcp-session-id") == "Session!"
    assert seen.all("x-twice") == ["1", "2"]
    assert seen.get("host") == backend.authority
    assert seen.get("x-forwarded-host") == peer.authority and seen.get("x-forwarded-for") == "127.0.0.1"
    assert b":method" not in seen.raw_head and b":path" not in seen.raw_head


def test_bodies_without_a_length_are_framed_anew(peer: H2Connection, backend: RawBackend) -> None:
    """What looks like the end of a chunked body and a second request is body."""
    body = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    heads = backend.heads
    assert peer.exchange("POST", body=body).status == 200
    assert backend.last.body == body and backend.heads == heads + 1
    assert peer.exchange("POST", "/mcp", ("content-length", str(len(body))), body=body).status == 200
    assert backend.last.body == body and backend.last.get("content-length") == str(len(body))
    assert backend.heads == heads + 2


def test_a_request_without_a_body_gets_none(peer: H2Connection, backend: RawBackend) -> None:
    """END_STREAM on the head: the backend's request has no chunked body."""
    assert peer.exchange("GET").status == 200
    assert backend.last.get("transfer-encoding") is None and backend.last.get("content-length") in (None, "0")


def test_cookie_crumbs_are_one_cookie(peer: H2Connection, backend: RawBackend) -> None:
    """However a client splits it (RFC 9113 section 8.2.3); none of it leaves the gateway."""
    crumbs = [("cookie", f"{name}=crumb") for name in "abc"]
    assert peer.exchange("GET", "/mcp", *crumbs).status == 200
    assert b"crumb" not in backend.last.raw_head


def test_a_body_may_be_asked_for(peer: H2Connection, backend: RawBackend) -> None:
    """`Expect: 100-continue` is answered by the gateway before the body comes."""
    stream = peer.start("POST", "/mcp", ("expect", "100-continue"), end=False)
    assert peer.take_part(stream, Type.HEADERS).fields[0] == (":status", "100")
    peer.data(stream, b"body")
    assert peer.response(stream).status == 200
    assert backend.last.body == b"body" and backend.last.get("expect") is None


# Responses.


def test_response_fields_of_a_connection_stay_there(peer: H2Connection, backend: RawBackend) -> None:
    """Names in lower case, nothing that HTTP/2 forbids, everything else unchanged and in order."""
    backend.script = answering(
        b"HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nUpgrade: x\r\n"
        b"Proxy-Connection: keep-alive\r\nX-Kept: One\r\nx-kept: Two\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"4\r\nbody\r\n0\r\n\r\n"
    )
    response = peer.exchange()
    assert response.body == b"body"
    names = [name for name, _ in response.fields]
    assert names == [name.lower() for name in names]
    assert not {"connection", "keep-alive", "x-hop", "upgrade", "proxy-connection", "transfer-encoding"} & set(names)
    assert response.all("x-kept") == ["One", "Two"]


def test_response_trailers_pass(peer: H2Connection, backend: RawBackend) -> None:
    """They end the stream."""
    backend.script = answering(
        b"HTTP/1.1 200 OK\r\nTrailer: X-Checksum\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"4\r\nbody\r\n0\r\nX-Checksum: abc\r\nX-Other: 2\r\n\r\n"
    )
    response = peer.exchange("GET", "/mcp", ("te", "trailers"))
    assert response.body == b"body"
    assert sorted(response.trailers) == [("x-checksum", "abc"), ("x-other", "2")]


def test_interim_responses_pass(peer: H2Connection, backend: RawBackend) -> None:
    """103 with its fields, before the final response."""
    backend.script = answering(
        b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"
    )
    response = peer.exchange()
    assert [fields[0] for fields in response.interim] == [(":status", "103")]
    assert ("link", "</style.css>; rel=preload") in response.interim[0]
    assert response.status == 200 and response.body == b"body"


NO_BODY = {
    "HEAD": ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", 200),
    "204": ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204),
    "304": ("GET", b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 99\r\n\r\n', 304),
    "empty": ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200),
    "empty in chunks": ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200),
}


@pytest.mark.parametrize(("method", "answer", "status"), NO_BODY.values(), ids=NO_BODY.keys())
def test_responses_without_a_body_end_at_once(
    peer: H2Connection, backend: RawBackend, method: str, answer: bytes, status: int
) -> None:
    """And the backend's connection stays usable."""
    backend.script = answering(answer)
    response = peer.exchange(method)
    assert response.status == status and response.body == b"" and response.trailers == []
    if method == "HEAD":
        assert response.get("content-length") == "1234"
    backend.reset_script()
    peer.expect_usable()


def test_a_body_that_ends_with_its_connection_is_whole(peer: H2Connection, backend: RawBackend) -> None:
    """A backend without any framing is taken at its word."""
    backend.script = answering(b"HTTP/1.1 200 OK\r\n\r\nuntil the end", "close")
    assert peer.exchange().body == b"until the end"


def test_large_bodies_pass_both_ways_at_once(gateway: Gateway, backend: RawBackend) -> None:
    """Several streams, each with some MiB up and down, all through windows of the default size."""
    backend.script = lambda conversation, request: conversation.respond(200, request.body[::-1])
    rng = random.Random(113)
    bodies = {stream: rng.randbytes(1_500_000 + stream) for stream in (1, 3, 5)}
    with H2Connection(gateway.address) as peer:
        peer.handshake()
        # Nobody gives it back while another stream is read.
        peer.window(0, 2 * WINDOW)
        left = {0: WINDOW} | dict.fromkeys(bodies, peer.server_settings.get(Setting.INITIAL_WINDOW_SIZE, WINDOW))
        for stream in bodies:
            assert peer.start("POST", end=False) == stream
        sent = dict.fromkeys(bodies, 0)
        while any(sent[stream] < len(bodies[stream]) for stream in bodies):
            for number in left:
                while updates := peer.filed(number, Type.WINDOW_UPDATE):
                    peer.take(number, Type.WINDOW_UPDATE)
                    left[number] += struct.unpack(">I", updates[0].payload)[0]
            moved = False
            for stream, body in bodies.items():
                size = min(FRAME_SIZE, left[0], left[stream], len(body) - sent[stream])
                if size > 0:
                    peer.data(stream, body[sent[stream] : sent[stream] + size], sent[stream] + size == len(body))
                    sent[stream] += size
                    left[0] -= size
                    left[stream] -= size
                    moved = True
            if not moved:
                peer.ping()
        for stream, body in bodies.items():
            response = peer.response(stream, replenish=True)
            assert hashlib.sha256(response.body).digest() == hashlib.sha256(body[::-1]).digest()


# Streams that stop, and their neighbours.


def test_a_response_that_is_not_read_stalls_nobody(gateway: Gateway, backend: RawBackend) -> None:
    """Ten large responses wait for windows; an eleventh stream is served as if they were not there."""

    def script(conversation: Conversation, request: Received) -> None:
        conversation.respond(200, b"x" * (4 << 20 if "large" in request.target else 100_000))

    backend.script = script
    with H2Connection(gateway.address) as peer:
        peer.handshake((Setting.INITIAL_WINDOW_SIZE, 1000))
        peer.window(0, LARGEST_WINDOW - WINDOW)
        stalled = [peer.start("GET", "/mcp?large") for _ in range(10)]
        heads = [peer.take_head(stream) for stream in stalled]
        for _ in range(3):
            stream = peer.start()
            peer.window(stream, 1 << 20)
            assert len(peer.response(stream).body) == 100_000
        for stream, head in zip(stalled, heads, strict=True):
            peer.window(stream, 8 << 20)
            peer.take_body(stream, head)
            assert len(head.body) == 4 << 20


def test_a_request_that_is_not_taken_stalls_nobody(peer: H2Connection, backend: RawBackend) -> None:
    """Bodies that the backend does not read use their streams' windows, not their neighbours' connection."""
    held = threading.Event()

    def script(_: Conversation, request: Received) -> None:
        if "held" in request.target:
            held.wait(10)

    backend.head_script = script
    try:
        window = peer.server_settings.get(Setting.INITIAL_WINDOW_SIZE, WINDOW)
        available = WINDOW
        stalled = []
        for _ in range(5):
            stream = peer.start("POST", "/mcp?held", end=False)
            left = window
            while left > 0:
                while update := peer.filed(0, Type.WINDOW_UPDATE):
                    peer.take(0, Type.WINDOW_UPDATE)
                    available += struct.unpack(">I", update[0].payload)[0]
                if available == 0:
                    update = [peer.take(0, Type.WINDOW_UPDATE)]
                    available += struct.unpack(">I", update[0].payload)[0]
                size = min(FRAME_SIZE, left, available)
                peer.data(stream, b"x" * size, end=False)
                left -= size
                available -= size
            stalled.append(stream)
        assert peer.exchange("POST", body=b"").status == 200
        while available < 100:
            available += struct.unpack(">I", peer.take(0, Type.WINDOW_UPDATE).payload)[0]
        assert peer.exchange("POST", body=b"x" * 100).status == 200
        held.set()
        for stream in stalled:
            peer.data(stream)
            assert peer.response(stream).json()["length"] == window
    finally:
        held.set()


# The same bytes.


def comparable(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What does not belong to the connection or the moment."""
    own = ("connection", "keep-alive", "transfer-encoding", "date")
    return sorted((name.lower(), value) for name, value in fields if name.lower() not in own)


TOKENS = ["no token", "bad token", "expired", "wrong audience", "scope", "good"]
PLACES = ["elsewhere", "slash", "TRACE", "metadata"]


@pytest.mark.parametrize("case", TOKENS + PLACES)
def test_both_protocols_get_the_same_answer(
    make_gateway: MakeGateway, backend: RawBackend, shared_provider: StaticProvider, case: str
) -> None:
    """Challenges, refusals, redirects and documents, field by field and byte by byte."""
    authorization = shared_provider.authorization(allowed_scopes=["mcp:tools"])
    gateway = make_gateway([route(backend.url, authorization=authorization)])
    backend.script = lambda conversation, _: conversation.respond(200, b"{}", [("X-Answer", "1")])
    signer = shared_provider.signer
    token = {
        "bad token": "no.good.token",
        "expired": signer.token(exp=1),
        "wrong audience": signer.token(aud="urn:somebody-else"),
        "scope": signer.token(scope="other"),
        "no token": None,
    }.get(case, signer.token())
    method = "TRACE" if case == "TRACE" else "GET"
    path = {
        "elsewhere": "/elsewhere",
        "slash": "/mcp/",
        "metadata": "/.well-known/oauth-protected-resource/mcp",
    }.get(case, "/mcp")
    first = exchange(gateway.address, method, path, token=token)
    with H2Connection(gateway.address) as peer:
        peer.handshake()
        second = peer.exchange(method, path, *([("authorization", f"Bearer {token}")] if token else []))
        assert (second.status, second.body) == (first.status, first.body)
        assert comparable(second.fields) == comparable(first.fields)
        peer.ping()
    assert (first.status == 200) == (case in ("good", "metadata"))


def test_the_access_record_of_a_request(peer: H2Connection, gateway: Gateway, shared_provider: StaticProvider) -> None:
    """One line, with the same facts as over HTTP/1.1."""
    token = shared_provider.signer.token(sub="h2-user")
    fields = ("authorization", f"Bearer {token}")
    response = peer.exchange("POST", "/protected/logged?secret-query", fields, body=b"x" * 123)
    assert response.status == 200
    record = gateway.access(path="/protected/logged")
    assert record["method"] == "POST" and record["status"] == 200 and record["auth"] == "verified"
    assert record["subject"] == "h2-user" and record["client"] == "127.0.0.1"
    assert record["bytes_in"] == 123 and record["bytes_out"] == len(response.body)
    assert "reason" not in record


def test_identity_reaches_the_backend(peer: H2Connection, backend: RawBackend, shared_provider: StaticProvider) -> None:
    """The token does not, and a client's own claims do not."""
    token = shared_provider.signer.token()
    fields = [("authorization", f"Bearer {token}"), ("x-portcullis-subject", "spoofed")]
    assert peer.exchange("POST", "/protected", *fields, body=b"{}").status == 200
    assert backend.last.all("x-portcullis-subject") == ["user-1"]
    assert token.encode() not in backend.last.raw_head and b"spoofed" not in backend.last.raw_head


def test_answers_are_whole_at_every_size(peer: H2Connection, backend: RawBackend) -> None:
    """Around frame sizes and windows, nothing is lost or doubled."""
    sizes = [1, FRAME_SIZE - 1, FRAME_SIZE, FRAME_SIZE + 1, WINDOW - 1, WINDOW, WINDOW + 1, 200_000]
    pattern = bytes(range(251))
    body = (pattern * 1000)[:200_000]
    backend.script = lambda conversation, request: conversation.respond(200, body[: int(request.target[5:])])
    for size in sizes:
        stream = peer.start("GET", f"/mcp?{size}")
        response = peer.response(stream, replenish=True)
        assert response.body == body[:size], size
        assert response.get("content-length") == str(size)
