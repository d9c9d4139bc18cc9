"""Victims led through a sign-in: mix-up, fixation, open redirects, consent that is not theirs."""

import secrets
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest

from conftest import MakeGateway
from support import secrecy
from support.bridge import REDIRECT_URI, Client
from support.bridge_scene import Scene, good_until_redirected
from support.bridged_gateway import bridge_to
from support.bridged_products import Keycloak
from support.gateway import route
from support.raw_backend import RawBackend
from support.user_agent import Page, UserAgent

WEB = "https://web.example.com/callback"
OTHER_WEB = "https://web.example.com/other"
NAMES = ("one", "two")


class Provider(Keycloak):
    """Says who it is in its answers, and promises it."""

    preset = "generic"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def scene(
    make_shared_gateway: MakeGateway,
    provider: Provider,
    shared_backend: RawBackend,
    tmp_path_factory: pytest.TempPathFactory,
) -> Scene:
    """Two bridges of one gateway; the first one has two routes."""
    directory = tmp_path_factory.mktemp("bridge")
    bridges = [
        bridge_to(provider, directory, name=name, path=f"/oauth/{name}", registration_limit=100_000) for name in NAMES
    ]

    def guarded(path: str, bridge: str) -> dict[str, Any]:
        scopes = ["mcp:tools", "mcp:admin"]
        trust = provider.authorization(allowed_scopes=scopes, scope_match="any", bridge=bridge)
        return route(shared_backend.url, path=path, authorization=trust)

    routes = [guarded("/one", "one"), guarded("/one-more", "one"), guarded("/two", "two")]
    gateway = make_shared_gateway(routes, bridges=bridges)
    for name in NAMES:
        provider.register(f"{gateway.url}/oauth/{name}")
    return Scene(gateway, provider, "/one")


@pytest.fixture
def client(scene: Scene) -> Client:
    return scene.client()


# Whose answer it is.


def changed(url: str, **changes: str | None) -> str:
    """The URL with other parameters; None leaves one out."""
    base, _, query = url.partition("?")
    given: dict[str, str | None] = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
    kept = {name: value for name, value in (given | changes).items() if value is not None}
    secrecy.remember("code", kept.get("code"))
    secrecy.remember("state", kept.get("state"))
    return f"{base}?{urlencode(kept)}"


ANSWERS: list[tuple[dict[str, str | None], str]] = [
    ({"iss": "https://honest.example"}, "400 page bridge_callback_wrong_issuer"),
    ({"iss": "{issuer}/"}, "400 page bridge_callback_wrong_issuer"),
    ({"iss": None}, "400 page bridge_callback_wrong_issuer"),
    ({"iss": ""}, "400 page bridge_callback_wrong_issuer"),
    ({"code": None}, "400 page bridge_callback_refused"),
    ({"error": "access_denied"}, "400 page bridge_callback_refused"),
    ({"code": None, "error": "access_denied", "iss": None}, "400 page bridge_callback_wrong_issuer"),
    ({"state": None}, "400 page bridge_callback_refused"),
    ({"state": "short"}, "400 page bridge_callback_refused"),
    ({"state": secrets.token_urlsafe(16)}, "400 page bridge_callback_unknown"),
    ({"code": "c" * 4097}, "400 page bridge_callback_refused"),
    ({"code": None, "error": "access_denied"}, "303 access_denied bridge_provider_refused"),
    ({"code": None, "error": "invalid_client"}, "303 server_error bridge_provider_refused"),
    ({}, "303 code None"),
]


@pytest.mark.parametrize(("changes", "expected"), ANSWERS, ids=str)
def test_answers_of_a_provider(
    scene: Scene, provider: Provider, client: Client, changes: dict[str, str | None], expected: str
) -> None:
    """Mix-up (RFC 9207), and answers that are none."""
    _, callback = good_until_redirected(client)
    changes = {name: value and value.format(issuer=provider.issuer) for name, value in changes.items()}
    assert scene.unheard(lambda: client.agent.get(changed(callback, **changes))) == expected


