"""The bridge in Chromium: what a person can do to a sign-in, and what other pages can do to that person."""

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

import pytest

from conftest import MakeGateway
from support import secrecy
from support.bridge import Client, SignIn
from support.bridged_provider import BridgedProvider
from support.browser_world import NEIGHBOUR, STRANGER, Surroundings, World, make_world
from support.certificates import Authority
from support.chromium import Person, arrived, press, scrolls_sideways
from support.raw_backend import RawBackend

ALLOW, DENY, SIGN_IN = "Allow", "Deny", "Sign in"
FINISHED = "This sign-in is already finished"


@pytest.fixture(scope="module")
def provider() -> Iterator[BridgedProvider]:
    provider = BridgedProvider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def around(authority: Authority) -> Iterator[Surroundings]:
    surroundings = Surroundings(authority)
    yield surroundings
    surroundings.stop()


def entered(around: Surroundings) -> list[dict[str, object]]:
    """Clients that the operator has entered: one on the web, one that listens on this machine."""
    loopback = f"http://127.0.0.1:{around.application.port}/callback"
    return [
        {"client_id": "web", "client_name": "Web client", "redirect_uris": ["https://app.example.org/callback"]},
        {"client_id": "desktop", "client_name": "Desktop client", "redirect_uris": [loopback]},
    ]


@pytest.fixture(scope="module", params=["http", "https"])
def world(
    request: pytest.FixtureRequest,
    around: Surroundings,
    make_shared_gateway: MakeGateway,
    provider: BridgedProvider,
    shared_backend: RawBackend,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """On loopback without TLS, and under a public name with it; the provider is another site then."""
    directory = tmp_path_factory.mktemp("browser")
    world = make_world(
        around,
        make_shared_gateway,
        provider,
        shared_backend.url,
        directory,
        request.param == "https",
        clients=entered(around),
    )
    yield world
    world.gateway.stop()


@pytest.fixture
def secure_world(world: World) -> World:
    if not world.secure:
        pytest.skip("names of hosts are what this is about")
    return world


@pytest.fixture
def person(around: Surroundings, provider: BridgedProvider) -> Iterator[Person]:
    """Pages of ours give Chromium no reason to complain."""
    around.site.visits.clear()
    around.application.visits.clear()
    provider.authorizations.clear()
    person = around.chromium.person()
    yield person
    complaints = list(person.complaints)
    person.leave()
    assert not complaints


def assert_connected(client: Client, sign_in: SignIn, result: dict[str, str]) -> None:
    """The answer is the client's own, and opens the MCP endpoint."""
    assert (result["state"], result["iss"]) == (sign_in.state, client.issuer)
    answer = client.redeem(sign_in, result["code"])
    assert answer.status == 200, answer.text
    assert client.call(answer.json["access_token"]).status == 200


@pytest.mark.parametrize("kind", ["registered", "desktop", "web"])
def test_signs_in(world: World, person: Person, kind: str) -> None:
    """Consent, provider, client; the way back to a web client crosses three sites."""
    if kind == "registered":
        client = world.registered(name="An application")
    else:
        client = world.client(client_id=kind, redirect_uri=world.web if kind == "web" else world.loopback)
    sign_in, tab = person.start(client)
    assert tab.get_by_role("heading", level=1).inner_text() == "Allow access?"
    press(tab, ALLOW)
    press(tab, SIGN_IN)
    assert_connected(client, sign_in, arrived(tab, client))
    # Nothing but the marks of browser and consent is left of it.
    left = {each["name"].removeprefix(world.cookies) for each in person.context.cookies()}
    assert left == {"browser", "consent"} if kind == "web" else left == {"browser"}


def test_says_no(world: World, person: Person) -> None:
    client = world.registered()
    sign_in, tab = person.start(client)
    press(tab, DENY)
    result = arrived(tab, client)
    assert (result["error"], result["state"], result["iss"]) == ("access_denied", sign_in.state, client.issuer)
    assert "code" not in result and world.provider.authorizations == []


def test_the_keyboard_is_enough(world: World, person: Person) -> None:
    """Tab comes to the two buttons and to nothing else, and the first of them is not the one that allows."""
    client = world.registered()
    _, tab = person.start(client)
    for expected in ("deny", "allow"):
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.value") == expected
        assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name=SIGN_IN).wait_for()


