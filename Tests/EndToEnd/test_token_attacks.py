"""Tokens made to deceive, each refused for its own reason; and the algorithms that are meant to pass.

All attacks are sent at once: each bad signature waits until the provider's keys have been looked at again.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from conftest import MakeGateway
from support import secrecy
from support.asking import assert_accepted
from support.attacker import ORDERS, Attacker, as_der, ecdsa, with_member
from support.dpop import ProofKey
from support.gateway import Gateway, route
from support.raw_backend import RawBackend
from support.rawhttp import Connection, Response, request_bytes
from support.static_provider import StaticProvider
from support.tokens import ALL_ALGORITHMS, make_key
from support.waiting import wait_until

Mint = Callable[[Attacker], str]
Attacks = dict[str, tuple[Mint, str]]

MOST_BYTES = 16 * 1024
MOST_LEVELS = 16


@pytest.fixture(scope="module")
def weak() -> RSAKey:
    return RSAKey.generate_key(1024, {"kid": "weak", "use": "sig", "alg": "RS256"})


@pytest.fixture(scope="module")
def provider(weak: RSAKey) -> Iterator[StaticProvider]:
    provider = StaticProvider("urn:test:audience", algorithms=ALL_ALGORITHMS)
    provider.extra_keys = [
        weak.as_dict(private=False),
        {**make_key("ES256", "for-encryption").as_dict(private=False), "use": "enc"},
        {"kty": "oct", "kid": "symmetric", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"},
    ]
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def trap() -> Iterator[StaticProvider]:
    """Would give the attacker's keys to whoever asks."""
    provider = StaticProvider("urn:test:audience", algorithms=("ES256",))
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def attacker(provider: StaticProvider, trap: StaticProvider, weak: RSAKey) -> Attacker:
    return Attacker(provider.signer, trap.signer.keys["ES256"], trap.origin + trap.jwks_path, weak)


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend, provider: StaticProvider) -> Gateway:
    trust = provider.authorization()
    return make_shared_gateway([route(shared_backend.url, authorization=trust)], limits={"failed_tokens": 0})


def unsigned(algorithm: str, signature: str = "") -> Mint:
    return lambda a: a.unsigned(algorithm, signature)


def forged(**header: Any) -> Mint:
    return lambda a: a.forged(header)


def good(header: dict[str, Any] | None = None, **claims: Any) -> Mint:
    """Signed by the provider."""
    return lambda a: a.signer.token("ES256", header, **claims)


def resigned(algorithm: str, change: Callable[[bytes], bytes]) -> Mint:
    return lambda a: a.resigned(algorithm, change)


def numbers(algorithm: str, r: int, s: int) -> Mint:
    return resigned(algorithm, lambda _: ecdsa(algorithm, r, s))


def mangled(change: Callable[[str, str, str], str]) -> Mint:
    """A good token whose three parts are put together otherwise."""
    return lambda a: change(*a.signer.token("ES256").split("."))


def header_text(member: str) -> Mint:
    """One member more in the header, in front of the good ones."""

    def mint(a: Attacker) -> str:
        header = json.dumps({"alg": "ES256", "typ": "at+jwt", "kid": a.signer.keys["ES256"].kid})
        return a.with_texts(header=with_member(header, member))

    return mint


def claims_text(member: str) -> Mint:
    return lambda a: a.with_texts(claims=with_member(json.dumps(a.signer.claims()), member))


def nested(levels: int) -> str:
    return '"deep": ' + "[" * levels + "]" * levels


NO_SIGNATURE: Attacks = {
    **{f"alg {name!r}": (unsigned(name, "AAAA"), "unsupported_algorithm") for name in ("none", "None", "NONE", "nOnE")},
    "alg with a space": (unsigned("none ", "AAAA"), "unsupported_algorithm"),
    "alg with a null byte": (unsigned("ES256\0", "AAAA"), "unsupported_algorithm"),
    "alg empty": (unsigned("", "AAAA"), "unsupported_algorithm"),
    "alg in lower case": (unsigned("es256", "AAAA"), "unsupported_algorithm"),
    "alg none, nothing behind the dot": (unsigned("none"), "malformed"),
    "alg ES256, nothing behind the dot": (unsigned("ES256"), "malformed"),
    "no second dot": (lambda a: unsigned("none")(a).rstrip("."), "opaque_token"),
}

