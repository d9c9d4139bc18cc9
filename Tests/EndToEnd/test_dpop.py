"""Tokens bound to a key of the client, which proves with each request that it has it (RFC 9449)."""

import json
import re
from collections.abc import Callable

import pytest
import requests
import requests_oauth2client as client_library

from conftest import MakeGateway
from support import secrecy
from support.asking import ask, ask_and_look, assert_accepted, assert_refused, below
from support.dpop import ProofKey
from support.gateway import Gateway, route
from support.h2frames import H2Connection
from support.raw_backend import RawBackend
from support.rawhttp import Response, exchange
from support.static_provider import StaticProvider, now
from support.tokens import ALL_ALGORITHMS, Signer, base64url, make_key
from support.waiting import wait_until

# From key, token and URL to the DPoP fields of a request.
Fields = Callable[[ProofKey, str, str], list[str]]


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend, shared_provider: StaticProvider) -> Gateway:
    """Routes that take proofs, require them, want a nonce in them, or know nothing of them."""
    trust = shared_provider.authorization
    sections = {
        "/mcp": trust(dpop={}),
        "/required": trust(dpop={"mode": "required"}),
        "/nonce": trust(dpop={"mode": "required", "nonce": True}),
        "/either": trust(dpop={"nonce": True}),
        "/es256": trust(dpop={"algorithms": ["ES256"], "max_age": "10s"}, clock_skew="0s"),
        "/plain": trust(),
    }
    return make_shared_gateway(
        [route(shared_backend.url, path=path, authorization=section) for path, section in sections.items()]
    )


@pytest.fixture(scope="module")
def signer(shared_provider: StaticProvider) -> Signer:
    return shared_provider.signer


@pytest.fixture(scope="module")
def key() -> ProofKey:
    return ProofKey()


def ask_with(gateway: Gateway, token: str, proofs: list[str], path: str = "/mcp", scheme: str = "DPoP") -> Response:
    return ask(gateway, token, path, scheme, [("DPoP", proof) for proof in proofs])


def challenges(response: Response) -> dict[str, str]:
    """The challenges by scheme; each stands on a line of its own."""
    return {line.split(" ", 1)[0]: line for line in response.all("www-authenticate")}


def assert_proof_refused(
    gateway: Gateway, response: Response, reason: str, error: str = "invalid_dpop_proof", path: str = "/mcp"
) -> None:
    assert response.status == 401, response.body
    assert f'error="{error}"' in challenges(response)["DPoP"]
    assert "error=" not in challenges(response).get("Bearer", "")
    assert gateway.access(path=path, status=401, reason=reason)


@pytest.mark.parametrize("algorithm", ALL_ALGORITHMS)
def test_a_proof_opens_the_route(gateway: Gateway, backend: RawBackend, signer: Signer, algorithm: str) -> None:
    """With every algorithm; neither token nor proof reaches the backend."""
    key = ProofKey(algorithm)
    token = key.token(signer)
    response = ask_with(gateway, token, [key.proof(token, gateway.url + "/mcp")])
    assert response.status == 200, response.all("www-authenticate")
    assert backend.last.get("x-portcullis-subject") == "user-1"
    assert backend.last.get("dpop") is None and backend.last.get("authorization") is None


GOOD: dict[str, Callable[[ProofKey, str, str], str]] = {
    "issued a moment ago": lambda k, t, u: k.proof(t, u, iat=now() - 30),
    "issued within the skew": lambda k, t, u: k.proof(t, u, iat=now() + 30),
    "URL with a query": lambda k, t, u: k.proof(t, u + "?a=b"),
    "URL with a fragment": lambda k, t, u: k.proof(t, u + "#part"),
    "scheme and host in capitals": lambda k, t, u: k.proof(t, u.replace("http", "HTTP")),
    "unknown claim": lambda k, t, u: k.proof(t, u, extra=["x"]),
    "a nonce nobody asked for": lambda k, t, u: k.proof(t, u, nonce="whatever"),
}


