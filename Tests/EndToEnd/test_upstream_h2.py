"""HTTP/2 towards MCP servers: how it is chosen, many streams on few connections, and every way a stream can end."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from h2.errors import ErrorCodes
from h2.settings import SettingCodes

from conftest import MakeGateway
from support.certificates import Authority, Certificate
from support.gateway import Gateway, route
from support.h2_backend import H2Backend, Stream
from support.raw_backend import Conversation, RawBackend, Received
from support.rawhttp import Connection, Response, Truncated, exchange, request_bytes
from support.tls_backend import server_context
from support.waiting import wait_until


@pytest.fixture
def servers() -> Iterator[list[H2Backend]]:
    """Backends that end with the test; none of them may have seen the protocol broken."""
    running: list[H2Backend] = []
    yield running
    for server in running:
        server.stop()
    assert [fault for server in running for fault in server.faults] == []


@pytest.fixture
def backend(servers: list[H2Backend]) -> H2Backend:
    """In the clear, by prior knowledge."""
    servers.append(H2Backend())
    return servers[-1]


@pytest.fixture
def gateway(make_gateway: MakeGateway, backend: H2Backend) -> Gateway:
    return make_gateway([to(backend)], limits={"body_size": "0"})


def to(backend: H2Backend, **options: Any) -> dict[str, Any]:
    return route(backend.url, upstream_options={"http2": "always", **options})


def post(gateway: Gateway, body: bytes = b"{}", target: str = "/mcp") -> Response:
    return exchange(gateway.address, "POST", target, body=body)


def at_once(gateway: Gateway, count: int) -> list[Response]:
    """So many requests side by side, each on a connection of its own."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda number: post(gateway, b"%d" % number), range(count)))


@pytest.mark.parametrize("use", [None, "auto", "always"])
def test_alpn_finds_http2(
    make_gateway: MakeGateway,
    servers: list[H2Backend],
    authority: Authority,
    server_certificate: Certificate,
    use: str | None,
) -> None:
    """Over https by itself; the request says https and the backend's authority."""
    servers.append(H2Backend(server_context(server_certificate, ("h2", "http/1.1"))))
    backend = servers[-1]
    options: dict[str, Any] = {"tls": {"ca": str(authority.file)}} | ({"http2": use} if use else {})
    gateway = make_gateway([route(backend.url, upstream_options=options)])
    for _ in range(3):
        response = post(gateway)
        assert response.status == 200 and response.version == "HTTP/1.1"
    seen = backend.last
    assert (seen.get(":method"), seen.get(":scheme"), seen.get(":path")) == ("POST", "https", "/mcp")
    assert seen.get(":authority") == backend.authority
    assert len(backend.peers) == 1


def test_prior_knowledge_in_the_clear(gateway: Gateway, backend: H2Backend) -> None:
    """`http2: always` with http needs no negotiation."""
    assert post(gateway).status == 200
    assert backend.last.get(":scheme") == "http" and backend.last.get(":authority") == backend.authority


def test_the_request_is_translated(gateway: Gateway, backend: H2Backend) -> None:
    """End-to-end fields pass in lower case, hop-by-hop fields and Host do not; body and query are whole."""
    fields = [
        ("MCP-Protocol-Version", "2026-07-28"),
        ("X-Custom", "first"),
        ("X-Custom", "second"),
        ("Connection", "keep-alive, X-Hop"),
        ("X-Hop", "1"),
        ("Keep-Alive", "timeout=5"),
        ("TE", "trailers"),
        ("Upgrade", "h2c"),
    ]
    assert exchange(gateway.address, "POST", "/mcp/x?a=b%20c", fields=fields, body=b"0123456789").status == 200
    seen = backend.last
    names = [name for name, _ in seen.fields]
    assert seen.get(":path") == "/mcp/x?a=b%20c" and seen.body == b"0123456789"
    assert seen.get("content-length") == "10"
    assert [value for name, value in seen.fields if name == "x-custom"] == ["first", "second"]
    assert seen.get("x-forwarded-for") == "127.0.0.1"
    assert not {"host", "connection", "x-hop", "keep-alive", "upgrade", "transfer-encoding"} & set(names)
    assert all(name == name.lower() for name in names)


def test_a_chunked_request_with_trailers(gateway: Gateway, backend: H2Backend) -> None:
    """No length, and fields behind the body."""
    with Connection(gateway.address) as connection:
        connection.send(
            f"POST /mcp HTTP/1.1\r\nHost: {gateway.authority}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
            + b"3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Checksum: 17\r\n\r\n"
        )
        assert connection.read_response().status == 200
    assert backend.last.body == b"abcdefg" and backend.last.get("content-length") is None
    assert backend.last.trailers == [("x-checksum", "17")]


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS", "POST"])
def test_requests_without_a_body_end_at_once(gateway: Gateway, backend: H2Backend, method: str) -> None:
    """No empty DATA frame has to be waited for, and HEAD has no body."""
    response = exchange(gateway.address, method, "/mcp")
    assert response.status == 200
    assert bool(response.body) == (method != "HEAD")
    assert backend.last.get(":method") == method


