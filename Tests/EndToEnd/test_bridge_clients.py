"""MCP clients as they are in the field, quirks included: each one finds its way through the bridge."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from conftest import MakeGateway
from support.bridge import Client, issuer_of, registered
from support.bridged_gateway import bridged_gateway
from support.bridged_provider import BridgedProvider
from support.certificates import Authority, Certificate
from support.client_documents import ClientDocuments
from support.client_emulators import EMULATORS, ENTERED, Emulator
from support.gateway import Gateway
from support.raw_backend import RawBackend
from support.user_agent import Page, UserAgent

UPSTREAM = "http://127.0.0.1:9/mcp"


@pytest.fixture(scope="module")
def provider() -> Iterator[BridgedProvider]:
    provider = BridgedProvider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def documents(authority: Authority, server_certificate: Certificate) -> Iterator[ClientDocuments]:
    documents = ClientDocuments(server_certificate, authority)
    yield documents
    documents.stop()


@pytest.fixture(scope="module")
def gateway(
    make_shared_gateway: MakeGateway,
    provider: BridgedProvider,
    documents: ClientDocuments,
    shared_backend: RawBackend,
    tmp_path_factory: pytest.TempPathFactory,
) -> Gateway:
    return bridged_gateway(
        make_shared_gateway,
        provider,
        shared_backend.url,
        tmp_path_factory.mktemp("bridge"),
        clients=ENTERED,
        client_metadata_documents=documents.options,
        registration_limit=1000,
        tokens="wrap",
    )


def introduce(emulator: Emulator, client: Client, documents: ClientDocuments) -> None:
    """How the client comes by its identifier."""
    if emulator.entered:
        client.client_id = emulator.entered
    elif emulator.document:
        path = f"/clients/{EMULATORS.index(emulator)}.json"
        client.client_id = documents.publish(path, client_name=emulator.name, redirect_uris=emulator.document)
    else:
        page = client.register(**emulator.registers or {})
        assert page.status == 201, page.text
        assert page.json["redirect_uris"] == (emulator.registers or {}).get("redirect_uris", [emulator.redirect_uri])
        assert page.json["token_endpoint_auth_method"] == "none" and "client_secret" not in page.json


@pytest.mark.parametrize("emulator", EMULATORS, ids=lambda emulator: emulator.name)
def test_finds_its_way(
    gateway: Gateway,
    backend: RawBackend,
    documents: ClientDocuments,
    provider: BridgedProvider,
    emulator: Emulator,
) -> None:
    """From the first probe to a call with a refreshed token."""
    client = Client(f"{gateway.url}/mcp", redirect_uri=emulator.redirect_uri, name=emulator.name)
    for method, target, status in emulator.probes:
        answer = client.agent.request(method, gateway.url + target, body=b"{}" if method == "POST" else None)
        assert answer.status == status, (method, target)
        if status == 401:
            challenge = answer.response.get("www-authenticate") or ""
            assert f'resource_metadata="{gateway.url}/.well-known/oauth-protected-resource/mcp"' in challenge
    client.discover()
    # VS Code and Gemini compare byte by byte; Codex and the SDKs the issuer.
    assert client.resource_metadata["resource"] == client.server
    introduce(emulator, client, documents)
    sign_in = client.request(**emulator.asks(client))
    endpoint = client.metadata["authorization_endpoint"]
    result = client.walk(client.agent.get(f"{endpoint}?{emulator.query(sign_in.asked)}"))
    assert (result.get("state"), result.get("iss")) == (sign_in.state, client.issuer), sorted(result)
    assert (client.consents, client.provider_pages) == (1, 1)
    assert {"mcp:tools"} <= set(provider.authorizations[-1]["scope"].split()) <= {"mcp:tools", "offline_access"}
    answer = client.redeem(sign_in, result["code"], **emulator.sends)
    assert answer.status == 200, answer.text
    tokens = answer.json
    assert client.call(tokens["access_token"]).status == 200
    shown = backend.last.get("x-portcullis-client") or ""
    if emulator.registers is not None:
        assert shown.startswith("registered-")
    else:
        assert shown == client.client_id
    if "offline_access" in sign_in.asked.get("scope", ""):
        again = client.refresh(tokens["refresh_token"], **emulator.sends)
        assert again.status == 200, again.text
        assert client.call(again.json["access_token"]).status == 200


def test_consent_is_remembered_for_https_alone(gateway: Gateway, documents: ClientDocuments) -> None:
    """A web client's users are asked once; those of an application on their machine each time (RFC 8252 §8.6)."""
    uris = ["https://web.example.com/callback", "http://127.0.0.1/callback"]
    identifier = documents.publish("/clients/remembered.json", client_name="Twice", redirect_uris=uris)
    for uri, asked in ((uris[0], 1), ("http://127.0.0.1:50000/callback", 2)):
        client = Client(f"{gateway.url}/mcp", redirect_uri=uri, client_id=identifier).discover()
        client.tokens()
        client.tokens()
        assert client.consents == asked
        client.tokens(prompt="consent")
        assert client.consents == asked + 1
        client.agent.leave()
        client.tokens()
        assert client.consents == asked + 2


