"""The proxy on the wire: what passes unchanged, what must not pass, and when."""

import hashlib
import json
import random
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.raw_backend import Conversation, RawBackend, Received
from support.rawhttp import Connection, Truncated, exchange, request_bytes
from support.static_provider import StaticProvider
from support.waiting import free_port, wait_until


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend, shared_provider: StaticProvider) -> Gateway:
    """An open route and a protected one to the same backend."""
    return make_shared_gateway(
        [
            route(shared_backend.url, path="/mcp"),
            route(shared_backend.url, path="/protected", authorization=shared_provider.authorization()),
        ]
    )


def host(gateway: Gateway) -> str:
    return f"127.0.0.1:{gateway.port}"


# --- Header fields


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
    assert seen.get("x-forwarded-host") == host(gateway)
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
    assert exchange(gateway.address, "POST", asked.format(host=host(gateway)), body=b"{}").status == 200
    assert backend.last.target == expected


def test_a_token_in_the_query_does_not_reach_the_backend(gateway: Gateway, backend: RawBackend) -> None:
    """An open route refuses it, because it would end up in the backend's logs (GW-40)."""
    before = backend.heads
    assert exchange(gateway.address, "POST", "/mcp?a=1&access_token=in-the-query", body=b"{}").status == 400
    assert backend.heads == before


# --- Bodies


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
            connection.send(request_bytes("POST", "/mcp", host(gateway), body=body))
        else:
            connection.send(request_bytes("POST", "/mcp", host(gateway), [("Transfer-Encoding", "chunked")]))
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
            connection.send(request_bytes("GET", "/mcp", host(gateway)))
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
            connection.send(request_bytes("GET", "/mcp", host(gateway)))
            assert connection.read_response().body == b"one two"


def test_a_close_delimited_response_is_complete(gateway: Gateway, backend: RawBackend) -> None:
    """Without any framing the end of the connection is the end of the body."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end")
        conversation.close()

    backend.script = script
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("GET", "/mcp", host(gateway)))
        assert connection.read_response().body == b"until the end"


def test_interim_responses_are_not_final(gateway: Gateway, backend: RawBackend) -> None:
    """100 and 103 from the backend come before the response, not instead of it."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        conversation.respond(200, b"final")

    backend.script = script
    assert exchange(gateway.address, "POST", "/mcp", body=b"{}").body == b"final"


# --- Streams


def test_events_are_forwarded_one_by_one(gateway: Gateway, backend: RawBackend) -> None:
    """Each event is sent only after the client has confirmed the one before: nothing is buffered (GW-86)."""
    confirmed = threading.Semaphore(0)
    events = [b'event: message\ndata: {"n":%d}\n\n' % number for number in range(20)]
    events += [b": ping\n\n", b"id: 7\nretry: 10\ndata:\n\n"]

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        for event in events:
            conversation.chunk(event)
            if not confirmed.acquire(timeout=10):
                conversation.reset()
                return
        conversation.end_chunks()

    backend.script = script
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("POST", "/mcp", host(gateway), body=b"{}"))
        head = connection.read_head()
        assert head.get("content-type") == "text/event-stream"
        assert head.get("content-encoding") is None
        for event in events:
            received = b""
            while len(received) < len(event):
                received += connection.read_chunk()
            assert received == event
            confirmed.release()
        assert connection.read_chunk() == b""


def test_the_head_is_forwarded_before_the_first_event(gateway: Gateway, backend: RawBackend) -> None:
    """A stream that has nothing to say yet is open all the same (GW-109)."""
    seen = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        if seen.wait(10):
            conversation.chunk(b"data: late\n\n")
            conversation.end_chunks()

    backend.script = script
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("GET", "/mcp", host(gateway), [("Accept", "text/event-stream")]))
        assert connection.read_head().status == 200
        seen.set()
        assert connection.read_chunk() == b"data: late\n\n"


@pytest.mark.parametrize("farewell", ["close", "reset"])
@pytest.mark.parametrize("phase", ["before the head", "in the stream"])
def test_a_client_that_leaves_ends_the_request_at_the_backend(
    gateway: Gateway, backend: RawBackend, farewell: str, phase: str
) -> None:
    """The backend sees its connection go as soon as the client has gone (GW-87)."""
    waiting, gone = threading.Event(), threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        if phase == "in the stream":
            conversation.start_chunked()
            conversation.chunk(b"data: 1\n\n")
        waiting.set()
        if conversation.peer_gone():
            gone.set()
        conversation.close()

    backend.script = script
    connection = Connection(gateway.address)
    connection.send(request_bytes("POST", "/mcp", host(gateway), body=b"{}"))
    assert waiting.wait(10)
    if phase == "in the stream":
        connection.read_head()
        connection.read_chunk()
    getattr(connection, farewell)()
    assert gone.wait(10), "the backend's request goes on"
    gateway.access(method="POST", path="/mcp")