@pytest.mark.parametrize("make", GOOD.values(), ids=GOOD.keys())
def test_accepts_what_clients_send(
    gateway: Gateway, signer: Signer, key: ProofKey, make: Callable[[ProofKey, str, str], str]
) -> None:
    token = key.token(signer)
    assert ask_with(gateway, token, [make(key, token, gateway.url + "/mcp")]).status == 200


def test_the_scheme_has_no_case_and_the_query_no_part(gateway: Gateway, signer: Signer, key: ProofKey) -> None:
    """`htu` is the URL without its query (RFC 9449 §4.2)."""
    token = key.token(signer)
    for scheme in ("dpop", "DPOP"):
        proof = key.proof(token, gateway.url + "/mcp")
        assert ask_with(gateway, token, [proof], "/mcp?page=2", scheme).status == 200


def with_other_signature(key: ProofKey, token: str, url: str) -> list[str]:
    mine, stranger = key.proof(token, url), ProofKey().proof(token, url)
    return [mine.rsplit(".", 1)[0] + "." + stranger.rsplit(".", 1)[1]]


def private_jwk(key: ProofKey) -> dict[str, str]:
    return {**key.jwk, "d": str(key.key.as_dict(private=True)["d"])}


FAULTY: dict[str, tuple[Fields, str]] = {
    "missing": (lambda k, t, u: [], "proof_missing"),
    "twice": (lambda k, t, u: [k.proof(t, u), k.proof(t, u)], "proof_repeated"),
    "not a JWT": (lambda k, t, u: ["proof"], "proof_malformed"),
    "empty": (lambda k, t, u: [""], "proof_malformed"),
    "the token itself": (lambda k, t, u: [t], "proof_malformed"),
    "two in one field": (lambda k, t, u: [f"{k.proof(t, u)}, {k.proof(t, u)}"], "proof_malformed"),
    "typ JWT": (lambda k, t, u: [k.proof(t, u, header={"typ": "JWT"})], "proof_malformed"),
    "no typ": (lambda k, t, u: [k.proof(t, u, header={"typ": None})], "proof_malformed"),
    "crit": (lambda k, t, u: [k.proof(t, u, header={"crit": ["x"], "x": 1})], "proof_malformed"),
    "no jti": (lambda k, t, u: [k.proof(t, u, jti=None)], "proof_malformed"),
    "no htm": (lambda k, t, u: [k.proof(t, u, htm=None)], "proof_malformed"),
    "no htu": (lambda k, t, u: [k.proof(t, u, htu=None)], "proof_malformed"),
    "no iat": (lambda k, t, u: [k.proof(t, u, iat=None)], "proof_malformed"),
    "no ath": (lambda k, t, u: [k.proof(t, u, ath=None)], "proof_malformed"),
    "iat is a string": (lambda k, t, u: [k.proof(t, u, iat=str(now()))], "proof_malformed"),
    "too long": (lambda k, t, u: [k.proof(t, u, filler="x" * 6_000)], "proof_malformed"),
    "alg none": (lambda k, t, u: [k.proof(t, u, header={"alg": "none"})], "proof_malformed"),
    "alg HS256": (lambda k, t, u: [k.proof(t, u, header={"alg": "HS256"})], "proof_malformed"),
    "another method": (lambda k, t, u: [k.proof(t, u, "GET")], "proof_wrong_method"),
    "method in lower case": (lambda k, t, u: [k.proof(t, u, "post")], "proof_wrong_method"),
    "another path": (lambda k, t, u: [k.proof(t, u + "/more")], "proof_wrong_target"),
    "another route": (lambda k, t, u: [k.proof(t, u.replace("/mcp", "/required"))], "proof_wrong_target"),
    "another host": (lambda k, t, u: [k.proof(t, "https://mcp.example.com/mcp")], "proof_wrong_target"),
    "another scheme": (lambda k, t, u: [k.proof(t, u.replace("http:", "https:"))], "proof_wrong_target"),
    "user information": (lambda k, t, u: [k.proof(t, u.replace("//", "//user@"))], "proof_wrong_target"),
    "a path instead of a URL": (lambda k, t, u: [k.proof(t, "/mcp")], "proof_wrong_target"),
    "another token": (lambda k, t, u: [k.proof("another", u)], "proof_wrong_token"),
    "ath with padding": (lambda k, t, u: [k.proof(t, u, ath=base64url(bytes(32)) + "=")], "proof_wrong_token"),
    "issued long ago": (lambda k, t, u: [k.proof(t, u, iat=now() - 200)], "proof_stale"),
    "issued in the future": (lambda k, t, u: [k.proof(t, u, iat=now() + 200)], "proof_stale"),
    "signed by a stranger": (with_other_signature, "proof_bad_signature"),
    "no jwk": (lambda k, t, u: [k.proof(t, u, header={"jwk": None})], "proof_bad_key"),
    "a private jwk": (lambda k, t, u: [k.proof(t, u, header={"jwk": private_jwk(k)})], "proof_bad_key"),
    "a secret as jwk": (
        lambda k, t, u: [k.proof(t, u, header={"jwk": {"kty": "oct", "k": base64url("x" * 32)}})],
        "proof_bad_key",
    ),
    "a jwk for another algorithm": (
        lambda k, t, u: [k.proof(t, u, header={"jwk": make_key("EdDSA", "x").as_dict(private=False)})],
        "proof_bad_key",
    ),
}


