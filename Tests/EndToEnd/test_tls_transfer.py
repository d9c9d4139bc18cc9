"""Bytes through TLS: exact at every size, in time, and with an end that says whether it is one."""

import hashlib
import random
import socket
import ssl
import threading
from collections.abc import Callable

import httpx2
import pytest

from conftest import MakeGateway
from support.certificates import Authority, Certificate
from support.gateway import Gateway, route
from support.raw_backend import Conversation, RawBackend, Received
from support.rawhttp import Truncated, request_bytes
from support.tls_client import TLSConnection, client_context, curl, last_request
from support.waiting import wait_until

BOTH = pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])

# Around the sizes of records (16 KiB), of reads and of buffers, and of nothing.
EDGES = (1_400, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072, 1_048_576)
SIZES = [0, 1, 2, 255, 256, *(edge + delta for edge in EDGES for delta in (-22, -1, 0, 1, 29))]


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend, server_certificate: Certificate) -> Gateway:
    return make_shared_gateway(
        [route(shared_backend.url)],
        listener={"tls": {"certificates": [server_certificate.files]}},
        limits={"body_size": "0"},
    )


def mirror(conversation: Conversation, request: Received) -> None:
    """Answers with the body of the request."""
    conversation.respond(200, request.body)


@BOTH
def test_bodies_pass_byte_for_byte(gateway: Gateway, backend: RawBackend, authority: Authority, version: str) -> None:
    """Both ways, one after the other on one connection, at sizes around every boundary."""
    backend.script = mirror
    noise = random.Random(version).randbytes(max(SIZES))
    with TLSConnection(gateway.address, client_context(authority.file, version)) as connection:
        for size in SIZES:
            body = noise[:size]
            connection.send(request_bytes("POST", "/mcp", gateway.authority, body=body))
            response = connection.read_response()
            assert response.status == 200
            assert hashlib.sha256(response.body).digest() == hashlib.sha256(body).digest(), f"{size} bytes"


@BOTH
@pytest.mark.parametrize("protocol", ["--http1.1", "--http2"])
def test_large_bodies_pass_through_curl(
    gateway: Gateway,
    backend: RawBackend,
    authority: Authority,
    tmp_path_factory: pytest.TempPathFactory,
    version: str,
    protocol: str,
) -> None:
    """Megabytes both ways with another client's TLS."""
    backend.script = mirror
    body = random.Random(protocol).randbytes(6_000_007)
    file = tmp_path_factory.mktemp("upload") / "body"
    file.write_bytes(body)
    only = version.removeprefix("TLSv")
    options = [f"--tlsv{only}", "--tls-max", only, protocol, "--data-binary", f"@{file}"]
    done = curl(gateway, authority.file, *options)
    assert done.returncode == 0, done.stderr
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(body).digest()


@BOTH
@pytest.mark.parametrize("size", [1, 5, 300, 16_384])
def test_requests_in_records_of_any_size(
    gateway: Gateway, backend: RawBackend, authority: Authority, version: str, size: int
) -> None:
    """A record is no message: requests span records, and a record holds several requests."""
    backend.script = mirror
    with TLSConnection(gateway.address, client_context(authority.file, version)) as connection:
        requests = b"".join(
            request_bytes("POST", "/mcp", gateway.authority, body=b"%04d" % number * 20) for number in range(8)
        )
        for start in range(0, len(requests), size):
            connection.send(requests[start : start + size])
        for number in range(8):
            assert connection.read_response().body == b"%04d" % number * 20


