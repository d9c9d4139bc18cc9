"""The endpoints of a bridge as HTTP servers: methods, hosts, sizes, floods, HTTP/2."""

import json
import secrets
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from conftest import MakeGateway
from support.bridge import Client
from support.bridge_scene import Scene, good_until_redirected
from support.bridged_gateway import bridged_gateway
from support.bridged_provider import BridgedProvider
from support.h2frames import H2Connection, H2Response
from support.raw_backend import RawBackend
from support.rawhttp import Connection, Response, exchange, request_bytes
from support.user_agent import Page

FORM = ("Content-Type", "application/x-www-form-urlencoded")
ENDPOINTS = ("authorize", "consent", "callback", "token", "revoke", "register")
ALLOWED = {
    "authorize": {"GET", "HEAD"},
    "callback": {"GET", "HEAD"},
    "consent": {"POST"},
    "token": {"POST", "OPTIONS"},
    "revoke": {"POST", "OPTIONS"},
    "register": {"POST", "OPTIONS"},
}


@pytest.fixture
def provider() -> Iterator[BridgedProvider]:
    provider = BridgedProvider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def shared() -> Iterator[BridgedProvider]:
    provider = BridgedProvider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def scene(
    make_shared_gateway: MakeGateway,
    shared: BridgedProvider,
    shared_backend: RawBackend,
    tmp_path_factory: pytest.TempPathFactory,
) -> Scene:
    directory = tmp_path_factory.mktemp("bridge")
    gateway = bridged_gateway(make_shared_gateway, shared, shared_backend.url, directory, registration_limit=10_000)
    return Scene(gateway, shared)


@pytest.fixture(scope="module")
def client(scene: Scene) -> Client:
    return scene.client()


def ask(
    scene: Scene, method: str, path: str, fields: list[tuple[str, str]] | None = None, body: bytes | None = None
) -> Response:
    return exchange(scene.gateway.address, method, path, fields=fields, body=body)


# Methods and hosts.


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "X"])
@pytest.mark.parametrize("name", ENDPOINTS)
def test_methods(scene: Scene, name: str, method: str) -> None:
    """Each does what it is for; anything else is told what would do, and nothing of the request comes back."""
    token = secrets.token_urlsafe(24)
    answer = ask(scene, method, f"/oauth/{name}", [("X-Probe", token)])
    if method in ALLOWED[name]:
        assert answer.status in (200, 204, 400)
    else:
        assert answer.status == 405
        assert set((answer.get("allow") or "").replace(" ", "").split(",")) == ALLOWED[name]
    assert token.encode() not in answer.body
    assert method != "HEAD" or answer.body == b""
    if method == "OPTIONS" and name in ("authorize", "consent", "callback"):
        assert answer.get("access-control-allow-origin") is None


