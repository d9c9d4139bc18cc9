"""Limits of the process and of time: descriptors, connections, the life of a stream, and the addresses it has."""

import os
import threading
from pathlib import Path

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.raw_backend import Conversation, RawBackend, Received
from support.rawhttp import Connection, request_bytes
from support.waiting import free_port, wait_until


def cpu_ticks(gateway: Gateway) -> int:
    fields = Path(f"/proc/{gateway.process.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def closing_request(gateway: Gateway) -> bytes:
    return request_bytes("POST", "/mcp", gateway.authority, fields=[("Connection", "close")], body=b"{}")


def test_out_of_descriptors_accepting_pauses_and_resumes(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """Connections beyond the limit wait in the kernel's queue; nothing spins, nothing dies, all are served."""
    gateway = make_gateway([route(backend.url)], wrapper=["prlimit", "--nofile=80:80"])
    connections = [Connection(gateway.address) for _ in range(150)]
    try:
        descriptors = Path(f"/proc/{gateway.process.process.pid}/fd")
        held = wait_until(lambda: (n := len(os.listdir(descriptors))) > 30 and n, "connections are accepted")
        assert held < 80
        before = cpu_ticks(gateway)
        with Connection(gateway.address):  # one more in the queue wakes nobody
            assert cpu_ticks(gateway) - before <= 2
        for connection in connections:
            connection.send(closing_request(gateway))
        for connection in connections:
            assert connection.read_response().status == 200
            connection.close()
    finally:
        for connection in connections:
            connection.close()
    assert gateway.process.running


def test_connections_beyond_the_limit_wait(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """`limits.connections` holds, and one that closes makes room."""
    gateway = make_gateway([route(backend.url)], limits={"connections": 1})
    with Connection(gateway.address) as first, Connection(gateway.address) as second:
        second.send(closing_request(gateway))
        first.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        assert first.read_response().status == 200
        assert len(gateway.events("request")) <= 1, "the second one waits although its request came first"
        first.close()
        assert second.read_response().status == 200


def test_the_longest_life_of_a_stream(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """`stream_max` ends a stream that never rests, and the client can tell (GW-92, GW-88)."""
    gone = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        try:
            while not conversation.peer_gone(timeout=0.05):
                conversation.chunk(b"data: tick\n\n")
        except OSError:
            pass
        gone.set()

    backend.script = script
    gateway = make_gateway([route(backend.url)], timeouts={"stream_max": "500ms"})
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        assert connection.read_head().status == 200
        everything = connection.read_to_end()
    assert everything.count(b"data: tick") > 2
    assert b"\r\n0\r\n" not in everything, "no terminating chunk"
    assert gone.wait(10)
    assert gateway.access(status=200)["reason"] == "timed_out"


def test_ipv6_clients_reach_an_ipv6_listener(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """The backend learns the address in the spelling that each field wants (RFC 7239 section 6)."""
    port = free_port()
    gateway = make_gateway(
        [route(backend.url)],
        listeners=[{"address": f"[::1]:{port}"}],
        public_url=f"http://[::1]:{port}",
    )
    with Connection(("::1", port)) as connection:
        connection.send(request_bytes("POST", "/mcp", f"[::1]:{port}", body=b"{}"))
        assert connection.read_response().status == 200
    assert backend.last.get("x-forwarded-for") == "::1"
    assert str(backend.last.get("forwarded")).startswith('for="[::1]";')
    assert gateway.access(status=200)["client"] == "::1"


def test_request_trailers_reach_the_backend_without_what_they_must_not_carry(
    make_gateway: MakeGateway, own_backend: RawBackend
) -> None:
    """Unknown trailer fields are passed on; identity and framing are not (RFC 9110 section 6.5.1, GW-61)."""
    raw: list[bytes] = []

    def script(conversation: Conversation, _: Received) -> None:
        conversation.respond(200, body=b"{}")

    own_backend.script = script
    gateway = make_gateway([route(own_backend.url)])
    with Connection(gateway.address) as connection:
        connection.send(
            b"POST /mcp HTTP/1.1\r\nHost: " + gateway.authority.encode() + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\n{}\r\n0\r\nX-Checksum: 1\r\nContent-Length: 5\r\nX-Portcullis-Subject: root\r\n\r\n"
        )
        assert connection.read_response().status == 200
    trailers = {name.lower() for name, _ in own_backend.last.trailers}
    assert trailers == {"x-checksum"}, raw
