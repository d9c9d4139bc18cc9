"""The token check: one fault at a time in otherwise good tokens, and a provider that comes and goes."""

import json
from collections.abc import Callable

import pytest

from conftest import MakeGateway
from support.asking import ask
from support.gateway import Gateway, route
from support.raw_backend import RawBackend
from support.rawhttp import Connection, Response, exchange, request_bytes
from support.static_provider import StaticProvider, now
from support.tokens import ALGORITHMS, Signer, base64url
from support.waiting import wait_until

Mint = Callable[[Signer], str]
MakeOne = Callable[[], Gateway]


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend, shared_provider: StaticProvider) -> Gateway:
    """One route for each kind of condition, and one with all of them."""
    trust = shared_provider.authorization
    custom = [
        {
            "inbound_token_claim_name": "tier",
            "inbound_token_claim_value_type": "STRING",
            "authorizing_claim_match_value": {
                "claim_match_operator": "EQUALS",
                "claim_match_value": {"match_value_string": "gold"},
            },
        },
        {
            "inbound_token_claim_name": "groups",
            "inbound_token_claim_value_type": "STRING_ARRAY",
            "authorizing_claim_match_value": {
                "claim_match_operator": "CONTAINS_ANY",
                "claim_match_value": {"match_value_string_list": ["tools", "staff"]},
            },
        },
        {
            "inbound_token_claim_name": "roles",
            "inbound_token_claim_value_type": "STRING_ARRAY",
            "authorizing_claim_match_value": {
                "claim_match_operator": "CONTAINS",
                "claim_match_value": {"match_value_string": "caller"},
            },
        },
    ]
    clients_only = trust(allowed_clients=["client-1", "client-2"])
    del clients_only["allowed_audience"]
    conditions = {
        "/mcp": trust(),
        "/scopes": trust(allowed_scopes=["mcp:tools", "mcp:admin"]),
        "/clients": clients_only,
        "/audiences": trust(allowed_audience=["urn:other", "urn:test:audience"]),
        "/custom": trust(custom_claims=custom),
        "/all": trust(allowed_clients=["client-1"], allowed_scopes=["mcp:tools"], custom_claims=custom[:1]),
        "/strict": trust(clock_skew="0s"),
    }
    return make_shared_gateway(
        [route(shared_backend.url, path=path, authorization=rule) for path, rule in conditions.items()]
    )


@pytest.fixture(scope="module")
def signer(shared_provider: StaticProvider) -> Signer:
    return shared_provider.signer


def assert_refused(gateway: Gateway, response: Response, status: int, error: str) -> None:
    assert response.status == status, response.body
    challenge = response.get("www-authenticate")
    assert challenge is not None and challenge.startswith(f'Bearer error="{error}"')
    assert "resource_metadata=" in challenge
    record = gateway.access(status=status, auth="refused")
    assert record["reason"]
    assert not record.get("subject"), "an unverified subject is not logged as if it were one"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_accepts_every_algorithm(gateway: Gateway, backend: RawBackend, signer: Signer, algorithm: str) -> None:
    """A good token opens the route and the identity in it reaches the backend (GW-42, GW-61)."""
    response = ask(gateway, signer.token(algorithm, sub="subject-of-" + algorithm))
    assert response.status == 200
    assert backend.last.get("x-portcullis-subject") == "subject-of-" + algorithm
    assert backend.last.get("x-portcullis-client") == "client-1"
    assert backend.last.get("x-portcullis-scopes") == "mcp:tools"
    assert backend.last.get("x-portcullis-issuer") == signer.issuer
    assert backend.last.get("authorization") is None
    record = gateway.access(subject="subject-of-" + algorithm)
    assert record["auth"] == "verified" and record["client_id"] == "client-1"


GOOD: dict[str, Mint] = {
    "no typ": lambda s: s.token(header={"typ": None}),
    "typ JWT": lambda s: s.token(header={"typ": "JWT"}),
    "typ with application/": lambda s: s.token(header={"typ": "application/at+jwt"}),
    "no kid": lambda s: s.token(header={"kid": None}),
    "audience in an array": lambda s: s.token(aud=["urn:other", s.audience]),
    "nbf in the past": lambda s: s.token(nbf=now() - 10),
    "expired within the skew": lambda s: s.token(exp=now() - 30),
    "issued within the skew": lambda s: s.token(iat=now() + 30, nbf=now() + 30),
    "no iat": lambda s: s.token(iat=None),
    "no sub": lambda s: s.token(sub=None),
    "unknown header member": lambda s: s.token(header={"x-unknown": 1}),
    "references to keys are ignored": lambda s: s.token(header={"jku": "http://127.0.0.1:1/", "x5u": "http://[::1]:1"}),
}


