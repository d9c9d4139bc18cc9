"""The proxy on the wire: what passes unchanged, what must not pass, and when."""

import hashlib
import json
import random

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.raw_backend import Conversation, RawBackend, Received
from support.rawhttp import Connection, exchange, request_bytes
from support.static_provider import StaticProvider


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend, shared_provider: StaticProvider) -> Gateway:
    """An open route and a protected one to the same backend."""
    return make_shared_gateway(
        [
            route(shared_backend.url, path="/mcp"),
            route(shared_backend.url, path="/protected", authorization=shared_provider.authorization()),
        ]
    )


def test_end_to_end_fields_pass_and_the_rest_does_not(
    gateway: Gateway, backend: RawBackend, shared_provider: StaticProvider
) -> None:
    """Known and unknown MCP fields pass byte for byte; credentials and hop-by-hop fields stay (GW-60, GW-81, GW-82)."""
    passing = [
        ("Accept", "application/json, text/event-stream"),
        ("content-type", "application/json; charset=UTF-8"),
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Session-Id", "Session!~'()*"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "=?base64?Z3LDvMOfZQ==?="),
        ("Mcp-Param-Region", "  eu-west-1 \t"),
        ("Mcp-Param-Unknown-Thing", "as it is"),
        ("Last-Event-ID", "event-7"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("tracestate", "a=b,c=d"),
        ("baggage", "key=value"),
        ("X-Custom", "first"),
        ("X-Custom", "second"),
    ]
    stopped = [
        ("Cookie", "session=cookie-of-the-client"),
        ("Proxy-Authorization", "Basic cHJveHktc2VjcmV0"),
        ("Connection", "keep-alive, X-Named-By-Connection"),
        ("X-Named-By-Connection", "1"),
        ("Keep-Alive", "timeout=5"),
        ("TE", "trailers"),
        ("Upgrade", "websocket"),
        ("X-Portcullis-Subject", "spoofed"),
        ("x-portcullis-scopes", "spoofed"),
        ("X-PORTCULLIS-CLIENT", "spoofed"),
        ("X-Portcullis-Issuer", "spoofed"),
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Proto", "gopher"),
        ("X-Forwarded-Host", "evil.example"),
        ("Forwarded", "for=203.0.113.9;host=evil.example"),
        ("Origin", gateway.url),
    ]
    token = shared_provider.signer.token()
    sent = passing + stopped
    assert exchange(gateway.address, "POST", "/protected", fields=sent, body=b"{}", token=token).status == 200
    seen = backend.last
    for name in {name for name, _ in passing}:
        assert seen.all(name) == [value.strip() for key, value in passing if key == name], name
    for name in ("Authorization", "Cookie", "Proxy-Authorization", "X-Named-By-Connection", "TE", "Upgrade", "Origin"):
        assert seen.all(name) == [], name
    assert "named" not in (seen.get("connection") or "").lower()
    assert seen.get("host") == backend.authority
    assert b"spoofed" not in seen.raw_head and b"evil.example" not in seen.raw_head
    assert b"203.0.113.9" not in seen.raw_head
    assert token.encode() not in seen.raw_head
    assert seen.get("x-portcullis-subject") == "user-1"


def test_the_origin_of_the_request_is_told_in_forwarding_fields(gateway: Gateway, backend: RawBackend) -> None:
    """X-Forwarded-* and Forwarded carry the client's address and the public name (GW-72)."""
    exchange(gateway.address, "POST", "/mcp", body=b"{}")
    seen = backend.last
    assert seen.get("x-forwarded-for") == "127.0.0.1"
    assert seen.get("x-forwarded-proto") == "http"
    assert seen.get("x-forwarded-host") == gateway.authority
    forwarded = (seen.get("forwarded") or "").lower()
    assert "for=" in forwarded and "127.0.0.1" in forwarded and "proto=http" in forwarded


def test_an_open_route_hands_no_identity_on(
    gateway: Gateway, backend: RawBackend, shared_provider: StaticProvider
) -> None:
    """Without authorization there is no identity, so inbound copies are stripped and no token passes (GW-60, GW-61)."""
    token = shared_provider.signer.token()
    exchange(gateway.address, "POST", "/mcp", fields=[("X-Portcullis-Subject", "spoofed")], body=b"{}", token=token)
    assert backend.last.all("x-portcullis-subject") == []
    assert backend.last.all("authorization") == []


def test_identity_headers_can_be_named_and_turned_off(
    make_gateway: MakeGateway, backend: RawBackend, shared_provider: StaticProvider
) -> None:
    """The names come from the configuration, and the configured names are stripped inbound (GW-61)."""
    gateway = make_gateway(
        [
            route(
                backend.url,
                authorization=shared_provider.authorization(),
                identity_headers={"subject": "X-User", "client": "off", "scopes": "off", "issuer": "off"},
            )
        ]
    )
    token = shared_provider.signer.token()
    exchange(gateway.address, "POST", "/mcp", fields=[("x-user", "spoofed")], body=b"{}", token=token)
    assert backend.last.all("x-user") == ["user-1"]
    assert backend.last.all("x-portcullis-client") == []


def test_response_fields_pass(gateway: Gateway, backend: RawBackend) -> None:
    """Session id, cache and buffering hints reach the client; hop-by-hop fields do not (GW-81, GW-86, GW-121)."""
    fields = [
        ("Content-Type", "application/json"),
        ("Mcp-Session-Id", "0af7-session"),
        ("X-Accel-Buffering", "no"),
        ("Cache-Control", "no-cache, no-transform"),
        ("X-Named", "1"),
        ("Connection", "X-Named"),
    ]
    backend.script = lambda conversation, _: conversation.respond(200, b"{}", fields)
    response = exchange(gateway.address, "POST", "/mcp", body=b"{}")
    assert response.get("mcp-session-id") == "0af7-session"
    assert response.get("x-accel-buffering") == "no"
    assert response.get("cache-control") == "no-cache, no-transform"
    assert response.get("x-named") is None


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/mcp", "/mcp"),
        ("/mcp?a=1&b=%20x", "/mcp?a=1&b=%20x"),
        ("http://{host}/mcp?a=1", "/mcp?a=1"),
    ],
)
def test_the_target_of_the_backend(gateway: Gateway, backend: RawBackend, asked: str, expected: str) -> None:
    """Query strings pass; an absolute-form target means the same."""
    assert exchange(gateway.address, "POST", asked.format(host=gateway.authority), body=b"{}").status == 200
    assert backend.last.target == expected


