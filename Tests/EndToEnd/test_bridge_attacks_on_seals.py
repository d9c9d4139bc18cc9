"""Sealed texts where they do not belong: for another purpose, of another bridge or gateway, cut, altered, made up."""

import base64
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from conftest import MakeGateway
from support import secrecy
from support.bridge import Client
from support.bridge_scene import Scene, outcome
from support.bridged_gateway import bridge_to, bridged_gateway, key_line, write_keys
from support.bridged_provider import BridgedProvider
from support.gateway import route
from support.raw_backend import RawBackend
from support.user_agent import Page
from support.waiting import wait_until

WITH_REFRESH = "mcp:tools offline_access"
WEB = "https://web.example.com/callback"


@pytest.fixture(scope="module")
def provider() -> Iterator[BridgedProvider]:
    provider = BridgedProvider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def scene(
    make_shared_gateway: MakeGateway,
    provider: BridgedProvider,
    shared_backend: RawBackend,
    tmp_path_factory: pytest.TempPathFactory,
) -> Scene:
    """Two bridges of one gateway that share a ring of keys: `/one` belongs to the first, `/two` to the second."""
    directory = tmp_path_factory.mktemp("bridge")
    options = {"tokens": "wrap", "registration_limit": 100_000}
    bridges = [
        bridge_to(provider, directory, name="one", path="/oauth/one", **options),
        bridge_to(provider, directory, name="two", path="/oauth/two", **options),
    ]
    routes = [
        route(
            shared_backend.url,
            path=f"/{name}",
            authorization=provider.authorization(allowed_scopes=["mcp:tools"], bridge=name),
        )
        for name in ("one", "two")
    ]
    gateway = make_shared_gateway(routes, bridges=bridges)
    for name in ("one", "two"):
        provider.register(f"{gateway.url}/oauth/{name}")
    return Scene(gateway, provider, "/one")


@dataclass
class Sealed:
    """One of everything that a bridge seals, and the sign-in that the code belongs to."""

    client: Client
    texts: dict[str, str]


def sealed_by(scene: Scene) -> Sealed:
    client = scene.client(redirect_uri=WEB)
    tokens = client.tokens(scope=WITH_REFRESH)
    page = client.begin(client.request(prompt="consent"))
    form = page.form["inputs"]["request"]
    assert client.press(page).location
    texts = {"client": client.client_id, "request": form}
    for (_, name), cookie in client.agent.cookies.items():
        for kind in ("consent", "request-"):
            if f"-{kind}" in name:
                texts["consent" if kind == "consent" else "sign-in"] = cookie.value
    texts |= {"access": tokens["access_token"], "refresh": tokens["refresh_token"]}
    texts["code"] = client.authorize()[1]["code"]
    assert set(texts) == {"client", "request", "consent", "sign-in", "access", "refresh", "code"}
    for kind, text in texts.items():
        secrecy.remember(f"sealed {kind}", text)
    return Sealed(client, texts)


@pytest.fixture(scope="module")
def sealed(scene: Scene) -> Sealed:
    return sealed_by(scene)


@pytest.fixture(scope="module")
def of_another_bridge(scene: Scene, provider: BridgedProvider) -> Sealed:
    """With the same keys."""
    return sealed_by(Scene(scene.gateway, provider, "/two"))


@pytest.fixture(scope="module")
def of_another_gateway(
    make_shared_gateway: MakeGateway,
    provider: BridgedProvider,
    shared_backend: RawBackend,
    tmp_path_factory: pytest.TempPathFactory,
) -> Sealed:
    """With another key of the same name, and the same path."""
    gateway = bridged_gateway(
        make_shared_gateway,
        provider,
        shared_backend.url,
        tmp_path_factory.mktemp("other"),
        paths=("/one",),
        name="one",
        path="/oauth/one",
        tokens="wrap",
    )
    return sealed_by(Scene(gateway, provider, "/one"))


