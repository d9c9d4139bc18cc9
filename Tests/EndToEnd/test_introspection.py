"""Tokens that only their provider can read: asked about, remembered for a while, and never guessed (RFC 7662)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeGateway
from support import secrecy
from support.asking import ask, ask_and_look, assert_accepted, assert_refused, assert_unavailable
from support.gateway import Gateway, route
from support.introspection import IntrospectionEndpoint, secret_in_field, secret_in_form, signed_assertion
from support.provider import Provider
from support.raw_backend import RawBackend
from support.rawhttp import Connection, exchange, request_bytes
from support.static_provider import StaticProvider, now
from support.tokens import make_key
from support.tools import ToolServers
from support.waiting import wait_until

CLIENT = "portcullis+gateway"
SECRET = "s3cret: ü/+%&="
OPAQUE = "opaque-token-0123456789"

MakeIntrospecting = Callable[..., Gateway]


@pytest.fixture
def provider() -> Iterator[StaticProvider]:
    provider = StaticProvider("urn:test:audience", algorithms=("ES256",))
    yield provider
    provider.stop()


@pytest.fixture
def endpoint(provider: StaticProvider) -> IntrospectionEndpoint:
    return IntrospectionEndpoint(provider, secret_in_field(CLIENT, SECRET))


@pytest.fixture
def secret_file(tmp_path: Path) -> str:
    secrecy.remember("client secret", SECRET)
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    return f"${{file:{file}}}"


@pytest.fixture
def make_introspecting(
    make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider, secret_file: str
) -> MakeIntrospecting:
    """A gateway whose one route asks the provider; options go to the section, `trust` to the route."""

    def make(trust: dict[str, Any] | None = None, **options: Any) -> Gateway:
        section = {"client_id": CLIENT, "client_secret": secret_file, **options}
        rules = provider.authorization(introspection=section, **(trust or {}))
        gateway = make_gateway([route(backend.url, authorization=rules)])
        wait_until(lambda: gateway.events("keys_fetched"), "the provider's metadata is there")
        return gateway

    return make


class TestAsking:
    def test_an_active_token_passes(
        self, make_introspecting: MakeIntrospecting, backend: RawBackend, endpoint: IntrospectionEndpoint
    ) -> None:
        """The answer's claims become the identity, and the endpoint is found by discovery."""
        gateway = make_introspecting()
        assert_accepted(gateway, endpoint.issue(OPAQUE, sub="alice", client_id="desk", scope="read write"))
        assert backend.last.get("x-portcullis-subject") == "alice"
        assert backend.last.get("x-portcullis-client") == "desk"
        assert backend.last.get("x-portcullis-scopes") == "read write"
        assert endpoint.questions == [{"token": OPAQUE, "token_type_hint": "access_token"}]

    def test_the_endpoint_can_be_named(
        self, make_introspecting: MakeIntrospecting, provider: StaticProvider, endpoint: IntrospectionEndpoint
    ) -> None:
        provider.metadata.clear()
        assert_accepted(make_introspecting(endpoint=endpoint.url), endpoint.issue(OPAQUE))

    def test_every_character_of_a_token_arrives(
        self, make_introspecting: MakeIntrospecting, endpoint: IntrospectionEndpoint
    ) -> None:
        assert_accepted(make_introspecting(), endpoint.issue("ab.cd-ef_gh~ij+kl/mn=="))

    def test_the_secret_may_stand_in_the_form(
        self, make_introspecting: MakeIntrospecting, provider: StaticProvider
    ) -> None:
        endpoint = IntrospectionEndpoint(provider, secret_in_form(CLIENT, SECRET))
        assert_accepted(make_introspecting(auth_method="client_secret_post"), endpoint.issue(OPAQUE))

    def test_a_key_may_stand_for_the_secret(
        self, make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider, tmp_path: Path
    ) -> None:
        """private_key_jwt: an assertion of its own for each question."""
        key = make_key("ES256", "client-key-1")
        file = tmp_path / "client.key"
        file.write_bytes(key.as_pem(private=True))
        endpoint = IntrospectionEndpoint(provider, signed_assertion(CLIENT, key, provider.issuer))
        section = {"client_id": CLIENT, "private_key": str(file), "key_id": "client-key-1"}
        gateway = make_gateway([route(backend.url, authorization=provider.authorization(introspection=section))])
        wait_until(lambda: gateway.events("keys_fetched"), "the provider's metadata is there")
        for number in range(3):
            assert_accepted(gateway, endpoint.issue(f"{OPAQUE}-{number}"))

    def test_nobody_asks_about_a_jwt(
        self, make_introspecting: MakeIntrospecting, provider: StaticProvider, endpoint: IntrospectionEndpoint
    ) -> None:
        """It is checked here, good or bad."""
        gateway = make_introspecting()
        assert_accepted(gateway, provider.signer.token())
        assert_refused(gateway, provider.signer.token(exp=1), "expired")
        assert endpoint.questions == []

    def test_unless_told_to(
        self, make_introspecting: MakeIntrospecting, provider: StaticProvider, endpoint: IntrospectionEndpoint
    ) -> None:
        """`tokens: all` finds out revoked ones; those of strangers are none of the provider's business."""
        gateway = make_introspecting(tokens="all")
        active, revoked = provider.signer.token(), provider.signer.token()
        assert_accepted(gateway, endpoint.issue(active))
        assert_accepted(gateway, endpoint.issue(OPAQUE))
        assert_refused(gateway, revoked, "inactive_token")
        assert [question["token"] for question in endpoint.questions] == [active, OPAQUE, revoked]
        assert_refused(gateway, provider.signer.token(iss="https://idp.example.test"), "wrong_issuer")
        assert len(endpoint.questions) == 3


