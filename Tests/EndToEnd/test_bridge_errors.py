"""What goes wrong at the provider, and how the client and the user hear of it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeGateway
from support.bridge import Client, issuer_of, registered
from support.bridged_gateway import bridged_gateway
from support.bridged_products import Entra, Keycloak
from support.bridged_provider import BridgedProvider, Refusal
from support.raw_backend import RawBackend
from support.user_agent import Page

MakeBridged = Callable[..., Client]


@pytest.fixture
def provider() -> Iterator[BridgedProvider]:
    provider = BridgedProvider()
    yield provider
    provider.stop()


@pytest.fixture
def keycloak() -> Iterator[Keycloak]:
    provider = Keycloak()
    yield provider
    provider.stop()


@pytest.fixture
def signing_in(make_gateway: MakeGateway, backend: RawBackend, tmp_path: Path) -> MakeBridged:
    """A registered client of a gateway with a bridge to that provider."""

    def make(provider: BridgedProvider, rules: dict[str, Any] | None = None, **options: Any) -> Client:
        gateway = bridged_gateway(make_gateway, provider, backend.url, tmp_path, rules=rules, **options)
        return registered(f"{gateway.url}/mcp")

    return make


def assert_told(client: Client, changes: dict[str, str | None] | None = None, action: str = "allow") -> dict[str, str]:
    """The client hears of an error at its redirect URI, from the gateway, with its state (RFC 6749 §4.1.2.1)."""
    sign_in, result = client.authorize(action, **(changes or {}))
    assert "code" not in result
    assert (result["state"], result["iss"]) == (sign_in.state, client.issuer)
    return result


def callback_of(client: Client) -> str:
    """Where the provider sends the browser after a good sign-in."""
    page = client.press(client.begin(client.request()))
    assert page.location, page.text
    callback = client.press(client.agent.get(page.location)).location
    assert callback and callback.startswith(f"{client.issuer}/callback?")
    return callback


def assert_dead_end(page: Page) -> None:
    """The user is told, and nobody is sent anywhere."""
    assert page.status in (400, 403) and page.location is None
    assert (page.response.get("content-type") or "").startswith("text/html")
    assert page.response.get("cache-control") == "no-store"


@pytest.mark.parametrize("error", ["access_denied", "temporarily_unavailable", "interaction_required"])
def test_errors_of_the_provider(signing_in: MakeBridged, provider: BridgedProvider, error: str) -> None:
    client = signing_in(provider)
    provider.denial = Refusal(error, "Said the provider")
    assert assert_told(client)["error"] == error
    assert provider.token_requests == []


def test_the_user_says_no_to_the_gateway(signing_in: MakeBridged, provider: BridgedProvider) -> None:
    client = signing_in(provider)
    assert assert_told(client, action="deny")["error"] == "access_denied"
    assert provider.authorizations == [], "the provider has seen nothing"


def test_a_refusal_of_the_product_is_passed_on(signing_in: MakeBridged) -> None:
    """A bridge that was told to send `resource` to Entra: the reason is Entra's own, and can be looked up."""
    entra = Entra()
    try:
        rules = {"allowed_audience": [Entra.API, Entra.APPLICATION], "allowed_scopes": ["mcp.tools"]}
        result = assert_told(signing_in(entra, rules, resource="https://mcp.example.com/mcp"))
        assert result["error"] == "invalid_target"
        assert "AADSTS9010010" in result.get("error_description", "")
    finally:
        entra.stop()


@pytest.mark.parametrize(
    "claimed", ["http://127.0.0.1:9/realms/example", "http://127.0.0.1:9/realms/example/", "", None]
)
def test_mix_up(signing_in: MakeBridged, keycloak: Keycloak, claimed: str | None) -> None:
    """Whoever says he is somebody else, or does not say it although he promised to, gets nobody in (RFC 9207)."""
    client = signing_in(keycloak)
    keycloak.claimed_issuer = claimed
    assert_dead_end(client.agent.get(callback_of(client)))
    assert keycloak.token_requests == []
    keycloak.claimed_issuer = keycloak.issuer
    assert client.call(client.tokens()["access_token"]).status == 200


@pytest.mark.parametrize("claimed", ["http://127.0.0.1:9/"])
def test_a_wrong_name_counts_without_a_promise(signing_in: MakeBridged, keycloak: Keycloak, claimed: str) -> None:
    """An `iss` is checked whenever it is there."""
    del keycloak.metadata["authorization_response_iss_parameter_supported"]
    client = signing_in(keycloak)
    keycloak.claimed_issuer = claimed
    assert_dead_end(client.agent.get(callback_of(client)))


