"""Client metadata documents: names and servers that lead elsewhere, and documents that are not what they seem."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import MakeGateway
from support.bridge import Client
from support.bridge_scene import Scene
from support.bridged_gateway import bridged_gateway
from support.bridged_provider import BridgedProvider
from support.canary import Canary
from support.certificates import Authority
from support.name_space import with_names
from support.raw_backend import RawBackend
from support.static_provider import Reply, StaticProvider
from support.tls_backend import server_context
from support.waiting import wait_until

WEB = "https://web.example.com/callback"
HOME = "apps.corp.example"
STRANGER = "stranger.corp.example"
REFUSED = "400 page bridge_client_document_refused"
# Names of the internet, and where their name servers say they are.
ADDRESSES = {
    "loopback": ["127.0.0.1"],
    "other-loopback": ["127.0.0.2"],
    "loopback-v6": ["::1"],
    "mapped": ["::ffff:127.0.0.1"],
    "both": ["127.0.0.1", "8.8.8.8"],
    "unspecified": ["0.0.0.0"],
    "unspecified-v6": ["::"],
    "private-10": ["10.0.0.1"],
    "private-172": ["172.16.0.1"],
    "private-192": ["192.168.0.1"],
    "private-v6": ["fd00::1"],
    "shared": ["100.64.0.1"],
    "link-local": ["169.254.1.1"],
    "link-local-v6": ["fe80::1"],
    "metadata": ["169.254.169.254"],
    "metadata-v6": ["fd00:ec2::254"],
    "metadata-azure": ["168.63.129.16"],
    "translated": ["64:ff9b::7f00:1"],
    "tunnelled": ["2002:7f00:1::"],
    "multicast": ["224.0.0.1"],
    "broadcast": ["255.255.255.255"],
}


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
def context(authority: Authority) -> ssl.SSLContext:
    """For one of the two names at home, and for all of the internet's: a stranger gets such a certificate, too."""
    names = (HOME, *(f"{name}.example.com" for name in ADDRESSES))
    return server_context(authority.issue("documents", names=names))


@pytest.fixture(scope="module")
def documents(context: ssl.SSLContext) -> Iterator[StaticProvider]:
    server = StaticProvider("unused", tls=context, algorithms=())
    yield server
    server.stop()


@pytest.fixture(scope="module")
def scene(
    make_shared_gateway: MakeGateway,
    provider: BridgedProvider,
    authority: Authority,
    shared_backend: RawBackend,
    tmp_path_factory: pytest.TempPathFactory,
) -> Scene:
    """Documents of every public host, and of two at home, in a world of names of its own."""
    directory = tmp_path_factory.mktemp("bridge")
    names = [(f"{name}.example.com", address) for name, addresses in ADDRESSES.items() for address in addresses]
    gateway = bridged_gateway(
        make_shared_gateway,
        provider,
        shared_backend.url,
        directory,
        wrapper=with_names(directory, [*names, (HOME, "127.0.0.1"), (STRANGER, "127.0.0.1")]),
        client_metadata_documents={"internal_hosts": [HOME, STRANGER], "ca": str(authority.file)},
        registration_limit=10_000,
    )
    return Scene(gateway, provider)


def refused(scene: Scene, url: str) -> str:
    """The log's words about a document that was refused, without any to the user of what is in this network."""
    client = Client(scene.server, redirect_uri=WEB, client_id=url).discover()
    page = client.begin(client.request())
    assert "127.0.0" not in page.text.replace(scene.gateway.authority, "")
    # The same again: what was found out is remembered.
    assert scene.unheard(lambda: client.begin(client.request())) == REFUSED
    return str(scene.log.last["detail"])


# Where they are.


@pytest.mark.parametrize("name", ADDRESSES)
def test_names_that_lead_home(scene: Scene, canary: Canary, name: str) -> None:
    """A public name, whose owner says that it is here."""
    detail = refused(scene, f"https://{name}.example.com:{canary.port}/client.json")
    assert detail.startswith("its host has addresses that are not public: ")
    assert canary.visits == 0


