"""Forwarded and X-Forwarded-For: believed from trusted proxies, from the right, up to the first stranger."""

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.proxy_protocol import version1
from support.raw_backend import RawBackend
from support.rawhttp import Connection, exchange, request_bytes

Fields = list[tuple[str, str]]


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend) -> Gateway:
    """Trusts its own machine and two networks."""
    trusted = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"]
    return make_shared_gateway([route(shared_backend.url)], listener={"trusted_proxies": trusted})


def common(*values: str) -> Fields:
    return [("X-Forwarded-For", value) for value in values]


def standard(*values: str) -> Fields:
    return [("Forwarded", value) for value in values]


CHAINS: dict[str, tuple[Fields, str]] = {
    "nothing": ([], "127.0.0.1"),
    "one address": (common("203.0.113.9"), "203.0.113.9"),
    "IPv6": (common("2001:db8::9"), "2001:db8::9"),
    "what the client has added": (common("198.51.100.1, 203.0.113.9"), "203.0.113.9"),
    "a trusted proxy between": (common("198.51.100.1, 203.0.113.9, 10.1.2.3"), "203.0.113.9"),
    "two trusted proxies": (common("203.0.113.9,10.1.2.3,fd00::1"), "203.0.113.9"),
    "several lines": (common("198.51.100.1, 203.0.113.9", "10.1.2.3"), "203.0.113.9"),
    "trusted ones only": (common("10.9.9.9, 10.1.2.3"), "10.9.9.9"),
    "a stranger behind a trusted one": (common("10.9.9.9, 203.0.113.9"), "203.0.113.9"),
    "nonsense": (common("nonsense"), "127.0.0.1"),
    "nonsense on the left": (common("nonsense, 203.0.113.9"), "203.0.113.9"),
    "nonsense in the middle": (common("203.0.113.9, nonsense, 10.1.2.3"), "10.1.2.3"),
    "an empty value": (common(""), "127.0.0.1"),
    "standard": (standard("for=203.0.113.9"), "203.0.113.9"),
    "standard, with more": (standard("proto=https;for=203.0.113.9;by=10.0.0.1;host=x.test"), "203.0.113.9"),
    "standard, in capitals": (standard("For=203.0.113.9;Proto=HTTPS"), "203.0.113.9"),
    "standard, with a port": (standard('for="203.0.113.9:4711"'), "203.0.113.9"),
    "standard, IPv6": (standard('for="[2001:db8::9]"'), "2001:db8::9"),
    "standard, IPv6 with a port": (standard('for="[2001:db8::9]:4711"'), "2001:db8::9"),
    "standard, two hops": (standard("for=198.51.100.1, for=203.0.113.9, for=10.1.2.3"), "203.0.113.9"),
    "standard, several lines": (standard("for=203.0.113.9", "for=10.1.2.3"), "203.0.113.9"),
    "standard, unknown": (standard("for=unknown"), "127.0.0.1"),
    "standard, hidden": (standard("for=203.0.113.9, for=_hidden, for=10.1.2.3"), "10.1.2.3"),
    "standard, an open quote on the left": (standard('for="198.51.100.1, for=203.0.113.9'), "203.0.113.9"),
    "both agree": (common("203.0.113.9, 10.1.2.3") + standard("for=203.0.113.9, for=10.1.2.3"), "203.0.113.9"),
    "a client's own Forwarded": (common("203.0.113.9") + standard("for=198.51.100.1"), "127.0.0.1"),
}


@pytest.mark.parametrize(("fields", "client"), CHAINS.values(), ids=CHAINS.keys())
def test_the_rightmost_stranger_is_the_client(
    gateway: Gateway, backend: RawBackend, fields: Fields, client: str
) -> None:
    """In the log and at the backend, which gets that one address and none of the rest."""
    assert exchange(gateway.address, "POST", "/mcp", fields=fields, body=b"{}").status == 200
    assert backend.last.get("x-forwarded-for") == client
    assert client in (backend.last.get("forwarded") or "")
    assert "198.51.100.1" not in backend.last.raw_head.decode("latin-1")
    assert gateway.access(client=client)["status"] == 200


def test_each_request_has_its_own_client(gateway: Gateway, backend: RawBackend) -> None:
    """A proxy sends the requests of many clients over one connection."""
    with Connection(gateway.address) as connection:
        for number in range(5):
            fields = common(f"203.0.113.{number}") if number else []
            connection.send(request_bytes("POST", "/mcp", gateway.authority, fields, b"{}"))
            assert connection.read_response().status == 200
            assert backend.last.get("x-forwarded-for") == (f"203.0.113.{number}" if number else "127.0.0.1")


@pytest.mark.parametrize("listener", [{}, {"trusted_proxies": ["10.0.0.0/8"]}], ids=["none", "others"])
@pytest.mark.parametrize("fields", [common("203.0.113.9"), standard("for=203.0.113.9")], ids=["common", "standard"])
def test_strangers_are_not_believed(
    make_gateway: MakeGateway, backend: RawBackend, listener: dict[str, list[str]], fields: Fields
) -> None:
    """Without trust in the peer its fields say nothing, and do not pass."""
    gateway = make_gateway([route(backend.url)], listener=listener)
    assert exchange(gateway.address, "POST", "/mcp", fields=fields, body=b"{}").status == 200
    assert backend.last.get("x-forwarded-for") == "127.0.0.1"
    assert b"203.0.113.9" not in backend.last.raw_head
    assert gateway.access(status=200)["client"] == "127.0.0.1"


def test_trust_begins_with_the_address_of_the_proxy_header(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """Behind a PROXY header its source is the peer: an L4 balancer in front of an L7 one."""
    gateway = make_gateway(
        [route(backend.url)], listener={"proxy_protocol": ["127.0.0.1"], "trusted_proxies": ["10.0.0.0/8"]}
    )
    for source, client in (("10.1.2.3", "203.0.113.9"), ("198.51.100.7", "198.51.100.7")):
        with Connection(gateway.address) as connection:
            request = request_bytes("POST", "/mcp", gateway.authority, common("203.0.113.9"), b"{}")
            connection.send(version1(source) + request)
            assert connection.read_response().status == 200
        assert backend.last.get("x-forwarded-for") == client
        assert gateway.access(client=client)["status"] == 200
