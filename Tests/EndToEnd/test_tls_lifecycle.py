"""The life of TLS connections: what they hold comes back when they end, and they do not keep the gateway from ending."""

import contextlib
import signal
import threading
from collections.abc import Callable

import pytest

from conftest import MakeGateway
from support.certificates import Authority, Certificate
from support.gateway import Gateway, route
from support.raw_backend import Conversation, RawBackend, Received
from support.rawhttp import Connection, exchange, request_bytes
from support.tls_client import TLSConnection, client_context, curl, last_request
from support.waiting import wait_until

LIMIT = 3
# Nothing but the clients may keep the gateway running.
PATIENT = {"idle_timeout": "1m"}


@pytest.fixture
def gateway(
    make_gateway: MakeGateway, backend: RawBackend, server_certificate: Certificate, free_address: tuple[str, int]
) -> Gateway:
    """With room for a few connections only, and its counters on view."""
    return make_gateway(
        [route(backend.url, upstream_options=PATIENT)],
        listener={"tls": {"certificates": [server_certificate.files]}},
        limits={"connections": LIMIT},
        admin={"address": f"127.0.0.1:{free_address[1]}"},
    )


def ask(connection: TLSConnection, gateway: Gateway) -> None:
    connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
    assert connection.read_response().status == 200


def end_without_a_word(gateway: Gateway, authority: Authority) -> None:
    with TLSConnection(gateway.address, client_context(authority.file)) as connection:
        ask(connection, gateway)


def say_goodbye(gateway: Gateway, authority: Authority) -> None:
    with TLSConnection(gateway.address, client_context(authority.file)) as connection:
        ask(connection, gateway)
        connection.socket.unwrap()


def reset(gateway: Gateway, authority: Authority) -> None:
    connection = TLSConnection(gateway.address, client_context(authority.file))
    ask(connection, gateway)
    connection.reset()


def let_the_gateway_close(gateway: Gateway, authority: Authority) -> None:
    with TLSConnection(gateway.address, client_context(authority.file)) as connection:
        connection.send(last_request(gateway))
        assert connection.read_response().status == 200
        assert connection.at_end()


def ask_nothing(gateway: Gateway, authority: Authority) -> None:
    TLSConnection(gateway.address, client_context(authority.file)).close()


def leave_in_the_handshake(gateway: Gateway, _: Authority) -> None:
    with Connection(gateway.address) as connection:
        connection.send(b"\x16\x03\x01\x02\x00")


def speak_plain_http(gateway: Gateway, _: Authority) -> None:
    assert exchange(gateway.address, "GET", "/mcp").status == 400


def speak_http2(gateway: Gateway, authority: Authority) -> None:
    done = curl(gateway, authority.file, "--http2", "--data", "{}", "--write-out", "%{http_version}%{http_code}")
    assert done.stdout.endswith(b"2200"), done.stderr


MANNERS = [
    end_without_a_word,
    say_goodbye,
    reset,
    let_the_gateway_close,
    ask_nothing,
    leave_in_the_handshake,
    speak_plain_http,
    speak_http2,
]


@pytest.mark.parametrize("manner", MANNERS)
def test_connections_are_given_back(
    gateway: Gateway,
    authority: Authority,
    free_address: tuple[str, int],
    manner: Callable[[Gateway, Authority], None],
) -> None:
    """However a connection ends: its place under `limits.connections` is free again, and the gauge says so."""
    for _ in range(LIMIT * 4):
        manner(gateway, authority)

    def none_is_open() -> bool:
        metrics = exchange(free_address, "GET", "/metrics").body.decode()
        return 'portcullis_connections_open{listener="tls"} 0' in metrics.splitlines()

    wait_until(none_is_open, "no connection counts as open")


def test_an_idle_gateway_ends_at_once(gateway: Gateway, authority: Authority) -> None:
    """Idle connections of every kind are closed, in TLS with close_notify, and nobody is waited for."""
    context = client_context(authority.file)
    with contextlib.ExitStack() as stack:
        used = stack.enter_context(TLSConnection(gateway.address, context))
        ask(used, gateway)
        fresh = stack.enter_context(TLSConnection(gateway.address, context))
        silent = stack.enter_context(Connection(gateway.address))
        gateway.process.signal(signal.SIGTERM)
        assert gateway.process.wait(10) == 0
        for connection in (used, fresh):
            assert connection.at_end() and not connection.truncated
        assert silent.at_end()


def test_a_gateway_that_served_tls_ends_at_once(gateway: Gateway, authority: Authority) -> None:
    """Connections that have ended before hold nothing up either."""
    for manner in MANNERS:
        manner(gateway, authority)
    gateway.process.signal(signal.SIGTERM)
    assert gateway.process.wait(10) == 0


def test_streams_may_finish_while_draining(gateway: Gateway, backend: RawBackend, authority: Authority) -> None:
    """SIGTERM closes the door, not the streams; then comes close_notify."""
    more = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        conversation.chunk(b"data: before\n\n")
        more.wait(20)
        conversation.chunk(b"data: after\n\n")
        conversation.end_chunks()

    backend.script = script
    with TLSConnection(gateway.address, client_context(authority.file)) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        connection.read_head()
        assert connection.read_chunk() == b"data: before\n\n"
        gateway.process.signal(signal.SIGTERM)
        wait_until(lambda: gateway.events("draining"), "the gateway drains")
        more.set()
        assert connection.read_chunk() == b"data: after\n\n"
        assert connection.read_chunk() == b""
        assert connection.read_until(b"\r\n") == b""
        assert connection.at_end() and not connection.truncated
    assert gateway.process.wait(10) == 0


def test_draining_has_an_end(
    make_gateway: MakeGateway, backend: RawBackend, server_certificate: Certificate, authority: Authority
) -> None:
    """A stream that goes on for ever is cut after `drain`, visibly."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        conversation.chunk(b"data: 1\n\n")
        conversation.peer_gone()
        conversation.close()

    backend.script = script
    gateway = make_gateway(
        [route(backend.url)],
        listener={"tls": {"certificates": [server_certificate.files]}},
        timeouts={"drain": "300ms"},
    )
    with TLSConnection(gateway.address, client_context(authority.file)) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        connection.read_head()
        connection.read_chunk()
        gateway.process.signal(signal.SIGTERM)
        assert connection.read_to_end() == b""
    assert gateway.process.wait(10) == 0


def test_idle_connections_end_with_a_word(
    make_gateway: MakeGateway, backend: RawBackend, server_certificate: Certificate, authority: Authority
) -> None:
    """`timeouts.keep_alive` closes with close_notify, and gives the place back."""
    gateway = make_gateway(
        [route(backend.url, upstream_options=PATIENT)],
        listener={"tls": {"certificates": [server_certificate.files]}},
        limits={"connections": LIMIT},
        timeouts={"keep_alive": "100ms"},
    )
    context = client_context(authority.file)
    for _ in range(LIMIT * 2):
        with TLSConnection(gateway.address, context) as connection:
            ask(connection, gateway)
            assert connection.at_end() and not connection.truncated