def test_documents_are_fetched_once(gateway: Gateway, documents: ClientDocuments) -> None:
    """And kept for a while: the page, the consent and the token request do not each ask for it."""
    uri = "https://web.example.com/callback"
    identifier = documents.publish("/clients/kept.json", redirect_uris=[uri])
    client = Client(f"{gateway.url}/mcp", redirect_uri=uri, client_id=identifier).discover()
    client.tokens()
    client.tokens()
    assert documents.fetches("/clients/kept.json") == 1


@pytest.mark.parametrize(
    "members",
    [
        {"client_id": "https://127.0.0.1/other.json"},
        {"client_id": None},
        {"redirect_uris": ["https://web.example.com/other"]},
        {"redirect_uris": None},
        {"client_secret": "shared-with-everybody"},
        {"token_endpoint_auth_method": "client_secret_basic"},
    ],
    ids=str,
)
def test_documents_that_are_not_about_the_client(
    gateway: Gateway, documents: ClientDocuments, members: dict[str, Any]
) -> None:
    """Nobody is sent anywhere."""
    uri = "https://web.example.com/callback"
    path = f"/clients/bad-{abs(hash(str(members)))}.json"
    identifier = documents.publish(path, **{"redirect_uris": [uri], **members})
    client = Client(f"{gateway.url}/mcp", redirect_uri=uri, client_id=identifier).discover()
    page = client.begin(client.request())
    assert page.status == 400 and page.location is None


def test_a_document_of_a_host_that_is_not_ours(gateway: Gateway, documents: ClientDocuments) -> None:
    """The same server by another name: only the hosts of the configuration are asked."""
    documents.publish("/clients/elsewhere.json", redirect_uris=["https://web.example.com/callback"])
    identifier = documents.origin.replace("127.0.0.1", "localhost") + "/clients/elsewhere.json"
    client = Client(f"{gateway.url}/mcp", redirect_uri="https://web.example.com/callback", client_id=identifier)
    page = client.discover().begin(client.request())
    assert page.status == 400 and page.location is None
    assert documents.fetches("/clients/elsewhere.json") == 0


REFUSED_URIS = [
    "javascript:alert(1)",
    "data:text/html,hello",
    "file:///etc/passwd",
    "http://web.example.com/callback",
    "http://127.0.0.1.evil.example/callback",
    "https://web.example.com/callback#fragment",
    "https://user@web.example.com/callback",
    "/callback",
    "",
]


def register(gateway: Gateway, document: Any) -> Page:
    return UserAgent().post_json(f"{issuer_of(gateway.url)}/register", document)


@pytest.mark.parametrize("uri", REFUSED_URIS)
def test_redirect_uris_that_nobody_gets(gateway: Gateway, uri: str) -> None:
    """RFC 7591 §3.2.2."""
    for uris in ([uri], ["http://127.0.0.1/callback", uri]):
        page = register(gateway, {"redirect_uris": uris})
        assert (page.status, page.json["error"]) == (400, "invalid_redirect_uri")


@pytest.mark.parametrize(
    "document", [[], "text", {"redirect_uris": "http://127.0.0.1/callback"}, {"redirect_uris": []}, {}], ids=str
)
def test_registrations_that_are_none(gateway: Gateway, document: Any) -> None:
    page = register(gateway, document)
    assert page.status == 400 and page.json["error"] in ("invalid_redirect_uri", "invalid_client_metadata")


def test_registrations_are_limited(make_gateway: MakeGateway, provider: BridgedProvider, tmp_path: Path) -> None:
    """For each client address; with the time to wait."""
    gateway = bridged_gateway(make_gateway, provider, UPSTREAM, tmp_path, registration_limit=3)
    document = {"redirect_uris": ["http://127.0.0.1/callback"]}
    pages = [register(gateway, document) for _ in range(5)]
    assert [page.status for page in pages[:3]] == [201] * 3 and pages[-1].status == 429
    assert 0 < int(pages[-1].response.get("retry-after") or "0") <= 60
    assert pages[-1].response.get("access-control-allow-origin") == "*"


def test_several_routes_need_a_resource(
    make_gateway: MakeGateway, provider: BridgedProvider, backend: RawBackend, tmp_path: Path
) -> None:
    """Where the origin could be either, the client is told; and a token for one route does not open the other."""
    rules = {"allowed_scopes": ["mcp:tools"]}
    gateway = bridged_gateway(
        make_gateway, provider, backend.url, tmp_path, paths=("/one", "/two"), rules=rules, tokens="wrap"
    )
    client = registered(f"{gateway.url}/one")
    for resource in (None, gateway.url, f"{gateway.url}/", f"{gateway.url}/three"):
        assert client.authorize(resource=resource)[1]["error"] == "invalid_target"
    token = client.tokens()["access_token"]
    assert client.call(token).status == 200
    client.server = f"{gateway.url}/two"
    assert client.call(token).status == 401
    assert urlsplit(client.server).path == "/two"