# What each place says to what it cannot open.
REFUSALS = {
    "client": "400 page bridge_client_unknown",
    "client at /token": "401 invalid_client bridge_client_unknown",
    "request": "400 page bridge_form_refused",
    "sign-in": "400 page bridge_callback_refused",
    "consent": "200 form None",
    "code": "400 invalid_grant bridge_code_unusable",
    "refresh": "400 invalid_grant bridge_refresh_token_unusable",
    "access": "401 invalid_token opaque_token",
    "revocation": "200 nothing None",
}


def present(scene: Scene, client: Client, place: str, text: str) -> Page:
    """Brings a text to a place as if it belonged there."""
    agent = client.agent
    match place:
        case "client":
            return client.begin(client.request(client_id=text))
        case "client at /token":
            return client.refresh("anything", client_id=text)
        case "request":
            own = [("Origin", scene.gateway.url), ("Sec-Fetch-Site", "same-origin")]
            return agent.post(f"{client.issuer}/consent", {"request": text, "action": "allow"}, own)
        case "sign-in":
            state = secrets.token_urlsafe(16)
            cookie = f"portcullis-{urlsplit(client.issuer).path[7:]}-request-{state}={text}"
            query = f"state={state}&code={secrets.token_urlsafe(16)}"
            return agent.get(f"{client.issuer}/callback?{query}", [("Cookie", cookie)])
        case "consent":
            name = f"portcullis-{urlsplit(client.issuer).path[7:]}-consent"
            asked = client.request()
            kept = dict(agent.cookies)
            agent.cookies.clear()
            url = f"{client.metadata['authorization_endpoint']}?{urlencode(asked.asked)}"
            page = agent.get(url, [("Cookie", f"{name}={text}")])
            agent.cookies.update(kept)
            return page
        case "code":
            return client.redeem(client.request(), text)
        case "refresh":
            return client.refresh(text)
        case "revocation":
            return client.revoke(text)
    assert place == "access"
    fields = [("Content-Type", "application/json"), ("Authorization", f"Bearer {text}")]
    return agent.request("POST", client.server, fields, b"{}")


def query_of(asked: dict[str, str]) -> str:
    return urlencode(asked)


def refusal(scene: Scene, client: Client, place: str, text: str) -> str:
    """The verdict; of the challenge at the MCP endpoint the error."""
    seen: list[Page] = []

    def attack() -> Page:
        seen.append(present(scene, client, place, text))
        return seen[0]

    verdict = scene.unheard(attack)
    if place == "access":
        challenge = seen[0].response.get("www-authenticate") or ""
        assert 'error="invalid_token"' in challenge, challenge
        return verdict.replace(outcome(seen[0]), "invalid_token")
    return verdict


PLACES = list(REFUSALS)
KINDS = ["client", "request", "consent", "sign-in", "access", "refresh", "code"]
# Where each kind belongs.
HOMES = {"client": {"client", "client at /token"}, "refresh": {"refresh", "revocation"}, "access": {"access", "revocation"}}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS)
def test_for_another_purpose(scene: Scene, sealed: Sealed, kind: str, place: str) -> None:
    """Genuine, of the right bridge, in time, and of no use anywhere but where it belongs."""
    if place in HOMES.get(kind, {kind}):
        return
    assert refusal(scene, sealed.client, place, sealed.texts[kind]) == REFUSALS[place]


@pytest.mark.parametrize("place", PLACES)
def test_of_another_bridge(scene: Scene, sealed: Sealed, of_another_bridge: Sealed, place: str) -> None:
    """The same keys, the same provider, the same gateway: another issuer."""
    text = of_another_bridge.texts.get(place.split(" ")[0], of_another_bridge.texts["refresh"])
    assert refusal(scene, sealed.client, place, text) == REFUSALS[place]


