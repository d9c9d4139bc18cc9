"""A provider that is away: users do not notice, a start waits for nothing, the keys of the last run help (GW-16)."""

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import MakeGateway
from support.asking import ask, assert_accepted, assert_unavailable
from support.gateway import Gateway, route
from support.load import Load
from support.raw_backend import RawBackend
from support.rawhttp import Connection, exchange, request_bytes
from support.static_provider import StaticProvider
from support.tokens import base64url
from support.waiting import free_port, wait_until


@pytest.fixture
def provider() -> Iterator[StaticProvider]:
    provider = StaticProvider("urn:test:audience", algorithms=("ES256",))
    yield provider
    provider.stop()


class Watched:
    """A gateway with the operator's pages."""

    def __init__(self, make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider, **more: str):
        self._admin = ("127.0.0.1", free_port())
        self.gateway: Gateway = make_gateway(
            [route(backend.url, authorization=provider.authorization())],
            admin={"address": f"127.0.0.1:{self._admin[1]}"},
            **more,
        )

    def page(self, path: str) -> tuple[int, str]:
        response = exchange(self._admin, "GET", path)
        return response.status, response.body.decode()

    def wait_until_ready(self) -> None:
        wait_until(lambda: self.page("/readyz")[0] == 200, "the gateway is ready by itself", 30, 0.05)


def refuse(provider: StaticProvider) -> None:
    provider.leave()


def hang(provider: StaticProvider) -> None:
    provider.slow()


def fail(provider: StaticProvider) -> None:
    provider.down.set()


def babble(provider: StaticProvider) -> None:
    """Discovery is as ever; what should be the keys is not."""
    provider.replies[provider.jwks_path] = (200, {"Content-Type": "text/html"}, b"<html>It works!</html>")


def recover(provider: StaticProvider, outage: Callable[[StaticProvider], None]) -> None:
    if outage is refuse:
        provider.come_back()
    provider.release.set()
    provider.down.clear()
    provider.replies.clear()


OUTAGES = [refuse, hang, fail, babble]


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.__name__)
def test_an_outage_is_nobody_s_business(
    make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider, outage: Callable[[StaticProvider], None]
) -> None:
    """Tokens of known keys pass, old and new ones. One of a key that nobody knows yet has to wait, and is not lost."""
    gateway = Watched(make_gateway, backend, provider).gateway
    signer = provider.signer
    key = signer.keys["ES256"]
    tokens = [signer.token() for _ in range(5)]
    assert_accepted(gateway, tokens[0])
    outage(provider)
    with Load(gateway, lambda: tokens[-1]) as load:
        signer.rotate(overlap=True)
        of_new_key = signer.token()
        assert_unavailable(ask(gateway, of_new_key))
        wait_until(lambda: gateway.events("keys_failed"), "the provider was asked, in vain")
        tokens += [signer.token(key=key) for _ in range(5)]
        load.wait_for_more()
        recover(provider, outage)
        wait_until(lambda: ask(gateway, of_new_key).status == 200, "the new key is accepted", 20, 0.1)
        load.wait_for_more()
    assert set(load.answers) == {200}
    wait_until(lambda: gateway.events("keys_recovered"), "the recovery is logged")
    assert [line["issuer"] for line in gateway.events("keys_stale")] == [provider.issuer]
    assert [line["issuer"] for line in gateway.events("keys_recovered")] == [provider.issuer]


@pytest.mark.parametrize("outage", [refuse, fail, babble], ids=lambda outage: outage.__name__)
def test_a_cold_start_in_an_outage_ends_by_itself(
    make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider, outage: Callable[[StaticProvider], None]
) -> None:
    """503 until there are keys, which are fetched without any request; alive all the time, but not ready."""
    outage(provider)
    watched = Watched(make_gateway, backend, provider)
    gateway = watched.gateway
    assert exchange(gateway.address, "POST", "/mcp", body=b"{}").status == 401, "a challenge needs no keys"
    assert_unavailable(ask(gateway, provider.signer.token()))
    assert gateway.access(status=503)["reason"] == "provider_unavailable"
    status, obstacles = watched.page("/readyz")
    assert status == 503 and provider.issuer in obstacles
    assert watched.page("/healthz")[0] == 200
    wait_until(lambda: len(gateway.events("keys_failed")) >= 2, "it is tried again")
    recover(provider, outage)
    requests = len(gateway.events("request"))
    watched.wait_until_ready()
    assert len(gateway.events("request")) == requests
    assert_accepted(gateway, provider.signer.token())