def test_names_that_lead_nowhere(scene: Scene) -> None:
    assert refused(scene, "https://unknown.example.com/client.json").startswith("its host: ")


def document(url: str, **members: Any) -> dict[str, Any]:
    return {"client_id": url, "client_name": "An application", "redirect_uris": [WEB], **members}


def url_of(documents: StaticProvider, path: str, host: str = HOME) -> str:
    return f"https://{host}:{documents.port}{path}"


def test_a_good_one(scene: Scene, documents: StaticProvider) -> None:
    """From a name that the operator has entered; the same document under a stranger's name is not even asked for."""
    url = url_of(documents, "/good.json")
    documents.publish("/good.json", document(url))
    client = Client(scene.server, redirect_uri=WEB, client_id=url).discover()
    assert scene.unheard(lambda: client.begin(client.request())) == "200 form None"
    assert documents.paths.count("/good.json") == 1
    elsewhere = url_of(documents, "/good.json", "loopback.example.com")
    assert "not public" in refused(scene, elsewhere)
    assert documents.paths.count("/good.json") == 1


def test_a_certificate_for_another_name(scene: Scene, documents: StaticProvider) -> None:
    """Nothing is asked of a server that cannot show who it is."""
    before = len(documents.paths)
    assert "tls_wrong_host" in refused(scene, url_of(documents, "/good.json", STRANGER))
    assert len(documents.paths) == before


# What their servers say.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["https://127.0.0.1:{port}/", "http://127.0.0.1:{port}/", "/good.json"])
def test_redirects(scene: Scene, documents: StaticProvider, canary: Canary, status: int, target: str) -> None:
    """To a service at home, or to a good document: neither is visited."""
    path = f"/redirect-{status}-{len(target)}.json"
    before = documents.paths.count("/good.json")
    documents.replies[path] = (status, {"Location": target.format(port=canary.port)}, b"")
    assert refused(scene, url_of(documents, path)) == f"it redirects; found: status {status}"
    assert canary.visits == 0 and documents.paths.count("/good.json") == before


JSON = {"Content-Type": "application/json"}


def body(url: str, **members: Any) -> bytes:
    return json.dumps(document(url, **members)).encode()


def replies(url: str) -> dict[str, tuple[Reply, str]]:
    """Answers that are no documents, and what the log says of each."""
    good = body(url)
    twice = good.replace(b"{", b'{"client_id": "https://evil.example/", ', 1)
    return {
        "missing": ((404, JSON, good), "its server has none"),
        "failing": ((500, JSON, good), "its server has none"),
        "partial": ((206, JSON, good), "its server has none"),
        "page": ((200, {"Content-Type": "text/html"}, good), "it is not of type application/json"),
        "script": ((200, {"Content-Type": "application/javascript"}, good), "it is not of type application/json"),
        "untyped": ((200, {}, good), "it is not of type application/json"),
        "large": ((200, JSON, good + b" " * 65_536), "the document is too large"),
        "text": ((200, JSON, b"client"), "it is not JSON"),
        "list": ((200, JSON, b"[" + good + b"]"), "it is no JSON object"),
        "deep": ((200, JSON, b"[" * 60_000), "it is not JSON"),
        "twice": ((200, JSON, twice), "it is not JSON"),
        "binary": ((200, JSON, b"\xff\xfe" + good), "it is not JSON"),
    }


@pytest.mark.parametrize("name", replies(""))
def test_answers_that_are_no_documents(scene: Scene, documents: StaticProvider, name: str) -> None:
    url = url_of(documents, f"/{name}.json")
    documents.replies[f"/{name}.json"], words = replies(url)[name]
    assert refused(scene, url).startswith(words)


# What they say themselves.