@pytest.mark.parametrize("ending", ["close", "reset"])
@pytest.mark.parametrize("framing", ["chunked", "length"])
def test_a_backend_that_dies_in_the_body_is_no_clean_end(
    gateway: Gateway, backend: RawBackend, framing: str, ending: str
) -> None:
    """The client can tell a truncated response from a whole one, and the log says so (GW-88)."""
    passed_on = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        if framing == "chunked":
            conversation.start_chunked()
            conversation.chunk(b"data: 1\n\n")
        else:
            conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        passed_on.wait(10)
        getattr(conversation, ending)()

    backend.script = script
    with Connection(gateway.address) as connection:
        target = f"/mcp?case={framing}-{ending}"
        connection.send(request_bytes("GET", target, host(gateway)))
        head = connection.read_head()
        assert head.status == 200
        part = connection.read_chunk() if framing == "chunked" else connection.read_exactly(9)
        assert part in (b"data: 1\n\n", b"only this")
        passed_on.set()
        with pytest.raises(Truncated):
            connection.read_chunk() if framing == "chunked" else connection.read_exactly(1)
        assert b"0\r\n\r\n" not in connection.buffer
    wait_until(lambda: gateway.events("request")[-1].get("reason"), "the record names a reason")


def test_a_bad_chunk_of_the_backend_is_no_clean_end(gateway: Gateway, backend: RawBackend) -> None:
    """A body whose framing breaks half-way is cut, not closed properly (GW-88)."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        conversation.chunk(b"data: 1\n\n")
        conversation.send(b"nonsense\r\n")
        conversation.peer_gone()

    backend.script = script
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("GET", "/mcp", host(gateway)))
        with pytest.raises(Truncated):
            connection.read_response()


def test_a_client_that_does_not_read_stops_the_backend(make_gateway: MakeGateway) -> None:
    """Backpressure reaches the backend's socket, and the gateway's memory stays where it was."""
    backend = RawBackend(send_buffer=1 << 16)
    total = 256 << 20
    sent = [0]
    finished = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        block = b"data: " + b"x" * 65_528 + b"\n\n"
        while sent[0] < total:
            conversation.chunk(block)
            sent[0] += len(block)
        conversation.end_chunks()
        finished.set()

    backend.script = script
    try:
        gateway = make_gateway([route(backend.url)])
        exchange(gateway.address, "GET", "/elsewhere")
        before = gateway.process.resident_kilobytes()
        connection = Connection(gateway.address, receive_buffer=1 << 16)
        connection.send(request_bytes("GET", "/mcp", host(gateway)))
        connection.read_head()
        # The backend has stalled when its count stands still over many looks.
        history: list[int] = []

        def stalled() -> bool:
            history.append(sent[0])
            return len(history) > 20 and len(set(history[-20:])) == 1 and history[-1] > 0

        wait_until(stalled, "the backend stops sending", 30, 0.02)
        assert sent[0] < total // 4 and not finished.is_set()
        assert gateway.process.resident_kilobytes() - before < 16 * 1024
        # Reading on lets it go on: nothing was lost and nothing is stuck.
        resumed_from = sent[0]
        received = 0
        while received < resumed_from + (4 << 20):
            received += len(connection.read_chunk())
        assert sent[0] > resumed_from
        connection.close()
    finally:
        backend.stop()


def test_a_backend_that_does_not_read_stops_the_client(make_gateway: MakeGateway) -> None:
    """Backpressure on a request body: the client's socket fills, the gateway's memory does not."""
    backend = RawBackend()
    held = threading.Event()

    def hold(_: Conversation, __: Received) -> None:
        held.wait(30)

    backend.head_script = hold
    try:
        gateway = make_gateway([route(backend.url)], limits={"body_size": "0"})
        exchange(gateway.address, "GET", "/elsewhere")
        before = gateway.process.resident_kilobytes()
        total = 128 << 20
        with Connection(gateway.address) as connection:
            connection.send(request_bytes("POST", "/mcp", host(gateway), [("Content-Length", str(total))]))
            connection.socket.settimeout(0.5)
            block = b"x" * (1 << 20)
            sent = 0
            try:
                while sent < total:
                    sent += connection.socket.send(block)
            except TimeoutError:
                pass
            assert sent < total // 2, "the gateway swallows the whole body"
            assert gateway.process.resident_kilobytes() - before < 16 * 1024
        held.set()
    finally:
        held.set()
        backend.stop()


# --- Connections


def test_pipelined_requests_are_answered_in_order(gateway: Gateway, backend: RawBackend) -> None:
    """Ten requests in one write, ten responses in the same order."""
    backend.script = lambda conversation, request: conversation.respond(200, request.target.encode())
    with Connection(gateway.address) as connection:
        connection.send(
            b"".join(request_bytes("POST", f"/mcp?n={number}", host(gateway), body=b"{}") for number in range(10))
        )
        for number in range(10):
            assert connection.read_response().body == b"/mcp?n=%d" % number


def test_a_connection_is_kept_on_both_sides(make_gateway: MakeGateway, own_backend: RawBackend) -> None:
    """Sequential requests use one connection to the gateway and one to the backend."""
    gateway = make_gateway([route(own_backend.url)])
    with Connection(gateway.address) as connection:
        for _ in range(25):
            connection.send(request_bytes("POST", "/mcp", host(gateway), body=b"{}"))
            assert connection.read_response().status == 200
    assert (own_backend.completed, own_backend.connections) == (25, 1)


def test_head_has_no_body(gateway: Gateway, backend: RawBackend) -> None:
    """A HEAD response ends with its head, whatever Content-Length it names."""
    with Connection(gateway.address) as connection:
        for _ in range(2):
            connection.send(request_bytes("HEAD", "/mcp", host(gateway)))
            response = connection.read_response("HEAD")
            assert response.status == 200 and int(response.get("content-length") or 0) > 0
        connection.send(request_bytes("GET", "/mcp", host(gateway)))
        assert json.loads(connection.read_response().body)["method"] == "GET"


@pytest.mark.parametrize("answer", ["length", "chunked", "close"])
def test_an_http_1_0_client(gateway: Gateway, backend: RawBackend, answer: str) -> None:
    """It gets no chunks and a connection that ends with the response."""

    def script(conversation: Conversation, _: Received) -> None:
        if answer == "length":
            conversation.respond(200, b"old client")
        elif answer == "chunked":
            conversation.start_chunked("text/plain")
            conversation.chunk(b"old ")
            conversation.chunk(b"client")
            conversation.end_chunks()
        else:
            conversation.send(b"HTTP/1.1 200 OK\r\n\r\nold client")
            conversation.close()

    backend.script = script
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("GET", "/mcp", host(gateway), version="HTTP/1.0"))
        head = connection.read_head()
        assert head.status == 200
        assert head.get("transfer-encoding") is None
        assert connection.read_to_end() == b"old client"


def test_connection_close_is_honoured(gateway: Gateway, backend: RawBackend) -> None:
    """A client that asks for the end gets it after its response."""
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("GET", "/mcp", host(gateway), [("Connection", "close")]))
        assert connection.read_response().status == 200
        assert connection.at_end()


def test_expect_continue_with_curl(gateway: Gateway, backend: RawBackend, tmp_path: Path) -> None:
    """curl sends its large body after 100 Continue, and the backend gets all of it."""
    body = random_json(1 << 20, 3)
    large = tmp_path / "large.json"
    large.write_bytes(body)
    done = subprocess.run(
        ["curl", "--silent", "--noproxy", "*", "--max-time", "20", "--include", "--expect100-timeout", "15"]
        + ["--header", "Expect: 100-continue", "--data-binary", f"@{large}", f"{gateway.url}/mcp"],
        capture_output=True,
        timeout=30,
    )
    assert done.returncode == 0
    assert done.stdout.startswith(b"HTTP/1.1 100")
    assert backend.last.body == body


def test_an_early_answer_is_forwarded(gateway: Gateway, backend: RawBackend) -> None:
    """A backend may refuse a request before its body has come; the client hears of it."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.respond(413, b"too much", [("Connection", "close")])
        conversation.close()

    backend.head_script = script
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("POST", "/mcp", host(gateway), [("Content-Length", "1000000")]) + b"x" * 1000)
        response = connection.read_response()
    assert (response.status, response.body) == (413, b"too much")


