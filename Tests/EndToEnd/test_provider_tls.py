"""Identity providers behind https: whose keys are believed, and what the log says when they cannot be had."""

import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeGateway
from support.certificates import Authority, Certificate, self_signed
from support.gateway import Gateway, route
from support.raw_backend import RawBackend
from support.rawhttp import exchange
from support.static_provider import StaticProvider
from support.tls_backend import server_context
from support.waiting import wait_until

MakeProvider = Callable[..., StaticProvider]


@pytest.fixture
def make_provider() -> Iterator[MakeProvider]:
    """Providers over https that end with the test."""
    running: list[StaticProvider] = []

    def make(certificate: Certificate, **more: Any) -> StaticProvider:
        running.append(StaticProvider("urn:test:audience", tls=server_context(certificate, **more)))
        return running[-1]

    yield make
    for provider in running:
        provider.stop()


def call(gateway: Gateway, provider: StaticProvider) -> int:
    return exchange(gateway.address, "POST", "/mcp", body=b"{}", token=provider.signer.token()).status


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_keys_come_over_https(
    make_gateway: MakeGateway,
    make_provider: MakeProvider,
    backend: RawBackend,
    authority: Authority,
    server_certificate: Certificate,
    newest: ssl.TLSVersion,
) -> None:
    """With `provider_ca` a private provider is trusted: discovery and keys, and tokens pass."""
    provider = make_provider(server_certificate, newest=newest)
    gateway = make_gateway([route(backend.url, authorization=provider.authorization(provider_ca=str(authority.file)))])
    assert call(gateway, provider) == 200
    assert (provider.discovery_fetches, provider.jwks_fetches) == (1, 1)


FAULTS = ["another authority", "system store", "expired", "wrong host", "self-signed"]
WORDS = {"expired": "expired", "wrong host": "wrong_host"}


@pytest.mark.parametrize("fault", FAULTS)
def test_nobody_else_is_believed(
    make_gateway: MakeGateway,
    make_provider: MakeProvider,
    backend: RawBackend,
    authority: Authority,
    certificates: Path,
    fault: str,
) -> None:
    """503 for every token, and the log says what is wrong with the provider's certificate."""
    shown = {
        "another authority": lambda: Authority(certificates, "Pretender").issue("provider"),
        "system store": lambda: authority.issue("provider"),
        "expired": lambda: authority.issue("provider", ends=timedelta(hours=-1)),
        "wrong host": lambda: authority.issue("provider", ("idp.example.test",)),
        "self-signed": lambda: self_signed(certificates, "provider"),
    }[fault]()
    provider = make_provider(shown)
    trust = {} if fault == "system store" else {"provider_ca": str(authority.file)}
    before = backend.completed
    gateway = make_gateway([route(backend.url, authorization=provider.authorization(**trust))])
    assert call(gateway, provider) == 503
    assert gateway.access(status=503)["reason"] == "provider_unavailable"
    wait_until(lambda: gateway.events("keys_failed"), "the log says why")
    detail = gateway.events("keys_failed")[0]["detail"].lower().replace(" ", "_")
    words = WORDS.get(fault, "unknown_issuer self_signed").split()
    assert any(word in detail for word in words), detail
    assert provider.discovery_fetches == 0, "nothing was asked of it"
    assert backend.completed == before


def test_each_provider_has_its_own_authority(
    make_gateway: MakeGateway, make_provider: MakeProvider, backend: RawBackend, certificates: Path
) -> None:
    """Trust in one provider's authority is no trust in another provider."""
    first, second = Authority(certificates, "First"), Authority(certificates, "Second")
    one, two = make_provider(first.issue("provider")), make_provider(second.issue("provider"))
    gateway = make_gateway(
        [
            route(backend.url, path="/one", authorization=one.authorization(provider_ca=str(first.file))),
            route(backend.url, path="/two", authorization=two.authorization(provider_ca=str(second.file))),
            route(backend.url, path="/crossed", authorization=two.authorization(provider_ca=str(first.file))),
        ]
    )
    for path, provider, status in (("/one", one, 200), ("/two", two, 200), ("/crossed", two, 503)):
        response = exchange(gateway.address, "POST", path, body=b"{}", token=provider.signer.token())
        assert response.status == status, path
