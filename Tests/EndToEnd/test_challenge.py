"""Challenge and protected-resource metadata on the wire, asked for with curl, header bytes asserted."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.raw_backend import RawBackend
from support.static_provider import StaticProvider

METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"]


@dataclass
class Answer:
    status: int
    head: bytes
    fields: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key.lower() == name]

    def one(self, name: str) -> str:
        values = self.all(name)
        assert len(values) == 1, f"{name}: {values}"
        return values[0]


def curl(url: str, *arguments: str) -> Answer:
    """The last response that curl gets, with its head as it was on the wire."""
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "10", "--include", "--path-as-is"]
        + [*arguments, url],
        capture_output=True,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr
    output = done.stdout
    while True:
        head, _, output = output.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        if status >= 200:
            break
    fields = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
    return Answer(status, head, fields, output)


def method_arguments(method: str) -> list[str]:
    return ["--head"] if method == "HEAD" else ["--request", method]


def undated(answer: Answer) -> bytes:
    """The head without the only line that may differ from one answer to the next."""
    return b"\r\n".join(line for line in answer.head.split(b"\r\n") if not line.lower().startswith(b"date:"))


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend, shared_provider: StaticProvider) -> Gateway:
    """Routes with two scopes, with mapped scopes, with none, and with every field of the metadata."""

    def routes(_: str) -> list[dict]:
        trust = shared_provider.authorization
        return [
            route(shared_backend.url, path="/mcp", authorization=trust(allowed_scopes=["a", "b"])),
            route(
                shared_backend.url,
                path="/mapped",
                authorization=trust(
                    allowed_scopes=["read", "write"],
                    advertised_scope_mapping={"read": "api://tools/read", "write": "api://tools/write"},
                ),
            ),
            route(shared_backend.url, path="/plain", authorization=trust()),
            route(
                shared_backend.url,
                path="/deep/er",
                authorization=trust(),
                metadata={
                    "resource_name": "Deep tools",
                    "resource_documentation": "https://docs.example.com/deep",
                    "scopes_supported": ["deep:read"],
                },
            ),
        ]

    return make_shared_gateway(routes, allowed_hosts=["alias.example.com"])


@pytest.fixture
def untouched(shared_backend: RawBackend) -> Iterator[None]:
    """Fails the test when anything reached the backend."""
    before = shared_backend.heads
    yield
    assert shared_backend.heads == before


def prm_url(gateway: Gateway, path: str) -> str:
    return f"{gateway.url}/.well-known/oauth-protected-resource{path}"


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("path", ["/mcp", "/mcp/unknown", "/mcp/unknown/deeper?query=1"])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_challenged_the_same(gateway: Gateway, method: str, path: str) -> None:
    """401 with one exact challenge on every method and every path under the prefix (GW-01 to -05, -14, -17)."""
    answer = curl(gateway.url + path, *method_arguments(method))
    assert answer.status == 401
    assert answer.one("www-authenticate") == (
        f'Bearer scope="a b", resource_metadata="{gateway.url}/.well-known/oauth-protected-resource/mcp"'
    )
    assert "no-store" in answer.one("cache-control")
    if method == "HEAD":
        assert answer.body == b""


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("path", "scope"),
    [("/mapped", 'scope="api://tools/read api://tools/write", '), ("/plain", ""), ("/deep/er", None)],
)
def test_scope_comes_from_the_configuration(gateway: Gateway, path: str, scope: str | None) -> None:
    """Mapped scopes are advertised as mapped; without scopes there is no parameter (GW-04, GW-12)."""
    challenge = curl(gateway.url + path).one("www-authenticate")
    metadata = f'resource_metadata="{prm_url(gateway, path)}"'
    if scope is None:
        assert challenge in (f"Bearer {metadata}", f'Bearer scope="deep:read", {metadata}')
    else:
        assert challenge == f"Bearer {scope}{metadata}"


SPOOFS = [
    ["--header", "X-Forwarded-Host: evil.example"],
    ["--header", "X-Forwarded-Proto: https", "--header", "X-Forwarded-Port: 444"],
    ["--header", "Forwarded: host=evil.example;proto=https"],
    ["--header", "X-Original-URL: /evil.example", "--header", "X-Rewrite-URL: /evil.example"],
    ["--header", "X-Forwarded-Prefix: /evil.example", "--header", "X-Host: evil.example"],
    ["--header", "Host: alias.example.com"],
]


@pytest.mark.parametrize("spoof", SPOOFS, ids=lambda spoof: spoof[1])
def test_no_header_changes_one_byte(gateway: Gateway, spoof: list[str]) -> None:
    """Challenge and metadata are made from the configured public URL only (GW-24)."""
    for url in (f"{gateway.url}/mcp", prm_url(gateway, "/mcp")):
        honest, spoofed = curl(url), curl(url, *spoof)
        assert undated(spoofed) == undated(honest)
        assert spoofed.body == honest.body


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "evil.example:80", "alias.example.com:8"])
def test_a_foreign_host_gets_nothing_of_its_own(gateway: Gateway, shared_provider: StaticProvider, host: str) -> None:
    """A Host that is not ours is never repeated, and with a token it is misdirected (GW-24, GW-71)."""
    foreign = ["--header", f"Host: {host}"]
    for url in (f"{gateway.url}/mcp", prm_url(gateway, "/mcp")):
        honest, answer = curl(url), curl(url, *foreign)
        assert answer.status in (honest.status, 421)
        assert host.encode() not in answer.head + answer.body
        if answer.status == honest.status:
            assert undated(answer) == undated(honest) and answer.body == honest.body
    token = shared_provider.signer.token(scope="a")
    answer = curl(f"{gateway.url}/mcp", *foreign, "--header", f"Authorization: Bearer {token}")
    assert answer.status == 421


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/mcp", {"scopes_supported": ["a", "b"]}),
        ("/mapped", {"scopes_supported": ["api://tools/read", "api://tools/write"]}),
        ("/plain", {}),
        (
            "/deep/er",
            {
                "scopes_supported": ["deep:read"],
                "resource_name": "Deep tools",
                "resource_documentation": "https://docs.example.com/deep",
            },
        ),
    ],
)
def test_metadata_is_exact(gateway: Gateway, shared_provider: StaticProvider, path: str, more: dict) -> None:
    """The document at the path-inserted URL says what the configuration says, and no more (GW-20 to GW-23, GW-27)."""
    answer = curl(prm_url(gateway, path))
    assert answer.status == 200
    assert answer.one("content-type").split(";")[0] == "application/json"
    assert json.loads(answer.body) == {
        "resource": gateway.url + path,
        "authorization_servers": [shared_provider.issuer],
        "bearer_methods_supported": ["header"],
        **more,
    }


def test_metadata_needs_no_provider_and_no_version(
    make_gateway: MakeGateway, backend: RawBackend, static_provider: StaticProvider
) -> None:
    """Metadata is configuration: it is there while the provider is down, in any version (GW-28, GW-29)."""
    static_provider.down.set()
    gateway = make_gateway([route(backend.url, authorization=static_provider.authorization())])
    answer = curl(prm_url(gateway, "/mcp"), "--header", "MCP-Protocol-Version: 1999-01-01")
    assert answer.status == 200
    assert not gateway.events("keys_fetched")


def test_metadata_by_head_and_by_wrong_method(gateway: Gateway) -> None:
    """HEAD has GET's head and no body; other methods are told what there is."""
    got, head = curl(prm_url(gateway, "/mcp")), curl(prm_url(gateway, "/mcp"), "--head")
    assert head.status == 200 and head.body == b""
    assert undated(head) == undated(got)
    posted = curl(prm_url(gateway, "/mcp"), "--request", "POST")
    assert posted.status == 405
    assert "GET" in posted.one("allow")


