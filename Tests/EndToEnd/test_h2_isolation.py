"""What one client begins and does not finish never becomes part of another client's request."""

from collections.abc import Callable

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.h2frames import Code, ConnectionEnded, Flag, H2Connection, Type
from support.hpack_bytes import INCREMENTAL, block, indexed, literal
from support.raw_backend import RawBackend
from support.rawhttp import exchange
from support.static_provider import StaticProvider

Fields = list[tuple[str, str]]


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend, shared_provider: StaticProvider) -> Gateway:
    """An open route and a protected one to the same backend."""
    return make_shared_gateway(
        [
            route(shared_backend.url),
            route(shared_backend.url, path="/protected", authorization=shared_provider.authorization()),
        ]
    )


def unfinished(peer: H2Connection, fields: Fields) -> None:
    """Its connection goes in the middle of the head."""
    peer.headers(1, fields, flags=0)
    peer.socket.shutdown(1)
    with pytest.raises(ConnectionEnded):
        peer.take(1)


def interrupted(peer: H2Connection, fields: Fields) -> None:
    peer.headers(1, fields, flags=0)
    peer.frame(Type.PING, payload=bytes(8))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def undecodable(peer: H2Connection, fields: Fields) -> None:
    peer.frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 1, block(fields) + b"\x80")
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def malformed(peer: H2Connection, fields: Fields) -> None:
    peer.headers(1, [*fields, ("X-Upper", "1")])
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


def too_large(peer: H2Connection, fields: Fields) -> None:
    bomb = literal("x-a", "1", INCREMENTAL) + indexed(62) * 5000
    peer.frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 1, block(fields) + bomb)
    with pytest.raises((ConnectionEnded, AssertionError)):
        assert peer.response(1).status == 200


def reset(peer: H2Connection, fields: Fields) -> None:
    peer.headers(1, [*fields, ("content-length", "5")], end=False)
    peer.data(1, b"left", end=False)
    peer.rst(1)
    peer.ping()


ENDS = (unfinished, interrupted, undecodable, malformed, too_large, reset)


@pytest.mark.parametrize("end", ENDS, ids=[end.__name__ for end in ENDS])
def test_no_field_of_an_abandoned_request_turns_up_in_another(
    gateway: Gateway, backend: RawBackend, shared_provider: StaticProvider, end: Callable[[H2Connection, Fields], None]
) -> None:
    """Neither over HTTP/2 nor over HTTP/1.1, and no token lets somebody else in."""
    token = shared_provider.signer.token(sub="victim")
    for _ in range(3):
        with H2Connection(gateway.address) as other, H2Connection(gateway.address) as victim:
            other.handshake()
            victim.handshake()
            own = [("x-left-over", "1"), ("authorization", f"Bearer {token}"), ("content-type", "text/left-over")]
            end(victim, victim.head("POST", "/protected/left-over", *own))
            before = len(backend.raw_heads)
            assert other.exchange("GET", "/protected").status == 401
            assert exchange(gateway.address, "GET", "/protected").status == 401
            assert other.exchange("GET", "/mcp").status == 200
            assert exchange(gateway.address, "GET", "/mcp").status == 200
            heads = [head for head in backend.raw_heads[before:] if b"/left-over " not in head]
            assert len(heads) == 2
            assert not any(b"left-over" in head or b"victim" in head for head in heads)


def test_no_trailer_of_an_abandoned_request_turns_up_in_another(gateway: Gateway, backend: RawBackend) -> None:
    """Trailers are kept apart from heads, and from other requests."""
    for tail in (b"\x80", b""):
        with H2Connection(gateway.address) as other, H2Connection(gateway.address) as victim:
            other.handshake()
            victim.handshake()
            victim.headers(1, victim.head("POST"), end=False)
            flags = Flag.END_STREAM | (Flag.END_HEADERS if tail else 0)
            victim.frame(Type.HEADERS, flags, 1, block([("x-left-over", "1")]) + tail)
            victim.socket.shutdown(1)
            with pytest.raises(ConnectionEnded):
                victim.take(1)
            stream = other.start("POST", end=False)
            other.data(stream, b"{}", end=False)
            other.headers(stream, [("x-own", "1")])
            assert other.response(stream).status == 200
            assert [name.lower() for name, _ in backend.last.trailers] == ["x-own"]
            assert b"left-over" not in backend.last.raw_head
