"""What a route asks of tokens beyond signature, issuer and time: scopes, claims, type and algorithms."""

from collections.abc import Iterator
from typing import Any

import pytest

from conftest import MakeGateway
from support.asking import assert_accepted, assert_refused
from support.gateway import Gateway, route
from support.raw_backend import RawBackend
from support.static_provider import StaticProvider


def rule(name: str, operator: str, value: str | list[str]) -> dict[str, Any]:
    """An entry of `custom_claims`."""
    member = "match_value_string" if isinstance(value, str) else "match_value_string_list"
    return {
        "inbound_token_claim_name": name,
        "inbound_token_claim_value_type": "STRING_ARRAY" if operator.startswith("CONTAINS") else "STRING",
        "authorizing_claim_match_value": {"claim_match_operator": operator, "claim_match_value": {member: value}},
    }


HIERARCHY = {"admin": ["write"], "write": ["read"]}
SECTIONS: dict[str, dict[str, Any]] = {
    "/any": {"allowed_scopes": ["read", "write"]},
    "/all": {"allowed_scopes": ["read", "write"], "scope_match": "all"},
    "/levels": {"allowed_scopes": ["read", "write"], "scope_match": "all", "scope_hierarchy": HIERARCHY},
    "/okta": {"allowed_scopes": ["read"], "scope_claims": ["scp"], "client_id_claims": ["cid"]},
    "/keycloak": {"allowed_scopes": ["read"], "scope_claims": ["realm_access.roles"]},
    "/nested": {"custom_claims": [rule("realm_access.roles", "CONTAINS", "caller")]},
    "/deep": {"custom_claims": [rule("a.b.c", "EQUALS", "x")]},
    "/url": {"custom_claims": [rule("https://example.com/team", "EQUALS", "größe \"x\" \\ '€'")]},
    "/one-of": {"custom_claims": [rule("tier", "EQUALS_ANY", ["gold", "silver"])]},
    "/either": {
        "custom_claims": [
            {"any_of": [rule("tier", "EQUALS", "gold"), rule("groups", "CONTAINS_ANY", ["staff", "tools"])]},
            rule("region", "EQUALS", "eu"),
        ]
    },
    "/typed": {"token_type": "at+jwt"},
    "/es256": {"allowed_algorithms": ["ES256"]},
    "/clients": {"allowed_clients": ["app"], "client_id_claims": ["client.id", "azp"]},
}


@pytest.fixture(scope="module")
def provider() -> Iterator[StaticProvider]:
    provider = StaticProvider("urn:test:audience", algorithms=("ES256", "EdDSA"))
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend, provider: StaticProvider) -> Gateway:
    return make_shared_gateway(
        [
            route(shared_backend.url, path=path, authorization=provider.authorization(**section))
            for path, section in SECTIONS.items()
        ]
    )


