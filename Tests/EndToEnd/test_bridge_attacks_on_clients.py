"""Who a client is: documents that lead the gateway to its own network, registrations that lead users astray, floods."""

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import MakeGateway
from support.bridge_scene import Scene
from support.bridged_gateway import bridge_to
from support.bridged_provider import BridgedProvider
from support.canary import Canary
from support.gateway import route
from support.raw_backend import RawBackend
from support.rawhttp import exchange
from support.user_agent import Page, UserAgent

LIMIT = 100_000
JSON = [("Content-Type", "application/json")]


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    canary = Canary()
    yield canary
    canary.stop()


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
    """A bridge that takes documents of every public host, as bridges do by default."""
    directory = tmp_path_factory.mktemp("bridge")
    trust = provider.authorization(bridge="corporate")
    gateway = make_shared_gateway(
        [route(shared_backend.url, path="/mcp", authorization=trust)],
        bridges=[bridge_to(provider, directory, registration_limit=LIMIT)],
    )
    provider.register(f"{gateway.url}/oauth")
    return Scene(gateway, provider)


# Client ID metadata documents. `{port}` is the canary's.

NOT_PUBLIC = [
    "https://localhost:{port}/client.json",
    "https://LOCALHOST:{port}/client.json",
    "https://localhost.:{port}/client.json",
    "https://127.0.0.1:{port}/client.json",
    "https://127.0.0.1.:{port}/client.json",
    "https://127.1:{port}/client.json",
    "https://2130706433:{port}/client.json",
    "https://0x7f000001:{port}/client.json",
    "https://0x7f.1:{port}/client.json",
    "https://0177.0.0.1:{port}/client.json",
    "https://0:{port}/client.json",
    "https://0.0.0.0:{port}/client.json",
    "https://[::1]:{port}/client.json",
    "https://[::]:{port}/client.json",
    "https://[::ffff:127.0.0.1]:{port}/client.json",
    "https://[::ffff:7f00:1]:{port}/client.json",
    "https://[::127.0.0.1]:{port}/client.json",
    "https://[64:ff9b::7f00:1]:{port}/client.json",
    "https://localhost%2e:{port}/client.json",
    "https://%6cocalhost:{port}/client.json",
    "https://user@localhost:{port}/client.json",
    "https://example.com@localhost:{port}/client.json",
    "https://169.254.169.254/latest/meta-data/iam",
    "https://[fd00:ec2::254]/latest/meta-data/iam",
    "https://10.0.0.1/client.json",
    "https://192.168.0.1/client.json",
    "https://100.64.0.1/client.json",
]
NO_DOCUMENT_URL = [
    "https://localhost:{port}",
    "https://localhost:{port}/",
    "https://localhost:{port}/a/../client.json",
    "https://localhost:{port}/client.json#fragment",
    "https://:{port}/client.json",
    "https:///client.json",
    "https://localhost:99999/client.json",
]


@pytest.mark.parametrize("url", NOT_PUBLIC + NO_DOCUMENT_URL)
def test_documents_at_home(scene: Scene, canary: Canary, url: str) -> None:
    """Nobody outside chooses what the gateway connects to inside."""
    client = scene.client()
    sign_in = client.request(client_id=url.format(port=canary.port))
    assert scene.unheard(lambda: client.begin(sign_in)) == "400 page bridge_client_document_refused"
    assert canary.visits == 0


@pytest.mark.parametrize("scheme", ["http", "ftp", "file", "gopher"])
def test_documents_in_the_clear(scene: Scene, canary: Canary, scheme: str) -> None:
    """Not a document's URL, so nobody's id."""
    client = scene.client()
    sign_in = client.request(client_id=f"{scheme}://localhost:{canary.port}/client.json")
    assert scene.unheard(lambda: client.begin(sign_in)) == "400 page bridge_client_unknown"
    assert canary.visits == 0


def test_the_canary_sings(canary: Canary) -> None:
    """Otherwise its silence would mean nothing. Comes last of those that listen to it."""
    before = canary.visits
    socket.create_connection(("127.0.0.1", canary.port)).close()
    deadline = threading.Event()
    for _ in range(1000):
        if canary.visits > before:
            return
        deadline.wait(0.01)
    pytest.fail("a visit was not counted")


# Registration.


def register(scene: Scene, body: bytes) -> Page:
    return UserAgent().request("POST", f"{scene.gateway.url}/oauth/register", JSON, body)


REDIRECTS = [
    "javascript:alert(1)", "JavaScript:alert(1)", "javascript://x/%0aalert(1)", " javascript:alert(1)",
    "java\tscript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:https://x/1",
    "about:blank", "view-source:https://x/", "intent://x/#Intent;end", "http://example.com/callback",
    "http://127.0.0.1.example.com/", "http://localhost@example.com/", "http://user@127.0.0.1/",
    "https://example.com/#fragment", "https://example.com\\@evil.example", "https://", "//example.com/", "callback", "",
    "https://example.com/\r\nset-cookie: x=y",
]  # fmt: skip