def test_trailers_reach_the_client(gateway: Gateway, backend: H2Backend) -> None:
    """What comes behind the body comes behind the last chunk."""

    def script(stream: Stream) -> None:
        stream.head(200, [("content-type", "text/plain")])
        stream.send(b"body")
        stream.trailers([("x-checksum", "42")])

    backend.script = script
    response = post(gateway)
    assert response.body == b"body"
    assert [(name.lower(), value) for name, value in response.trailers] == [("x-checksum", "42")]


def test_interim_responses_pass(gateway: Gateway, backend: H2Backend) -> None:
    """103 comes before the response."""

    def script(stream: Stream) -> None:
        with stream.peer.lock:
            stream.peer.h2.send_headers(stream.number, [(":status", "103"), ("link", "</x>")])
            stream.peer.flush()
        stream.respond(200, b"final")

    backend.script = script
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        assert connection.read_head().status == 103
        assert connection.read_response().body == b"final"


@pytest.mark.parametrize("status", [204, 304])
def test_responses_without_a_body(gateway: Gateway, backend: H2Backend, status: int) -> None:
    """The next response follows on the same connection."""
    backend.script = lambda stream: stream.head(status, end=True)
    with Connection(gateway.address) as connection:
        for _ in range(2):
            connection.send(request_bytes("GET", "/mcp", gateway.authority))
            response = connection.read_response()
            assert response.status == status and response.body == b""


def test_each_event_arrives_by_itself(gateway: Gateway, backend: H2Backend) -> None:
    """An event stream: the next event is made only when the last has been read."""
    steps = threading.Semaphore(0)

    def script(stream: Stream) -> None:
        stream.head(200, [("content-type", "text/event-stream")])
        for number in range(10):
            if not steps.acquire(timeout=10):
                return
            stream.send(b"data: %d\n\n" % number, end=number == 9)

    backend.script = script
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        connection.read_head()
        for number in range(10):
            steps.release()
            assert connection.read_chunk() == b"data: %d\n\n" % number
        assert connection.read_chunk() == b""


def test_many_streams_share_few_connections(gateway: Gateway, backend: H2Backend) -> None:
    """Sixty requests at a time, all under way together."""
    together = threading.Barrier(60)

    def script(stream: Stream) -> None:
        together.wait(15)
        stream.respond(200, stream.request.body)

    backend.script = script
    responses = at_once(gateway, 60)
    assert [response.body for response in responses] == [b"%d" % number for number in range(60)]
    assert len(backend.peers) <= 4


def test_the_limit_of_streams_is_kept(make_gateway: MakeGateway, servers: list[H2Backend]) -> None:
    """SETTINGS_MAX_CONCURRENT_STREAMS of the backend is known from the first answer on; the rest waits."""
    servers.append(H2Backend(settings={SettingCodes.MAX_CONCURRENT_STREAMS: 3}))
    backend = servers[-1]
    gateway = make_gateway([to(backend, max_connections=1)])
    assert post(gateway).status == 200, "the backend's settings have arrived"
    together = threading.Barrier(3)

    def script(stream: Stream) -> None:
        together.wait(15)
        stream.respond(200)

    backend.script = script
    assert [response.status for response in at_once(gateway, 24)] == [200] * 24
    assert backend.most_at_once == 3
    assert len(backend.peers) == 1


def test_flow_control_is_kept(make_gateway: MakeGateway, servers: list[H2Backend]) -> None:
    """Small windows at the backend: the upload takes many of them and arrives whole."""
    servers.append(H2Backend(settings={SettingCodes.INITIAL_WINDOW_SIZE: 1_000}))
    backend = servers[-1]
    backend.script = lambda stream: stream.respond(200, stream.request.body)
    gateway = make_gateway([to(backend)], limits={"body_size": "0"})
    assert post(gateway).status == 200, "the backend's settings have arrived"
    body = bytes(range(256)) * 800
    assert post(gateway, body).body == body


def test_large_bodies_pass(gateway: Gateway, backend: H2Backend) -> None:
    """Megabytes both ways, over many windows."""
    backend.script = lambda stream: stream.respond(200, stream.request.body)
    body = bytes(range(251)) * 16_000
    for size in (len(body), 65_535, 65_536, 16_384, 1):
        assert post(gateway, body[:size]).body == body[:size]