CONFUSION: Attacks = {
    "HS256 with the PEM": (lambda a: a.confused(a.public_key("PEM")), "unsupported_algorithm"),
    "HS384 with the PEM": (lambda a: a.confused(a.public_key("PEM"), 384), "unsupported_algorithm"),
    "HS512 with the PEM": (lambda a: a.confused(a.public_key("PEM"), 512), "unsupported_algorithm"),
    "HS256 with the PEM in one line": (lambda a: a.confused(a.public_key("PEM").strip()), "unsupported_algorithm"),
    "HS256 with the PKCS1 PEM": (lambda a: a.confused(a.public_key("PEM", "PKCS1")), "unsupported_algorithm"),
    "HS256 with the DER": (lambda a: a.confused(a.public_key("DER")), "unsupported_algorithm"),
    "HS256 with the JWK": (
        lambda a: a.confused(json.dumps(a.signer.keys["RS256"].as_dict(private=False)).encode()),
        "unsupported_algorithm",
    ),
    "HS256 with nothing": (lambda a: a.confused(b""), "unsupported_algorithm"),
    "HS256 with a published secret": (lambda a: a.confused(b"secret-secret-secret-secret"), "unsupported_algorithm"),
    # The algorithm belongs to the key: the header does not choose another one for it.
    **{
        f"{wanted} with the key for {used}": (
            lambda a, used=used, wanted=wanted: a.signer.token(
                wanted, {"kid": a.signer.keys[used].kid}, a.signer.keys[used]
            ),
            "unknown_key",
        )
        for used, wanted in (("RS256", "PS256"), ("PS256", "RS256"), ("RS256", "RS512"), ("PS512", "PS384"))
    },
    "ES384 in the header of an ES256 token": (good({"alg": "ES384"}), "unknown_key"),
    "EdDSA in the header of an ES256 token": (good({"alg": "EdDSA"}), "unknown_key"),
}

KEY_IDS: Attacks = {
    name: (forged(kid=kid), "unknown_key")
    for name, kid in {
        "kid is a path": "../../../../../../dev/null",
        "kid is a file": "/etc/passwd",
        "kid is SQL": "x' UNION SELECT 'secret' --",
        "kid is a command": "| sleep 20",
        "kid is a URL": "http://127.0.0.1/keys",
        "kid has a null byte": "es256-1\0.pem",
        "kid has line ends": "es256-1\r\nX-Injected: 1",
        "kid has a space more": "es256-1 ",
        "kid in capitals": "ES256-1",
        "kid is very long": "k" * 9_000,
        "kid is empty": "",
        "kid is a template": "${jndi:ldap://127.0.0.1/x}",
        "kid of a key for encryption": "for-encryption",
        "kid of a secret": "symmetric",
    }.items()
} | {
    "kid is an array": (forged(kid=["es256-1"]), "malformed_header"),
    "kid is an object": (forged(kid={"$ne": None}), "malformed_header"),
    "kid is a number": (forged(kid=7), "malformed_header"),
    "kid of a good key": (forged(kid="es256-1"), "bad_signature"),
    "no kid": (forged(kid=None), "bad_signature"),
    "a key of 1024 bits": (lambda a: a.signer.token("RS256", key=a.weak), "unknown_key"),
}

OWN_KEYS: Attacks = {
    f"{name}, {words}": (
        lambda a, make=make, kid=kid: a.forged({**make(a), "kid": kid}),
        reason,
    )
    for name, make in {
        "jwk": lambda a: {"jwk": a.key.as_dict(private=False)},
        "jku": lambda a: {"jku": a.trap},
        "x5u": lambda a: {"x5u": a.trap},
        "x5c": lambda a: {"x5c": ["MIIBszCCAVmgAwIBAgIU"]},
    }.items()
    for words, kid, reason in (
        ("and the kid of a good key", "es256-1", "bad_signature"),
        ("and no kid", None, "bad_signature"),
        ("and a kid of its own", "attacker-1", "unknown_key"),
    )
}