def test_a_start_does_not_wait_for_a_provider_that_hangs(
    make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider
) -> None:
    """The gateway listens, challenges and knows that it is not ready; a request with a token waits for the keys."""
    provider.slow()
    watched = Watched(make_gateway, backend, provider)
    gateway = watched.gateway
    provider.wait_for_fetch()
    assert exchange(gateway.address, "POST", "/mcp", body=b"{}").status == 401
    assert watched.page("/readyz")[0] == 503
    with Connection(gateway.address) as connection:
        fields = [("Authorization", f"Bearer {provider.signer.token()}")]
        connection.send(request_bytes("POST", "/mcp", gateway.authority, fields, b"{}"))
        assert watched.page("/healthz")[0] == 200
        provider.release.set()
        assert connection.read_response().status == 200
    assert provider.discovery_fetches == 1, "the request waited for the fetch that was under way"
    assert watched.page("/readyz")[0] == 200


class TestKeysOfTheLastRun:
    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        directory = tmp_path / "keys"
        directory.mkdir()
        return directory

    @pytest.fixture
    def kept(
        self, make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider, directory: Path
    ) -> Path:
        """The file that an earlier run has left."""
        watched = Watched(make_gateway, backend, provider, key_cache_directory=str(directory))
        watched.wait_until_ready()
        file = wait_until(lambda: next(directory.glob("*.json"), None), "the keys are kept")
        watched.gateway.stop()
        assert [each.name for each in directory.iterdir()] == [file.name], "and nothing else"
        return file

    def test_serves_with_them_while_the_provider_is_away(
        self, make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider, kept: Path
    ) -> None:
        """Ready at once, and the log says from where; newer keys replace them when there are any."""
        provider.leave()
        watched = Watched(make_gateway, backend, provider, key_cache_directory=str(kept.parent))
        gateway = watched.gateway
        wait_until(lambda: gateway.events("keys_from_disk"), "the keys of the last run are in use")
        assert gateway.events("keys_from_disk")[0]["issuer"] == provider.issuer
        assert watched.page("/readyz")[0] == 200
        assert_accepted(gateway, provider.signer.token())
        provider.come_back()
        provider.signer.rotate()
        wait_until(lambda: ask(gateway, provider.signer.token()).status == 200, "the new key is accepted", 20, 0.1)
        new = provider.signer.keys["ES256"].as_dict(private=False)
        wait_until(lambda: new["x"] in kept.read_text(), "the new key is kept")

    def test_keeps_public_keys_only_and_for_itself(self, provider: StaticProvider, kept: Path) -> None:
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        published = json.loads(kept.read_text())["jwks"]["keys"]
        assert [key["kid"] for key in published] == [provider.signer.keys["ES256"].kid]
        assert not any("d" in key for key in published)

    def damage(self, file: Path, how: str) -> None:
        match how:
            case "emptied":
                file.write_bytes(b"")
            case "cut off":
                file.write_bytes(file.read_bytes()[:-20])
            case "random":
                file.write_bytes(bytes(range(256)) * 40)
            case "of another provider":
                document = json.loads(file.read_text())
                document["issuer"] = "https://idp.example.test"
                file.write_text(json.dumps(document))
            case "without a usable key":
                document = json.loads(file.read_text())
                document["jwks"]["keys"][0]["x"] = base64url(bytes(32))
                file.write_text(json.dumps(document))

    @pytest.mark.parametrize("how", ["emptied", "cut off", "random", "of another provider", "without a usable key"])
    def test_does_not_trust_a_damaged_file(
        self, make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider, kept: Path, how: str
    ) -> None:
        """It is reported and not used; the next keys replace it."""
        good = kept.read_text()
        self.damage(kept, how)
        provider.leave()
        watched = Watched(make_gateway, backend, provider, key_cache_directory=str(kept.parent))
        event = wait_until(lambda: watched.gateway.events("keys_not_kept"), "the file is reported")[0]
        assert event["issuer"] == provider.issuer and str(kept) in event["detail"]
        assert watched.page("/readyz")[0] == 503
        assert_unavailable(ask(watched.gateway, provider.signer.token()))
        provider.come_back()
        watched.wait_until_ready()
        assert_accepted(watched.gateway, provider.signer.token())

        def replaced() -> bool:
            try:
                return json.loads(kept.read_text())["jwks"] == json.loads(good)["jwks"]
            except ValueError:
                return False

        wait_until(replaced, "the file is replaced")