@pytest.mark.parametrize(("make", "reason"), FAULTY.values(), ids=FAULTY.keys())
def test_refuses_every_fault_of_a_proof(
    gateway: Gateway, backend: RawBackend, signer: Signer, key: ProofKey, make: Fields, reason: str
) -> None:
    """401 invalid_dpop_proof, and the backend is not reached."""
    before = backend.heads
    token = key.token(signer)
    path = below("/mcp")
    proofs = make(key, token, gateway.url + path)
    assert_proof_refused(gateway, ask_with(gateway, token, proofs, path), reason, path=path)
    assert backend.heads == before


def test_a_proof_is_good_once(gateway: Gateway, signer: Signer, key: ProofKey) -> None:
    """Also for another token of the same key; another key may choose the same `jti`."""
    token = key.token(signer)
    proof = key.proof(token, gateway.url + "/mcp", jti="the-same")
    assert ask_with(gateway, token, [proof]).status == 200
    assert_proof_refused(gateway, ask_with(gateway, token, [proof]), "proof_replayed")
    again = key.proof(token, gateway.url + "/mcp", jti="the-same")
    assert_proof_refused(gateway, ask_with(gateway, token, [again]), "proof_replayed")
    other = ProofKey()
    bound = other.token(signer)
    assert ask_with(gateway, bound, [other.proof(bound, gateway.url + "/mcp", jti="the-same")]).status == 200


def test_a_refused_proof_is_not_used_up_by_its_refusal(gateway: Gateway, signer: Signer, key: ProofKey) -> None:
    """A proof for another method says nothing about the right one with the same `jti`."""
    token = key.token(signer)
    wrong = key.proof(token, gateway.url + "/mcp", "GET", jti="once")
    assert ask_with(gateway, token, [wrong]).status == 401
    right = key.proof(token, gateway.url + "/mcp", jti="once")
    assert ask_with(gateway, token, [right]).status == 200


def test_the_proof_must_be_of_the_key_that_the_token_names(gateway: Gateway, signer: Signer, key: ProofKey) -> None:
    """A stolen token with the thief's own proof; and a proof for a token that is bound to nothing."""
    for token in (ProofKey().token(signer), signer.token()):
        path = below("/mcp")
        response = ask_with(gateway, token, [key.proof(token, gateway.url + path)], path)
        assert_proof_refused(gateway, response, "not_bound_to_key", "invalid_token", path)


