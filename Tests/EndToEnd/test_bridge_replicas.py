"""Two gateways that share a file of keys and nothing else: each request goes to the other one, and keys are replaced."""

import base64
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeGateway
from support.bridge import Client, registered
from support.bridged_gateway import bridged_gateway, key_line, write_keys
from support.bridged_provider import BridgedProvider
from support.gateway import Gateway
from support.raw_backend import RawBackend
from support.user_agent import UserAgent
from support.waiting import wait_until

# TLS ends before the gateways.
PUBLIC_URL = "https://mcp.example.com"
SERVER = f"{PUBLIC_URL}/mcp"
WEB = "https://web.example.com/callback"

of_both_kinds = pytest.mark.parametrize("tokens", ["passthrough", "wrap"])


@pytest.fixture
def provider() -> Iterator[BridgedProvider]:
    provider = BridgedProvider()
    yield provider
    provider.stop()


class Replicas:
    """Two gateways behind one name."""

    def __init__(self, keys: Path, gateways: list[Gateway]):
        self.gateways = gateways
        self._keys = keys

    def agent(self, first: int = 0) -> UserAgent:
        """Whose requests go to the replicas in turn."""
        addresses = [gateway.address for gateway in self.gateways]
        return UserAgent({PUBLIC_URL: addresses[first:] + addresses[:first]})

    def use(self, *lines: str) -> None:
        """Replaces the keys, and waits until both replicas have them."""
        write_keys(self._keys, *lines)
        identifiers = " ".join(line.split()[0] for line in lines)
        for gateway in self.gateways:
            wait_until(partial(self._has_read, identifiers, gateway), f"{identifiers} are read", 30, 0.05)

    def _has_read(self, identifiers: str, gateway: Gateway) -> bool:
        read = gateway.events("sealing_keys_read")
        return bool(read) and read[-1]["keys"] == identifiers


MakeReplicas = Callable[..., Replicas]


def key_of(blob: str) -> str:
    """The identifier of the key that something was sealed with: its second byte is the length, then it follows."""
    data = base64.urlsafe_b64decode(blob + "=" * (-len(blob) % 4))
    return data[2 : 2 + data[1]].decode()


@pytest.fixture
def replicas(make_gateway: MakeGateway, provider: BridgedProvider, backend: RawBackend, tmp_path: Path) -> MakeReplicas:
    def make(*lines: str, tokens: str) -> Replicas:
        keys = write_keys(tmp_path / "bridge.keys", *lines)
        options: dict[str, Any] = {"tokens": tokens, "registration_limit": 100_000}
        gateways = [
            bridged_gateway(make_gateway, provider, backend.url, tmp_path, public_url=PUBLIC_URL, **options)
            for _ in range(2)
        ]
        return Replicas(keys, gateways)

    return make


def use(client: Client, tokens: dict[str, str]) -> dict[str, str]:
    """A call at each replica, a refresh, and a call again."""
    for token in [tokens["access_token"]] * 2:
        assert client.call(token).status == 200
    answer = client.refresh(tokens["refresh_token"])
    assert answer.status == 200, answer.text
    fresh = {**tokens, **answer.json}
    assert client.call(fresh["access_token"]).status == 200
    return fresh


@of_both_kinds
@pytest.mark.parametrize("first", [0, 1])
def test_every_step_at_the_other_replica(replicas: MakeReplicas, tokens: str, first: int) -> None:
    """Registration, authorization, consent, callback, token, refresh, revocation: nothing is kept in between."""
    both = replicas(key_line("one"), tokens=tokens)
    client = registered(SERVER, both.agent(first))
    gotten = client.tokens(scope="mcp:tools offline_access")
    gotten = use(client, use(client, gotten))
    assert client.revoke(gotten["refresh_token"]).status == 200
    refused = client.refresh(gotten["refresh_token"])
    assert (refused.status, refused.json["error"]) == (400, "invalid_grant")
    for gateway in both.gateways:
        assert len(gateway.events("request")) >= 4, "both have had their share"


def test_consent_is_remembered_by_both(replicas: MakeReplicas) -> None:
    """What one replica has noted in the browser, the other one reads."""
    client = registered(SERVER, replicas(key_line("one"), tokens="wrap").agent(), redirect_uri=WEB)
    for _ in range(4):
        client.tokens()
    assert client.consents == 1


def test_cookies_behind_https(replicas: MakeReplicas) -> None:
    """`__Host-` names, Secure, HttpOnly, SameSite=Lax, for the whole host and for no other (RFC 6265 §4.1.2)."""
    client = registered(SERVER, replicas(key_line("one"), tokens="wrap").agent(), redirect_uri=WEB)
    client.tokens()
    lines = [line for line in client.agent.set_cookies if "portcullis-corporate" in line]
    names = [line.partition("=")[0] for line in lines]
    for name, line in zip(names, lines, strict=True):
        attributes = {part.strip().lower() for part in line.split(";")[1:]}
        assert name.startswith("__Host-portcullis-corporate-"), name
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= attributes, attributes
        assert not any(each.startswith("domain") for each in attributes)
    assert {name.split("-corporate-")[1].split("-")[0] for name in names} == {"browser", "request", "consent"}
    left = {name for host, name in client.agent.cookies if host == "mcp.example.com"}
    assert not any("-request-" in name for name in left), "what belonged to the sign-in is gone with it"