@pytest.mark.parametrize("mint", GOOD.values(), ids=GOOD.keys())
def test_accepts_what_providers_issue(gateway: Gateway, signer: Signer, mint: Mint) -> None:
    """The shapes of well-known providers and clocks a little apart (GW-44, GW-45, GW-48)."""
    assert ask(gateway, mint(signer)).status == 200


FAULTY: dict[str, Mint] = {
    "expired": lambda s: s.token(exp=now() - 3600),
    "expired just beyond the skew": lambda s: s.token(exp=now() - 62),
    "no exp": lambda s: s.token(exp=None),
    "exp is a string": lambda s: s.token(exp=str(now() + 300)),
    "exp is a boolean": lambda s: s.token(exp=True),
    "not yet valid": lambda s: s.token(nbf=now() + 600),
    "nbf is a string": lambda s: s.token(nbf="now"),
    "issued in the future": lambda s: s.token(iat=now() + 600),
    "another issuer": lambda s: s.token(iss="http://127.0.0.1:1"),
    "issuer with a slash more": lambda s: s.token(iss=s.issuer + "/"),
    "issuer in upper case": lambda s: s.token(iss=s.issuer.upper()),
    "no issuer": lambda s: s.token(iss=None),
    "issuer in an array": lambda s: s.token(iss=[s.issuer]),
    "another audience": lambda s: s.token(aud="urn:somebody-else"),
    "no audience": lambda s: s.token(aud=None),
    "empty audience": lambda s: s.token(aud=[]),
    "audience as a prefix": lambda s: s.token(aud=s.audience + ":more"),
    "audience is an object": lambda s: s.token(aud={"urn:test:audience": True}),
    "alg missing": lambda s: s.token(header={"alg": None}),
    "alg unknown": lambda s: s.token(header={"alg": "XX256"}),
    "alg is a list": lambda s: s.token(header={"alg": ["RS256"]}),
    "unknown kid": lambda s: s.token(header={"kid": "no-such-key"}),
    "no dots": lambda s: "opaque-token-without-dots",
}


@pytest.mark.parametrize("mint", FAULTY.values(), ids=FAULTY.keys())
def test_refuses_every_token_fault(gateway: Gateway, backend: RawBackend, signer: Signer, mint: Mint) -> None:
    """401 invalid_token, and the backend is not reached (GW-05, GW-06, GW-41 to GW-49)."""
    before = backend.heads
    assert_refused(gateway, ask(gateway, mint(signer)), 401, "invalid_token")
    assert backend.heads == before


CONDITIONS: dict[str, tuple[str, Mint, int]] = {
    "one of the scopes": ("/scopes", lambda s: s.token(scope="other mcp:admin"), 200),
    "scp as a string": ("/scopes", lambda s: s.token(scope=None, scp="mcp:tools other"), 200),
    "scp as an array": ("/scopes", lambda s: s.token(scope=None, scp=["mcp:tools"]), 200),
    "another scope": ("/scopes", lambda s: s.token(scope="mcp:toolsandmore"), 403),
    "no scope": ("/scopes", lambda s: s.token(scope=None), 403),
    "scope and audience wrong": ("/scopes", lambda s: s.token(scope="x", aud="urn:x"), 401),
    "client by client_id": ("/clients", lambda s: s.token(aud=None, client_id="client-2"), 200),
    "client by azp": ("/clients", lambda s: s.token(client_id=None, azp="client-1"), 200),
    "client by cid": ("/clients", lambda s: s.token(client_id=None, cid="client-1"), 200),
    "client by appid": ("/clients", lambda s: s.token(client_id=None, appid="client-1"), 200),
    "another client": ("/clients", lambda s: s.token(client_id="client-3"), 401),
    "the first client claim counts": ("/clients", lambda s: s.token(client_id="client-3", azp="client-1"), 401),
    "client is an array": ("/clients", lambda s: s.token(client_id=["client-1"]), 401),
    "no client": ("/clients", lambda s: s.token(client_id=None), 401),
    "second audience": ("/audiences", lambda s: s.token(aud=["urn:other"]), 200),
    "all custom claims": (
        "/custom",
        lambda s: s.token(tier="gold", groups=["x", "staff"], roles=["caller", "y"]),
        200,
    ),
    "custom string differs": ("/custom", lambda s: s.token(tier="Gold", groups=["staff"], roles=["caller"]), 401),
    "custom string is an array": ("/custom", lambda s: s.token(tier=["gold"], groups=["staff"], roles=["caller"]), 401),
    "custom array is a string": ("/custom", lambda s: s.token(tier="gold", groups="staff", roles=["caller"]), 401),
    "custom array lacks it": ("/custom", lambda s: s.token(tier="gold", groups=["staff"], roles=["x"]), 401),
    "a custom claim is missing": ("/custom", lambda s: s.token(tier="gold", groups=["staff"]), 401),
    "everything at once": ("/all", lambda s: s.token(tier="gold"), 200),
    "everything but the client": ("/all", lambda s: s.token(tier="gold", client_id="client-2"), 401),
    "everything but the claim": ("/all", lambda s: s.token(), 401),
    "everything but the scope": ("/all", lambda s: s.token(tier="gold", scope="x"), 403),
    "no skew, expired": ("/strict", lambda s: s.token(exp=now() - 1), 401),
    "no skew, valid": ("/strict", lambda s: s.token(), 200),
}