# What the endpoint says of an active token, and why it is refused all the same.
CONDITIONS: dict[str, tuple[dict[str, Any], str, int]] = {
    "expired": ({"exp": now() - 3600}, "expired", 401),
    "not yet valid": ({"nbf": now() + 3600}, "not_yet_valid", 401),
    "another issuer": ({"iss": "https://idp.example.test"}, "wrong_issuer", 401),
    "another audience": ({"aud": "urn:other"}, "wrong_audience", 401),
    "no audience": ({"aud": None}, "wrong_audience", 401),
    "another client": ({"client_id": "other"}, "wrong_client", 401),
    "another scope": ({"scope": "other"}, "insufficient_scope", 403),
    "bound to a key": ({"cnf": {"jkt": "0" * 43}}, "proof_required", 401),
    "a claim of a wrong type": ({"exp": "tomorrow"}, "malformed_claims", 401),
}


@pytest.mark.parametrize(("claims", "reason", "status"), CONDITIONS.values(), ids=CONDITIONS.keys())
def test_an_active_token_meets_the_same_conditions(
    make_introspecting: MakeIntrospecting,
    endpoint: IntrospectionEndpoint,
    claims: dict[str, Any],
    reason: str,
    status: int,
) -> None:
    gateway = make_introspecting({"allowed_clients": ["client-1"], "allowed_scopes": ["mcp:tools"]})
    assert_refused(gateway, endpoint.issue(OPAQUE, **claims), reason, status)


def test_what_an_answer_may_leave_out(make_introspecting: MakeIntrospecting, endpoint: IntrospectionEndpoint) -> None:
    """Issuer and times: it is the issuer who speaks, now (RFC 7662 §2.2)."""
    assert_accepted(make_introspecting(), endpoint.issue(OPAQUE, iss=None, iat=None, exp=None))