SIGNATURES: Attacks = {
    **{f"{name}, r = s = 0": (numbers(name, 0, 0), "bad_signature") for name in ORDERS},
    **{f"{name}, r = s = the order": (numbers(name, order, order), "bad_signature") for name, order in ORDERS.items()},
    **{f"{name}, r = 0": (numbers(name, 0, 1), "bad_signature") for name in ORDERS},
    **{f"{name}, s = 0": (numbers(name, 1, 0), "bad_signature") for name in ORDERS},
    **{f"{name} in DER": (resigned(name, as_der), "bad_signature") for name in ORDERS},
    **{f"{name}, a byte more": (resigned(name, lambda s: s + b"\0"), "bad_signature") for name in ALL_ALGORITHMS},
    **{f"{name}, a byte in front": (resigned(name, lambda s: b"\0" + s), "bad_signature") for name in ALL_ALGORITHMS},
    **{f"{name}, a byte less": (resigned(name, lambda s: s[:-1]), "bad_signature") for name in ALL_ALGORITHMS},
    **{
        f"{name}, a bit changed": (resigned(name, lambda s: bytes([s[0] ^ 1]) + s[1:]), "bad_signature")
        for name in ALL_ALGORITHMS
    },
    "RS256 of zeros": (resigned("RS256", lambda s: bytes(len(s))), "bad_signature"),
    "RS256 of ones": (resigned("RS256", lambda s: b"\xff" * len(s)), "bad_signature"),
    "of another token": (
        lambda a: a.signer.token("ES256").rsplit(".", 1)[0] + "." + a.signer.token("ES256", sub="x").rsplit(".", 1)[1],
        "bad_signature",
    ),
    "over other claims": (
        lambda a: ".".join(
            (a.signer.token("ES256", sub="x").split(".")[:2] + a.signer.token("ES256").split(".")[2:])
        ),
        "bad_signature",
    ),
}

MEMBERS: Attacks = {
    "sub twice": (claims_text('"sub": "admin"'), "malformed_claims"),
    "exp twice": (claims_text('"exp": 9999999999'), "malformed_claims"),
    "aud twice": (claims_text('"aud": "urn:other"'), "malformed_claims"),
    "sub twice, once escaped": (claims_text('"s\\u0075b": "admin"'), "malformed_claims"),
    "a member twice inside of a claim": (claims_text('"x": {"a": 1, "a": 2}'), "malformed_claims"),
    "alg twice": (header_text('"alg": "none"'), "malformed_header"),
    "kid twice": (header_text('"kid": "other"'), "malformed_header"),
    "alg twice, once escaped": (header_text('"\\u0061lg": "none"'), "malformed_header"),
    "crit": (good({"crit": ["exp"]}), "unsupported_header"),
    "crit, empty": (good({"crit": []}), "unsupported_header"),
    "crit of what is there": (good({"crit": ["x"], "x": 1}), "unsupported_header"),
    "crit of DPoP": (good({"crit": ["jwk"]}), "unsupported_header"),
    "zip": (good({"zip": "DEF"}), "unsupported_header"),
    "b64 is false": (good({"b64": False, "crit": ["b64"]}), "unsupported_header"),
    "b64 is false, without crit": (good({"b64": False}), "unsupported_header"),
}

