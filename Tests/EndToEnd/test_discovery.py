"""Where a provider's keys come from: discovery in three places, a key set's URL, a file; and what is not followed."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeGateway, Refreshing
from support.asking import ask, assert_accepted, assert_refused, assert_unavailable
from support.certificates import Authority
from support.forward_proxy import ForwardProxy
from support.gateway import Gateway, route
from support.raw_backend import RawBackend
from support.static_provider import StaticProvider
from support.tls_backend import server_context
from support.waiting import free_port, wait_until

MakeProvider = Callable[..., StaticProvider]

PLACES = {
    "OpenID, appended": "/tenant/one/.well-known/openid-configuration",
    "RFC 8414, inserted": "/.well-known/oauth-authorization-server/tenant/one",
    "OpenID, inserted": "/.well-known/openid-configuration/tenant/one",
}


@pytest.fixture(autouse=True)
def _begin_the_minute(refreshing: Refreshing) -> None:
    """What test_key_rotation waits for begins here."""


@pytest.fixture
def make_provider() -> Iterator[MakeProvider]:
    """Providers that end with the test."""
    running: list[StaticProvider] = []

    def make(path: str = "", **more: Any) -> StaticProvider:
        running.append(StaticProvider("urn:test:audience", path, algorithms=("ES256",), **more))
        return running[-1]

    yield make
    for provider in running:
        provider.stop()


def by_issuer(provider: StaticProvider, **more: Any) -> dict[str, Any]:
    """The authorization section that names the issuer instead of its discovery document."""
    return {"issuer": provider.issuer, "allowed_audience": [provider.signer.audience], **more}


def failure(gateway: Gateway) -> str:
    """What the log says about the keys that could not be had."""
    return wait_until(lambda: gateway.events("keys_failed"), "the failure is logged")[0]["detail"]


class TestIssuer:
    @pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
    def test_is_enough(
        self, make_gateway: MakeGateway, make_provider: MakeProvider, backend: RawBackend, place: str
    ) -> None:
        """The places are tried one after the other, and the good one first the next time."""
        provider = make_provider("/tenant/one")
        provider.discovery_paths = {place}
        gateway = make_gateway([route(backend.url, authorization=by_issuer(provider))])
        assert_accepted(gateway, provider.signer.token())
        places = list(PLACES.values())
        assert provider.paths == [*places[: places.index(place) + 1], provider.jwks_path]
        provider.paths.clear()
        provider.signer.rotate()
        assert_accepted(gateway, provider.signer.token())
        assert provider.paths == [place, provider.jwks_path]

    @pytest.mark.parametrize("place", ["openid-configuration", "oauth-authorization-server"])
    def test_without_a_path_has_two_places(
        self, make_gateway: MakeGateway, make_provider: MakeProvider, backend: RawBackend, place: str
    ) -> None:
        provider = make_provider()
        provider.discovery_paths = {f"/.well-known/{place}"}
        gateway = make_gateway([route(backend.url, authorization=by_issuer(provider))])
        assert_accepted(gateway, provider.signer.token())

    def test_keeps_its_slash(self, make_gateway: MakeGateway, make_provider: MakeProvider, backend: RawBackend) -> None:
        """Auth0's has one: it is left out of the document's address, and of nothing else."""
        provider = make_provider()
        without_slash = provider.signer.token()
        provider.issuer += "/"
        provider.signer.issuer = provider.issuer
        gateway = make_gateway([route(backend.url, authorization=by_issuer(provider))])
        assert_accepted(gateway, provider.signer.token())
        assert provider.paths[0] == provider.discovery_path
        assert_refused(gateway, without_slash, "wrong_issuer")

    def test_without_any_document_names_every_place(
        self, make_gateway: MakeGateway, make_provider: MakeProvider, backend: RawBackend
    ) -> None:
        provider = make_provider("/tenant/one")
        provider.discovery_paths = set()
        gateway = make_gateway([route(backend.url, authorization=by_issuer(provider))])
        assert_unavailable(ask(gateway, provider.signer.token()))
        assert all(provider.origin + place in failure(gateway) for place in PLACES.values())


class TestDocument:
    def test_given_by_its_url_is_looked_for_there_only(
        self, make_gateway: MakeGateway, make_provider: MakeProvider, backend: RawBackend
    ) -> None:
        provider = make_provider()
        provider.discovery_paths = {"/.well-known/oauth-authorization-server"}
        gateway = make_gateway([route(backend.url, authorization=provider.authorization())])
        assert_unavailable(ask(gateway, provider.signer.token()))
        assert f"{provider.discovery_url} answered with status 404" in failure(gateway)
        assert set(provider.paths) == {provider.discovery_path}

    def test_of_another_issuer_is_no_source_of_keys(
        self, make_gateway: MakeGateway, make_provider: MakeProvider, backend: RawBackend
    ) -> None:
        """The log names both issuers (GW-43)."""
        provider = make_provider()
        provider.wrong_issuer = True
        gateway = make_gateway([route(backend.url, authorization=provider.authorization())])
        assert_unavailable(ask(gateway, provider.signer.token()))
        detail = failure(gateway)
        assert "http://127.0.0.1:1/other" in detail and provider.issuer in detail
        assert provider.jwks_fetches == 0

    def test_may_have_moved_on_its_host(
        self, make_gateway: MakeGateway, make_provider: MakeProvider, backend: RawBackend
    ) -> None:
        """A path, and an absolute URL of the same origin."""
        provider = make_provider()
        provider.replies[provider.discovery_path] = (302, {"Location": "/moved"}, b"")
        provider.discovery_paths = {"/moved"}
        keys = json.dumps(provider.signer.jwks()).encode()
        provider.replies[provider.jwks_path] = (308, {"Location": f"{provider.origin}/keys"}, b"")
        provider.replies["/keys"] = (200, {"Content-Type": "application/json"}, keys)
        gateway = make_gateway([route(backend.url, authorization=provider.authorization())])
        assert_accepted(gateway, provider.signer.token())
        assert provider.paths == [provider.discovery_path, "/moved", provider.jwks_path, "/keys"]

    @pytest.mark.parametrize("document", ["discovery", "keys"])
    def test_elsewhere_is_not_followed(
        self, make_gateway: MakeGateway, make_provider: MakeProvider, backend: RawBackend, document: str
    ) -> None:
        """Whoever can redirect must not choose whom we believe; the log says what to configure."""
        provider, other = make_provider(), make_provider()
        path = provider.discovery_path if document == "discovery" else provider.jwks_path
        provider.replies[path] = (302, {"Location": f"{other.origin}/elsewhere?code=secret"}, b"")
        gateway = make_gateway([route(backend.url, authorization=provider.authorization())])
        assert_unavailable(ask(gateway, provider.signer.token()))
        detail = failure(gateway)
        assert f"redirects to {other.origin}/elsewhere" in detail and "not followed" in detail
        assert "secret" not in detail
        assert other.paths == []

    def test_is_not_chased_in_circles(
        self, make_gateway: MakeGateway, make_provider: MakeProvider, backend: RawBackend
    ) -> None:
        provider = make_provider()
        provider.replies[provider.discovery_path] = (302, {"Location": provider.discovery_path}, b"")
        gateway = make_gateway([route(backend.url, authorization=provider.authorization())])
        assert_unavailable(ask(gateway, provider.signer.token()))
        assert "redirects more than" in failure(gateway)

    def test_is_bounded(self, make_gateway: MakeGateway, make_provider: MakeProvider, backend: RawBackend) -> None:
        provider = make_provider()
        provider.metadata["filler"] = "x" * (2 << 20)
        gateway = make_gateway([route(backend.url, authorization=provider.authorization())])
        assert_unavailable(ask(gateway, provider.signer.token()))
        assert "too large" in failure(gateway)


class TestKeySet:
    def test_by_its_url_needs_no_discovery(
        self, make_gateway: MakeGateway, make_provider: MakeProvider, backend: RawBackend
    ) -> None:
        provider = make_provider()
        trust = by_issuer(provider, jwks_uri=provider.origin + provider.jwks_path)
        gateway = make_gateway([route(backend.url, authorization=trust)])
        assert_accepted(gateway, provider.signer.token())
        provider.signer.rotate()
        assert_accepted(gateway, provider.signer.token())
        assert provider.paths == [provider.jwks_path] * 2

    def test_in_a_file_is_read_again_when_it_changes(
        self, make_gateway: MakeGateway, make_provider: MakeProvider, backend: RawBackend, tmp_path: Path
    ) -> None:
        """A broken one is reported, and the keys before it stay in use."""
        provider = make_provider()
        file = tmp_path / "keys.json"

        def replace(text: str) -> None:
            new = tmp_path / "keys.json.new"
            new.write_text(text)
            os.replace(new, file)

        replace(json.dumps(provider.signer.jwks()))
        trust = by_issuer(provider, jwks_file=str(file))
        gateway = make_gateway([route(backend.url, authorization=trust)])
        first = provider.signer.token()
        assert_accepted(gateway, first)
        provider.signer.rotate()
        replace(json.dumps(provider.signer.jwks()))
        wait_until(lambda: len(gateway.events("keys_fetched")) == 2, "the new file is read")
        second = provider.signer.token()
        assert_accepted(gateway, second)
        assert_refused(gateway, first, "unknown_key")
        replace('{"keys": [')
        assert str(file) in failure(gateway)
        assert_accepted(gateway, second)
        assert_accepted(gateway, provider.signer.token())
        provider.signer.rotate()
        replace(json.dumps(provider.signer.jwks()))
        wait_until(lambda: len(gateway.events("keys_fetched")) == 3, "the good file is read")
        assert_accepted(gateway, provider.signer.token())
        assert provider.paths == []


class TestForwardProxy:
    @pytest.fixture
    def make_proxy(self) -> Iterator[Callable[[dict[str, tuple[str, int]]], ForwardProxy]]:
        running: list[ForwardProxy] = []

        def make(addresses: dict[str, tuple[str, int]]) -> ForwardProxy:
            running.append(ForwardProxy(addresses))
            return running[-1]

        yield make
        for proxy in running:
            proxy.stop()

    def test_leads_to_an_https_provider_through_a_tunnel(
        self,
        make_gateway: MakeGateway,
        make_provider: MakeProvider,
        make_proxy: Callable[..., ForwardProxy],
        backend: RawBackend,
        authority: Authority,
    ) -> None:
        """The proxy knows the name, the gateway does not; the certificate is the provider's own."""
        certificate = authority.issue("idp", ("idp.example.test",))
        provider = make_provider(tls=server_context(certificate), origin="https://idp.example.test")
        proxy = make_proxy({"idp.example.test:443": ("127.0.0.1", provider.port)})
        trust = by_issuer(provider, provider_proxy=proxy.url, provider_ca=str(authority.file))
        gateway = make_gateway([route(backend.url, authorization=trust)])
        assert_accepted(gateway, provider.signer.token())
        assert set(proxy.requests) == {"CONNECT idp.example.test:443"}
        assert provider.jwks_fetches == 1

    def test_leads_to_an_http_provider(
        self,
        make_gateway: MakeGateway,
        make_provider: MakeProvider,
        make_proxy: Callable[..., ForwardProxy],
        backend: RawBackend,
    ) -> None:
        provider = make_provider(origin="http://idp.example.test")
        proxy = make_proxy({"idp.example.test": ("127.0.0.1", provider.port)})
        trust = by_issuer(provider, provider_proxy=proxy.url, allow_plaintext_provider=True)
        gateway = make_gateway([route(backend.url, authorization=trust)])
        assert_accepted(gateway, provider.signer.token())
        assert proxy.requests == [f"GET {provider.discovery_url}", f"GET {provider.origin}{provider.jwks_path}"]

    def test_that_refuses_is_named(
        self,
        make_gateway: MakeGateway,
        make_provider: MakeProvider,
        make_proxy: Callable[..., ForwardProxy],
        backend: RawBackend,
        authority: Authority,
    ) -> None:
        provider = make_provider(origin="https://idp.example.test")
        proxy = make_proxy({})
        trust = by_issuer(provider, provider_proxy=proxy.url, provider_ca=str(authority.file))
        gateway = make_gateway([route(backend.url, authorization=trust)])
        assert_unavailable(ask(gateway, provider.signer.token()))
        detail = failure(gateway)
        assert proxy.url.removeprefix("http://") in detail and "403" in detail

    def test_that_is_not_there_is_named(
        self, make_gateway: MakeGateway, make_provider: MakeProvider, backend: RawBackend, authority: Authority
    ) -> None:
        provider = make_provider(origin="https://idp.example.test")
        proxy = f"127.0.0.1:{free_port()}"
        trust = by_issuer(provider, provider_proxy=f"http://{proxy}", provider_ca=str(authority.file))
        gateway = make_gateway([route(backend.url, authorization=trust)])
        assert_unavailable(ask(gateway, provider.signer.token()))
        assert proxy in failure(gateway)