class TestRemembering:
    def test_one_question_is_enough(
        self, make_introspecting: MakeIntrospecting, endpoint: IntrospectionEndpoint
    ) -> None:
        """For an active token as well as for one that is not."""
        gateway = make_introspecting()
        endpoint.issue(OPAQUE)
        for _ in range(3):
            assert_accepted(gateway, OPAQUE)
            assert_refused(gateway, "never-issued-0123456789", "inactive_token")
        assert len(endpoint.questions) == 2

    def test_without_caches_each_request_asks(
        self, make_introspecting: MakeIntrospecting, endpoint: IntrospectionEndpoint
    ) -> None:
        gateway = make_introspecting(cache="0s", negative_cache="0s")
        endpoint.issue(OPAQUE)
        assert_accepted(gateway, OPAQUE)
        endpoint.answers.clear()
        assert_refused(gateway, OPAQUE, "inactive_token")
        endpoint.issue(OPAQUE)
        assert_accepted(gateway, OPAQUE)
        assert len(endpoint.questions) == 3

    def test_a_revocation_is_seen_when_the_answer_is_old(
        self, make_introspecting: MakeIntrospecting, endpoint: IntrospectionEndpoint
    ) -> None:
        gateway = make_introspecting(cache="2s")
        assert_accepted(gateway, endpoint.issue(OPAQUE))
        endpoint.answers.clear()
        wait_until(lambda: ask(gateway, OPAQUE).status == 401, "the revocation is seen", 10, 0.05)
        assert len(endpoint.questions) == 2

    def test_no_answer_outlives_the_token(
        self, make_introspecting: MakeIntrospecting, endpoint: IntrospectionEndpoint
    ) -> None:
        gateway = make_introspecting({"clock_skew": "0s"}, cache="1h")
        assert_accepted(gateway, endpoint.issue(OPAQUE, exp=now() + 3))
        wait_until(lambda: ask(gateway, OPAQUE).status == 401, "the token expires", 10, 0.05)

    def test_everybody_who_asks_at_once_shares_a_question(
        self, make_introspecting: MakeIntrospecting, endpoint: IntrospectionEndpoint
    ) -> None:
        """Single flight; another token has a question of its own."""
        gateway = make_introspecting(cache="0s")
        endpoint.issue(OPAQUE)
        endpoint.issue(other := OPAQUE + "-other")
        endpoint.release.clear()
        connections = [Connection(gateway.address) for _ in range(12)]
        for number, connection in enumerate(connections):
            fields = [("Authorization", f"Bearer {other if number == 0 else OPAQUE}")]
            connection.send(request_bytes("POST", "/mcp", gateway.authority, fields, b"{}"))
        wait_until(lambda: len(endpoint.questions) == 2, "both questions are asked")
        # What was sent before this answer has been read: all of them wait.
        assert exchange(gateway.address, "POST", "/mcp", body=b"{}").status == 401
        endpoint.release.set()
        assert [connection.read_response().status for connection in connections] == [200] * 12
        assert len(endpoint.questions) == 2
        for connection in connections:
            connection.close()


def test_a_token_that_comes_early_waits_for_the_metadata(
    make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider, secret_file: str
) -> None:
    """As a JWT waits for the keys: the gateway has just started, and discovery is under way."""
    endpoint = IntrospectionEndpoint(provider, secret_in_field(CLIENT, SECRET))
    provider.slow()
    section = {"client_id": CLIENT, "client_secret": secret_file}
    gateway = make_gateway([route(backend.url, authorization=provider.authorization(introspection=section))])
    provider.wait_for_fetch()
    with Connection(gateway.address) as connection:
        fields = [("Authorization", f"Bearer {endpoint.issue(OPAQUE)}")]
        connection.send(request_bytes("POST", "/mcp", gateway.authority, fields, b"{}"))
        # What was sent before this answer has been read.
        assert exchange(gateway.address, "POST", "/mcp", body=b"{}").status == 401
        provider.release.set()
        assert connection.read_response().status == 200