@BOTH
def test_a_slow_reader_holds_the_backend_up(
    make_gateway: MakeGateway, backend: RawBackend, server_certificate: Certificate, authority: Authority, version: str
) -> None:
    """Backpressure reaches through TLS: the gateway keeps little, and the whole body comes in the end."""
    size = 64 * 1024 * 1024
    piece = random.Random(1).randbytes(65_536)
    sent = 0

    def script(conversation: Conversation, _: Received) -> None:
        nonlocal sent
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while sent < size:
            conversation.send(piece)
            sent += len(piece)

    backend.script = script
    gateway = make_gateway([route(backend.url)], listener={"tls": {"certificates": [server_certificate.files]}})
    with TLSConnection(gateway.address, client_context(authority.file, version)) as connection:
        before = gateway.process.resident_kilobytes()
        connection.send(request_bytes("GET", "/mcp", gateway.authority))
        response = connection.read_head()

        def rests() -> bool:
            seen = sent
            threading.Event().wait(0.1)
            return seen == sent > 0

        wait_until(rests, "the backend is stopped")
        assert sent < size, "the kernel's buffers alone hold this much"
        assert gateway.process.resident_kilobytes() - before < 8 * 1024
        assert response.get("content-length") == str(size)
        for _ in range(size // len(piece)):
            assert connection.read_exactly(len(piece)) == piece


def stepwise(steps: threading.Semaphore, count: int) -> Callable[[Conversation, Received], None]:
    """An event stream whose next event is made only when the test has seen the last one."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        for number in range(count):
            if not steps.acquire(timeout=10):
                return conversation.close()
            conversation.chunk(b"data: %d\n\n" % number)
        conversation.end_chunks()

    return script


@BOTH
def test_each_event_arrives_by_itself(
    gateway: Gateway, backend: RawBackend, authority: Authority, version: str
) -> None:
    """Nothing waits for a fuller record: the next event is only made when this one has been read."""
    steps = threading.Semaphore(0)
    backend.script = stepwise(steps, 20)
    with TLSConnection(gateway.address, client_context(authority.file, version)) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        assert connection.read_head().get("content-type") == "text/event-stream"
        for number in range(20):
            steps.release()
            assert connection.read_chunk() == b"data: %d\n\n" % number
        assert connection.read_chunk() == b""


def test_each_event_arrives_by_itself_over_http2(gateway: Gateway, backend: RawBackend, authority: Authority) -> None:
    """The same for a stream of an HTTP/2 connection."""
    steps = threading.Semaphore(0)
    backend.script = stepwise(steps, 20)
    with httpx2.Client(verify=client_context(authority.file), http2=True, trust_env=False) as client:
        with client.stream("POST", f"{gateway.url}/mcp", content=b"{}") as response:
            assert response.http_version == "HTTP/2"
            received = response.iter_raw()
            for number in range(20):
                steps.release()
                wanted, seen = b"data: %d\n\n" % number, b""
                while len(seen) < len(wanted):
                    seen += next(received)
                assert seen == wanted
            assert b"".join(received) == b""


@BOTH
def test_the_end_is_announced(gateway: Gateway, backend: RawBackend, authority: Authority, version: str) -> None:
    """close_notify before the end of the connection, so that nobody can pretend it."""
    with TLSConnection(gateway.address, client_context(authority.file, version)) as connection:
        connection.send(last_request(gateway))
        assert connection.read_response().status == 200
        assert connection.at_end()
        assert not connection.truncated


@BOTH
def test_a_client_may_say_goodbye_first(
    gateway: Gateway, backend: RawBackend, authority: Authority, version: str
) -> None:
    """close_notify of an idle client is answered with close_notify."""
    with TLSConnection(gateway.address, client_context(authority.file, version)) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        assert connection.read_response().status == 200
        connection.socket.unwrap()


@BOTH
def test_a_cut_response_looks_cut(gateway: Gateway, backend: RawBackend, authority: Authority, version: str) -> None:
    """The backend breaks off: no final chunk, and no clean end."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        conversation.chunk(b"data: half\n\n")
        conversation.reset()

    backend.script = script
    with TLSConnection(gateway.address, client_context(authority.file, version)) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        head = connection.read_head()
        with pytest.raises(Truncated):
            connection.read_body(head)


def reset(connection: TLSConnection) -> None:
    connection.reset()


def end_the_input(connection: TLSConnection) -> None:
    """A FIN without close_notify, from a client that could still read."""
    bare = socket.socket(fileno=connection.socket.detach())
    bare.shutdown(socket.SHUT_RDWR)
    bare.close()


def say_goodbye(connection: TLSConnection) -> None:
    connection.socket.settimeout(0.2)
    try:
        connection.socket.unwrap()
    except (OSError, ssl.SSLError):
        pass  # The stream's bytes may come before the answering close_notify.
    connection.close()


@BOTH
@pytest.mark.parametrize("leave", [reset, end_the_input, say_goodbye])
def test_a_client_that_leaves_ends_the_call(
    gateway: Gateway,
    backend: RawBackend,
    authority: Authority,
    version: str,
    leave: Callable[[TLSConnection], None],
) -> None:
    """In the middle of a stream, by reset, by FIN or with close_notify: the backend's connection is reset."""
    gone = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        conversation.chunk(b"data: 1\n\n")
        if conversation.peer_gone():
            gone.set()
        conversation.close()

    backend.script = script
    connection = TLSConnection(gateway.address, client_context(authority.file, version))
    connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
    connection.read_head()
    assert connection.read_chunk() == b"data: 1\n\n"
    leave(connection)
    assert gone.wait(10)
    assert gateway.access(reason="client_gone")["status"] == 200