def test_a_token_in_the_query_does_not_reach_the_backend(gateway: Gateway, backend: RawBackend) -> None:
    """An open route refuses it, because it would end up in the backend's logs (GW-40)."""
    before = backend.heads
    assert exchange(gateway.address, "POST", "/mcp?a=1&access_token=in-the-query", body=b"{}").status == 400
    assert backend.heads == before


def random_json(length: int, seed: int) -> bytes:
    """Deterministic JSON of about `length` bytes with every awkward kind of character and number."""
    generator = random.Random(seed)
    alphabet = 'abc \\"\u00e9\u2603\U0001f600\u2028\t'
    items = []
    size = 0
    while size < length:
        text = "".join(generator.choice(alphabet) for _ in range(50))
        items.append({text: generator.random() * 1e300, "k": [None, True, -0.0, text]})
        size += 250
    return json.dumps(items, ensure_ascii=bool(seed % 2), indent=seed % 3 or None).encode()


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_bodies_are_byte_exact_both_ways(gateway: Gateway, backend: RawBackend, framing: str, seed: int) -> None:
    """A megabyte of JSON arrives and returns unchanged, in either framing (GW-93)."""
    body = random_json(1 << 20, seed)
    backend.script = lambda conversation, request: conversation.respond(200, request.body)
    with Connection(gateway.address) as connection:
        if framing == "length":
            connection.send(request_bytes("POST", "/mcp", gateway.authority, body=body))
        else:
            connection.send(request_bytes("POST", "/mcp", gateway.authority, [("Transfer-Encoding", "chunked")]))
            generator = random.Random(seed)
            position = 0
            while position < len(body):
                size = generator.choice([1, 2, 15, 16, 17, 1000, 65536])
                part = body[position : position + size]
                connection.send(b'%X;extension="v"\r\n%s\r\n' % (len(part), part))
                position += size
            connection.send(b"0\r\n\r\n")
        response = connection.read_response()
    assert hashlib.sha256(backend.last.body).digest() == hashlib.sha256(body).digest()
    assert hashlib.sha256(response.body).digest() == hashlib.sha256(body).digest()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"jsonrpc":"2.0","id":1,"result":{}}'),
        (202, b""),
        (400, b'{"jsonrpc":"2.0","id":1,"error":{"code":-32020,"message":"HeaderMismatch"}}'),
        (401, b'{"error":"of the backend"}'),
        (404, b'{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}'),
        (405, b""),
        (406, b"not acceptable"),
        (500, b"<h1>it broke</h1>\x00\xff"),
        (503, b"later"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_statuses_and_bodies_of_the_backend_are_untouched(
    gateway: Gateway, backend: RawBackend, method: str, status: int, body: bytes
) -> None:
    """Errors of the backend belong to the client (GW-80, GW-83, GW-84, GW-123)."""
    fields = [("Content-Type", "application/json"), ("X-From", "backend")]
    backend.script = lambda conversation, _: conversation.respond(status, body, fields)
    response = exchange(gateway.address, method, "/mcp", body=b"{}" if method == "POST" else None)
    assert (response.status, response.body) == (status, body)
    assert response.get("x-from") == "backend"
    assert backend.last.method == method


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body(gateway: Gateway, backend: RawBackend, status: int) -> None:
    """204 and 304 end with their head, and the connections stay in step."""
    backend.script = lambda conversation, _: conversation.send(b"HTTP/1.1 %d None\r\nX-From: backend\r\n\r\n" % status)
    with Connection(gateway.address) as connection:
        for _ in range(2):
            connection.send(request_bytes("GET", "/mcp", gateway.authority))
            response = connection.read_response()
            assert (response.status, response.body) == (status, b"")


def test_trailers_and_chunks_of_the_backend(gateway: Gateway, backend: RawBackend) -> None:
    """A chunked response keeps its content; its end is passed on as an end."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked("text/plain")
        conversation.chunk(b"one ")
        conversation.chunk(b"two")
        conversation.send(b"0\r\nX-Checksum: abc\r\n\r\n")

    backend.script = script
    with Connection(gateway.address) as connection:
        for _ in range(2):
            connection.send(request_bytes("GET", "/mcp", gateway.authority))
            assert connection.read_response().body == b"one two"


def test_a_close_delimited_response_is_complete(gateway: Gateway, backend: RawBackend) -> None:
    """Without any framing the end of the connection is the end of the body."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end")
        conversation.close()

    backend.script = script
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("GET", "/mcp", gateway.authority))
        assert connection.read_response().body == b"until the end"


def test_interim_responses_are_not_final(gateway: Gateway, backend: RawBackend) -> None:
    """100 and 103 from the backend come before the response, not instead of it."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        conversation.respond(200, b"final")

    backend.script = script
    assert exchange(gateway.address, "POST", "/mcp", body=b"{}").body == b"final"