@pytest.mark.parametrize("override", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_a_method_is_what_the_request_line_says(scene: Scene, override: str) -> None:
    assert ask(scene, "GET", "/oauth/consent", [(override, "POST")]).status == 405


def test_what_a_query_says_is_not_in_the_form(scene: Scene, client: Client) -> None:
    """Whatever stands in URLs is logged by others and kept in histories (RFC 6749 §2.3.1)."""
    sign_in, result = client.authorize()
    form = {"grant_type": "authorization_code", "code": result["code"], "redirect_uri": client.redirect_uri}
    form |= {"client_id": client.client_id, "code_verifier": sign_in.verifier}
    endpoint = client.metadata["token_endpoint"]
    url = f"{endpoint}?{urlencode(form)}"
    verdict = scene.unheard(lambda: client.agent.request("POST", url, [FORM], b""))
    assert verdict == "400 invalid_request bridge_malformed_request"
    assert scene.verdict(lambda: client.agent.post(endpoint, form)) == "200 None None"


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost"])
def test_hosts_that_are_not_ours(scene: Scene, name: str, host: str) -> None:
    """Also where the rest of the request is good: no link, cookie or redirect is made from a name like that."""
    answer = exchange(scene.gateway.address, "GET", f"/oauth/{name}", host=host)
    assert answer.status in (404, 421) and answer.all("set-cookie") == [] and answer.get("location") is None
    forwarded = [("X-Forwarded-Host", "evil.example"), ("Forwarded", "host=evil.example;proto=https")]
    answer = ask(scene, "GET", f"/oauth/{name}", forwarded)
    assert b"evil.example" not in answer.body


def test_the_metadata_are_not_made_from_a_host(scene: Scene) -> None:
    path = "/.well-known/oauth-authorization-server/oauth"
    answer = exchange(scene.gateway.address, "GET", path, host="evil.example")
    assert b"evil.example" not in answer.body


# Sizes.


def test_long_heads(scene: Scene) -> None:
    """A query is too long on its own account, fields together are too long on theirs."""
    long_query = f"/oauth/authorize?client_id={'a' * (1 << 20)}"
    assert ask(scene, "GET", long_query).status == 414
    for fields in (
        [("Cookie", "a=" + "b" * (1 << 17))],
        [(f"X-{number}", "b" * 100) for number in range(2000)],
    ):
        with Connection(scene.gateway.address) as connection:
            connection.send_leniently(request_bytes("GET", "/oauth/authorize", scene.gateway.authority, fields))
            assert connection.read_response().status == 431


def test_many_cookies(scene: Scene, client: Client) -> None:
    """As many as a head has room for: others of the host, and some that look like sign-ins of ours."""
    strays = [f"c{number}=x" for number in range(1000)]
    strays += [f"portcullis-corporate-request-{secrets.token_urlsafe(16)}=x" for _ in range(200)]
    url = client.url(client.request())
    verdict = scene.unheard(lambda: client.agent.get(url, [("Cookie", "; ".join(strays))]))
    assert verdict == "200 form None"


def test_cookies_that_are_no_sign_ins_are_taken_away(scene: Scene, client: Client) -> None:
    """What a browser holds under our names and we cannot open would be sent for ever."""
    page = client.begin(client.request())
    name = f"portcullis-corporate-request-{secrets.token_urlsafe(16)}"
    client.agent._keep("127.0.0.1", f"{name}=x; Path=/")
    assert client.press(page).location
    assert ("127.0.0.1", name) not in client.agent.cookies


@pytest.mark.parametrize("name", ["token", "revoke", "consent"])
def test_ten_thousand_parameters(scene: Scene, client: Client, name: str) -> None:
    body = "&".join(f"p{number}=x" for number in range(10_000)).encode()
    reason = "bridge_form_refused" if name == "consent" else "bridge_malformed_request"
    error = "page" if name == "consent" else "invalid_request"
    verdict = scene.unheard(lambda: client.agent.request("POST", f"{client.issuer}/{name}", [FORM], body))
    assert verdict == f"400 {error} {reason}"


def test_deep_registrations(scene: Scene, client: Client) -> None:
    """Nested as deep as there is room, in a member that nobody reads."""
    deep = b'{"redirect_uris": ["https://web.example.com/"], "jwks": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"
    kind = [("Content-Type", "application/json")]
    verdict = scene.unheard(lambda: client.agent.request("POST", f"{client.issuer}/register", kind, deep))
    assert verdict == "400 invalid_client_metadata bridge_registration_refused"


# HTTP/2.


def page_of(url: str, answer: H2Response) -> Page:
    return Page(url, Response(answer.status, "", "HTTP/2", answer.fields, answer.body))


def test_the_same_over_http2(scene: Scene, client: Client) -> None:
    """A sample; and a sign-in whose cookies come in crumbs (RFC 9113 §8.2.3)."""
    host = scene.gateway.authority
    evil = [("content-type", FORM[1]), ("origin", "https://evil.example")]
    with H2Connection(scene.gateway.address) as peer:
        peer.handshake()

        def over(method: str, path: str, *fields: tuple[str, str], body: bytes | None = None) -> Page:
            return page_of(f"http://{host}{path}", peer.exchange(method, path, *fields, body=body))

        target = client.url(client.request(redirect_uri="https://evil.example/")).removeprefix(scene.gateway.url)
        assert scene.unheard(lambda: over("GET", target)) == "400 page bridge_redirect_mismatch"
        assert scene.unheard(lambda: over("GET", "/oauth/token")) == "405 method_not_allowed None"
        grant = urlencode({"grant_type": "client_credentials", "client_id": client.client_id}).encode()
        form = ("content-type", FORM[1])
        expected = "400 unsupported_grant_type bridge_unsupported_grant"
        assert scene.unheard(lambda: over("POST", "/oauth/token", form, body=grant)) == expected
        verdict = scene.unheard(lambda: over("POST", "/oauth/consent", *evil, body=b"action=allow"))
        assert verdict == "403 page bridge_form_cross_site"
        # What is too large may be refused in the middle; the connection goes on.
        assert peer.exchange("GET", "/oauth/authorize?a=" + "b" * 9000).status == 414

        _, callback = good_until_redirected(client)
        path = callback.removeprefix(scene.gateway.url)
        crumbs = [("cookie", f"{name}={cookie.value}") for (_, name), cookie in client.agent.cookies.items()]
        assert len(crumbs) > 1
        assert scene.unheard(lambda: over("GET", path)) == "400 page bridge_callback_unknown"
        assert scene.unheard(lambda: over("GET", path, *crumbs)) == "303 code None"
    with H2Connection(scene.gateway.address, authority="evil.example") as peer:
        peer.handshake()
        assert peer.exchange("GET", "/oauth/authorize?client_id=x").status in (404, 421)


# Floods.


def registered_from(scene: Scene, address: str) -> int:
    """The status of a registration that comes from that address of this machine."""
    body = json.dumps({"redirect_uris": ["http://127.0.0.1/callback"]}).encode()
    kind = [("Content-Type", "application/json")]
    connection = Connection.__new__(Connection)
    connection.socket = socket.create_connection(scene.gateway.address, 10, (address, 0))
    connection.buffer = b""
    with connection:
        connection.send(request_bytes("POST", "/oauth/register", scene.gateway.authority, kind, body))
        return connection.read_response().status


def test_a_flood_from_one_address(
    make_gateway: MakeGateway, provider: BridgedProvider, backend: RawBackend, tmp_path: Any
) -> None:
    """Others register meanwhile, and nobody can pass for somebody else by a header."""
    gateway = bridged_gateway(make_gateway, provider, backend.url, tmp_path, registration_limit=3)
    scene = Scene(gateway, provider)
    flood = [registered_from(scene, "127.0.0.1") for _ in range(10)]
    assert 429 in flood and flood.count(201) <= 6
    assert registered_from(scene, "127.0.0.2") == 201
    fields = [("Content-Type", "application/json"), ("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1")]
    assert 429 in [ask(scene, "POST", "/oauth/register", fields, b"{}").status for _ in range(8)]