def test_a_wrong_secret_is_not_the_clients_fault(signing_in: MakeBridged, provider: BridgedProvider) -> None:
    """`invalid_client` would make the MCP client register anew, again and again."""
    client = signing_in(provider)
    sign_in, result = client.authorize()
    provider.authenticates = lambda fields, form: False
    answer = client.redeem(sign_in, result["code"])
    assert answer.status >= 500 and answer.json["error"] != "invalid_client"


def test_a_provider_that_is_down(signing_in: MakeBridged, provider: BridgedProvider) -> None:
    """The client is told to come back, and keeps its refresh token, which is good when the provider is back."""
    client = signing_in(provider)
    tokens = client.tokens(scope="mcp:tools offline_access")
    provider.down.set()
    answer = client.refresh(tokens["refresh_token"])
    assert answer.status >= 500 and answer.json["error"] in ("server_error", "temporarily_unavailable")
    provider.down.clear()
    assert client.refresh(tokens["refresh_token"]).status == 200


def test_a_provider_that_nobody_answers_at(signing_in: MakeBridged, provider: BridgedProvider) -> None:
    """The same when no connection comes about."""
    client = signing_in(provider)
    tokens = client.tokens(scope="mcp:tools offline_access")
    provider.leave()
    answer = client.refresh(tokens["refresh_token"])
    assert answer.status >= 500 and answer.json["error"] in ("server_error", "temporarily_unavailable")
    provider.come_back()
    assert client.refresh(tokens["refresh_token"]).status == 200


def test_a_sign_in_right_after_the_start(signing_in: MakeBridged, provider: BridgedProvider) -> None:
    """The gateway does not know yet where people sign in: it waits for that, and so does the browser."""
    provider.slow()
    client = signing_in(provider, ready=False)
    consent = client.begin(client.request())
    assert consent.status == 200, "our own page needs nothing of the provider"
    with ThreadPoolExecutor(1) as browser:
        pressed = browser.submit(client.press, consent)
        provider.wait_for_fetch()
        provider.release.set()
        location = pressed.result(30).location
    assert location and location.startswith(f"{provider.origin}/authorize?")


def test_a_callback_in_another_browser(signing_in: MakeBridged, provider: BridgedProvider) -> None:
    """A page, and no redirect: without the cookies of the sign-in nobody knows whose it is."""
    client = signing_in(provider)
    callback = callback_of(client)
    client.agent.leave()
    assert_dead_end(client.agent.get(callback))


def test_a_callback_is_good_once(signing_in: MakeBridged, provider: BridgedProvider) -> None:
    """Reloading the callback gives no second code."""
    client = signing_in(provider)
    callback = callback_of(client)
    first = client.agent.get(callback)
    assert first.location and "code=" in first.location
    assert_dead_end(client.agent.get(callback))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"resource": "https://elsewhere.example/mcp"}, "invalid_target"),
        ({"resource": "not-a-url"}, "invalid_target"),
        ({"prompt": "none"}, "consent_required"),
        ({"request_uri": "https://elsewhere.example/request"}, "request_uri_not_supported"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
    ],
    ids=str,
)
def test_bad_requests_go_back_to_the_client(
    signing_in: MakeBridged, provider: BridgedProvider, changes: dict[str, str | None], error: str
) -> None:
    client = signing_in(provider)
    assert assert_told(client, changes)["error"] == error
    assert client.consents == 0 and provider.authorizations == []


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "unknown"},
        {"redirect_uri": "http://127.0.0.1:33418/other"},
        {"redirect_uri": "http://localhost:33418/callback"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1:33418/callback?more=1"},
    ],
    ids=str,
)
def test_nobody_is_sent_where_no_client_is(
    signing_in: MakeBridged, provider: BridgedProvider, changes: dict[str, str | None]
) -> None:
    """An unknown client or redirect URI: a page for the user, and no redirect (RFC 6749 §4.1.2.1)."""
    client = signing_in(provider)
    assert_dead_end(client.begin(client.request(**changes)))
    assert provider.authorizations == []


def test_the_callback_is_the_issuers_own(signing_in: MakeBridged, provider: BridgedProvider) -> None:
    """What the operator has to register at the provider."""
    client = signing_in(provider)
    client.tokens()
    assert provider.authorizations[-1]["redirect_uri"] == f"{issuer_of(client.issuer, '/')}/callback"