def test_a_slow_client_stops_only_its_stream(gateway: Gateway, backend: H2Backend) -> None:
    """The window of a stream that nobody reads closes; its neighbours on the connection go on."""
    size = 32 * 1024 * 1024
    sent = 0

    def script(stream: Stream) -> None:
        nonlocal sent
        if stream.request.get(":path") != "/mcp/large":
            return stream.respond(200, b"small")
        stream.head(200, [("content-length", str(size))])
        piece = bytes(65_536)
        while sent < size:
            stream.send(piece, end=sent + len(piece) == size)
            sent += len(piece)

    backend.script = script
    post(gateway)
    before = gateway.process.resident_kilobytes()
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("GET", "/mcp/large", gateway.authority))
        connection.read_head()

        def rests() -> bool:
            seen = sent
            for _ in range(10):
                assert post(gateway).body == b"small"
            return seen == sent > 0

        wait_until(rests, "the backend has no window left")
        assert sent < size
        assert gateway.process.resident_kilobytes() - before < 8 * 1024
        assert len(backend.peers) == 1
        for _ in range(size // 65_536):
            connection.read_exactly(65_536)


def test_a_refused_stream_is_tried_again(gateway: Gateway, backend: H2Backend) -> None:
    """REFUSED_STREAM says that nothing was done (RFC 9113 §8.7): even a POST may be sent once more."""
    refused: list[Stream] = []

    def script(stream: Stream) -> None:
        if not refused:
            refused.append(stream)
            stream.reset(ErrorCodes.REFUSED_STREAM)
        else:
            stream.respond(200, stream.request.body)

    backend.script = script
    response = post(gateway, b"once")
    assert response.status == 200 and response.body == b"once"
    assert len(backend.requests) == 2


def test_refusal_without_end_is_502(gateway: Gateway, backend: H2Backend) -> None:
    """A backend that refuses every time is not asked for ever."""
    backend.script = lambda stream: stream.reset(ErrorCodes.REFUSED_STREAM)
    assert post(gateway).status == 502
    assert gateway.access(status=502)["reason"].startswith("upstream_")
    assert len(backend.requests) <= 4


@pytest.mark.parametrize("code", [ErrorCodes.INTERNAL_ERROR, ErrorCodes.CANCEL, ErrorCodes.ENHANCE_YOUR_CALM])
def test_a_stream_reset_before_its_head_is_502(gateway: Gateway, backend: H2Backend, code: ErrorCodes) -> None:
    """The request may have been carried out, so it is sent once; the connection goes on."""
    backend.script = lambda stream: stream.reset(code)
    assert post(gateway).status == 502
    assert gateway.access(status=502)["reason"].startswith("upstream_")
    assert len(backend.requests) == 1
    backend.script = lambda stream: stream.respond(200)
    assert post(gateway).status == 200
    assert len(backend.peers) == 1


def test_a_stream_reset_in_its_body_looks_cut(gateway: Gateway, backend: H2Backend) -> None:
    """Never a clean end, with a length or without."""

    def script(stream: Stream) -> None:
        length = [("content-length", "100")] if stream.request.get(":path") == "/mcp/length" else []
        stream.head(200, length)
        stream.send(b"half")
        stream.reset(ErrorCodes.INTERNAL_ERROR)

    backend.script = script
    for target in ("/mcp/length", "/mcp/chunked"):
        with pytest.raises(Truncated):
            post(gateway, target=target)
        assert gateway.access(path=target)["reason"] == "upstream_aborted"


@pytest.mark.parametrize("length", [3, 5], ids=["too much", "too little"])
def test_a_length_that_does_not_fit_looks_cut(gateway: Gateway, backend: H2Backend, length: int) -> None:
    """DATA beyond or below content-length is malformed (RFC 9113 §8.1.1): 502 or a cut body, never a good one."""

    def script(stream: Stream) -> None:
        stream.head(200, [("content-length", str(length))])
        stream.raw_frame(0, 1, b"four")
        stream.complete.wait(5)

    backend.script = script
    try:
        response = post(gateway)
    except Truncated:
        return
    assert response.status == 502


MALFORMED: dict[str, list[tuple[str, str]]] = {
    "no status": [("content-length", "0")],
    "a status of letters": [(":status", "abc")],
    "two of them": [(":status", "200"), (":status", "200")],
    "a connection field": [(":status", "200"), ("connection", "close")],
    "transfer-encoding": [(":status", "200"), ("transfer-encoding", "chunked")],
    "capitals": [(":status", "200"), ("X-Upper", "1")],
    "a line feed in a value": [(":status", "200"), ("x-split", "a\r\nset-cookie: b=c")],
    "a request field": [(":status", "200"), (":path", "/")],
    "two lengths": [(":status", "200"), ("content-length", "1"), ("content-length", "2")],
}


@pytest.mark.parametrize("fields", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_heads_are_502(gateway: Gateway, backend: H2Backend, fields: list[tuple[str, str]]) -> None:
    """What HTTP/2 forbids does not become HTTP/1.1."""

    def script(stream: Stream) -> None:
        # Literals without indexing, so that neither library has to take part.
        block = b"".join(b"\x00%c%s%c%s" % (len(n), n.encode(), len(v), v.encode()) for n, v in fields)
        stream.raw_frame(1, 4 | 1, block)
        stream.complete.wait(5)

    backend.script = script
    response = post(gateway)
    assert response.status == 502
    assert response.get("set-cookie") is None
    assert gateway.access(status=502)["reason"].startswith("upstream_")


def test_goaway_lets_streams_end(gateway: Gateway, backend: H2Backend) -> None:
    """Streams that the backend still answers end well; later requests take a new connection."""
    announced, more = threading.Event(), threading.Event()

    def script(stream: Stream) -> None:
        if stream.request.get(":path") != "/mcp/old":
            return stream.respond(200, json.dumps(stream.request.connection).encode())
        stream.head(200, [("content-type", "text/event-stream")])
        stream.send(b"data: 1\n\n")
        stream.goaway(stream.number)
        announced.set()
        more.wait(10)
        stream.send(b"data: 2\n\n", end=True)

    backend.script = script
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("POST", "/mcp/old", gateway.authority, body=b"{}"))
        connection.read_head()
        assert connection.read_chunk() == b"data: 1\n\n"
        assert announced.wait(10)
        wait_until(lambda: post(gateway).body == b"2", "requests take a new connection")
        more.set()
        assert connection.read_chunk() == b"data: 2\n\n"
        assert connection.read_chunk() == b""


def test_goaway_before_a_stream_sends_it_elsewhere(gateway: Gateway, backend: H2Backend) -> None:
    """Streams above the last one that GOAWAY names were not looked at: they are sent again, on a new connection."""

    def script(stream: Stream) -> None:
        if stream.request.connection > 1 or stream.number == 1:
            return stream.respond(200, stream.request.body)
        stream.goaway(1)
        stream.complete.wait(5)

    backend.script = script
    assert post(gateway, b"first").body == b"first"
    assert post(gateway, b"second").body == b"second"
    assert [request.connection for request in backend.requests] == [1, 1, 2]


def test_a_lost_connection_is_502_for_each_stream(gateway: Gateway, backend: H2Backend) -> None:
    """All that were under way fail, none of them is sent twice, and the next request finds a new connection."""
    together = threading.Barrier(5)

    def script(stream: Stream) -> None:
        if together.wait(10) == 0:
            stream.peer.socket.shutdown(2)

    backend.script = script
    assert [response.status for response in at_once(gateway, 5)] == [502] * 5
    assert len(backend.requests) == 5
    backend.script = lambda stream: stream.respond(200)
    assert post(gateway).status == 200


def test_a_client_that_leaves_cancels_its_stream_only(gateway: Gateway, backend: H2Backend) -> None:
    """RST_STREAM with CANCEL for the one; the other stream of the connection goes on."""
    left, more = threading.Event(), threading.Event()
    codes: list[int | None] = []

    def script(stream: Stream) -> None:
        stream.head(200, [("content-type", "text/event-stream")])
        stream.send(b"data: 1\n\n")
        if stream.request.get(":path") == "/mcp/leaving":
            stream.ended.wait(10)
            codes.append(stream.reset_code)
            left.set()
        else:
            more.wait(10)
            stream.send(b"data: 2\n\n", end=True)

    backend.script = script
    with Connection(gateway.address) as staying, Connection(gateway.address) as leaving:
        for connection, target in ((staying, "/mcp/staying"), (leaving, "/mcp/leaving")):
            connection.send(request_bytes("POST", target, gateway.authority, body=b"{}"))
            connection.read_head()
            assert connection.read_chunk() == b"data: 1\n\n"
        leaving.reset()
        assert left.wait(10)
        assert codes == [ErrorCodes.CANCEL]
        more.set()
        assert staying.read_chunk() == b"data: 2\n\n"
        assert staying.read_chunk() == b""
    assert len(backend.peers) == 1


def test_a_backend_without_http2(make_gateway: MakeGateway, own_backend: RawBackend) -> None:
    """Prior knowledge that was wrong: 502 and a reason."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.respond(400, b"what?")
        conversation.close()

    own_backend.head_script = script
    gateway = make_gateway([route(own_backend.url, upstream_options={"http2": "always"})])
    assert post(gateway).status == 502
    assert gateway.access(path="/mcp")["reason"].startswith("upstream_")