@pytest.mark.parametrize("extra", ["state=other", "code=other", "iss=https%3A%2F%2Fhonest.example", "error=x"])
def test_answers_that_say_two_things(scene: Scene, client: Client, extra: str) -> None:
    for place in ("behind", "before"):
        _, callback = good_until_redirected(client)
        url = f"{callback}&{extra}" if place == "behind" else callback.replace("?", f"?{extra}&")
        assert scene.unheard(partial(client.agent.get, url)) == "400 page bridge_callback_refused"


def test_an_answer_for_another_bridge(scene: Scene, client: Client) -> None:
    """The same browser, keys and provider; only the path is another one."""
    _, callback = good_until_redirected(client)
    elsewhere = callback.replace("/oauth/one/", "/oauth/two/")
    assert scene.unheard(lambda: client.agent.get(elsewhere)) == "400 page bridge_callback_unknown"
    (name,) = [name for _, name in client.agent.cookies if "-one-request-" in name]
    value = client.agent.cookies["127.0.0.1", name].value
    planted = [("Cookie", f"{name.replace('-one-', '-two-')}={value}")]
    assert scene.unheard(lambda: UserAgent().get(elsewhere, planted)) == "400 page bridge_callback_refused"


def test_an_answer_that_was_used(scene: Scene, client: Client) -> None:
    _, callback = good_until_redirected(client)
    assert scene.unheard(lambda: client.agent.get(callback)) == "303 code None"
    assert scene.unheard(lambda: client.agent.get(callback)) == "400 page bridge_callback_unknown"


def test_a_cookie_of_another_sign_in(scene: Scene, client: Client) -> None:
    """Both are the browser's own, and still one is not the other."""
    _, first = good_until_redirected(client)
    name = next(name for _, name in client.agent.cookies if "-request-" in name)
    value = client.agent.cookies["127.0.0.1", name].value
    _, second = good_until_redirected(client)
    state = parse_qs(urlsplit(second).query)["state"][0]
    planted = [("Cookie", f"{name.rpartition('-request-')[0]}-request-{state}={value}")]
    assert scene.unheard(lambda: UserAgent().get(second, planted)) == "400 page bridge_callback_refused"
    assert scene.verdict(lambda: client.agent.get(first)) == "303 code None"


def test_a_sign_in_that_somebody_else_began(scene: Scene, client: Client) -> None:
    """Fixation: the attacker consents, and the victim is sent to the provider, or to the callback, with that."""
    victim = UserAgent()
    at_provider = client.press(client.begin(client.request()))
    assert at_provider.location
    shown = victim.get(at_provider.location)
    callback = client.press(Page(shown.url, shown.response)).location
    assert callback
    assert scene.unheard(lambda: victim.get(callback)) == "400 page bridge_callback_unknown"
    # A browser that has a sign-in of its own is no better.
    other = scene.client(victim)
    other.press(other.begin(other.request()))
    assert scene.unheard(lambda: victim.get(callback)) == "400 page bridge_callback_unknown"


# Where users are sent.

LOOPBACK = [
    "http://127.0.0.1:33418/callback2",
    "http://127.0.0.1:33418/Callback",
    "http://127.0.0.1:33418/callback/",
    "http://127.0.0.1:33418/callback?x=1",
    "http://127.0.0.1:33418/callback%2F..%2Fother",
    "http://127.0.0.1:33418/%63allback",
    "http://127.0.0.1:33418/x/../callback",
    "http://127.0.0.1:33418//callback",
    "http://127.0.0.1:33418/callback#fragment",
    "http://localhost:33418/callback",
    "http://[::1]:33418/callback",
    "http://127.1:33418/callback",
    "http://2130706433:33418/callback",
    "http://127.0.0.2:33418/callback",
    "http://127.0.0.1.evil.example:33418/callback",
    "http://127.0.0.1:33418@evil.example/callback",
    "http://evil.example/callback",
    "https://127.0.0.1:33418/callback",
    "http://127.0.0.1:0x50/callback",
    "http://127.0.0.1:99999/callback",
]
SECURE = [
    "https://web.example.com/callback/",
    "https://web.example.com/callback/../evil",
    "https://web.example.com/callback%2e%2e/evil",
    "https://web.example.com/%2e%2e/callback",
    "https://web.example.com/callback?next=https://evil.example",
    "https://web.example.com/callback#fragment",
    "https://web.example.com:443/callback",
    "https://web.example.com:8443/callback",
    "https://web.example.com./callback",
    "https://WEB.example.com/callback",
    "https://web.example.com.evil.example/callback",
    "https://evil-web.example.com/callback",
    "https://web.example.com@evil.example/callback",
    "https://evil.example@web.example.com/callback",
    "https://evil.example\\@web.example.com/callback",
    "https://web.example.com\\.evil.example/callback",
    "https://web.example.com/\\evil.example",
    "//web.example.com/callback",
    "web.example.com/callback",
    "http://web.example.com/callback",
    "HTTPS://web.example.com/callback",
    "https:/web.example.com/callback",
    "https:///web.example.com/callback",
    " https://web.example.com/callback",
    "https://web.example.com/callback ",
    "https://web.example.com/callback\r\nSet-Cookie: a=b",
    "https://web.example.com/callback\x00",
    "https://web.example.com/c\u0430llback",
    "https://web.example.com/callback,https://evil.example/",
    "https://web.example.com/*",
    "javascript:alert(1)//https://web.example.com/callback",
    "data:text/html,https://web.example.com/callback",
    "https://evil.example/",
]
PRIVATE = ["cursor:/other", "cursor://anysphere.mcp/callback/", "CURSOR://anysphere.mcp/callback", "cursor:///callback"]