MEMBERS: list[tuple[dict[str, Any], str]] = [
    ({"client_id": "https://apps.corp.example/other.json"}, "its client_id is not the URL it was found at"),
    ({"client_id": None}, "its client_id is not the URL it was found at"),
    ({"client_id": ["{url}"]}, "its client_id is not the URL it was found at"),
    ({"client_id": "{url}#"}, "its client_id is not the URL it was found at"),
    ({"client_id": "{url}?"}, "its client_id is not the URL it was found at"),
    ({"client_secret": "shared-with-everybody"}, "it has a client_secret"),
    ({"client_secret": ""}, "it has a client_secret"),
    ({"token_endpoint_auth_method": "client_secret_post"}, "its token_endpoint_auth_method is not none"),
    ({"token_endpoint_auth_method": "private_key_jwt"}, "its client authenticates with a key"),
    ({"token_endpoint_auth_method": 1}, "its token_endpoint_auth_method is no string"),
    ({"redirect_uris": []}, "redirect_uris is a list"),
    ({"redirect_uris": ["javascript:alert(1)"]}, "this scheme"),
    ({"redirect_uris": [WEB, "http://web.example.com/"]}, "a redirect URI with http is on loopback"),
    ({"redirect_uris": [f"https://web.example.com/{number}" for number in range(21)]}, "redirect_uris is a list"),
    ({"grant_types": ["client_credentials"]}, "grant_types contains authorization_code"),
]


@pytest.mark.parametrize("number", range(len(MEMBERS)), ids=lambda number: str(MEMBERS[number][0])[:40])
def test_documents_about_somebody_else(scene: Scene, documents: StaticProvider, number: int) -> None:
    members, words = MEMBERS[number]
    url = url_of(documents, f"/members-{number}.json")
    text = json.dumps(document(url, **members)).replace("{url}", url)
    documents.replies[f"/members-{number}.json"] = (200, JSON, text.encode())
    assert refused(scene, url).startswith(words)


# How long they take.


class Drip:
    """A server that never comes to an end: one byte after the other, for as long as somebody listens."""

    def __init__(self, context: ssl.SSLContext):
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.listeners = 0
        self._over = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._drip, args=(connection,), daemon=True).start()

    def _drip(self, connection: socket.socket) -> None:
        try:
            with self._context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(4096)
                self.listeners += 1
                secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n")
                while not self._over.wait(0.1):
                    secure.sendall(b" ")
        except OSError:
            pass

    def stop(self) -> None:
        self._over.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def test_servers_that_take_for_ever(scene: Scene, context: ssl.SSLContext, documents: StaticProvider) -> None:
    """Their time ends although something comes all the time; eight of them keep others with new documents waiting, and
    nobody else."""
    drip = Drip(context)
    registered = scene.client(redirect_uri=WEB)
    known = Client(scene.server, redirect_uri=WEB, client_id=url_of(documents, "/good.json")).discover()
    documents.publish("/good.json", document(known.client_id))
    assert known.begin(known.request()).status == 200
    verdicts: list[int] = []

    def ask(number: int) -> None:
        client = Client(
            scene.server, redirect_uri=WEB, client_id=f"https://{HOME}:{drip.port}/{number}.json"
        ).discover()
        verdicts.append(client.begin(client.request()).status)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    try:
        for thread in threads:
            thread.start()
        wait_until(lambda: drip.listeners == len(threads), "all of them are being fetched")
        new = Client(scene.server, redirect_uri=WEB, client_id=url_of(documents, "/new.json")).discover()
        documents.publish("/new.json", document(new.client_id))
        assert scene.verdict(lambda: new.begin(new.request())) == "503 page bridge_client_documents_busy"
        assert scene.verdict(lambda: known.begin(known.request())) == "200 form None"
        assert scene.verdict(lambda: registered.begin(registered.request())) == "200 form None"
        for thread in threads:
            thread.join(20)
        assert verdicts == [400] * len(threads)
        assert scene.gateway.access(status=400, detail="no complete answer in time")
        assert scene.verdict(lambda: new.begin(new.request())) == "200 form None"
    finally:
        drip.stop()


def test_nobody_was_led_home(canary: Canary) -> None:
    """And the canary would have noticed."""
    assert canary.visits == 0
    for host in ("127.0.0.1", "127.0.0.2", "::1"):
        socket.create_connection((host, canary.port)).close()
    wait_until(lambda: canary.visits == 3, "each visit is counted")