def test_back_to_the_consent_page(world: World, person: Person) -> None:
    """From the provider: the question can be answered again, also with another answer."""
    client = world.registered()
    sign_in, tab = person.start(client)
    press(tab, ALLOW)
    tab.get_by_role("button", name=SIGN_IN).wait_for()
    tab.go_back()
    press(tab, ALLOW)
    press(tab, SIGN_IN)
    assert_connected(client, sign_in, arrived(tab, client))

    sign_in, tab = person.start(client)
    press(tab, ALLOW)
    tab.get_by_role("button", name=SIGN_IN).wait_for()
    tab.go_back()
    press(tab, DENY)
    assert arrived(tab, client)["error"] == "access_denied"


def test_back_from_the_client(world: World, person: Person) -> None:
    """The whole way again, and the second code is as good as the first."""
    client = world.registered()
    sign_in, tab = person.start(client)
    press(tab, ALLOW)
    press(tab, SIGN_IN)
    assert_connected(client, sign_in, arrived(tab, client))
    tab.go_back()
    tab.go_back()
    press(tab, ALLOW)
    press(tab, SIGN_IN)
    assert_connected(client, sign_in, arrived(tab, client))


def test_the_callback_again(world: World, person: Person) -> None:
    """From the history, and reloaded there: a page that says so, and the client hears nothing."""
    client = world.registered()
    _, tab = person.start(client)
    press(tab, ALLOW)
    press(tab, SIGN_IN)
    arrived(tab, client)
    (callback,) = {each.url for each in person.responses if each.url.startswith(f"{client.issuer}/callback?")}
    assert len(world.around.application.answers()) == 1
    for again in (False, True):
        answer = tab.reload() if again else tab.goto(callback)
        assert answer and answer.status == 400
        assert tab.get_by_role("heading", level=1).inner_text() == FINISHED
    assert len(world.around.application.answers()) == 1


def test_a_double_click_on_allow(world: World, person: Person) -> None:
    """Two forms are one sign-in."""
    client = world.registered()
    sign_in, tab = person.start(client)
    tab.get_by_role("button", name=ALLOW).dblclick()
    press(tab, SIGN_IN)
    assert_connected(client, sign_in, arrived(tab, client))
    assert len({each["state"] for each in world.provider.authorizations}) == 1
    assert len(world.around.application.answers()) == 1


def test_two_tabs(world: World, person: Person) -> None:
    """Two clients at once; the second is finished first, and each gets what is its own."""
    first, second = world.registered(name="First"), world.registered(name="Second")
    first_sign_in, first_tab = person.start(first)
    second_sign_in, second_tab = person.start(second)
    assert "First" in first_tab.inner_text("main") and "Second" in second_tab.inner_text("main")
    press(first_tab, ALLOW)
    press(second_tab, ALLOW)
    press(second_tab, SIGN_IN)
    assert_connected(second, second_sign_in, arrived(second_tab, second))
    press(first_tab, SIGN_IN)
    assert_connected(first, first_sign_in, arrived(first_tab, first))