@pytest.mark.parametrize(
    ("registered_uri", "asked"),
    [(REDIRECT_URI, each) for each in LOOPBACK]
    + [(WEB, each) for each in SECURE]
    + [("cursor://anysphere.mcp/callback", each) for each in PRIVATE],
    ids=str,
)
def test_redirect_uris_that_are_not_the_clients(scene: Scene, registered_uri: str, asked: str) -> None:
    """A page for the user, and no way to get off it, also with an error that would be told to a client."""
    client = scene.client(redirect_uri=registered_uri)
    for more in ({}, {"response_type": "token"}, {"prompt": "none"}):
        sign_in = client.request(redirect_uri=asked, **more)
        assert scene.unheard(partial(client.begin, sign_in)) == "400 page bridge_redirect_mismatch"
    assert scene.unheard(lambda: client.begin(client.request())) == "200 form None"


FAULTS: list[tuple[dict[str, str | None], str]] = [
    ({"response_type": "token"}, "bridge_authorization_refused"),
    ({"code_challenge": None}, "bridge_authorization_refused"),
    ({"resource": "https://evil.example/mcp"}, "bridge_authorization_refused"),
    ({"state": "s" * 2049}, "bridge_authorization_refused"),
    ({"prompt": "none"}, "bridge_consent_required"),
]


@pytest.mark.parametrize(("changes", "reason"), FAULTS, ids=str)
def test_a_link_to_us_is_no_link_to_anywhere(scene: Scene, changes: dict[str, str | None], reason: str) -> None:
    """Whoever registers an address of his own gets nobody sent there by a request that fails (RFC 9700 §4.11.2)."""
    evil = scene.client(redirect_uri="https://evil.example/phish?a=1&b='2")
    page = evil.begin(evil.request(**changes))
    assert page.location is None and "<strong>evil.example</strong>" in page.text
    assert scene.unheard(lambda: evil.begin(evil.request(**changes))) == f"400 page {reason}"
    # Who can only be a program on the device is told.
    local = scene.client()
    assert scene.unheard(lambda: local.begin(local.request(**changes))).startswith("303 ")


def test_a_port_of_its_own(scene: Scene, client: Client) -> None:
    """What is free on loopback (RFC 8252 §7.3)."""
    for port in (1, 1024, 65535):
        asked = client.request(redirect_uri=f"http://127.0.0.1:{port}/callback")
        assert scene.unheard(partial(client.begin, asked)) == "200 form None"


