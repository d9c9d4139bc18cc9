"""Peers that stop reading or read late: nothing piles up, nothing gets stuck or lost.

Both sides speak over UNIX-domain sockets, whose buffers have a fixed size: the sizes below meet them on every side.
"""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.raw_backend import Conversation, RawBackend, Received
from support.rawhttp import Connection, exchange, request_bytes

HOST = "gateway.example.com"
# Some of these bodies end with exactly the piece that the receiver has no room for.
SIZES = range(120_000, 520_000, 16_000)


@dataclass
class Setup:
    backend: RawBackend
    gateway: Gateway
    front: str

    def connect(self) -> Connection:
        return Connection(self.front)

    def settle(self) -> None:
        """The gateway has done all it can do: it has answered others meanwhile."""
        for _ in range(3):
            assert exchange(self.front, "GET", "/elsewhere", host=HOST).status == 404


@pytest.fixture
def setup(make_gateway: MakeGateway, tmp_path: Path) -> Iterator[Setup]:
    backend = RawBackend(path=tmp_path / "backend.sock")
    try:
        gateway = make_gateway(
            [route(backend.url, upstream_options={"socket": str(tmp_path / "backend.sock")})],
            public_url=f"https://{HOST}",
            listeners=[{"address": f"unix:{tmp_path / 'front.sock'}"}],
            limits={"body_size": "0"},
        )
        yield Setup(backend, gateway, str(tmp_path / "front.sock"))
    finally:
        backend.stop()


def sized(conversation: Conversation, request: Received) -> None:
    """Answers with as many bytes as the query says."""
    conversation.respond(200, b"x" * int(request.target.partition("=")[2]))


def test_a_response_that_was_stopped_at_its_last_byte_ends(setup: Setup) -> None:
    """Its end needs no further byte of the backend's: the connection serves the next request."""
    setup.backend.script = sized
    for size in SIZES:
        with setup.connect() as connection:
            connection.send(request_bytes("GET", f"/mcp?size={size}", HOST))
            head = connection.read_head()
            setup.settle()
            assert len(connection.read_body(head)) == size
            connection.send(request_bytes("GET", "/mcp?size=5", HOST))
            assert connection.read_response().body == b"xxxxx", f"stuck behind {size} bytes"


def test_a_request_that_was_stopped_at_its_last_byte_ends(setup: Setup) -> None:
    """Its end needs no further byte of the client's: the backend's connection is used again."""
    reading = threading.Event()

    def wait(_: Conversation, request: Received) -> None:
        if request.method == "POST":
            reading.wait(10)

    setup.backend.head_script = wait
    setup.backend.script = lambda conversation, request: conversation.respond(200, b"%d" % len(request.body))
    for size in SIZES:
        reading.clear()
        with setup.connect() as connection:
            sender = threading.Thread(
                target=connection.send, args=(request_bytes("POST", "/mcp", HOST, body=b"y" * size),)
            )
            sender.start()
            setup.settle()
            reading.set()
            assert connection.read_response().body == b"%d" % size
            sender.join(10)
    assert setup.backend.connections == 1


def send_until_full(connection: Connection, block: bytes, total: int) -> int:
    """Sends until the peer takes no more for half a second; how many bytes it took."""
    connection.socket.settimeout(0.5)
    sent = 0
    try:
        while sent < total:
            sent += connection.socket.send(block[sent % len(block) :])
    except TimeoutError:
        pass
    connection.socket.settimeout(10)
    return sent


def test_answers_that_nobody_reads_do_not_pile_up(setup: Setup) -> None:
    """Pipelined requests wait in the client's socket while their answers are not read, and are all answered then."""
    one = request_bytes("GET", "/elsewhere", HOST)
    with setup.connect() as connection:
        sent = send_until_full(connection, one * 1000, 8 << 20)
        assert sent < 4 << 20, "the gateway goes on answering"
        for _ in range(sent // len(one)):
            assert connection.read_response().status == 404


def test_requests_sent_far_ahead_do_not_pile_up(setup: Setup) -> None:
    """However many answers have gone out, only so much of what is pipelined behind them is taken in."""
    turn = threading.Semaphore(0)

    def script(conversation: Conversation, _: Received) -> None:
        if turn.acquire(timeout=10):
            conversation.respond(200)

    setup.backend.script = script
    block = request_bytes("GET", "/mcp", HOST) * 1000
    total = 16 << 20
    sent = [0]
    with setup.connect() as connection:

        def send() -> None:
            with contextlib.suppress(OSError):
                while sent[0] < total:
                    sent[0] += connection.socket.send(block[sent[0] % len(block) :])

        sender = threading.Thread(target=send)
        sender.start()
        for _ in range(200):
            turn.release()
            assert connection.read_response().status == 200
        assert sent[0] < 2 << 20, "every answer lets another read's worth in"
        connection.socket.shutdown(socket.SHUT_RDWR)
        sender.join(10)


def test_a_slow_reader_gets_all_of_the_last_response(setup: Setup) -> None:
    """A connection that closes behind its response waits until the response has left."""
    setup.backend.script = sized
    connections = {size: setup.connect() for size in SIZES}
    hung_up = select.poll()
    for size, connection in connections.items():
        connection.send(request_bytes("GET", f"/mcp?size={size}", HOST, [("Connection", "close")]))
        hung_up.register(connection.socket, select.POLLHUP)
    # Longer than the gateway waits for clients that have everything and do not close.
    deadline = time.monotonic() + 3
    while (left := deadline - time.monotonic()) > 0:
        for descriptor, _ in hung_up.poll(left * 1000):
            hung_up.unregister(descriptor)
    for size, connection in connections.items():
        assert len(connection.read_response().body) == size
        connection.close()