FORMS: Attacks = {
    "just too long": (lambda a: a.sized(MOST_BYTES + 3), "too_long"),
    "much too long": (lambda a: a.sized(24_000), "too_long"),
    "a level too deep": (claims_text(nested(MOST_LEVELS)), "malformed_claims"),
    "thousands of levels": (claims_text(nested(5_000)), "malformed_claims"),
    "thousands of levels in the header": (header_text(nested(5_000)), "malformed_header"),
    "too many values": (claims_text('"many": [' + "0," * 4_500 + "0]"), "malformed_claims"),
    "a token inside of the token": (
        lambda a: a.signer.sign(a.signer.token("ES256"), "ES256", {"cty": "JWT"}),
        "malformed_claims",
    ),
    "a token in quotes": (lambda a: a.signer.sign(json.dumps(a.signer.token("ES256")), "ES256"), "malformed_claims"),
    "claims in an array": (lambda a: a.signer.sign(json.dumps([a.signer.claims()]), "ES256"), "malformed_claims"),
    "something behind the claims": (
        lambda a: a.with_texts(claims=json.dumps(a.signer.claims()) + "{}"),
        "malformed_claims",
    ),
    "a byte order mark": (lambda a: a.with_texts(claims="\ufeff" + json.dumps(a.signer.claims())), "malformed_claims"),
    "half a surrogate pair": (claims_text('"x": "\\ud800"'), "malformed_claims"),
    "no claims": (lambda a: a.signer.sign("", "ES256"), "malformed_claims"),
    "a JWE": (lambda a: a.encrypted("RSA-OAEP"), "encrypted_token"),
    "a JWE by its dots": (mangled(lambda h, p, s: f"{h}..{p}.{s}.AAAA"), "encrypted_token"),
    "four parts": (mangled(lambda h, p, s: f"{h}.{p}.{s}.{s}"), "opaque_token"),
    "six parts": (mangled(lambda h, p, s: f"{h}.{p}.{s}.{s}.{s}.{s}"), "opaque_token"),
    "dots only": (lambda a: "..", "malformed"),
    "no header": (mangled(lambda h, p, s: f".{p}.{s}"), "malformed"),
    "truncated header": (mangled(lambda h, p, s: f"{h[:-1]}.{p}.{s}"), "malformed"),
    "header cut off": (mangled(lambda h, p, s: f"{h[:-4]}.{p}.{s}"), "malformed_header"),
    "truncated signature": (mangled(lambda h, p, s: f"{h}.{p}.{s[:-1]}"), "malformed"),
    "one character of signature": (mangled(lambda h, p, s: f"{h}.{p}.A"), "malformed"),
    "a bit too many at the end": (
        mangled(lambda h, p, s: f"{h}.{p}.{s[:-1]}{chr(ord(s[-1]) + 1)}"),
        "malformed",
    ),
    "padded": (mangled(lambda h, p, s: f"{h}.{p}.{s}=="), "malformed"),
    "base64 of another alphabet": (mangled(lambda h, p, s: f"{h}.{p}.{'+/' + s[2:]}"), "malformed"),
}

OTHER_KINDS: Attacks = {
    name: (mint, "not_an_access_token")
    for name, mint in {
        "an ID token": good({"typ": "JWT"}, nonce="n-1", at_hash="h", auth_time=1),
        "an ID token of the hybrid flow": good({"typ": None}, c_hash="h"),
        "Cognito's ID token": good({"typ": None}, token_use="id"),
        "Keycloak's ID token": good({"typ": "JWT"}, typ="ID", sid="s"),
        "Keycloak's refresh token": good({"typ": "JWT"}, typ="Refresh"),
        "Keycloak's offline token": good({"typ": "JWT"}, typ="Offline"),
        "an ID-JAG": good({"typ": "oauth-id-jag+jwt"}, resource="https://mcp.example.com"),
        "an ID-JAG in capitals": good({"typ": "application/OAuth-ID-JAG+JWT"}),
        "a logout token": good({"typ": "logout+jwt"}, events={}),
        "a logout token by its events": good(
            {"typ": "JWT"}, events={"http://schemas.openid.net/event/backchannel-logout": {}}, sid="s"
        ),
        "a security event": good({"typ": "secevent+jwt"}, events={"urn:event": {}}),
        "a security event by its events": good({"typ": None}, events={"urn:event": {}}, toe=1),
        "a client assertion": good({"typ": "client-authentication+jwt"}),
        "an authorization request": good({"typ": "oauth-authz-req+jwt"}),
        "an answer about a token": good({"typ": "token-introspection+jwt"}),
        "a DPoP proof with claims": good({"typ": "dpop+jwt"}, htm="POST", htu="https://mcp.example.com/mcp"),
    }.items()
} | {"a DPoP proof": (lambda a: ProofKey().proof("token", "https://mcp.example.com/mcp"), "wrong_issuer")}

