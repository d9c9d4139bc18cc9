"""Scopes through a bridge: what a client asks for, what the provider grants of it, and what the token holds then."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeGateway
from support.bridge import Client, registered
from support.bridged_gateway import bridged_gateway
from support.bridged_products import Entra
from support.bridged_provider import BridgedProvider
from support.raw_backend import RawBackend

MakeBridged = Callable[..., Client]
BOTH = ["mcp:tools", "mcp:admin"]
KINDS: dict[str, dict[str, Any]] = {
    "passthrough": {},
    "wrapped access tokens": {"tokens": "wrap"},
    "wrapped ID tokens": {"tokens": "wrap", "wrapped_claims": "id_token"},
}
of_each_kind = pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)


@pytest.fixture
def provider() -> Iterator[BridgedProvider]:
    provider = BridgedProvider()
    yield provider
    provider.stop()


@pytest.fixture
def signing_in(make_gateway: MakeGateway, backend: RawBackend, tmp_path: Path) -> MakeBridged:
    def make(provider: BridgedProvider, rules: dict[str, Any] | None = None, **options: Any) -> Client:
        rules = {"allowed_scopes": BOTH, **(rules or {})}
        gateway = bridged_gateway(make_gateway, provider, backend.url, tmp_path, rules=rules, **options)
        return registered(f"{gateway.url}/mcp")

    return make


def seen_by(client: Client, backend: RawBackend, token: str) -> set[str]:
    """The scopes that the backend is told."""
    assert client.call(token).status == 200
    return set((backend.last.get("x-portcullis-scopes") or "").split())


def told(answer: dict[str, Any]) -> set[str]:
    """The scopes that the client is told."""
    return set(answer.get("scope", "").split())


@of_each_kind
@pytest.mark.parametrize("tells", [True, False], ids=["told again", "not told again"])
def test_what_is_not_granted_is_not_in_the_token(
    signing_in: MakeBridged, provider: BridgedProvider, backend: RawBackend, options: dict[str, Any], tells: bool
) -> None:
    """A user who ticks less at the provider gets less, now and after a refresh, whoever seals the token."""
    client = signing_in(provider, **options)
    provider.withholds = {"mcp:admin"}
    provider.tells_scope_on_refresh = tells
    tokens = client.tokens(scope="mcp:tools mcp:admin offline_access")
    assert "mcp:admin" in provider.authorizations[-1]["scope"].split()
    assert told(tokens) - {"offline_access"} == {"mcp:tools"}
    assert seen_by(client, backend, tokens["access_token"]) & set(BOTH) == {"mcp:tools"}
    again = client.refresh(tokens["refresh_token"]).json
    assert "mcp:admin" not in seen_by(client, backend, again["access_token"])
    twice = client.refresh(again.get("refresh_token", tokens["refresh_token"])).json
    assert "mcp:admin" not in seen_by(client, backend, twice["access_token"])


@of_each_kind
def test_less_may_be_asked_for(
    signing_in: MakeBridged, provider: BridgedProvider, backend: RawBackend, options: dict[str, Any]
) -> None:
    """One of the route's scopes."""
    client = signing_in(provider, **options)
    tokens = client.tokens(scope="mcp:tools")
    assert set(provider.authorizations[-1]["scope"].split()) - {"openid"} == {"mcp:tools"}
    assert told(tokens) == {"mcp:tools"}
    assert seen_by(client, backend, tokens["access_token"]) - {"openid"} == {"mcp:tools"}


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (None, set(BOTH)),
        ("", set(BOTH)),
        ("openid offline_access", {*BOTH, "openid", "offline_access"}),
        ("mcp:tools phone-home mcp:unknown", {"mcp:tools"}),
        ("mcp:unknown", set(BOTH)),
        ("mcp:tools mcp:tools", {"mcp:tools"}),
    ],
)
def test_strange_wishes(
    signing_in: MakeBridged, provider: BridgedProvider, asked: str | None, wanted: set[str]
) -> None:
    """Unknown scopes are left out, and whoever names none of the route's gets those of the route."""
    client = signing_in(provider)
    client.tokens(scope=asked)
    scopes = provider.authorizations[-1]["scope"].split()
    assert set(scopes) == wanted and len(scopes) == len(wanted)


def test_the_providers_names_are_understood(signing_in: MakeBridged) -> None:
    """Clients that were configured for Entra itself ask by the long names."""
    entra = Entra()
    try:
        rules = {"allowed_audience": [Entra.API, Entra.APPLICATION], "allowed_scopes": ["mcp.tools"]}
        client = signing_in(entra, rules)
        tokens = client.tokens(scope=f"{Entra.APPLICATION}/mcp.tools offline_access")
        assert set(entra.authorizations[-1]["scope"].split()) == {f"{Entra.APPLICATION}/mcp.tools", "offline_access"}
        assert "mcp.tools" in told(tokens)
        assert client.call(tokens["access_token"]).status == 200
    finally:
        entra.stop()


@of_each_kind
def test_a_refresh_may_ask_for_less_and_not_for_more(
    signing_in: MakeBridged, provider: BridgedProvider, options: dict[str, Any]
) -> None:
    """RFC 6749 §6; what was left out once may be asked for again."""
    client = signing_in(provider, **options)
    tokens = client.tokens(scope="mcp:tools offline_access")
    refused = client.refresh(tokens["refresh_token"], scope="mcp:tools mcp:admin")
    assert (refused.status, refused.json["error"]) == (400, "invalid_scope")
    for scope in ("mcp:tools", "mcp:tools offline_access"):
        answer = client.refresh(tokens["refresh_token"], scope=scope)
        assert answer.status == 200, answer.text
        assert client.call(answer.json["access_token"]).status == 200


def test_a_scope_that_only_the_gateway_knows(
    signing_in: MakeBridged, provider: BridgedProvider, backend: RawBackend
) -> None:
    """With ID tokens it can be kept from the provider: what the user has allowed on our page is what counts."""
    provider.known_scopes = frozenset({"openid", "offline_access"})
    rules = {"allowed_scopes": ["mcp:tools"]}
    client = signing_in(provider, rules, tokens="wrap", wrapped_claims="id_token", dropped_scopes=["mcp:tools"])
    tokens = client.tokens(scope="mcp:tools offline_access")
    assert "mcp:tools" in told(tokens)
    assert "mcp:tools" in seen_by(client, backend, tokens["access_token"])
    again = client.refresh(tokens["refresh_token"]).json
    assert "mcp:tools" in seen_by(client, backend, again["access_token"])