NO_SCOPE = {"scope": None}
# What a token has, and why it is refused if it is.
CASES: dict[str, tuple[str, dict[str, Any], str | None]] = {
    "any: one": ("/any", {"scope": "other write"}, None),
    "any: none": ("/any", {"scope": "other"}, "insufficient_scope"),
    "all: both": ("/all", {"scope": "write other read"}, None),
    "all: both in two claims": ("/all", {"scope": "write", "scp": ["read"]}, None),
    "all: one": ("/all", {"scope": "read"}, "insufficient_scope"),
    "all: one twice": ("/all", {"scope": "read read"}, "insufficient_scope"),
    "levels: the widest": ("/levels", {"scope": "admin"}, None),
    "levels: the one between": ("/levels", {"scope": "write"}, None),
    "levels: the narrowest": ("/levels", {"scope": "read"}, "insufficient_scope"),
    "levels: only downwards": ("/levels", {"scope": "read other"}, "insufficient_scope"),
    "without a hierarchy": ("/all", {"scope": "admin"}, "insufficient_scope"),
    "Okta: scp array": ("/okta", {"scope": None, "scp": ["read", "x"]}, None),
    "Entra: scp string": ("/okta", {"scope": None, "scp": "x read"}, None),
    "scope where scp counts": ("/okta", {"scope": "read"}, "insufficient_scope"),
    "scp of numbers": ("/okta", {"scope": None, "scp": [1, 2]}, "insufficient_scope"),
    "scp is an object": ("/okta", {"scope": None, "scp": {"read": True}}, "insufficient_scope"),
    "an array entry with a space": ("/okta", {"scope": None, "scp": ["x read"]}, "insufficient_scope"),
    "Keycloak: realm roles": ("/keycloak", {"realm_access": {"roles": ["read"]}, **NO_SCOPE}, None),
    "Keycloak: other roles": ("/keycloak", {"realm_access": {"roles": ["x"]}, **NO_SCOPE}, "insufficient_scope"),
    "Keycloak: roles at the top": ("/keycloak", {"roles": ["read"], **NO_SCOPE}, "insufficient_scope"),
    "nested: there": ("/nested", {"realm_access": {"roles": ["caller", "x"]}}, None),
    "nested: a literal name": ("/nested", {"realm_access.roles": ["caller"]}, None),
    "nested: the literal name counts": (
        "/nested",
        {"realm_access.roles": ["x"], "realm_access": {"roles": ["caller"]}},
        "claim_mismatch",
    ),
    "nested: missing": ("/nested", {"realm_access": {}}, "claim_mismatch"),
    "nested: not an object": ("/nested", {"realm_access": ["roles", "caller"]}, "claim_mismatch"),
    "deep: three levels": ("/deep", {"a": {"b": {"c": "x"}}}, None),
    "deep: dots inside of names": ("/deep", {"a.b": {"c": "x"}}, None),
    "deep: one level short": ("/deep", {"a": {"b": "x"}}, "claim_mismatch"),
    "any characters": ("/url", {"https://example.com/team": "größe \"x\" \\ '€'"}, None),
    "nearly the same": ("/url", {"https://example.com/team": "grösse \"x\" \\ '€'"}, "claim_mismatch"),
    "composed otherwise": ("/url", {"https://example.com/team": "gro\u0308ße \"x\" \\ '€'"}, "claim_mismatch"),
    "one of: the first": ("/one-of", {"tier": "gold"}, None),
    "one of: the last": ("/one-of", {"tier": "silver"}, None),
    "one of: another": ("/one-of", {"tier": "bronze"}, "claim_mismatch"),
    "one of: an array": ("/one-of", {"tier": ["gold"]}, "claim_mismatch"),
    "one of: both in one": ("/one-of", {"tier": "gold silver"}, "claim_mismatch"),
    "either: the first": ("/either", {"tier": "gold", "region": "eu"}, None),
    "either: the second": ("/either", {"groups": ["x", "tools"], "region": "eu"}, None),
    "either: neither": ("/either", {"tier": "tin", "groups": ["x"], "region": "eu"}, "claim_mismatch"),
    "either: without the rest": ("/either", {"tier": "gold", "region": "us"}, "claim_mismatch"),
    "the client by a path": ("/clients", {"client_id": None, "client": {"id": "app"}}, None),
    "the client by the second claim": ("/clients", {"client_id": "x", "azp": "app"}, None),
    "the first claim counts": ("/clients", {"client": {"id": "x"}, "azp": "app"}, "wrong_client"),
    "a claim that is not asked for": ("/clients", {"client_id": "app"}, "wrong_client"),
}


@pytest.mark.parametrize(("path", "claims", "reason"), CASES.values(), ids=CASES.keys())
def test_scopes_and_claims(
    gateway: Gateway, provider: StaticProvider, path: str, claims: dict[str, Any], reason: str | None
) -> None:
    """Scopes alone give 403, which more consent can cure."""
    token = provider.signer.token(**claims)
    if reason is None:
        assert_accepted(gateway, token, path)
    else:
        assert_refused(gateway, token, reason, 403 if reason == "insufficient_scope" else 401, path)


TYPES: dict[str, tuple[str | None, str | None]] = {
    "at+jwt": ("at+jwt", None),
    "in full": ("application/at+jwt", None),
    "in capitals": ("AT+JWT", None),
    "JWT": ("JWT", "wrong_token_type"),
    "none": (None, "wrong_token_type"),
    "another": ("vendor+jwt", "wrong_token_type"),
    "a longer one": ("at+jwt2", "wrong_token_type"),
    "one that is known to be something else": ("logout+jwt", "not_an_access_token"),
}


@pytest.mark.parametrize(("typ", "reason"), TYPES.values(), ids=TYPES.keys())
def test_token_type_at_jwt(gateway: Gateway, provider: StaticProvider, typ: str | None, reason: str | None) -> None:
    """RFC 9068 §4; elsewhere each of these but the last passes."""
    token = provider.signer.token(header={"typ": typ}, scope="read")
    if reason is None:
        assert_accepted(gateway, token, "/typed")
    else:
        assert_refused(gateway, token, reason, path="/typed")
    if reason != "not_an_access_token":
        assert_accepted(gateway, token, "/any")


def test_allowed_algorithms(gateway: Gateway, provider: StaticProvider) -> None:
    """A good signature of the provider's own key, by an algorithm that the route does not want."""
    for algorithm, reason in (("ES256", None), ("EdDSA", "unsupported_algorithm")):
        token = provider.signer.token(algorithm, scope="read")
        assert_accepted(gateway, token, "/any")
        if reason is None:
            assert_accepted(gateway, token, "/es256")
        else:
            assert_refused(gateway, token, reason, path="/es256")