class TestProviderThatCannotAnswer:
    def test_is_no_reason_to_throw_a_token_away(
        self, make_introspecting: MakeIntrospecting, provider: StaticProvider, endpoint: IntrospectionEndpoint
    ) -> None:
        """503 for what is not known; known tokens pass, and everything is well when it is back."""
        gateway = make_introspecting()
        known, unknown = endpoint.issue(OPAQUE), endpoint.issue(OPAQUE + "-unknown")
        assert_accepted(gateway, known)
        provider.leave()
        for _ in range(4):
            assert_unavailable(ask(gateway, unknown))
        assert_accepted(gateway, known)
        provider.come_back()
        wait_until(lambda: ask(gateway, unknown).status == 200, "the provider is asked again", 20, 0.1)

    def test_in_time_is_one(self, make_introspecting: MakeIntrospecting, endpoint: IntrospectionEndpoint) -> None:
        gateway = make_introspecting(timeout="300ms")
        endpoint.release.clear()
        assert_unavailable(ask(gateway, endpoint.issue(OPAQUE)))
        endpoint.release.set()
        wait_until(lambda: ask(gateway, OPAQUE).status == 200, "the provider is asked again", 20, 0.1)

    def test_with_sense_is_one(
        self, make_introspecting: MakeIntrospecting, endpoint: IntrospectionEndpoint
    ) -> None:
        """`active` is a boolean and nothing else; what resembles one opens nothing."""
        gateway = make_introspecting()
        for number, active in enumerate(("true", 1, None, [True])):
            token = endpoint.issue(f"{OPAQUE}-{number}")
            endpoint.answers[token]["active"] = active
            assert_unavailable(ask(gateway, token))

    def test_us_by_our_secret_says_so_in_the_log(
        self, make_introspecting: MakeIntrospecting, provider: StaticProvider
    ) -> None:
        """401 at the endpoint is our own fault, not the caller's."""
        endpoint = IntrospectionEndpoint(provider, secret_in_field(CLIENT, "another"))
        response, record = ask_and_look(make_introspecting(), endpoint.issue(OPAQUE))
        assert_unavailable(response)
        assert record["reason"] == "provider_unavailable"
        assert "status 401" in record["detail"] and "client_secret" in record["detail"]


@pytest.fixture
def real_provider(counterparts: tuple[Provider, ToolServers]) -> Provider:
    """The module's own `provider` is another one."""
    return counterparts[0]


@pytest.fixture
def provider_secret(real_provider: Provider, tmp_path: Path) -> str:
    file = tmp_path / "provider-secret"
    file.write_text(real_provider.machine_secret)
    return f"${{file:{file}}}"


def test_a_real_provider_s_opaque_tokens(
    make_gateway: MakeGateway, backend: RawBackend, provider_secret: str, real_provider: Provider
) -> None:
    """Issued, introspected, revoked: django-oauth-toolkit's own endpoints, found by its RFC 8414 metadata."""

    def routes(url: str) -> list[dict[str, Any]]:
        section = {"client_id": real_provider.machine_id, "client_secret": provider_secret, "cache": "1s"}
        trust = {
            "discovery_url": real_provider.inserted_discovery_url,
            "allowed_audience": [f"{url}/mcp"],
            "allowed_scopes": ["mcp:tools"],
            "introspection": section,
        }
        return [route(backend.url, authorization=trust)]

    gateway = make_gateway(routes)

    def token(resource: str = f"{gateway.url}/mcp", scope: str = "mcp:tools") -> str:
        return real_provider.machine_token(resource, scope, real_provider.opaque_id)

    good = token()
    assert "." not in good
    assert_accepted(gateway, good)
    assert backend.last.get("x-portcullis-client") == real_provider.opaque_id
    assert_refused(gateway, token(resource="https://mcp.example.test/mcp"), "wrong_audience")
    assert_refused(gateway, token(scope="mcp:other"), "insufficient_scope", 403)
    assert_refused(gateway, good + "x", "inactive_token")
    assert_accepted(gateway, real_provider.machine_token(f"{gateway.url}/mcp"))
    real_provider.revoke(good, real_provider.opaque_id)
    wait_until(lambda: ask(gateway, good).status == 401, "the revocation is seen", 10, 0.1)
