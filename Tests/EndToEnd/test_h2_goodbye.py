"""The last bytes of an HTTP/2 connection reach a client that is slow to read them."""

import signal
import struct
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from conftest import MakeGateway
from support.gateway import route
from support.h2frames import LARGEST_WINDOW, WINDOW, H2Connection, Setting, Type
from support.raw_backend import Conversation, RawBackend, Received

# Around what the kernel and the gateway hold of a response that nobody reads: for some of these the gateway has
# nothing left to say while its last bytes still wait.
SIZES = range(100_000, 700_000, 30_000)
# Seconds: longer than a client has for its own goodbye.
REST = 3


@pytest.mark.parametrize("how", ["the gateway stops", "the client says goodbye"])
def test_a_slow_reader_gets_the_last_response_whole(make_gateway: MakeGateway, backend: RawBackend, how: str) -> None:
    """When nothing is left to say, what has been said still has to arrive."""

    def script(conversation: Conversation, request: Received) -> None:
        size = int(request.target.rpartition("/")[2])
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)

    backend.script = script
    with tempfile.TemporaryDirectory() as directory, ExitStack() as peers:
        path = str(Path(directory) / "gateway.sock")
        gateway = make_gateway([route(backend.url)], more_listeners=[{"address": f"unix:{path}"}])
        waiting: list[tuple[H2Connection, int, int]] = []
        for size in SIZES:
            peer = peers.enter_context(H2Connection(path, authority=gateway.authority))
            peer.handshake((Setting.INITIAL_WINDOW_SIZE, LARGEST_WINDOW))
            peer.window(0, LARGEST_WINDOW - WINDOW)
            stream = peer.start(path=f"/mcp/{size}")
            peer.take_head(stream)
            if how == "the client says goodbye":
                peer.frame(Type.GOAWAY, payload=struct.pack(">II", 0, 0))
            waiting.append((peer, stream, size))
        if how == "the gateway stops":
            gateway.process.signal(signal.SIGTERM)
        time.sleep(REST)
        for peer, stream, size in waiting:
            received, ended = 0, False
            while not ended:
                frame = peer.take(stream, Type.DATA)
                received += len(frame.data)
                ended = frame.ends_stream
            assert received == size
