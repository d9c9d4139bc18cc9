"""What a bridge publishes about itself, and what it does not: RFC 8414, RFC 9728, RFC 9207, CORS."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeGateway
from support.bridge import Client, issuer_of, metadata_url, registered
from support.bridged_gateway import bridged_gateway
from support.bridged_products import Cognito
from support.bridged_provider import BridgedProvider, Refusal
from support.gateway import Gateway, route
from support.raw_backend import RawBackend
from support.rawhttp import Response, exchange

PATHS = ("/oauth", "/", "/auth/corporate")
ENDPOINTS = ("authorize", "token", "register", "revoke", "callback", "consent")


@pytest.fixture(scope="module")
def provider() -> Iterator[BridgedProvider]:
    provider = BridgedProvider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def gateways(
    make_shared_gateway: MakeGateway,
    provider: BridgedProvider,
    shared_backend: RawBackend,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Gateway]:
    """One for each path of a bridge."""
    directory = tmp_path_factory.mktemp("bridge")
    return {
        path: bridged_gateway(make_shared_gateway, provider, shared_backend.url, directory, path=path) for path in PATHS
    }


@pytest.fixture(params=PATHS)
def path(request: pytest.FixtureRequest) -> str:
    value = request.param
    assert isinstance(value, str)
    return value


@pytest.fixture
def gateway(gateways: dict[str, Gateway], path: str) -> Gateway:
    return gateways[path]


@pytest.fixture
def issuer(gateway: Gateway, path: str) -> str:
    return issuer_of(gateway.url, path)


def get(gateway: Gateway, url: str, method: str = "GET", fields: list[tuple[str, str]] | None = None) -> Response:
    return exchange(gateway.address, method, url.removeprefix(gateway.url) or "/", fields=fields)


def expected_metadata(issuer: str, **more: Any) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "registration_endpoint": f"{issuer}/register",
        "revocation_endpoint": f"{issuer}/revoke",
        "scopes_supported": ["mcp:tools", "offline_access"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "client_id_metadata_document_supported": True,
        "authorization_response_iss_parameter_supported": True,
        **more,
    }


def test_the_metadata_document(gateway: Gateway, path: str, issuer: str) -> None:
    """Every member, at the inserted place of RFC 8414 §3; browsers of any origin may read it."""
    answer = get(gateway, metadata_url(gateway.url, path))
    assert answer.status == 200
    assert json.loads(answer.body) == expected_metadata(issuer)
    assert (answer.get("content-type") or "").startswith("application/json")
    assert answer.get("access-control-allow-origin") == "*"
    assert "max-age=300" in (answer.get("cache-control") or "")


def test_head_is_get_without_the_document(gateway: Gateway, path: str) -> None:
    whole = get(gateway, metadata_url(gateway.url, path))
    head = get(gateway, metadata_url(gateway.url, path), "HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("content-type", "content-length", "cache-control", "access-control-allow-origin"):
        assert head.get(name) == whole.get(name), name


def test_the_same_issuer_everywhere(gateway: Gateway, provider: BridgedProvider, path: str, issuer: str) -> None:
    """Byte by byte: resource metadata, metadata, and `iss` of good answers and of errors (RFC 8414 §3.3, RFC 9207)."""
    client = registered(f"{gateway.url}/mcp")
    assert client.resource_metadata["authorization_servers"] == [issuer]
    assert client.metadata["issuer"] == issuer
    provider.denial = Refusal("access_denied", "Alice said no")
    try:
        denied = client.authorize()[1]
    finally:
        provider.denial = None
    assert denied["error"] == "access_denied"
    given = client.authorize()[1]
    refused = client.authorize("deny")[1]
    assert "code" in given and refused["error"] == "access_denied"
    assert [answer["iss"] for answer in (denied, given, refused)] == [issuer] * 3


def test_the_challenge_names_the_plain_scopes(gateway: Gateway) -> None:
    answer = get(gateway, f"{gateway.url}/mcp")
    assert answer.status == 401
    assert 'scope="mcp:tools"' in (answer.get("www-authenticate") or "")
    document = json.loads(get(gateway, f"{gateway.url}/.well-known/oauth-protected-resource/mcp").body)
    assert document["resource"] == f"{gateway.url}/mcp"
    assert document["scopes_supported"] == ["mcp:tools"]


NOT_THERE = [
    "/.well-known/openid-configuration{path}",
    "{path}/.well-known/openid-configuration",
    "{path}/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/other",
    "/.well-known/oauth-authorization-server{path}/more",
    "/.well-known/openid-configuration",
    "{path}/jwks",
    "{path}/userinfo",
    "{path}/token/more",
]


@pytest.mark.parametrize("place", NOT_THERE)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_not_there(gateway: Gateway, path: str, place: str, method: str) -> None:
    """404 and no page: clients go on to the next place, and would take an OpenID document for one (GW-64)."""
    target = place.format(path="" if path == "/" else path)
    answer = get(gateway, target, method)
    if path == "/" and target == "/.well-known/oauth-authorization-server":
        assert answer.status == 200, "the issuer is the origin, and its metadata are there"
        return
    assert answer.status == 404, answer.body
    if method == "GET":
        assert (answer.get("content-type") or "").startswith("application/json")
        json.loads(answer.body)


@pytest.mark.parametrize(
    ("name", "method"), [("register", "POST"), ("token", "POST"), ("revoke", "POST"), ("metadata", "GET")]
)
def test_preflights(gateway: Gateway, path: str, issuer: str, name: str, method: str) -> None:
    """Clients in browsers, such as the MCP Inspector, ask first."""
    url = metadata_url(gateway.url, path) if name == "metadata" else f"{issuer}/{name}"
    headers = "content-type, authorization, mcp-protocol-version"
    fields = [
        ("Origin", "https://inspector.example"),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", headers),
    ]
    answer = get(gateway, url, "OPTIONS", fields)
    assert answer.status in (200, 204)
    assert answer.get("access-control-allow-origin") == "*"
    assert method in (answer.get("access-control-allow-methods") or "")
    allowed = (answer.get("access-control-allow-headers") or "").lower().replace(" ", "").split(",")
    assert set(headers.replace(" ", "").split(",")) <= set(allowed)
    assert answer.get("access-control-allow-credentials") is None


@pytest.mark.parametrize("name", ["authorize", "consent", "callback"])
def test_pages_are_for_no_script(gateway: Gateway, issuer: str, name: str) -> None:
    """What carries cookies is not shared with other origins."""
    fields = [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST")]
    for method in ("OPTIONS", "GET"):
        answer = get(gateway, f"{issuer}/{name}", method, fields)
        assert answer.get("access-control-allow-origin") is None
        assert answer.status >= 400 or method == "OPTIONS"


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("token", "GET"),
        ("register", "GET"),
        ("revoke", "GET"),
        ("consent", "GET"),
        ("callback", "PUT"),
        ("authorize", "DELETE"),
    ],
)
def test_other_methods_are_not_allowed(gateway: Gateway, issuer: str, name: str, method: str) -> None:
    answer = get(gateway, f"{issuer}/{name}", method)
    assert answer.status == 405
    assert answer.get("allow")


def test_without_a_bridge_nothing_is_there(make_gateway: MakeGateway, provider: BridgedProvider) -> None:
    """As for every gateway before: plain 404 at each of these places (GW-64)."""
    gateway = make_gateway([route("http://127.0.0.1:9/mcp", authorization=provider.authorization())])
    for path in ("", "/oauth"):
        assert get(gateway, metadata_url(gateway.url, path)).status == 404
        for name in ENDPOINTS:
            assert get(gateway, f"{gateway.url}{path}/{name}", "POST").status == 404


@pytest.mark.parametrize(
    ("options", "gone"),
    [
        ({"registration": False}, "registration_endpoint"),
        ({"client_metadata_documents": {"enabled": False}}, "client_id_metadata_document_supported"),
    ],
)
def test_what_is_off_is_not_advertised(
    make_gateway: MakeGateway, provider: BridgedProvider, tmp_path: Path, options: dict[str, Any], gone: str
) -> None:
    gateway = bridged_gateway(make_gateway, provider, "http://127.0.0.1:9/mcp", tmp_path, **options)
    document = json.loads(get(gateway, metadata_url(gateway.url)).body)
    assert document == {key: value for key, value in expected_metadata(issuer_of(gateway.url)).items() if key != gone}
    if gone == "registration_endpoint":
        assert get(gateway, f"{issuer_of(gateway.url)}/register", "POST").status == 404


def test_scopes_of_all_routes_and_none_that_is_dropped(make_gateway: MakeGateway, tmp_path: Path) -> None:
    """Cognito refuses offline_access, so nobody is told of it; resource metadata has the scopes of its own route."""
    provider = Cognito()
    try:
        gateway = bridged_gateway(
            make_gateway,
            provider,
            "http://127.0.0.1:9/mcp",
            tmp_path,
            paths=("/one", "/two"),
            rules={"allowed_scopes": ["mcp/tools", "mcp/admin"]},
        )
        document = json.loads(get(gateway, metadata_url(gateway.url)).body)
        assert document["scopes_supported"] == ["mcp/tools", "mcp/admin"]
        client = Client(f"{gateway.url}/two").discover()
        assert client.issuer == issuer_of(gateway.url)
        assert client.resource_metadata["scopes_supported"] == ["mcp/tools", "mcp/admin"]
    finally:
        provider.stop()