@pytest.mark.parametrize("uri", REDIRECTS)
def test_redirect_uris_that_lead_astray(scene: Scene, uri: str) -> None:
    body = json.dumps({"redirect_uris": ["https://good.example/cb", uri]}).encode()
    assert scene.verdict(lambda: register(scene, body)) == (
        "400 invalid_redirect_uri bridge_registration_refused"
    )


METADATA: list[tuple[bytes, str]] = [
    (b"", "400 invalid_client_metadata"),
    (b"redirect_uris=x", "400 invalid_client_metadata"),
    (b"[]", "400 invalid_client_metadata"),
    (b"[" * 10_000, "400 invalid_client_metadata"),
    (b"{}", "400 invalid_redirect_uri"),
    (b'{"redirect_uris":[]}', "400 invalid_redirect_uri"),
    (b'{"redirect_uris":"https://x.example/"}', "400 invalid_redirect_uri"),
    (b'{"redirect_uris":["https://a.example/"],"redirect_uris":["javascript:x"]}', "400 invalid_client_metadata"),
    (json.dumps({"redirect_uris": [f"https://x.example/{n}" for n in range(1000)]}).encode(), "400 invalid_redirect_uri"),
    (json.dumps({"redirect_uris": ["https://x.example/" + "a" * 3000]}).encode(), "400 invalid_redirect_uri"),
    (json.dumps({"redirect_uris": ["https://x.example/"], "x": "a" * 65_536}).encode(), "413 invalid_client_metadata"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), METADATA, ids=[str(n) for n in range(len(METADATA))])
def test_registrations_that_make_no_sense(scene: Scene, body: bytes, expected: str) -> None:
    assert scene.verdict(lambda: register(scene, body)) == f"{expected} bridge_registration_refused"


# Sizes and numbers.


@pytest.mark.parametrize("place", ["authorize", "callback", "register", "token", "consent"])
def test_a_query_of_a_megabyte(scene: Scene, place: str) -> None:
    answer = exchange(scene.gateway.address, "GET", f"/oauth/{place}?state=" + "a" * (1 << 20))
    assert answer.status == 414


@pytest.mark.parametrize("place", ["token", "consent", "revoke", "register"])
def test_a_body_of_two_megabytes(scene: Scene, place: str) -> None:
    fields = [("Content-Type", "application/x-www-form-urlencoded")]
    page = UserAgent().request("POST", f"{scene.gateway.url}/oauth/{place}", fields, b"a" * (2 << 20))
    assert page.status == 413


@pytest.mark.parametrize("place", ["authorize", "callback"])
def test_a_thousand_parameters(scene: Scene, place: str) -> None:
    """As many as a request target has room for."""
    query = "&".join(f"a{number}" for number in range(1000))
    page = UserAgent().get(f"{scene.gateway.url}/oauth/{place}?{query}")
    assert page.status == 400


METHODS = [("authorize", "POST"), ("authorize", "PUT"), ("consent", "GET"), ("callback", "POST"), ("token", "GET"),
           ("token", "DELETE"), ("revoke", "GET"), ("register", "GET")]  # fmt: skip


@pytest.mark.parametrize(("place", "method"), METHODS)
def test_methods_that_are_not_served(scene: Scene, place: str, method: str) -> None:
    page = UserAgent().request(method, f"{scene.gateway.url}/oauth/{place}")
    assert page.status == 405 and page.response.get("allow")


@pytest.mark.parametrize("place", ["authorize", "consent", "callback", "token", "revoke", "register"])
def test_another_host(scene: Scene, place: str) -> None:
    """A name that somebody has pointed at the gateway is not its own (DNS rebinding)."""
    answer = exchange(scene.gateway.address, "GET", f"/oauth/{place}", host="rebound.example")
    assert answer.status == 421


def test_a_flood_of_registrations(
    make_gateway: MakeGateway, provider: BridgedProvider, backend: RawBackend, tmp_path: Any
) -> None:
    """One address gets no more than its share; who is registered already does not notice."""
    trust = provider.authorization(bridge="corporate")
    gateway = make_gateway(
        [route(backend.url, path="/mcp", authorization=trust)],
        bridges=[bridge_to(provider, tmp_path, registration_limit=5)],
    )
    provider.register(f"{gateway.url}/oauth")
    scene = Scene(gateway, provider)
    client = scene.client()
    body = json.dumps({"redirect_uris": ["https://x.example/"]}).encode()
    answers = [register(scene, body) for _ in range(20)]
    refused = [page for page in answers if page.status == 429]
    # The minute may turn once in between.
    assert {page.status for page in answers} == {201, 429} and len(refused) >= 20 - 2 * 5
    assert all(1 <= int(page.response.get("retry-after") or 0) <= 60 for page in refused)
    assert all(page.json["error"] == "temporarily_unavailable" for page in refused)
    assert client.begin(client.request()).status == 200
