"""A whole sign-in at each kind of provider: what it was asked, what the client and the backend got, and what follows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from conftest import MakeGateway
from support.bridge import Client, issuer_of, registered
from support.bridge_cases import AUTHENTICATIONS, CASES, Case
from support.bridged_clients import OpaqueTokens, SignedAssertion
from support.bridged_gateway import bridged_gateway, secret_file
from support.bridged_provider import BridgedProvider
from support.gateway import Gateway
from support.raw_backend import RawBackend


@dataclass
class Bridged:
    """A running case."""

    case: Case
    provider: BridgedProvider
    gateway: Gateway

    def client(self) -> Client:
        return registered(f"{self.gateway.url}/mcp")

    def tokens(self, client: Client) -> dict[str, Any]:
        return client.tokens(scope=self.case.asks)


@pytest.fixture(scope="module", params=[*CASES, *AUTHENTICATIONS], ids=lambda case: case.name)
def bridged(
    request: pytest.FixtureRequest,
    make_shared_gateway: MakeGateway,
    shared_backend: RawBackend,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bridged]:
    case: Case = request.param
    provider = case.provider()
    directory = tmp_path_factory.mktemp("bridge")
    rules, options = dict(case.rules), dict(case.options)
    if isinstance(provider, SignedAssertion):
        options |= provider.options(directory)
    if isinstance(provider, OpaqueTokens):
        secret = secret_file(directory, provider.client_secret)
        rules["introspection"] = {"client_id": provider.client_id, "client_secret": secret}
    gateway = bridged_gateway(
        make_shared_gateway, provider, shared_backend.url, directory, rules=rules, registration_limit=1000, **options
    )
    yield Bridged(case, provider, gateway)
    gateway.stop()
    provider.stop()


def test_what_the_provider_is_asked(bridged: Bridged) -> None:
    """Its own scopes and parameters, from the gateway's client; nothing that is the MCP client's own."""
    client, case, provider = bridged.client(), bridged.case, bridged.provider
    sign_in, result = client.authorize(scope=case.asks)
    assert "code" in result, result
    assert (client.consents, client.provider_pages) == (1, 1)
    asked = provider.authorizations[-1]
    assert set(asked.get("scope", "").split()) == case.scopes
    for name, value in case.asked.items():
        assert asked.get(name) == value, name
    assert asked["client_id"] == provider.client_id
    assert asked["redirect_uri"] == f"{issuer_of(bridged.gateway.url)}/callback"
    assert len(asked["state"]) == 22 and asked["state"] != sign_in.state
    assert asked["code_challenge"] != sign_in.asked["code_challenge"]
    assert ("nonce" in asked) == ("openid" in case.scopes)
    own = {"response_type", "client_id", "redirect_uri", "state", "scope", "code_challenge", "code_challenge_method"}
    assert asked.keys() - own - {"nonce"} == {name for name, value in case.asked.items() if value is not None}


def test_the_code_stays_with_the_gateway(bridged: Bridged) -> None:
    """The provider's code is redeemed once, by the gateway, when the client brings its own."""
    client, provider = bridged.client(), bridged.provider
    before = len(provider.token_requests)
    sign_in, result = client.authorize(scope=bridged.case.asks)
    assert len(provider.token_requests) == before, "nothing is redeemed before the client asks"
    answer = client.redeem(sign_in, result["code"])
    assert answer.status == 200, answer.text
    assert answer.response.get("cache-control") == "no-store"
    assert answer.response.get("access-control-allow-origin") == "*"
    form = provider.token_requests[-1]
    assert len(provider.token_requests) == before + 1
    assert form["code"] != result["code"] and form["code_verifier"] != sign_in.verifier
    again = client.redeem(sign_in, result["code"])
    assert (again.status, again.json["error"]) == (400, "invalid_grant")


def test_what_the_client_and_the_backend_get(bridged: Bridged, backend: RawBackend) -> None:
    """The provider's token as it is, or one of the gateway's; the backend sees who it is."""
    client, case, provider = bridged.client(), bridged.case, bridged.provider
    tokens = bridged.tokens(client)
    assert (tokens["access_token"] in provider.access_tokens) != case.wraps
    assert set(tokens.get("scope", "").split()) - {"offline_access"} == case.told
    assert 0 < tokens["expires_in"] <= 3600
    assert "id_token" not in tokens, "ID tokens are for the gateway, whose client they name"
    answer = client.call(tokens["access_token"])
    assert answer.status == 200, answer.body
    seen = {name: backend.last.get(f"x-portcullis-{name}") for name in ("subject", "client", "scopes")}
    shown = seen.pop("client") or ""
    scopes = " ".join(sorted((seen.pop("scopes") or "").split())) or None
    assert seen == {"subject": case.subject}
    assert scopes == (" ".join(sorted(case.seen_scopes.split())) if case.seen_scopes else None)
    if case.wraps:
        assert shown.startswith("registered-") and len(shown) == len("registered-") + 16
    else:
        assert shown == provider.client_id


def test_refresh(bridged: Bridged) -> None:
    """Without the user; with what the product wants to be told again; as often as the client likes."""
    client, case, provider = bridged.client(), bridged.case, bridged.provider
    tokens = bridged.tokens(client)
    issued = len(provider.access_tokens)
    refresh_token = tokens["refresh_token"]
    for _ in range(3):
        answer = client.refresh(refresh_token)
        assert answer.status == 200, answer.text
        form = provider.token_requests[-1]
        assert form["refresh_token"] != refresh_token, "the client never sees the provider's"
        assert set(form.get("scope", "").split()) == case.refreshes_with.get("scope", set())
        assert client.call(answer.json["access_token"]).status == 200
        if provider.rotates:
            assert answer.json["refresh_token"] != refresh_token
        refresh_token = answer.json.get("refresh_token", refresh_token)
    assert len(provider.access_tokens) == issued + 3
    assert (client.consents, client.provider_pages) == (1, 1)
    if provider.rotates:
        stale = client.refresh(tokens["refresh_token"])
        assert (stale.status, stale.json["error"]) == (400, "invalid_grant")


def test_revocation(bridged: Bridged) -> None:
    """RFC 7009: passed on where the product has an endpoint for it; the answer is the same for unknown tokens."""
    client, provider = bridged.client(), bridged.provider
    tokens = bridged.tokens(client)
    answer = client.revoke(tokens["refresh_token"], token_type_hint="refresh_token")
    if provider.revoke_path is None:
        # RFC 7009 §2.2.1: the client had better know that nothing has ended.
        assert (answer.status, answer.json["error"]) == (400, "unsupported_token_type")
        return
    assert answer.status == 200, answer.text
    assert provider.revocations[-1]["token"] != tokens["refresh_token"]
    assert client.revoke("not-a-token-of-ours").status == 200
    refused = client.refresh(tokens["refresh_token"])
    assert (refused.status, refused.json["error"]) == (400, "invalid_grant")


def test_the_provider_ends_a_grant(bridged: Bridged) -> None:
    """The client hears invalid_grant, signs in again, and is in."""
    client, provider = bridged.client(), bridged.provider
    tokens = bridged.tokens(client)
    provider.end_grants()
    refused = client.refresh(tokens["refresh_token"])
    assert (refused.status, refused.json["error"]) == (400, "invalid_grant")
    assert client.call(bridged.tokens(client)["access_token"]).status == 200