def test_who_is_asked_again(world: World, person: Person) -> None:
    """A web client is remembered; whoever listens on this machine may be another each time (RFC 8252 §8.6)."""
    web = world.client(client_id="web", redirect_uri=world.web)
    desktop = world.client(client_id="desktop")
    for client in (web, desktop):
        _, tab = person.start(client)
        press(tab, ALLOW)
        press(tab, SIGN_IN)
        arrived(tab, client)
    # From the client's own page: the cookies come with a link of another site.
    sign_in = web.request()
    world.around.site.pages["/connect"] = f"<a href='{html.escape(web.url(sign_in))}'>Connect</a>"
    tab = person.tab()
    tab.goto(f"{world.web.removesuffix('/callback')}/connect")
    tab.get_by_role("link", name="Connect").click()
    press(tab, SIGN_IN)
    assert_connected(web, sign_in, arrived(tab, web))
    for client, changes in ((desktop, {}), (web, {"prompt": "consent"})):
        _, tab = person.start(client, **changes)
        assert tab.get_by_role("button", name=ALLOW).is_visible()


def test_cookies(world: World, person: Person) -> None:
    """What Chromium keeps has the flags that were sent, and belongs to this host alone."""
    client = world.client(client_id="web", redirect_uri=world.web)
    _, tab = person.start(client)
    press(tab, ALLOW)
    tab.get_by_role("button", name=SIGN_IN).wait_for()
    kept = {each["name"].removeprefix(world.cookies): each for each in person.context.cookies()}
    (request,) = [name for name in kept if name.startswith("request-")]
    assert kept.keys() == {"browser", "consent", request}
    host = "mcp.example.com" if world.secure else "127.0.0.1"
    for cookie in kept.values():
        assert cookie["name"].startswith(world.cookies)
        assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Lax", world.secure)
        assert (cookie["domain"], cookie["path"]) == (host, "/")
    assert kept["browser"]["expires"] == -1, "until the browser is closed"
    for line in person.set_cookies():
        attributes = {part.strip() for part in line.split(";")[1:]}
        ages = {part for part in attributes if part.startswith("Max-Age=")}
        flags = {"Path=/", "HttpOnly", "SameSite=Lax"} | ({"Secure"} if world.secure else set())
        assert attributes - ages == flags, line.partition("=")[0]
        name = line.partition("=")[0].removeprefix(world.cookies)
        wanted = {"browser": set(), "consent": {"Max-Age=2592000"}}.get(name, {"Max-Age=600"})
        assert ages == wanted, name
    assert tab.context.pages[0].evaluate("document.cookie") == ""


@pytest.mark.parametrize(
    "name",
    [
        "<script>document.title='changed'</script><img src=x onerror=\"document.title='changed'\">",
        "</p></main><h1>Allowed</h1>'\"--><style>*{display:none}</style>",
        "\u202etxet fo noitcerid\u202c \u2066\u200f\u200b",
        "\u05d0\u05e4\u05dc\u05d9\u05e7\u05e6\u05d9\u05d4",
        "W" * 500,
        "\u4e2d" * 500,
        "a" + "\u0300\u0316" * 200,
    ],
    ids=["script", "markup", "direction", "right to left", "long", "wide", "marks"],
)
@pytest.mark.parametrize("width", [320, 1280])
def test_names_that_are_no_names(around: Surroundings, world: World, name: str, width: int) -> None:
    """Nothing runs, and what stands beside the name looks as beside any other."""
    person = around.chromium.person(viewport={"width": width, "height": 700})
    _, tab = person.start(world.registered(name=name))
    assert tab.get_by_role("heading").all_inner_texts() == ["Allow access?"]
    assert tab.title().startswith("Allow access?")
    assert not scrolls_sideways(tab)
    assert tab.locator("script, img, iframe").count() == 0
    assert tab.locator(".badge").inner_text() == "Unverified"
    assert "obody has checked" in tab.locator(".doubt").inner_text()
    for button in (ALLOW, DENY):
        assert tab.get_by_role("button", name=button, exact=True).is_visible()
    # Nothing of the name lies over what stands beside it.
    beside = [tab.locator(each) for each in (".brand", "h1", ".badge", ".doubt", ".notice")]
    pictures = [each.screenshot() for each in beside]
    tab.locator(".name").evaluate("name => name.style.visibility = 'hidden'")
    assert pictures == [each.screenshot() for each in beside]
    person.leave()
    assert not person.complaints