@pytest.mark.parametrize("place", PLACES)
def test_of_another_gateway(scene: Scene, sealed: Sealed, of_another_gateway: Sealed, place: str) -> None:
    text = of_another_gateway.texts.get(place.split(" ")[0], of_another_gateway.texts["refresh"])
    assert refusal(scene, sealed.client, place, text) == REFUSALS[place]


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def altered(text: str) -> Iterator[str]:
    """Cut at each end and in the middle, and with single bits the other way: all of the head, a sample of the rest."""
    generator = random.Random(5)
    whole = decoded(text)
    for length in {1, 2, 3, 8, 19, 20, 36, len(text) // 2, len(text) - 4, len(text) - 2, len(text) - 1}:
        yield text[:length]
    yield text[1:]
    yield text[4:]
    for position in [*range(8), *generator.sample(range(8, len(whole)), 12), len(whole) - 1]:
        changed = bytearray(whole)
        changed[position] ^= 1 << generator.randrange(8)
        yield encoded(bytes(changed))


MADE_UP = [
    "AA",
    "-",
    "....",
    "AQ" + "A" * 400,
    encoded(b"\x01\x05first" + secrets.token_bytes(200)),
    encoded(b"\x01\xff" + secrets.token_bytes(200)),
    encoded(b"\x02\x05first" + secrets.token_bytes(200)),
    encoded(secrets.token_bytes(700)),
    "eyJhbGciOiJub25lIn0",
]


@pytest.mark.parametrize("place", [place for place in PLACES if place != "revocation"])
def test_altered(scene: Scene, sealed: Sealed, place: str) -> None:
    """Each bit counts, and so does the end."""
    kind = place.split(" ")[0]
    if place == "access":
        # Tokens that were refused a moment ago have an answer of their own; too many of them are a flood.
        texts = list(altered(sealed.texts[kind]))[:12]
    else:
        texts = [*altered(sealed.texts[kind]), *MADE_UP, sealed.texts[kind] + "AAAA", sealed.texts[kind] + "."]
    for text in texts:
        assert refusal(scene, sealed.client, place, text) == REFUSALS[place], text[:40]


@pytest.mark.parametrize("kind", ["code", "refresh"])
def test_very_long_ones(scene: Scene, sealed: Sealed, kind: str) -> None:
    """100 KB, of nothing and behind a good head."""
    for text in ("A" * 100_000, sealed.texts[kind] + "A" * 100_000, "%00" * 30_000):
        assert refusal(scene, sealed.client, kind, text) == REFUSALS[kind]
    form = {"request": "A" * 100_000, "action": "allow"}
    assert scene.unheard(lambda: sealed.client.agent.post(f"{sealed.client.issuer}/consent", form)) == (
        "400 page bridge_form_refused"
    )


def test_what_belongs_there_works(scene: Scene, sealed: Sealed) -> None:
    """All of the above is about texts that are good."""
    client = sealed.client
    assert client.call(sealed.texts["access"]).status == 200
    assert scene.verdict(lambda: client.refresh(sealed.texts["refresh"])) == "200 None None"
    assert scene.verdict(lambda: present(scene, client, "consent", sealed.texts["consent"])) == "303 elsewhere None"
    assert client.begin(client.request(prompt="consent")).status == 200


def test_without_the_keys(
    make_gateway: MakeGateway, provider: BridgedProvider, backend: RawBackend, tmp_path: Path
) -> None:
    """After a theft the ring is replaced: everything that the old key has sealed ends, in every place."""
    keys = write_keys(tmp_path / "bridge.keys", key_line("stolen"))
    gateway = bridged_gateway(make_gateway, provider, backend.url, tmp_path, path="/oauth/one", name="one", tokens="wrap")
    scene = Scene(gateway, provider)
    before = sealed_by(scene)
    write_keys(keys, key_line("new"))
    gateway.reload()
    wait_for_keys(before)
    assert scene.verdict(lambda: present(scene, before.client, "code", before.texts["code"])).startswith("401 ")
    after = scene.client()
    for place in ("client", "client at /token", "request", "sign-in", "consent", "code", "refresh", "access"):
        verdict = refusal(scene, after, place, before.texts[place.split(" ")[0]])
        assert verdict == REFUSALS[place], place
    assert after.call(after.tokens()["access_token"]).status == 200


def wait_for_keys(before: Sealed) -> None:
    def gone() -> bool:
        return before.client.begin(before.client.request()).status == 400

    wait_until(gone, "the old key is gone", 20, 0.1)