@of_both_kinds
def test_keys_are_replaced_while_somebody_signs_in(replicas: MakeReplicas, tokens: str) -> None:
    """With [new, old] nothing is lost: not the sign-in that is under way, nor what was given before."""
    old, new = key_line("old"), key_line("new")
    both = replicas(old, tokens=tokens)
    client = registered(SERVER, both.agent())
    before = client.tokens(scope="mcp:tools offline_access")
    sign_in = client.request(scope="mcp:tools offline_access")
    consent = client.begin(sign_in)
    both.use(new, old)
    to_provider = client.press(consent)
    result = client.walk(to_provider)
    answer = client.redeem(sign_in, result["code"])
    assert answer.status == 200, answer.text
    assert key_of(answer.json["refresh_token"]) == "new"
    use(client, answer.json)
    use(client, before)


@of_both_kinds
@pytest.mark.parametrize("step", ["consent", "provider", "code"])
def test_keys_are_replaced_at_each_step(replicas: MakeReplicas, tokens: str, step: str) -> None:
    """The page, the cookie of the sign-in and the code: each was sealed with a key that is the second one now."""
    old, new = key_line("old"), key_line("new")
    both = replicas(old, tokens=tokens)
    client = registered(SERVER, both.agent(1))
    sign_in = client.request()
    page = client.begin(sign_in)
    if step == "consent":
        both.use(new, old)
    page = client.press(page)
    if step == "provider":
        both.use(new, old)
    result = client.walk(page)
    if step == "code":
        both.use(new, old)
    answer = client.redeem(sign_in, result["code"])
    assert answer.status == 200, answer.text
    assert client.call(answer.json["access_token"]).status == 200


@of_both_kinds
def test_what_an_old_key_has_sealed_ends_with_it(
    replicas: MakeReplicas, provider: BridgedProvider, tokens: str
) -> None:
    """With [new] only: clients hear invalid_client, register again, and are in."""
    old, new = key_line("old"), key_line("new")
    both = replicas(old, tokens=tokens)
    client = registered(SERVER, both.agent())
    before = client.tokens(scope="mcp:tools offline_access")
    both.use(new, old)
    both.use(new)
    asked = len(provider.token_requests)
    for _ in range(2):
        refused = client.refresh(before["refresh_token"])
        assert (refused.status, refused.json["error"]) == (401, "invalid_client")
        page = client.begin(client.request())
        assert page.status == 400 and page.location is None
        assert client.call(before["access_token"]).status == (401 if tokens == "wrap" else 200)
    assert len(provider.token_requests) == asked
    assert client.register().status == 201
    use(client, client.tokens(scope="mcp:tools offline_access"))


def complains(gateway: Gateway) -> bool:
    return bool(gateway.events("sealing_keys_kept"))


def test_a_faulty_file_changes_nothing(replicas: MakeReplicas, tmp_path: Path) -> None:
    """The keys that are there stay until there are good ones; the log says what is wrong, without the keys."""
    old, new = key_line("old"), key_line("new")
    both = replicas(old, tokens="wrap")
    client = registered(SERVER, both.agent())
    write_keys(tmp_path / "bridge.keys", new, "broken not-a-key")
    for gateway in both.gateways:
        wait_until(partial(complains, gateway), "the fault is logged", 30, 0.1)
    assert key_of(client.tokens(scope="mcp:tools offline_access")["refresh_token"]) == "old"
    both.use(new, old)
    use(client, client.tokens(scope="mcp:tools offline_access"))


def test_strangers_cannot_open_it(
    make_gateway: MakeGateway, provider: BridgedProvider, backend: RawBackend, tmp_path: Path
) -> None:
    """A bridge of another name with the same keys, and one of the same name with other keys: neither knows the client."""
    own = bridged_gateway(make_gateway, provider, backend.url, tmp_path, tokens="wrap")
    client = registered(f"{own.url}/mcp")
    gotten = client.tokens(scope="mcp:tools offline_access")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for directory, name in ((tmp_path, "other"), (elsewhere, "corporate")):
        stranger = bridged_gateway(make_gateway, provider, backend.url, directory, tokens="wrap", name=name)
        there = Client(f"{stranger.url}/mcp", client_id=client.client_id).discover()
        page = there.begin(there.request())
        assert page.status == 400 and page.location is None
        assert there.refresh(gotten["refresh_token"]).json["error"] == "invalid_client"
        assert there.call(gotten["access_token"]).status == 401