def test_long_addresses_stay_on_the_page(world: World, around: Surroundings) -> None:
    """Nothing is cut off, and nobody has to scroll sideways."""
    person = around.chromium.person(viewport={"width": 320, "height": 700})
    uri = f"https://{'a-rather-long-label.' * 9}example.org/{'path' * 40}"
    client = world.registered(redirect_uri=uri)
    _, tab = person.start(client)
    assert not scrolls_sideways(tab)
    assert uri.split("/")[2] in tab.inner_text("main")
    person.leave()
    assert not person.complaints


# Of each piece of text: its contrast to what is behind it (WCAG 2.2, 1.4.3).
CONTRASTS = """() => {
  const light = color => {
    const [r, g, b] = color.match(/[\\d.]+/g).map(each => each / 255)
      .map(each => each <= .04045 ? each / 12.92 : ((each + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = element => {
    const color = getComputedStyle(element).backgroundColor;
    return color === 'rgba(0, 0, 0, 0)' ? behind(element.parentElement) : color;
  };
  const found = [];
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    if (!text.data.trim()) continue;
    const element = text.parentElement;
    const [a, b] = [getComputedStyle(element).color, behind(element)].map(light).sort((a, b) => b - a);
    found.push([text.data, (a + .05) / (b + .05)]);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_can_be_read(world: World, around: Surroundings, scheme: Literal["light", "dark"]) -> None:
    """Contrast of all text is at least 4.5; at 400 % of 1280 pixels nobody has to scroll sideways (WCAG 2.2, AA)."""
    person = around.chromium.person(color_scheme=scheme, viewport={"width": 320, "height": 256})
    registered = world.registered()
    questions = [
        (registered, {"scope": "openid offline_access mcp:tools"}),
        (world.registered(redirect_uri=world.web), {}),
        (world.client(client_id="web", redirect_uri=world.web), {}),
        (registered, {"redirect_uri": f"https://{STRANGER}/callback"}),
    ]
    for client, changes in questions:
        _, tab = person.start(client, **changes)
        assert not scrolls_sideways(tab)
        found = tab.evaluate(CONTRASTS)
        assert len(found) > 3 and not [each for each in found if each[1] < 4.5]
    person.leave()


def test_nobody_frames_it(world: World, person: Person) -> None:
    """Neither another site nor a page of the same one."""
    client = world.registered()
    for host in (STRANGER, NEIGHBOUR):
        url = client.url(client.request())
        world.around.site.pages["/frame"] = f"<iframe src='{html.escape(url)}' width=600 height=600></iframe>"
        tab = person.tab()
        tab.goto(f"https://{host}/frame")
        person.wait_for_complaint(tab)
        assert all("frame" in each.lower() for each in person.complaints), person.complaints
        person.complaints.clear()
        for frame in tab.frames[1:]:
            assert frame.get_by_role("button").count() == 0


@pytest.mark.parametrize("host", [STRANGER, NEIGHBOUR])
def test_no_other_page_answers(world: World, person: Person, host: str) -> None:
    """A form that sends itself: not even with the right request, from a host that gets the cookies sent along."""
    client = world.registered()
    _, tab = person.start(client)
    sealed = tab.locator("input[name=request]").get_attribute("value") or ""
    secrecy.remember("request", sealed)
    fields = "".join(
        f"<input type=hidden name={name} value='{value}'>" for name, value in (("request", sealed), ("action", "allow"))
    )
    world.around.site.pages["/attack"] = (
        f"<form method=post action='{client.issuer}/consent'>{fields}</form><script>document.forms[0].submit()</script>"
    )
    with tab.expect_response(f"{client.issuer}/consent") as answer:
        tab.goto(f"https://{host}/attack")
    assert answer.value.status == 403
    assert tab.get_by_role("heading", level=1).inner_text() == "This form came from somewhere else"
    assert world.provider.authorizations == [] and world.around.application.answers() == []


def test_a_stolen_form_is_of_no_use(world: World, person: Person, around: Surroundings) -> None:
    """An attacker lets a user answer his own question: the browser is another one."""
    client = world.registered()
    attacker = around.chromium.person()
    _, theirs = attacker.start(client)
    sealed = theirs.locator("input[name=request]").get_attribute("value") or ""
    secrecy.remember("request", sealed)
    _, tab = person.start(client)
    tab.locator("input[name=request]").evaluate("(field, value) => field.value = value", sealed)
    press(tab, ALLOW)
    assert tab.get_by_role("heading", level=1).inner_text() == "This began in another browser"
    assert world.provider.authorizations == []
    attacker.leave()


def test_a_browser_without_cookies(world: World, person: Person) -> None:
    """The page says what to do about it."""
    client = world.registered()
    _, tab = person.start(client)
    person.context.clear_cookies()
    press(tab, ALLOW)
    assert tab.get_by_role("heading", level=1).inner_text() == "This began in another browser"
    assert "cookies" in tab.inner_text("main")


def test_a_link_that_leads_astray(world: World, person: Person) -> None:
    """Somebody else's redirect URI: the user is told, and stays."""
    client = world.registered()
    _, tab = person.start(client, redirect_uri=f"https://{STRANGER}/callback")
    assert tab.get_by_role("heading", level=1).inner_text() == "This address is not the application’s"
    assert world.around.site.visits == []
    tab.goto(f"{client.issuer}/authorize?{urlencode({'response_type': 'code'})}")
    assert tab.get_by_role("heading", level=1).inner_text() == "This request cannot be read"


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """What libfaketime reads the gateway's clock from."""
    file = tmp_path / "clock"
    file.write_text("+0")
    return file