STATES = [
    "a\r\nSet-Cookie: injected=1",
    "a\r\n\r\n<script>alert(1)</script>",
    "&code=injected&iss=https://evil.example",
    "#fragment",
    "\"'><script>alert(1)</script>",
    "\x00\x01\x7f",
    "%0d%0aX: y",
    "\u202e\u2028 \U0001f600",
    "s" * 2048,
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: ascii(state)[:24])
def test_states_come_back_as_they_went(scene: Scene, client: Client, state: str) -> None:
    """Whatever is in them: one parameter, in one field, of one response."""
    secrecy.remember("state", state)
    for action in ("allow", "deny"):
        page = client.begin(client.request(state=state))
        assert "<script>alert" not in page.text
        result = client.walk(page, action)
        assert result["state"] == state and result["iss"] == client.issuer
        assert ("code" in result) == (action == "allow")
    refused = client.begin(client.request(state=state, response_type="token"))
    assert refused.status == 303
    assert not {"x", "injected"} & {name.lower() for name, _ in refused.response.fields}
    assert client.walk(refused)["state"] == state


def test_a_state_that_is_too_long(scene: Scene, client: Client) -> None:
    sign_in = client.request(state="s" * 2049)
    assert scene.unheard(lambda: client.begin(sign_in)) == "303 invalid_request bridge_authorization_refused"


# Whose consent it is.


def send(client: Client, page: Page, agent: UserAgent | None = None, *more: tuple[str, str], **changes: str) -> Page:
    """The consent form as a browser sends it, from `agent`."""
    parts = urlsplit(page.url)
    fields = [("Origin", f"{parts.scheme}://{parts.netloc}"), ("Sec-Fetch-Site", "same-origin")]
    form = {**page.form["inputs"], "action": "allow", **changes}
    replaced = {name for name, _ in more}
    kept = [(name, value) for name, value in fields if name not in replaced]
    return (agent or client.agent).post(urljoin(page.url, page.form["action"]), form, [*kept, *more])


def test_silence_is_no_consent(scene: Scene, client: Client) -> None:
    for prompt in ("none", " none "):
        sign_in = client.request(prompt=prompt)
        assert scene.unheard(partial(client.begin, sign_in)) == "303 consent_required bridge_consent_required"
    for prompt in ("none login", "none consent"):
        sign_in = client.request(prompt=prompt)
        verdict = scene.unheard(partial(client.begin, sign_in))
        assert verdict == "303 invalid_request bridge_authorization_refused"


ORIGINS: list[tuple[tuple[tuple[str, str], ...], str]] = [
    ((("Origin", "https://evil.example"),), "403 page bridge_form_cross_site"),
    ((("Origin", "null"),), "403 page bridge_form_cross_site"),
    ((("Origin", ""),), "403 page bridge_form_cross_site"),
    ((("Origin", "{url}.evil.example"),), "403 page bridge_form_cross_site"),
    ((("Origin", "{url}/"),), "303 elsewhere None"),
    ((("Origin", "https://127.0.0.1"),), "403 page bridge_form_cross_site"),
    ((("Origin", "http://127.0.0.1:1"),), "403 page bridge_form_cross_site"),
    ((("Sec-Fetch-Site", "cross-site"),), "403 page bridge_form_cross_site"),
    ((("Sec-Fetch-Site", "same-site"),), "403 page bridge_form_cross_site"),
    ((("Sec-Fetch-Site", "none"),), "403 page bridge_form_cross_site"),
    ((), "303 elsewhere None"),
]


@pytest.mark.parametrize(("fields", "expected"), ORIGINS, ids=str)
def test_where_a_form_comes_from(
    scene: Scene, client: Client, fields: tuple[tuple[str, str], ...], expected: str
) -> None:
    page = client.begin(client.request())
    said = [(name, value.format(url=scene.gateway.url)) for name, value in fields]
    assert scene.unheard(lambda: send(client, page, None, *said)) == expected


def test_a_form_of_another_browser(scene: Scene, client: Client) -> None:
    """With no mark, with a mark of its own, and with one that is made up."""
    page = client.begin(client.request())
    assert scene.unheard(lambda: send(client, page, UserAgent())) == "403 page bridge_form_other_browser"
    other = scene.client()
    other.begin(other.request())
    assert scene.unheard(lambda: send(client, page, other.agent)) == "403 page bridge_form_other_browser"
    for mark in ("", "A" * 22, secrets.token_urlsafe(16), "A" * 5000):
        planted = ("Cookie", f"portcullis-one-browser={mark}")
        verdict = scene.unheard(partial(send, client, page, UserAgent(), planted))
        assert verdict == "403 page bridge_form_other_browser"
    assert scene.unheard(lambda: send(client, page)) == "303 elsewhere None"


