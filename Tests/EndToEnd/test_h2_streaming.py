"""Event streams over HTTP/2: each event leaves at once, and thousands of streams share few connections."""

import resource
import threading
from collections.abc import Iterator

import pytest

from conftest import MakeGateway
from support.event_backend import EventBackend
from support.gateway import Gateway, route
from support.h2frames import LARGEST_WINDOW, WINDOW, H2Connection, Setting, Type
from support.raw_backend import Conversation, RawBackend, Received

CONNECTIONS = 4
STREAMS_EACH = 500


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend) -> Gateway:
    return make_shared_gateway([route(shared_backend.url)])


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Room for a socket pair a stream; the gateway inherits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 16_384)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def event_backend(many_descriptors: None) -> Iterator[EventBackend]:
    backend = EventBackend()
    yield backend
    backend.stop()


def test_events_are_forwarded_one_by_one(peer: H2Connection, backend: RawBackend) -> None:
    """Each event is sent only after the client has confirmed the one before: nothing is buffered (GW-86)."""
    confirmed = threading.Semaphore(0)
    events = [b'event: message\ndata: {"n":%d}\n\n' % number for number in range(20)]
    events += [b": ping\n\n", b"id: 7\nretry: 10\ndata:\n\n"]

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        for event in events:
            if not confirmed.acquire(timeout=10):
                conversation.reset()
                return
            conversation.chunk(event)
        confirmed.acquire(timeout=10)
        conversation.end_chunks()

    backend.script = script
    stream = peer.start("POST", "/mcp", ("accept", "text/event-stream"))
    head = peer.take_head(stream)
    assert head.get("content-type") == "text/event-stream" and head.get("content-encoding") is None
    for event in events:
        confirmed.release()
        assert peer.take_data(stream, len(event)) == event
    confirmed.release()
    peer.take_body(stream, head)
    assert head.body == b""


def test_streams_of_one_connection_take_turns(peer: H2Connection, backend: RawBackend) -> None:
    """Events of many streams cross on one connection, each as soon as it is made."""
    conversations: dict[str, Conversation] = {}
    ended = threading.Event()

    def script(conversation: Conversation, request: Received) -> None:
        # Before the head leaves: the test goes on as soon as it has it.
        conversations[request.target] = conversation
        conversation.start_chunked()
        ended.wait(10)

    backend.script = script
    streams = {f"/mcp/{number}": peer.start("GET", f"/mcp/{number}") for number in range(30)}
    heads = {path: peer.take_head(stream) for path, stream in streams.items()}
    for turn in range(3):
        for path in reversed(streams):
            event = b"data: %d of %s\n\n" % (turn, path.encode())
            conversations[path].chunk(event)
            assert peer.take_data(streams[path], len(event)) == event
    for path, conversation in conversations.items():
        conversation.end_chunks()
        peer.take_body(streams[path], heads[path])
    ended.set()


def test_thousands_of_streams_share_few_connections(make_gateway: MakeGateway, event_backend: EventBackend) -> None:
    """2,000 streams over four connections all get every event, and a request beside them is answered."""
    total = CONNECTIONS * STREAMS_EACH
    gateway = make_gateway(
        [
            route(event_backend.url, upstream_options={"max_connections": total + 10}),
            route("http://127.0.0.1:1/mcp", path="/nobody"),
        ],
        limits={"streams": STREAMS_EACH + 1},
        log={"access": False},
    )
    peers = [H2Connection(gateway.address, timeout=30) for _ in range(CONNECTIONS)]
    try:
        streams: list[tuple[H2Connection, int]] = []
        for peer in peers:
            peer.handshake((Setting.INITIAL_WINDOW_SIZE, 1 << 20))
            peer.window(0, LARGEST_WINDOW - WINDOW)
            streams += [(peer, peer.start("GET", "/mcp", ("accept", "text/event-stream"))) for _ in range(STREAMS_EACH)]
        for peer, stream in streams:
            assert peer.take_head(stream).status == 200
        event_backend.wait_for(total)
        before = gateway.process.resident_kilobytes()
        for number in range(3):
            event = b"data: %d\n\n" % number
            event_backend.publish(event)
            for peer, stream in streams:
                assert peer.take_data(stream, len(event)) == event
            assert peers[number].exchange("GET", "/elsewhere").status == 404
        assert gateway.process.resident_kilobytes() - before < 16 * 1024
        # A quarter of them leaves with its connection, the others end cleanly.
        peers[0].close()
        event_backend.wait_for(total - STREAMS_EACH)
        event_backend.finish()
        for peer, stream in streams[STREAMS_EACH:]:
            frame = peer.take_part(stream, Type.DATA)
            assert frame.data == b"" and frame.ends_stream
        assert gateway.process.resident_kilobytes() < 512 * 1024
    finally:
        for peer in peers:
            peer.close()