@pytest.fixture
def slow_world(
    around: Surroundings,
    make_gateway: MakeGateway,
    provider: BridgedProvider,
    backend: RawBackend,
    clock: Path,
    tmp_path: Path,
) -> World:
    """A gateway whose clock can be put on."""
    # The dynamic linker puts the folder of this architecture for $LIB.
    wrapper = ["env", "LD_PRELOAD=/usr/$LIB/faketime/libfaketime.so.1", f"FAKETIME_TIMESTAMP_FILE={clock}"]
    # It shares the time with its children through a variable; adding that one would move the environment, beside which
    # the Swift runtime looks for the arguments.
    wrapper += ["FAKETIME_SHARED=/none /none", "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1"]
    return make_world(around, make_gateway, provider, backend.url, tmp_path, wrapper=wrapper)


def test_a_page_that_was_open_for_too_long(slow_world: World, person: Person, clock: Path) -> None:
    """After ten minutes an answer counts no more; the user is told, and can begin anew."""
    client = slow_world.registered()
    _, tab = person.start(client)
    clock.write_text("+601")
    press(tab, ALLOW)
    assert tab.get_by_role("heading", level=1).inner_text() == "This page has expired"
    assert slow_world.provider.authorizations == []
    sign_in, tab = person.start(client, tab)
    press(tab, ALLOW)
    press(tab, SIGN_IN)
    result = arrived(tab, client)
    assert (result["state"], result["iss"]) == (sign_in.state, client.issuer) and "code" in result


def test_a_sign_in_that_took_too_long(slow_world: World, person: Person, clock: Path) -> None:
    """The same at the provider, in a browser whose clock has stood still."""
    client = slow_world.registered()
    _, tab = person.start(client)
    press(tab, ALLOW)
    tab.get_by_role("button", name=SIGN_IN).wait_for()
    clock.write_text("+601")
    press(tab, SIGN_IN)
    assert tab.get_by_role("heading", level=1).inner_text() == "This sign-in has expired"
    assert slow_world.around.application.answers() == []