def test_no_post_is_sent_twice(make_gateway: MakeGateway, own_backend: RawBackend) -> None:
    """A connection that dies after the request was sent is a 502, never a second attempt (GW-89)."""
    gateway = make_gateway([route(own_backend.url)])
    with Connection(gateway.address) as connection:
        # The first request leaves a reusable connection in the pool; the second one dies on it.
        connection.send(request_bytes("POST", "/mcp", host(gateway), body=b"{}"))
        assert connection.read_response().status == 200
        own_backend.script = lambda conversation, _: conversation.reset()
        connection.send(request_bytes("POST", "/mcp", host(gateway), body=b"{}"))
        assert connection.read_response().status == 502
        own_backend.reset_script()
        connection.send(request_bytes("POST", "/mcp", host(gateway), body=b"{}"))
        assert connection.read_response().status == 200
    assert own_backend.completed == 3


def test_a_backend_that_closes_idle_connections_costs_nothing(
    make_gateway: MakeGateway, own_backend: RawBackend
) -> None:
    """A pooled connection that the backend has closed is not used for the next request."""
    gateway = make_gateway([route(own_backend.url)])
    closed = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        conversation.respond(200, b"and goodbye")
        conversation.close()
        closed.set()

    own_backend.script = script
    with Connection(gateway.address) as connection:
        for _ in range(5):
            closed.clear()
            connection.send(request_bytes("POST", "/mcp", host(gateway), body=b"{}"))
            assert connection.read_response().status == 200
            # Once closed, the end of the connection reaches the gateway before the next request does.
            assert closed.wait(10)
    assert own_backend.completed == 5


