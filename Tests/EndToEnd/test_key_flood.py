"""Floods of tokens that cost something: made-up key ids and bad signatures. Others do not notice (GW-50)."""

import json
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from conftest import MakeGateway
from support.asking import ask, ask_and_look
from support.gateway import Gateway, route
from support.load import Load
from support.raw_backend import RawBackend
from support.rawhttp import Connection, Response, request_bytes
from support.static_provider import StaticProvider, now
from support.tokens import base64url, make_key
from support.waiting import wait_until

# What requests may make the gateway fetch: so many at once, and one more in so many seconds.
BURST = 3
INTERVAL = 10


@pytest.fixture
def provider() -> Iterator[StaticProvider]:
    provider = StaticProvider("urn:test:audience", algorithms=("ES256",))
    yield provider
    provider.stop()


def made_up(good: str, number: int) -> str:
    """The good token with another key id: all of them share the two parts that are noted as secrets."""
    _, payload, signature = good.split(".")
    return ".".join((base64url(json.dumps({"alg": "ES256", "kid": f"made-up-{number}"})), payload, signature))


def test_a_flood_of_made_up_kids_costs_a_fetch_now_and_then(
    make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider
) -> None:
    """From many addresses, so that no budget of an address ends it; good clients are served all the time."""
    gateway = make_gateway(
        [route(backend.url, authorization=provider.authorization())], listener={"trusted_proxies": ["127.0.0.1"]}
    )
    good = provider.signer.token()
    flood = [Connection(gateway.address, timeout=2 * INTERVAL) for _ in range(280)]
    with Load(gateway, lambda: good) as load:
        load.wait_for_more()
        began, before = time.monotonic(), provider.jwks_fetches
        for number, connection in enumerate(flood):
            fields = [
                ("Authorization", f"Bearer {made_up(good, number)}"),
                ("X-Forwarded-For", f"203.0.113.{number % 250}"),
            ]
            connection.send(request_bytes("POST", "/mcp", gateway.authority, fields, b"{}"))
        load.wait_for_more()
        answers = Counter(connection.read_response().status for connection in flood)
        fetches, seconds = provider.jwks_fetches - before, time.monotonic() - began
        load.wait_for_more()
    # Nobody is told that a key does not exist before somebody has looked; when too many wait, the rest come again.
    assert set(answers) <= {401, 503} and answers[401] >= 250, answers
    assert fetches <= BURST + 1 + seconds // INTERVAL, f"{fetches} fetches in {seconds:.1f} s"
    assert set(load.answers) == {200}
    for connection in flood:
        connection.close()


class TestOneClientOfMany:
    """Behind a proxy, with three bad tokens a minute for each address."""

    LIMIT = 3

    @pytest.fixture
    def gateway(self, make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider) -> Gateway:
        # The budget is for a minute by the clock, which must not end inside of a test.
        wait_until(lambda: time.time() % 60 < 50, "the minute is not almost over", 20, 0.1)
        return make_gateway(
            [route(backend.url, authorization=provider.authorization())],
            listener={"trusted_proxies": ["127.0.0.1"]},
            limits={"failed_tokens": self.LIMIT},
        )

    @staticmethod
    def ask_from(gateway: Gateway, address: str, token: str) -> Response:
        return ask(gateway, token, fields=[("X-Forwarded-For", address)])

    def assert_held_back(self, gateway: Gateway, address: str, token: str) -> None:
        response, record = ask_and_look(gateway, token, fields=[("X-Forwarded-For", address)])
        assert (response.status, record.get("reason")) == (429, "too_many_bad_tokens")
        retry_after = response.get("retry-after")
        assert retry_after is not None and 0 < int(retry_after) <= 60
        assert response.get("www-authenticate") is None, "no reason to throw a token away"

    def test_bad_signatures_are_held_back(self, gateway: Gateway, provider: StaticProvider) -> None:
        """Only new tokens of that address: those that are known pass, and so do those of everybody else."""
        signer = provider.signer
        known = signer.token()
        address, other = "203.0.113.7", "203.0.113.8"
        assert self.ask_from(gateway, address, known).status == 200
        stranger = make_key("ES256", signer.keys["ES256"].kid)
        for _ in range(self.LIMIT):
            assert self.ask_from(gateway, address, signer.token(key=stranger)).status == 401
        self.assert_held_back(gateway, address, signer.token(key=stranger))
        self.assert_held_back(gateway, address, signer.token())
        assert self.ask_from(gateway, address, known).status == 200
        assert self.ask_from(gateway, other, signer.token()).status == 200

    def test_unknown_keys_are_held_back_for_a_whole_network(self, gateway: Gateway, provider: StaticProvider) -> None:
        """IPv6 clients have a /64 each, and change their address at will."""
        signer = provider.signer
        for number in range(self.LIMIT):
            token = signer.token(header={"kid": f"made-up-{number}"})
            assert self.ask_from(gateway, f"2001:db8:1:2::{number + 1:x}", token).status == 401
        self.assert_held_back(gateway, "2001:db8:1:2:ffff::1", signer.token())
        assert self.ask_from(gateway, "2001:db8:1:3::1", signer.token()).status == 200

    def test_what_costs_nothing_is_not_counted(self, gateway: Gateway, provider: StaticProvider) -> None:
        """An expired token is an everyday matter; the same bad one again and again is looked up only."""
        signer = provider.signer
        address = "203.0.113.9"
        for _ in range(2 * self.LIMIT):
            assert self.ask_from(gateway, address, signer.token(exp=now() - 3600)).status == 401
            assert self.ask_from(gateway, address, signer.token(aud="urn:other")).status == 401
            assert self.ask_from(gateway, address, "opaque").status == 401
        bad = signer.token(header={"kid": "made-up"})
        for _ in range(2 * self.LIMIT):
            assert self.ask_from(gateway, address, bad).status == 401
        assert self.ask_from(gateway, address, signer.token()).status == 200