ATTACKS = NO_SIGNATURE | CONFUSION | KEY_IDS | OWN_KEYS | SIGNATURES | MEMBERS | FORMS | OTHER_KINDS


@pytest.fixture(scope="module")
def verdicts(gateway: Gateway, attacker: Attacker) -> dict[str, tuple[Response, dict[str, Any]]]:
    """The answer and the access record of every attack."""
    pending: dict[str, tuple[Connection, str]] = {}
    for number, (name, (mint, _)) in enumerate(ATTACKS.items()):
        token = mint(attacker)
        secrecy.remember("token", token)
        connection, path = Connection(gateway.address, timeout=40), f"/mcp/attack-{number}"
        fields = [("Authorization", f"Bearer {token}")]
        connection.send(request_bytes("POST", path, gateway.authority, fields, b"{}"))
        pending[name] = connection, path
    answers = {name: connection.read_response() for name, (connection, _) in pending.items()}
    for connection, _ in pending.values():
        connection.close()
    wait_until(lambda: len(gateway.events("request")) >= len(pending), "every attack is logged")
    records = {line["path"]: line for line in gateway.events("request")}
    return {name: (answers[name], records[path]) for name, (_, path) in pending.items()}


@pytest.mark.parametrize(("name", "reason"), [(name, reason) for name, (_, reason) in ATTACKS.items()], ids=ATTACKS)
def test_refuses_every_attack(
    verdicts: dict[str, tuple[Response, dict[str, Any]]], name: str, reason: str
) -> None:
    """401 invalid_token for the client, and the whole reason for the operator."""
    response, record = verdicts[name]
    assert (response.status, record.get("reason")) == (401, reason), record
    challenge = response.get("www-authenticate")
    assert challenge is not None and challenge.startswith('Bearer error="invalid_token"')
    assert record["auth"] == "refused" and not record.get("subject")


@pytest.mark.usefixtures("verdicts")
def test_no_attack_reached_anybody(shared_backend: RawBackend, trap: StaticProvider) -> None:
    """Neither the backend, nor the place where an attacker keeps its keys."""
    assert not any(b"/attack-" in head for head in shared_backend.raw_heads)
    assert trap.paths == []


@pytest.mark.usefixtures("verdicts")
def test_the_gateway_has_survived(gateway: Gateway, provider: StaticProvider) -> None:
    for algorithm in ALL_ALGORITHMS:
        assert_accepted(gateway, provider.signer.token(algorithm))


@pytest.mark.parametrize("kid", [True, False], ids=["kid", "no kid"])
@pytest.mark.parametrize("algorithm", ALL_ALGORITHMS)
def test_accepts_every_algorithm(gateway: Gateway, provider: StaticProvider, algorithm: str, kid: bool) -> None:
    """With a key of its own each; without a key id those for the algorithm are tried."""
    header = {} if kid else {"kid": None}
    assert_accepted(gateway, provider.signer.token(algorithm, header))


def test_accepts_what_is_almost_too_much(gateway: Gateway, attacker: Attacker) -> None:
    """The largest and the deepest token that passes: the limits are where they are said to be."""
    largest = attacker.sized(MOST_BYTES)
    assert MOST_BYTES - 2 <= len(largest) <= MOST_BYTES
    assert_accepted(gateway, largest)
    assert_accepted(gateway, claims_text(nested(MOST_LEVELS - 1))(attacker))


def test_links_to_keys_are_ignored_and_not_minded(gateway: Gateway, attacker: Attacker, trap: StaticProvider) -> None:
    """A good token may have them: nobody follows."""
    for header in ({"jku": attacker.trap}, {"x5u": attacker.trap}, {"jwk": {"kty": "oct", "k": "AAAA"}}):
        assert_accepted(gateway, attacker.signer.token("ES256", header))
    assert trap.paths == []