def test_forms_that_nobody_was_shown(scene: Scene, client: Client) -> None:
    for changes in ({"request": ""}, {"request": "A" * 200}, {"action": ""}, {"action": "allow\n"}):
        page = client.begin(client.request())
        assert scene.unheard(partial(send, client, page, None, **changes)) == "400 page bridge_form_refused"


def test_forms_in_another_format(scene: Scene, client: Client) -> None:
    """What a form of another page could send without asking first (Fetch §2.2.2)."""
    page = client.begin(client.request())
    body = urlencode({**page.form["inputs"], "action": "allow"}).encode()
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/json"):
        fields = [("Content-Type", kind)]
        verdict = scene.unheard(partial(client.agent.request, "POST", f"{client.issuer}/consent", fields, body))
        assert verdict == "400 page bridge_form_refused"


def test_a_form_for_another_bridge(scene: Scene, client: Client) -> None:
    page = client.begin(client.request())
    there = Page(page.url.replace("/oauth/one/", "/oauth/two/"), page.response)
    there.response.body = page.response.body.replace(b"/oauth/one/", b"/oauth/two/")
    assert scene.unheard(lambda: send(client, there)) == "400 page bridge_form_refused"


def test_a_remembered_consent_is_for_the_same_only(scene: Scene) -> None:
    """Another client, redirect URI, resource or scope asks again; so does another browser, and a forged memory."""
    client = scene.client(redirect_uri=WEB)
    client.register(redirect_uris=[WEB, OTHER_WEB])
    client.tokens()
    remembered = "303 elsewhere None"
    assert scene.verdict(lambda: client.begin(client.request())) == remembered
    assert scene.verdict(lambda: client.begin(client.request(prompt="none"))) == remembered
    for changes in (
        {"redirect_uri": OTHER_WEB},
        {"resource": f"{scene.gateway.url}/one-more"},
        {"scope": "mcp:tools"},
        {"scope": "mcp:tools mcp:admin offline_access"},
        {"prompt": "consent"},
    ):
        sign_in = client.request(**changes)
        assert scene.unheard(partial(client.begin, sign_in)) == "200 form None", changes
    # A client of the same name and redirect URI is another one.
    copy = scene.client(client.agent, redirect_uri=WEB)
    assert scene.unheard(lambda: copy.begin(copy.request())) == "200 form None"
    # The other bridge does not know it, under either name.
    (name,) = [name for _, name in client.agent.cookies if name.endswith("-consent")]
    value = client.agent.cookies["127.0.0.1", name].value
    two = Scene(scene.gateway, scene.provider, "/two").client(UserAgent(), redirect_uri=WEB)
    asked = f"{two.metadata['authorization_endpoint']}?{urlencode(two.request().asked)}"
    planted = [("Cookie", f"{name.replace('-one-', '-two-')}={value}")]
    assert scene.unheard(lambda: two.agent.get(asked, planted)) == "200 form None"
    assert scene.verdict(lambda: client.begin(client.request())) == remembered


def test_loopback_is_asked_each_time(scene: Scene, client: Client) -> None:
    """Any program can listen there with this client's identifier (RFC 8252 §8.6)."""
    client.tokens()
    client.tokens()
    assert client.consents == 2
    assert not [name for _, name in client.agent.cookies if name.endswith("-consent")]
    assert scene.unheard(lambda: client.begin(client.request(prompt="none"))).startswith("303 consent_required")


def test_what_the_provider_is_asked(scene: Scene, provider: Provider, client: Client) -> None:
    """Nothing of the client's that could steer it: no state, challenge, redirect URI or parameter of its own."""
    stray = {
        "acr_values": "low",
        "id_token_hint": "hint",
        "claims": "{}",
        "max_age": "0",
        "audience": "https://evil.example",
    }
    sign_in, result = client.authorize(**stray)
    asked = provider.authorizations[-1]
    assert "code" in result
    known = {"response_type", "client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method", "scope"}
    assert set(asked) == known
    assert asked["client_id"] == provider.client_id and asked["redirect_uri"] == f"{client.issuer}/callback"
    assert asked["state"] != sign_in.state and asked["code_challenge"] != sign_in.asked["code_challenge"]
