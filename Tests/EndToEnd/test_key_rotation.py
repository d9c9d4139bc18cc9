"""Keys that change under load: nobody with a good token notices, and the tokens of removed keys end (GW-50)."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeGateway, Refreshing
from support.asking import ask, assert_accepted, assert_refused
from support.gateway import Gateway, route
from support.load import Load
from support.provider import Provider
from support.raw_backend import RawBackend
from support.static_provider import StaticProvider
from support.tokens import Signer
from support.waiting import wait_until


class Wallet:
    """Tokens of the newest key: the same one for a while, then a new one."""

    def __init__(self, signer: Signer):
        self._signer = signer
        self._lock = threading.Lock()
        self._keys: Any = None
        self._token = ""
        self._uses = 0

    def __call__(self) -> str:
        with self._lock:
            keys = self._signer.keys
            if self._keys is not keys or self._uses == 25:
                self._keys, self._uses, self._token = keys, 0, self._signer.token()
            self._uses += 1
            return self._token


@pytest.fixture
def provider() -> Iterator[StaticProvider]:
    provider = StaticProvider("urn:test:audience", algorithms=("ES256",))
    yield provider
    provider.stop()


@pytest.fixture
def gateway(make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider) -> Gateway:
    return make_gateway([route(backend.url, authorization=provider.authorization())])


def test_nobody_is_refused_while_keys_rotate(gateway: Gateway, provider: StaticProvider) -> None:
    """Each rotation costs one fetch: with and without an overlap, and with a new key under the old id."""
    rotations = [{"overlap": True}, {}, {"same_kid": True}, {"overlap": True}, {"same_kid": True}]
    with Load(gateway, Wallet(provider.signer)) as load:
        load.wait_for_more()
        for rotation in rotations:
            fetches = provider.jwks_fetches
            # A token of a key that is removed at once would rightly be refused.
            with load.between_requests():
                provider.signer.rotate(**rotation)
            load.wait_for_more()
            assert provider.jwks_fetches == fetches + 1, rotation
    assert set(load.answers) == {200}


@pytest.mark.parametrize("same_kid", [False, True], ids=["another id", "the same id"])
def test_the_tokens_of_a_removed_key_end_with_the_next_fetch(
    gateway: Gateway, provider: StaticProvider, same_kid: bool
) -> None:
    """Also those that have been verified before, and are remembered."""
    signer = provider.signer
    removed = signer.keys["ES256"]
    known = signer.token()
    assert_accepted(gateway, known)
    signer.rotate(same_kid)
    assert_accepted(gateway, known)
    # The first token of the new key makes the gateway look.
    assert_accepted(gateway, signer.token())
    reason = "bad_signature" if same_kid else "unknown_key"
    assert_refused(gateway, known, reason)
    assert_refused(gateway, signer.token(key=removed), reason)
    assert_accepted(gateway, signer.token())


def test_a_rotation_takes_nothing_from_the_key_that_stays(gateway: Gateway, provider: StaticProvider) -> None:
    """Tokens of both keys pass, known or new, although the provider is gone right after."""
    signer = provider.signer
    old = signer.token()
    assert_accepted(gateway, old)
    signer.rotate(overlap=True)
    new = signer.token()
    assert_accepted(gateway, new)
    fetches = provider.jwks_fetches
    provider.leave()
    for token in (old, new, signer.token(key=signer.retired[0]), signer.token()):
        assert_accepted(gateway, token)
    assert provider.jwks_fetches == fetches


def test_a_real_provider_restarts_with_new_keys_under_load(
    make_gateway: MakeGateway, backend: RawBackend, run_directory: Path
) -> None:
    """Down, up with a second key, down, up with a third and without the first: only the first key's tokens end."""
    provider = Provider(run_directory, "rotating-provider")
    try:
        provider.wait_until_ready()
        trust = {"discovery_url": provider.discovery_url, "allowed_audience": ["https://mcp.example.test/mcp"]}
        gateway = make_gateway([route(backend.url, authorization=trust)])
        tokens = [provider.machine_token("https://mcp.example.test/mcp")]
        with Load(gateway, lambda: tokens[-1], clients=2) as load:
            load.wait_for_more()
            for _ in range(2):
                provider.restart()
                provider.wait_until_ready()
                tokens.append(provider.machine_token("https://mcp.example.test/mcp"))
                load.wait_for_more()
        assert set(load.answers) == {200}
        assert [ask(gateway, token).status for token in tokens] == [401, 200, 200]
    finally:
        provider.stop()


def test_keys_are_fetched_anew_by_the_clock(refreshing: Refreshing) -> None:
    """Without any request, and as early as `Cache-Control` says, but not before a minute is over (almost)."""
    provider, gateway, old = refreshing
    wait_until(lambda: provider.jwks_fetches > 1, "the keys are fetched anew", 70, 0.1)
    wait_until(lambda: len(gateway.events("keys_fetched")) == 2, "the new keys are in use")
    assert_accepted(gateway, provider.signer.token())
    assert_refused(gateway, old, "unknown_key")