@pytest.mark.parametrize("path", ["/mcp", "/required", "/plain"])
def test_a_bound_token_is_no_bearer_token(gateway: Gateway, signer: Signer, key: ProofKey, path: str) -> None:
    """Also with a good proof beside it, and on a route that knows nothing of proofs (RFC 9449 §7.2)."""
    token = key.token(signer)
    for has_proof in (False, True):
        target = below(path)
        proof = [("DPoP", key.proof(token, gateway.url + target))] if has_proof else []
        assert ask(gateway, token, target, fields=proof).status == 401
        assert gateway.access(path=target)["reason"] == "proof_required"


def test_a_token_without_a_bond_is_a_bearer_token(gateway: Gateway, signer: Signer) -> None:
    """Where proofs are optional."""
    assert_accepted(gateway, signer.token())
    response, record = ask_and_look(gateway, signer.token(), "/required")
    assert (response.status, record.get("reason")) == (401, "proof_required")


def test_the_scheme_means_nothing_where_proofs_do_not(gateway: Gateway, signer: Signer, key: ProofKey) -> None:
    """The client is told to use Bearer."""
    token = key.token(signer)
    response = ask_with(gateway, token, [key.proof(token, gateway.url + "/plain")], "/plain")
    assert response.status == 401
    assert list(challenges(response)) == ["Bearer"] and "error=" not in challenges(response)["Bearer"]


def test_bonds_that_cannot_be_checked_are_not_ignored(gateway: Gateway, signer: Signer) -> None:
    """An unknown member of `cnf` does not make a bearer token."""
    for confirmation in ({"kid": "key-1"}, {"jwk": {"kty": "OKP"}}, {}, "text", {"jkt": "short"}):
        assert_refused(gateway, signer.token(cnf=confirmation), "unsupported_confirmation", path="/plain")


def test_algorithms_and_age_are_the_route_s(gateway: Gateway, signer: Signer, key: ProofKey) -> None:
    url = gateway.url + "/es256"
    token = key.token(signer)
    assert ask_with(gateway, token, [key.proof(token, url)], "/es256").status == 200
    response = ask_with(gateway, token, [key.proof(token, url, iat=now() - 15)], "/es256")
    assert_proof_refused(gateway, response, "proof_stale", path="/es256")
    other = ProofKey("EdDSA")
    token = other.token(signer)
    response = ask_with(gateway, token, [other.proof(token, url)], "/es256")
    assert_proof_refused(gateway, response, "proof_unsupported_algorithm", path="/es256")
    assert 'algs="ES256"' in challenges(response)["DPoP"]


class TestNonce:
    @pytest.mark.parametrize("given", [None, "made-up", ""], ids=["none", "made up", "empty"])
    def test_is_given_out_and_then_wanted(
        self, gateway: Gateway, signer: Signer, key: ProofKey, given: str | None
    ) -> None:
        """use_dpop_nonce with a DPoP-Nonce field, and the next try has it (RFC 9449 §9)."""
        url = gateway.url + "/nonce"
        token = key.token(signer)
        response = ask_with(gateway, token, [key.proof(token, url, nonce=given)], "/nonce")
        assert_proof_refused(gateway, response, "proof_nonce_needed", "use_dpop_nonce", "/nonce")
        nonce = response.get("dpop-nonce")
        assert nonce is not None and re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", nonce)
        for _ in range(2):
            assert ask_with(gateway, token, [key.proof(token, url, nonce=nonce)], "/nonce").status == 200

    def test_is_wanted_in_proofs_only(self, gateway: Gateway, signer: Signer, key: ProofKey) -> None:
        """Where proofs are optional a token without a bond needs none."""
        assert_accepted(gateway, signer.token(), "/either")
        path = below("/either")
        token = key.token(signer)
        response = ask_with(gateway, token, [key.proof(token, gateway.url + path)], path)
        assert_proof_refused(gateway, response, "proof_nonce_needed", "use_dpop_nonce", path)

    def test_of_another_process_is_not_taken(
        self, gateway: Gateway, make_gateway: MakeGateway, backend: RawBackend, shared_provider: StaticProvider
    ) -> None:
        key = ProofKey()
        token = key.token(shared_provider.signer)
        section = shared_provider.authorization(dpop={"nonce": True})
        other = make_gateway([route(backend.url, authorization=section)])
        nonce = ask_with(other, token, [key.proof(token, other.url + "/mcp")]).get("dpop-nonce")
        assert nonce
        response = ask_with(gateway, token, [key.proof(token, gateway.url + "/nonce", nonce=nonce)], "/nonce")
        assert response.status == 401 and response.get("dpop-nonce") not in (None, nonce)