def test_metadata_may_be_read_by_any_web_page(gateway: Gateway) -> None:
    """CORS: any origin, with the version header that clients send along (GW-28)."""
    origin = ["--header", "Origin: https://app.example.net"]
    got = curl(prm_url(gateway, "/mcp"), *origin)
    assert got.status == 200 and got.one("access-control-allow-origin") == "*"
    preflight = curl(
        prm_url(gateway, "/mcp"),
        *origin,
        "--request",
        "OPTIONS",
        "--header",
        "Access-Control-Request-Method: GET",
        "--header",
        "Access-Control-Request-Headers: mcp-protocol-version",
    )
    assert preflight.status in (200, 204)
    assert preflight.one("access-control-allow-origin") == "*"
    assert "mcp-protocol-version" in preflight.one("access-control-allow-headers").lower()


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("path", ["", "/", "/other", "/deep", "/mcp/more", "/MCP"])
def test_metadata_exists_only_for_routes(gateway: Gateway, path: str) -> None:
    """No document where no route is, above all none at the root (GW-26)."""
    answer = curl(prm_url(gateway, path))
    assert answer.status == 404
    assert b"resource" not in answer.body and b"jsonrpc" not in answer.body


def test_a_route_at_the_root_has_its_metadata_at_the_root(
    make_gateway: MakeGateway, backend: RawBackend, shared_provider: StaticProvider
) -> None:
    """The root document is served where it is true (GW-26)."""
    gateway = make_gateway([route(backend.url, path="/", authorization=shared_provider.authorization())])
    answer = curl(prm_url(gateway, ""))
    assert answer.status == 200
    assert json.loads(answer.body)["resource"] in (gateway.url, f"{gateway.url}/")
    challenge = curl(f"{gateway.url}/anything").one("www-authenticate")
    assert challenge == f'Bearer resource_metadata="{prm_url(gateway, "")}"'


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("path", ["/mcp/", "/deep/er/"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_the_slash_variant_is_redirected(gateway: Gateway, method: str, path: str) -> None:
    """308 and never another redirect, to the public address whatever Host says (GW-25)."""
    answer = curl(gateway.url + path, "--request", method, "--header", "Host: alias.example.com")
    assert answer.status == 308
    assert answer.one("location") in (gateway.url + path.rstrip("/"), path.rstrip("/"))


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/mcp",
        "/authorize",
        "/token",
        "/register",
        "/elsewhere",
        "/mcpx",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_gateway_is_no_authorization_server(gateway: Gateway, method: str, path: str) -> None:
    """Clients of 2025-03-26 look for one here and get a plain 404 (GW-64, GW-108)."""
    answer = curl(gateway.url + path, "--request", method)
    assert answer.status == 404
    assert not answer.all("www-authenticate")
    assert b"jsonrpc" not in answer.body
    if answer.body:
        json.loads(answer.body)


@pytest.mark.usefixtures("untouched")
def test_a_token_in_the_query_is_no_credential(gateway: Gateway, shared_provider: StaticProvider) -> None:
    """It is ignored alone, and refused next to a header as two ways at once (GW-07, GW-40)."""
    token = shared_provider.signer.token(scope="a")
    alone = curl(f"{gateway.url}/mcp?access_token={token}")
    assert alone.status == 401
    assert "error=" not in alone.one("www-authenticate")
    both = curl(f"{gateway.url}/mcp?access_token={token}", "--header", f"Authorization: Bearer {token}")
    assert both.status == 400
    assert both.one("www-authenticate").startswith('Bearer error="invalid_request"')


@pytest.mark.usefixtures("untouched")
def test_a_refused_token_is_named_in_order(gateway: Gateway, shared_provider: StaticProvider) -> None:
    """error, error_description, scope, resource_metadata, and nothing of the client's in them (GW-05, GW-13)."""
    token = shared_provider.signer.token(iss='scope="owned", error="x"')
    answer = curl(f"{gateway.url}/mcp", "--header", f"Authorization: Bearer {token}")
    assert answer.status == 401
    challenge = answer.one("www-authenticate")
    prefix = 'Bearer error="invalid_token", error_description="'
    suffix = f'", scope="a b", resource_metadata="{prm_url(gateway, "/mcp")}"'
    assert challenge.startswith(prefix) and challenge.endswith(suffix)
    description = challenge[len(prefix) : -len(suffix)]
    assert description
    assert not any(forbidden in description for forbidden in ('"', "\\", "=", "owned"))
    assert all(0x20 <= ord(character) <= 0x7E for character in description)


def test_browser_preflight_passes_for_allowed_origins_only(gateway: Gateway) -> None:
    """CORS comes before authorization, for the route's own origin (GW-70, GW-74)."""
    ask = ["--request", "OPTIONS", "--header", "Access-Control-Request-Method: POST"]
    ask += ["--header", "Access-Control-Request-Headers: authorization, mcp-protocol-version"]
    own = curl(f"{gateway.url}/mcp", *ask, "--header", f"Origin: {gateway.url}")
    assert own.status in (200, 204)
    assert own.one("access-control-allow-origin") == gateway.url
    allowed = own.one("access-control-allow-headers").lower()
    for name in ("authorization", "content-type", "mcp-protocol-version", "mcp-session-id", "mcp-method", "mcp-name"):
        assert name in allowed
    assert "POST" in own.one("access-control-allow-methods")
    foreign = curl(f"{gateway.url}/mcp", *ask, "--header", "Origin: https://evil.example")
    assert foreign.status == 403
    assert not foreign.all("access-control-allow-origin")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1", "file://"])
def test_a_foreign_origin_is_refused_before_authorization(gateway: Gateway, method: str, origin: str) -> None:
    """403 without a challenge, with or without a token (GW-70)."""
    answer = curl(f"{gateway.url}/mcp", "--request", method, "--header", f"Origin: {origin}")
    assert answer.status == 403
    assert not answer.all("www-authenticate")


@pytest.mark.usefixtures("untouched")
def test_a_large_body_is_challenged_before_it_is_sent(gateway: Gateway, tmp_path) -> None:
    """curl waits for 100 Continue, is challenged, and keeps its megabyte (GW-15)."""
    large = tmp_path / "large.json"
    large.write_bytes(b"x" * (1 << 20))
    patient = ["--header", "Expect: 100-continue", "--expect100-timeout", "9"]
    answer = curl(f"{gateway.url}/mcp", *patient, "--data-binary", f"@{large}")
    assert answer.status == 401
    assert gateway.access(path="/mcp", method="POST", status=401)["bytes_in"] < (1 << 20)


def test_a_challenge_keeps_the_connection(gateway: Gateway) -> None:
    """curl sends all four requests over one connection (GW-15)."""
    urls = [f"{gateway.url}/mcp"] * 4
    done = subprocess.run(
        ["curl", "--silent", "--noproxy", "*", "--max-time", "10", "--output", "/dev/null", "--data", "{}"]
        + ["--write-out", "%{http_code} %{num_connects}\n", urls[0]]
        + [word for url in urls[1:] for word in ("--output", "/dev/null", url)],
        capture_output=True,
        text=True,
        timeout=20,
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [status for status, _ in lines] == ["401"] * 4
    assert [connects for _, connects in lines] == ["1", "0", "0", "0"]
