"""Several providers on one route: the issuer of a token chooses whose keys and conditions count."""

import json
from collections.abc import Iterator

import pytest

from conftest import MakeGateway
from support.asking import ask, assert_accepted, assert_refused, assert_unavailable
from support.gateway import Gateway, route
from support.raw_backend import RawBackend
from support.rawhttp import exchange
from support.static_provider import StaticProvider


@pytest.fixture(scope="module")
def staff() -> Iterator[StaticProvider]:
    """In the style of Okta: `cid`, and `scp` as an array."""
    provider = StaticProvider("api://default", "/oauth2/default", algorithms=("ES256",))
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def partners() -> Iterator[StaticProvider]:
    """In the style of Keycloak: `azp`, and `scope` as a string. Its key has the same id as the other one's."""
    provider = StaticProvider("urn:partners", "/realms/partners", algorithms=("ES256",))
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def gateway(
    make_shared_gateway: MakeGateway, shared_backend: RawBackend, staff: StaticProvider, partners: StaticProvider
) -> Gateway:
    both = [
        staff.authorization(provider="okta", allowed_clients=["desk"], allowed_scopes=["tools.read"]),
        partners.authorization(provider="keycloak", allowed_scopes=["mcp:tools", "tools.read"]),
    ]
    return make_shared_gateway(
        [
            route(shared_backend.url, authorization=both),
            route(shared_backend.url, path="/staff", authorization=both[0]),
        ]
    )


def of_staff(staff: StaticProvider, **changes: object) -> str:
    return staff.signer.token(**{"client_id": None, "cid": "desk", "scope": None, "scp": ["tools.read"], **changes})


def of_partners(partners: StaticProvider, **changes: object) -> str:
    return partners.signer.token(**{"client_id": None, "azp": "partner-app", **changes})


def test_each_provider_s_tokens_pass(
    gateway: Gateway, backend: RawBackend, staff: StaticProvider, partners: StaticProvider
) -> None:
    """And the backend is told whose word it is."""
    for token, issuer, client in (
        (of_staff(staff), staff.issuer, "desk"),
        (of_partners(partners), partners.issuer, "partner-app"),
    ):
        assert_accepted(gateway, token)
        assert backend.last.get("x-portcullis-issuer") == issuer
        assert backend.last.get("x-portcullis-client") == client


def test_a_key_counts_for_its_own_issuer_only(
    gateway: Gateway, staff: StaticProvider, partners: StaticProvider
) -> None:
    """Under the same key id: each is offered a token that the other one's key has signed in its name."""
    ours, theirs = staff.signer.keys["ES256"], partners.signer.keys["ES256"]
    assert ours.kid == theirs.kid
    assert_refused(gateway, of_staff(staff, iss=partners.issuer, aud="urn:partners", azp="x"), "bad_signature")
    assert_refused(gateway, of_partners(partners, iss=staff.issuer, aud="api://default", cid="desk"), "bad_signature")


def test_conditions_count_for_their_own_provider_only(
    gateway: Gateway, staff: StaticProvider, partners: StaticProvider
) -> None:
    assert_refused(gateway, of_staff(staff, aud="urn:partners"), "wrong_audience")
    assert_refused(gateway, of_partners(partners, aud="api://default"), "wrong_audience")
    assert_refused(gateway, of_staff(staff, cid="partner-app"), "wrong_client")
    assert_refused(gateway, of_staff(staff, scp=["mcp:tools"]), "insufficient_scope", 403)
    # Each reads the claims of its preset: what the other provider calls a client or a scope says nothing.
    assert_refused(gateway, of_staff(staff, cid=None, azp="desk"), "wrong_client")
    assert_refused(gateway, of_staff(staff, scp=None, scope="tools.read"), "insufficient_scope", 403)
    assert_refused(gateway, of_partners(partners, scope=None, scp=["mcp:tools"]), "insufficient_scope", 403)


def test_anybody_else_is_another_issuer(gateway: Gateway, staff: StaticProvider, partners: StaticProvider) -> None:
    """Also a provider that another route trusts."""
    assert_refused(gateway, of_staff(staff, iss="https://idp.example.test"), "wrong_issuer")
    assert_refused(gateway, of_partners(partners), "wrong_issuer", path="/staff")
    assert_accepted(gateway, of_staff(staff), path="/staff")


def test_clients_are_told_of_all(gateway: Gateway, staff: StaticProvider, partners: StaticProvider) -> None:
    """In the order of the configuration, and each scope once."""
    document = json.loads(exchange(gateway.address, "GET", "/.well-known/oauth-protected-resource/mcp").body)
    assert document["authorization_servers"] == [staff.issuer, partners.issuer]
    assert document["scopes_supported"] == ["tools.read", "mcp:tools"]


def test_one_that_is_away_takes_nobody_with_it(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """503 for its own tokens, and the other's pass."""
    here, away = (StaticProvider("urn:test:audience", algorithms=("ES256",)) for _ in range(2))
    try:
        away.leave()
        gateway = make_gateway([route(backend.url, authorization=[away.authorization(), here.authorization()])])
        assert_unavailable(ask(gateway, away.signer.token()))
        assert_accepted(gateway, here.signer.token())
    finally:
        here.stop()
        away.stop()