class TestWhatClientsAreTold:
    @pytest.mark.parametrize(
        ("path", "schemes"), [("/mcp", ["Bearer", "DPoP"]), ("/required", ["DPoP"]), ("/plain", ["Bearer"])]
    )
    def test_the_challenge_names_the_schemes(self, gateway: Gateway, path: str, schemes: list[str]) -> None:
        """Each on a line of its own, with the algorithms for proofs (RFC 9449 §7.1)."""
        told = challenges(exchange(gateway.address, "POST", path, body=b"{}"))
        assert list(told) == schemes
        for line in told.values():
            assert f'resource_metadata="{gateway.url}/.well-known/oauth-protected-resource{path}"' in line
            assert "error=" not in line
        if "DPoP" in told:
            algorithms = re.search(r'algs="([^"]*)"', told["DPoP"])
            assert algorithms is not None and sorted(algorithms[1].split()) == sorted(ALL_ALGORITHMS)

    @pytest.mark.parametrize(
        ("path", "algorithms", "required"),
        [
            ("/mcp", ALL_ALGORITHMS, None),
            ("/required", ALL_ALGORITHMS, True),
            ("/es256", ("ES256",), None),
            ("/plain", (), None),
        ],
    )
    def test_the_metadata_says_so(
        self, gateway: Gateway, path: str, algorithms: tuple[str, ...], required: bool | None
    ) -> None:
        """dpop_signing_alg_values_supported and dpop_bound_access_tokens_required (RFC 9728 §2)."""
        document = json.loads(exchange(gateway.address, "GET", f"/.well-known/oauth-protected-resource{path}").body)
        told = document.get("dpop_signing_alg_values_supported")
        assert sorted(told or []) == sorted(algorithms) and (told is None) == (not algorithms)
        assert document.get("dpop_bound_access_tokens_required") == required


def test_over_http2(gateway: Gateway, backend: RawBackend, signer: Signer, key: ProofKey) -> None:
    """The same rules; a proof used on one stream is used up for the next, and its field ends at the gateway."""
    token = key.token(signer)
    url = gateway.url + "/mcp/deep"
    with H2Connection(gateway.address) as peer:
        peer.handshake()

        def status(proof: str, method: str = "POST") -> int:
            fields = [("authorization", f"DPoP {token}"), ("dpop", proof)]
            return peer.exchange(method, "/mcp/deep?cursor=1", *fields, body=b"{}").status

        proof = key.proof(token, url)
        assert status(proof) == 200
        assert backend.last.get("dpop") is None
        assert status(proof) == 401
        assert status(key.proof(token, url, "GET")) == 401
        assert status(key.proof(token, url, "DELETE"), "DELETE") == 200


@pytest.mark.parametrize("place", ["/nonce", "/either"])
def test_a_client_library_makes_its_way(place: str, gateway: Gateway, signer: Signer) -> None:
    """requests_oauth2client takes the nonce from the first answer and repeats the request by itself."""
    key = client_library.DPoPKey.generate(alg="ES256")
    access_token = signer.token(cnf={"jkt": key.dpop_jkt})
    secrecy.remember("token", access_token)
    token = client_library.DPoPToken(access_token=access_token, _dpop_key=key)
    path = below(place)
    with requests.Session() as session:
        session.trust_env = False
        for page in range(3):
            response = session.post(f"{gateway.url}{path}?page={page}", json={}, auth=token, timeout=20)
            assert response.status_code == 200

    def statuses() -> list[int]:
        return [line["status"] for line in gateway.events("request") if line["path"] == path]

    wait_until(lambda: len(statuses()) == 4, "all requests are logged")
    assert statuses() == [401, 200, 200, 200]
