"""Where the secrets of a bridge and its users may not end up: with others than the provider, and in the log."""

import json
import secrets
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from conftest import MakeGateway
from support import secrecy
from support.bridge_scene import Scene
from support.bridged_gateway import bridged_gateway
from support.bridged_provider import BridgedProvider
from support.canary import Canary
from support.raw_backend import RawBackend

WITH_REFRESH = "mcp:tools offline_access"
ENDPOINTS = ("authorize", "consent", "callback", "token", "revoke", "register")


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    canary = Canary()
    yield canary
    canary.stop()


@pytest.fixture
def provider() -> Iterator[BridgedProvider]:
    provider = BridgedProvider()
    yield provider
    provider.stop()


@pytest.mark.parametrize("status", [302, 303, 307, 308])
def test_the_secret_goes_to_the_provider_only(
    make_gateway: MakeGateway,
    provider: BridgedProvider,
    backend: RawBackend,
    tmp_path: Any,
    canary: Canary,
    status: int,
) -> None:
    """A token endpoint that sends the gateway elsewhere: the form with code and secret does not follow."""
    scene = Scene(bridged_gateway(make_gateway, provider, backend.url, tmp_path), provider)
    client = scene.client()
    sign_in, result = client.authorize()
    before = canary.visits

    def elsewhere(fields: dict[str, str], form: dict[str, str]) -> tuple[int, Any]:
        return status, {"error": "moved"}

    provider.forms[provider.token_path] = elsewhere
    sent = provider._send_bytes

    def with_location(handler: Any, status: int, fields: dict[str, str], body: bytes) -> None:
        sent(handler, status, {**fields, "Location": f"http://127.0.0.1:{canary.port}/token"}, body)

    provider._send_bytes = with_location  # type: ignore[method-assign]
    verdict = scene.verdict(lambda: client.redeem(sign_in, result["code"]))
    assert verdict == "503 temporarily_unavailable bridge_provider_unavailable"
    assert canary.visits == before


def test_nothing_of_a_sign_in_is_logged(
    make_gateway: MakeGateway, provider: BridgedProvider, backend: RawBackend, tmp_path: Any
) -> None:
    """A look at every line of good and of refused sign-ins: neither a query nor anything that was in one."""
    scene = Scene(bridged_gateway(make_gateway, provider, backend.url, tmp_path), provider)
    client = scene.client()
    hint = f"hint-{secrets.token_urlsafe(16)}"
    sign_in = client.request(scope=WITH_REFRESH, login_hint=hint)
    page = client.begin(sign_in)
    form = page.form["inputs"]["request"]
    at_provider = client.press(page)
    assert at_provider.location
    asked = parse_qs(urlsplit(at_provider.location).query)
    callback = client.press(client.agent.get(at_provider.location)).location
    assert callback
    answered = parse_qs(urlsplit(callback).query)
    cookies = [cookie.value for cookie in client.agent.cookies.values()]
    done = client.agent.get(callback)
    assert done.location
    code = parse_qs(urlsplit(done.location).query)["code"][0]
    tokens = client.redeem(sign_in, code).json
    client.refresh(tokens["refresh_token"])
    secret = secrets.token_urlsafe(24)
    wrong = [
        partial(client.agent.get, callback),
        partial(client.agent.get, callback.replace("state=", "state=x")),
        partial(client.begin, client.request(redirect_uri=f"https://evil.example/{secret}")),
        partial(client.begin, client.request(client_id=secret)),
        partial(client.begin, client.request(resource=f"https://evil.example/{secret}")),
        partial(client.begin, client.request(scope=secret, prompt="none")),
        partial(client.redeem, sign_in, code),
        partial(client.redeem, sign_in, secret),
        partial(client.redeem, sign_in, code, code_verifier=secret * 2),
        partial(client.refresh, tokens["refresh_token"], scope=secret),
        partial(client.refresh, secret, client_secret=secret),
        partial(client.revoke, secret, token_type_hint=secret),
        partial(client.agent.post, f"{client.issuer}/consent", {"request": form, "action": secret}),
        partial(client.agent.post, client.metadata["token_endpoint"], {"grant_type": secret, "client_id": secret}),
        partial(client.agent.post_json, client.metadata["registration_endpoint"], {"redirect_uris": [secret]}),
    ]
    for attempt in wrong:
        attempt()
    scene.log.catch_up()
    hidden = [secret, hint, form, code, *cookies, sign_in.state, sign_in.verifier, sign_in.asked["code_challenge"]]
    hidden += [asked[name][0] for name in ("state", "code_challenge")] + [answered["code"][0], client.client_id]
    hidden += [tokens["access_token"], tokens["refresh_token"], provider.client_secret, client.redirect_uri]
    for form_sent in provider.token_requests:
        hidden += [form_sent[name] for name in ("code", "code_verifier", "refresh_token") if name in form_sent]
    for text in hidden:
        secrecy.remember("part of a sign-in", text)
    lines = scene.gateway.lines()
    assert {line["path"] for line in lines if line["event"] == "request"} >= {f"/oauth/{name}" for name in ENDPOINTS}
    for line in lines:
        written = json.dumps(line)
        assert not [text for text in hidden if text in written], written
        assert "?" not in written and "code=" not in written and "state=" not in written
