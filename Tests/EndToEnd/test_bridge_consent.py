"""The page that asks the user before the provider sees anything, and answers to it that are not the user's (GW-63)."""

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest

from conftest import MakeGateway
from support.bridge import Client, registered
from support.bridged_gateway import bridged_gateway
from support.bridged_provider import BridgedProvider
from support.gateway import Gateway
from support.raw_backend import RawBackend
from support.user_agent import Page

HOSTILE_NAME = "</title><script>alert(1)</script>\u202e \"'<b>"


@pytest.fixture(scope="module")
def provider() -> Iterator[BridgedProvider]:
    provider = BridgedProvider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def gateway(
    make_shared_gateway: MakeGateway,
    provider: BridgedProvider,
    shared_backend: RawBackend,
    tmp_path_factory: pytest.TempPathFactory,
) -> Gateway:
    directory = tmp_path_factory.mktemp("bridge")
    return bridged_gateway(make_shared_gateway, provider, shared_backend.url, directory, registration_limit=1000)


@pytest.fixture
def client(gateway: Gateway) -> Client:
    return registered(f"{gateway.url}/mcp")


@pytest.fixture
def unasked(provider: BridgedProvider) -> Iterator[None]:
    """Fails the test when the provider has been asked."""
    before = len(provider.authorizations)
    yield
    assert len(provider.authorizations) == before


def answer(client: Client, page: Page, fields: list[tuple[str, str]] | None = None, **changes: str) -> Page:
    """The page's form with changes, sent with these fields in place of a browser's."""
    form = {**page.form["inputs"], "action": "allow", **changes}
    return client.agent.post(urljoin(page.url, page.form["action"]), form, fields)


def assert_refused(page: Page) -> None:
    assert page.status in (400, 403) and page.location is None
    assert "code" not in "".join(page.response.all("location"))


def test_what_the_page_says(client: Client) -> None:
    """Who asks, that nobody has checked it, where the answer goes, and what for; nobody can frame it or script it."""
    page = client.begin(client.request())
    assert page.status == 200
    for words in ("end-to-end", "127.0.0.1:33418", "mcp:tools", client.server):
        assert words in page.text, words
    policy = page.response.get("content-security-policy") or ""
    assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy and "script-src" not in policy
    assert (page.response.get("x-frame-options") or "DENY").upper() == "DENY"
    assert page.response.get("cache-control") == "no-store"
    assert "<script" not in page.text.lower()


def test_a_hostile_name_is_text(gateway: Gateway) -> None:
    """Names come from whoever registers."""
    client = Client(f"{gateway.url}/mcp").discover()
    assert client.register(client_name=HOSTILE_NAME).status == 201
    page = client.begin(client.request())
    assert page.status == 200
    assert "<script" not in page.text and "<b>" not in page.text and "\u202e" not in page.text


@pytest.mark.usefixtures("unasked")
@pytest.mark.parametrize(
    "fields",
    [
        [("Origin", "https://evil.example")],
        [("Origin", "null"), ("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
    ],
    ids=str,
)
def test_forms_of_other_sites(client: Client, fields: list[tuple[str, str]]) -> None:
    """Cookies alone do not make an answer the user's."""
    assert_refused(answer(client, client.begin(client.request()), fields))


@pytest.mark.usefixtures("unasked")
def test_a_page_of_another_browser(client: Client, gateway: Gateway) -> None:
    """An attacker's own page, sent to somebody else: with other cookies, or with none."""
    page = client.begin(client.request())
    victim = registered(f"{gateway.url}/mcp")
    assert_refused(answer(victim, page))
    victim.begin(victim.request())
    assert_refused(answer(victim, page))


@pytest.mark.usefixtures("unasked")
@pytest.mark.parametrize("position", [0, 1, 5, 20, 40, -40, -1])
def test_a_request_that_was_changed(client: Client, position: int) -> None:
    """One character is enough, wherever."""
    page = client.begin(client.request())
    sealed = page.form["inputs"]["request"]
    changed = list(sealed)
    changed[position] = "A" if changed[position] != "A" else "B"
    # The last character may hold bits that mean nothing: those are not accepted either.
    assert_refused(answer(client, page, request="".join(changed)))
    assert_refused(answer(client, page, request=sealed[: len(sealed) // 2]))
    assert_refused(answer(client, page, request=""))


@pytest.mark.usefixtures("unasked")
@pytest.mark.parametrize("action", ["", "ALLOW", "allow\n", "deny allow"])
def test_only_allow_allows(client: Client, action: str) -> None:
    page = answer(client, client.begin(client.request()), action=action)
    assert page.status in (400, 403) and page.location is None


@pytest.mark.usefixtures("unasked")
def test_what_is_sealed_for_something_else(client: Client, gateway: Gateway) -> None:
    """A client identifier is no request, although the same keys have sealed it."""
    assert_refused(answer(client, client.begin(client.request()), request=client.client_id))


def test_two_tabs(client: Client) -> None:
    """Two sign-ins of one browser do not get in each other's way."""
    first, second = client.request(), client.request()
    pages = [client.begin(first), client.begin(second)]
    at_provider = [client.press(page) for page in pages]
    for sign_in, page in zip((second, first), reversed(at_provider), strict=True):
        result = client.walk(page)
        assert result["state"] == sign_in.state
        assert client.redeem(sign_in, result["code"]).status == 200


def test_a_double_click(client: Client) -> None:
    """The second answer begins again, and either of them can be finished."""
    sign_in = client.request()
    page = client.begin(sign_in)
    once, twice = client.press(page), client.press(page)
    assert once.location and twice.location
    result = client.walk(twice)
    assert client.redeem(sign_in, result["code"]).status == 200


def test_many_unfinished_sign_ins(client: Client) -> None:
    """Cookies of sign-ins that nobody finishes do not grow without end, and the newest one works."""
    for _ in range(40):
        client.press(client.begin(client.request()))
    names = [name for _, name in client.agent.cookies if "-request-" in name]
    assert len(names) <= 10
    assert client.call(client.tokens()["access_token"]).status == 200