@pytest.mark.parametrize(("path", "mint", "status"), CONDITIONS.values(), ids=CONDITIONS.keys())
def test_conditions_are_all_of_the_kinds_and_any_within(
    gateway: Gateway, backend: RawBackend, signer: Signer, path: str, mint: Mint, status: int
) -> None:
    """AND across audience, client, custom claims and scope; OR within one; only scope gives 403 (GW-08, GW-46)."""
    before = backend.heads
    response = ask(gateway, mint(signer), path)
    if status == 200:
        assert response.status == 200
    else:
        error = {401: "invalid_token", 403: "insufficient_scope"}[status]
        assert_refused(gateway, response, status, error)
        assert backend.heads == before


def test_a_scope_challenge_names_all_scopes(gateway: Gateway, signer: Signer) -> None:
    """403 carries every scope of the route in one challenge (GW-09)."""
    challenge = ask(gateway, signer.token(scope="x"), "/scopes").get("www-authenticate")
    assert challenge is not None and 'scope="mcp:tools mcp:admin"' in challenge


HEADERS: dict[str, tuple[list[str], int, str | None]] = {
    "twice": (["Bearer {token}", "Bearer {token}"], 400, "invalid_request"),
    "twice with another scheme": (["Bearer {token}", "Basic dXNlcjpwYXNz"], 400, "invalid_request"),
    "empty token": (["Bearer "], 400, "invalid_request"),
    "scheme alone": (["Bearer"], 400, "invalid_request"),
    "two tokens": (["Bearer {token} {token}"], 400, "invalid_request"),
    "another scheme": (["Basic dXNlcjpwYXNz"], 401, None),
    "scheme in lower case": (["bearer {token}"], 200, None),
    "scheme in upper case": (["BEARER {token}"], 200, None),
    "two spaces": (["Bearer  {token}"], 200, None),
}


@pytest.mark.parametrize(("values", "status", "error"), HEADERS.values(), ids=HEADERS.keys())
def test_the_authorization_field(
    gateway: Gateway, signer: Signer, values: list[str], status: int, error: str | None
) -> None:
    """One well-formed Bearer credential in any case, or a clear refusal (GW-07, GW-40)."""
    token = signer.token()
    fields = [("Authorization", value.format(token=token)) for value in values]
    response = exchange(gateway.address, "POST", "/mcp", fields=fields, body=b"{}")
    assert response.status == status
    challenge = response.get("www-authenticate")
    if error is not None:
        assert challenge is not None and challenge.startswith(f'Bearer error="{error}"')
    elif status == 401:
        assert challenge is not None and "error=" not in challenge


def test_hostile_claims_cannot_inject_header_lines(gateway: Gateway, backend: RawBackend, signer: Signer) -> None:
    """Claims are encoded before they become identity headers (GW-61)."""
    response = ask(gateway, signer.token(sub="a\r\nX-Portcullis-Scopes: root\r\n", client_id="ü/b"))
    assert response.status == 200
    head = backend.last.raw_head.lower()
    assert backend.last.all("x-portcullis-scopes") == ["mcp:tools"]
    assert b"\r\nx-portcullis-scopes: root" not in head
    assert backend.last.get("x-portcullis-client") == "%C3%BC/b"