def test_unix_sockets_on_both_sides(make_gateway: MakeGateway, tmp_path: Path) -> None:
    """A UNIX-domain listener in front of a UNIX-domain backend."""
    backend = RawBackend(path=tmp_path / "backend.sock")
    try:
        gateway = make_gateway(
            [route(backend.url, upstream_options={"socket": str(tmp_path / "backend.sock")})],
            public_url="https://gateway.example.com",
            listeners=[{"address": f"unix:{tmp_path / 'front.sock'}"}],
        )
        response = exchange(str(tmp_path / "front.sock"), "POST", "/mcp?a=1", host="gateway.example.com", body=b"{}")
        assert response.status == 200
        assert gateway.access(path="/mcp")["status"] == 200
        assert backend.last.get("host") == "backend.internal"
        assert backend.last.target == "/mcp?a=1"
    finally:
        backend.stop()


def test_several_listeners_serve_the_same_routes(
    make_gateway: MakeGateway, backend: RawBackend, tmp_path: Path
) -> None:
    """A TCP and a UNIX-domain listener side by side."""
    front = tmp_path / "second.sock"
    port = free_port()
    gateway = make_gateway(
        [route(backend.url)],
        public_url=f"http://127.0.0.1:{port}",
        listeners=[{"address": f"127.0.0.1:{port}"}, {"address": f"unix:{front}"}],
    )
    for address in (("127.0.0.1", port), str(front)):
        assert exchange(address, "POST", "/mcp", host=f"127.0.0.1:{port}", body=b"{}").status == 200
    assert len(gateway.events("listening")) == 2


def test_many_connections_at_once(gateway: Gateway, backend: RawBackend) -> None:
    """Two hundred clients, each with its own answer."""
    backend.script = lambda conversation, request: conversation.respond(200, request.body)
    connections = [Connection(gateway.address) for _ in range(200)]
    try:
        for number, connection in enumerate(connections):
            connection.send(request_bytes("POST", "/mcp", host(gateway), body=b"number %d" % number))
        for number, connection in enumerate(connections):
            assert connection.read_response().body == b"number %d" % number
    finally:
        for connection in connections:
            connection.close()


def test_a_body_byte_by_byte(gateway: Gateway, backend: RawBackend) -> None:
    """Heads and bodies may arrive in pieces of any size."""
    whole = request_bytes("POST", "/mcp", host(gateway), [("Content-Type", "application/json")], b'{"a":[1,2,3]}')
    with Connection(gateway.address) as connection:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index in range(len(whole)):
            connection.send(whole[index : index + 1])
        assert connection.read_response().status == 200
    assert backend.last.body == b'{"a":[1,2,3]}'