def test_every_request_needs_its_token(gateway: Gateway, signer: Signer) -> None:
    """A verified request on a connection does not open it for the next one (GW-17)."""
    with Connection(gateway.address) as connection:
        host = gateway.authority
        good = [("Authorization", f"Bearer {signer.token()}")]
        for fields, status in ((good, 200), ([], 401), (good, 200), ([], 401)):
            connection.send(request_bytes("POST", "/mcp", host, fields, b"{}"))
            assert connection.read_response().status == status


def test_a_token_that_was_verified_before_still_expires(gateway: Gateway, signer: Signer) -> None:
    """What the gateway remembers of a token ends with the token (GW-44, GW-53)."""
    token = signer.token(exp=now() + 2)
    assert ask(gateway, token, "/strict").status == 200
    wait_until(lambda: ask(gateway, token, "/strict").status == 401, "the token expires", 10, 0.1)


class TestProviderThatComesAndGoes:
    """Key life cycle; each test has a provider and a gateway of its own (GW-16, GW-50)."""

    @pytest.fixture
    def gateway(self, make_gateway: MakeGateway, backend: RawBackend, static_provider: StaticProvider) -> Gateway:
        return make_gateway([route(backend.url, authorization=static_provider.authorization())])

    @pytest.fixture
    def start(self, make_gateway: MakeGateway, backend: RawBackend, static_provider: StaticProvider) -> MakeOne:
        """Starts the gateway once the provider is as the test wants it: its keys are fetched from the start on."""
        return lambda: make_gateway([route(backend.url, authorization=static_provider.authorization())])

    def test_keys_are_fetched_once_and_beforehand(self, gateway: Gateway, static_provider: StaticProvider) -> None:
        """Nobody has to ask for them, and a challenge needs none."""
        assert exchange(gateway.address, "POST", "/mcp", body=b"{}").status == 401
        wait_until(lambda: gateway.events("keys_fetched"), "the keys are fetched")
        for _ in range(5):
            assert ask(gateway, static_provider.signer.token()).status == 200
        assert (static_provider.discovery_fetches, static_provider.jwks_fetches) == (1, 1)

    def test_concurrent_first_requests_share_one_fetch(self, start: MakeOne, static_provider: StaticProvider) -> None:
        """Single flight: everybody waits for the same keys."""
        static_provider.slow()
        gateway = start()
        connections = [Connection(gateway.address) for _ in range(8)]
        for connection in connections:
            fields = [("Authorization", f"Bearer {static_provider.signer.token()}")]
            connection.send(request_bytes("POST", "/mcp", gateway.authority, fields, b"{}"))
        static_provider.wait_for_fetch()
        static_provider.release.set()
        assert [connection.read_response().status for connection in connections] == [200] * 8
        for connection in connections:
            connection.close()
        assert (static_provider.discovery_fetches, static_provider.jwks_fetches) == (1, 1)

    def test_unusable_keys_do_not_spoil_the_set(self, start: MakeOne, static_provider: StaticProvider) -> None:
        """Keys that mean nothing to us are skipped one by one (GW-42)."""
        static_provider.extra_keys = [
            {"kty": "XYZ", "kid": "unknown-type"},
            {"kty": "RSA", "kid": "broken", "n": "!!", "e": "AQAB"},
            {"kty": "oct", "kid": "secret", "k": "c2VjcmV0", "alg": "HS256"},
            {"kty": "EC", "kid": "off-curve", "crv": "P-256", "x": base64url(bytes(32)), "y": base64url(bytes(32))},
            {"kid": "no-type"},
        ]
        gateway = start()
        assert ask(gateway, static_provider.signer.token()).status == 200


@pytest.mark.parametrize("form", ["appended", "inserted"])
def test_discovers_an_issuer_with_a_path(make_gateway: MakeGateway, backend: RawBackend, form: str) -> None:
    """Both places of the discovery document, and the issuer derived from either (GW-23, GW-50)."""
    provider = StaticProvider("urn:test:audience", path="/tenant/one")
    try:
        url = provider.discovery_url if form == "appended" else provider.inserted_discovery_url
        gateway = make_gateway([route(backend.url, authorization=provider.authorization(discovery_url=url))])
        assert ask(gateway, provider.signer.token()).status == 200
        metadata = exchange(gateway.address, "GET", "/.well-known/oauth-protected-resource/mcp")
        assert json.loads(metadata.body)["authorization_servers"] == [provider.issuer]
    finally:
        provider.stop()
