"""`portcullis explain`: what is wrong with a token, where that is decided, and what to do."""

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeGateway
from support.command import Ended, explain, line_of, run, write_configuration
from support.gateway import route
from support.introspection import IntrospectionEndpoint, secret_in_field
from support.raw_backend import RawBackend
from support.rawhttp import exchange
from support.static_provider import StaticProvider
from support.tokens import make_key

BACKEND = "http://127.0.0.1:9/mcp"


@pytest.fixture
def endpoint(static_provider: StaticProvider) -> IntrospectionEndpoint:
    return IntrospectionEndpoint(static_provider, secret_in_field("gateway", "s3cret-of-the-gateway"))


def introspection(secret: str = "s3cret-of-the-gateway") -> dict[str, Any]:
    return {"client_id": "gateway", "client_secret": secret}


def configuration(directory: Path, *authorizations: Any) -> Path:
    """A route for each of them: /0, /1 and so on."""
    routes = [route(BACKEND, path=f"/{number}", authorization=one) for number, one in enumerate(authorizations)]
    return write_configuration(directory / "portcullis.yaml", routes)


def outcome(ended: Ended, check: str) -> str:
    found = re.search(rf"^  (pass|FAIL|open)  +{check}\b", ended.stdout, re.MULTILINE)
    assert found, ended.stdout
    return found[1]


def test_a_good_token_passes(tmp_path: Path, shared_provider: StaticProvider) -> None:
    """Header, claims and times are there, the signature is not; each check has passed."""
    file = configuration(tmp_path, shared_provider.authorization(allowed_scopes=["mcp:tools"]))
    ended = explain(file, shared_provider.signer.token())
    assert ended.status == 0, ended.stdout + ended.stderr
    assert '"alg": "RS256"' in ended.stdout
    assert f'"iss": "{shared_provider.issuer}"' in ended.stdout
    assert re.search(r"exp +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in \d+ s", ended.stdout)
    assert "signature\n  (redacted)" in ended.stdout
    assert "FAIL" not in ended.stdout
    for check in ("algorithm", "issuer", "expiry", "audience", "signature", "client", "scopes"):
        assert outcome(ended, check) == "pass"
    assert ended.stderr == ""


@dataclass
class Fault:
    """A change of a good token or of the configuration, and what is said about it."""

    reason: str
    rule: str
    remedy: str
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    conditions: dict[str, Any] = field(default_factory=dict)
    forged: bool = False
    # Lines between the key and what decides.
    below: int = 0


def custom(name: str, value: str) -> list[dict[str, Any]]:
    return [
        {
            "inbound_token_claim_name": name,
            "inbound_token_claim_value_type": "STRING",
            "authorizing_claim_match_value": {
                "claim_match_operator": "EQUALS",
                "claim_match_value": {"match_value_string": value},
            },
        }
    ]


FAULTS = [
    Fault(
        "wrong_audience", "allowed_audience", "aud is api://x, but the route wants urn:test:audience: add it to",
        claims={"aud": "api://x"},
    ),
    Fault("wrong_audience", "allowed_audience", "has no aud", claims={"aud": None}),
    Fault("expired", "authorization", "Ask for a new one", claims={"exp": 1_700_000_000}),
    Fault("missing_expiry", "authorization", "lifetime", claims={"exp": None}),
    Fault("not_yet_valid", "authorization", "set both by NTP", claims={"nbf": 4_000_000_000}),
    Fault("not_an_access_token", "authorization", "ID token", header={"typ": "JWT"}, claims={"nonce": "n"}),
    Fault("wrong_token_type", "token_type", "token_type to any", header={"typ": "JWT"},
          conditions={"token_type": "at+jwt"}),
    Fault("unsupported_algorithm", "allowed_algorithms", "Add RS256", conditions={"allowed_algorithms": ["ES256"]}),
    Fault("wrong_client", "allowed_clients", "client_id is client-1: add it", conditions={"allowed_clients": ["c-9"]}),
    Fault("claim_mismatch", "custom_claims", "The token has no tier", below=1,
          conditions={"custom_claims": custom("tier", "a")}),
    Fault("insufficient_scope", "allowed_scopes", "ask for mcp:admin", conditions={"allowed_scopes": ["mcp:admin"]}),
    Fault("unknown_key", "discovery_url", "does not publish the key other", header={"kid": "other"}),
    Fault("bad_signature", "discovery_url", "A key with this id has not made the signature", forged=True),
    Fault("proof_required", "authorization", "add dpop to this entry", claims={"cnf": {"jkt": "A" * 43}}),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.reason}-{fault.remedy[:12]}")
def test_each_fault_has_its_line_and_its_remedy(
    tmp_path: Path,
    make_gateway: MakeGateway,
    backend: RawBackend,
    shared_provider: StaticProvider,
    fault: Fault,
) -> None:
    """And the gateway's reason for refusing the same token is the same."""
    authorization = shared_provider.authorization(**fault.conditions)
    signer = shared_provider.signer
    forged = make_key("RS256", signer.keys["RS256"].kid or "") if fault.forged else None
    token = signer.token(header=fault.header, key=forged, **fault.claims)
    file = configuration(tmp_path, authorization)
    ended = explain(file, token)
    assert ended.status == 1
    assert f"FAIL {fault.reason}\n" in ended.stdout
    line = line_of(file, f'"{fault.rule}":') + fault.below
    assert f"{file}:{line}: routes[0].authorization" in ended.stdout
    assert fault.remedy in ended.stdout

    gateway = make_gateway([route(backend.url, authorization=authorization)])
    assert exchange(gateway.address, "POST", "/mcp", body=b"{}", token=token).status in (401, 403)
    assert gateway.access()["reason"] == fault.reason


def test_custom_claims_have_their_place_in_the_list(tmp_path: Path, shared_provider: StaticProvider) -> None:
    rules = custom("sub", "user-1") + custom("tier", "gold")
    file = configuration(tmp_path, shared_provider.authorization(custom_claims=rules))
    ended = explain(file, shared_provider.signer.token())
    assert ended.status == 1
    assert "routes[0].authorization.custom_claims[1]\n" in ended.stdout


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path, shared_provider: StaticProvider) -> None:
    file = configuration(tmp_path, shared_provider.authorization(allowed_scopes=["mcp:admin"]))
    ended = explain(file, shared_provider.signer.token(aud="other", exp=1))
    assert [outcome(ended, check) for check in ("expiry", "audience", "scopes", "signature")] == [
        "FAIL", "FAIL", "FAIL", "pass",
    ]  # fmt: skip


def test_the_wrong_issuer(tmp_path: Path, shared_provider: StaticProvider) -> None:
    """No route knows it: all of them say so, and nobody is asked for keys."""
    file = configuration(tmp_path, shared_provider.authorization(), shared_provider.authorization())
    ended = explain(file, shared_provider.signer.token(iss=shared_provider.issuer + "/"))
    assert ended.status == 1
    assert ended.stdout.count("FAIL wrong_issuer") == 2
    assert f"differ by a slash at the end only, and are compared byte by byte: write issuer: {shared_provider.issuer}/" in (
        ended.stdout
    )
    assert ended.stdout.endswith("good for no route\n")


def test_a_provider_that_is_down_leaves_the_signature_open(tmp_path: Path, static_provider: StaticProvider) -> None:
    static_provider.down.set()
    file = configuration(tmp_path, static_provider.authorization())
    ended = explain(file, static_provider.signer.token())
    assert ended.status == 1
    assert outcome(ended, "signature") == "open"
    assert "the keys of the provider could not be had: " in ended.stdout
    assert "answered with status 500" in ended.stdout


def test_offline_nobody_is_asked(tmp_path: Path, static_provider: StaticProvider) -> None:
    file = configuration(tmp_path, static_provider.authorization())
    ended = explain(file, static_provider.signer.token(), "--offline")
    assert (ended.status, outcome(ended, "signature")) == (1, "open")
    assert static_provider.discovery_fetches == 0


def test_keys_in_a_file_need_no_network(tmp_path: Path, static_provider: StaticProvider) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(static_provider.signer.jwks()))
    authorization = static_provider.authorization(issuer=static_provider.issuer, jwks_file=str(keys))
    del authorization["discovery_url"]
    file = configuration(tmp_path, authorization)
    assert explain(file, static_provider.signer.token(), "--offline").status == 0
    assert static_provider.discovery_fetches == 0


def test_another_time_can_be_asked_for(tmp_path: Path, shared_provider: StaticProvider) -> None:
    file = configuration(tmp_path, shared_provider.authorization())
    token = shared_provider.signer.token()
    later = explain(file, token, "--now", str(int(time.time()) + 3_600))
    assert (later.status, outcome(later, "expiry")) == (1, "FAIL")


def test_several_routes(tmp_path: Path, shared_provider: StaticProvider, static_provider: StaticProvider) -> None:
    """The token's issuer chooses; one good route is enough, and --route asks for one alone."""
    good, bad = shared_provider.authorization(), shared_provider.authorization(allowed_audience=["other"])
    file = configuration(tmp_path, bad, good, static_provider.authorization(), [static_provider.authorization(), good])
    token = shared_provider.signer.token()
    ended = explain(file, token)
    assert ended.status == 0
    assert ended.stdout.endswith("good for: /1, /3\n")
    assert "route /2" not in ended.stdout
    assert static_provider.discovery_fetches == 0
    assert explain(file, token, "--route", "/0").status == 1
    assert explain(file, token, "--route", "/1").status == 0
    assert explain(file, token, "--route", "https://mcp.example.test/1").status == 0
    unknown = explain(file, token, "--route", "/9")
    assert unknown.status == 2
    assert "the routes are: /0, /1, /2, /3" in unknown.stderr


def test_several_providers_of_one_route(
    tmp_path: Path, shared_provider: StaticProvider, static_provider: StaticProvider
) -> None:
    second = static_provider.authorization(allowed_audience=["other"])
    file = configuration(tmp_path, [shared_provider.authorization(), second])
    ended = explain(file, static_provider.signer.token())
    assert ended.status == 1
    assert "routes[0].authorization[1].allowed_audience" in ended.stdout
    assert shared_provider.issuer not in ended.stdout


def test_for_tools(tmp_path: Path, shared_provider: StaticProvider) -> None:
    file = configuration(tmp_path, shared_provider.authorization(), shared_provider.authorization(allowed_clients=["x"]))
    ended = explain(file, shared_provider.signer.token(), "--json")
    assert ended.status == 0
    report = ended.json
    assert report["passes"] is True
    assert report["header"]["alg"] == "RS256"
    assert [one["outcome"] for one in report["routes"]] == ["pass", "fail"]
    assert report["routes"][1]["reason"] == "wrong_client"
    failed = next(check for check in report["routes"][1]["checks"] if check["outcome"] == "fail")
    assert failed["rule"] == "routes[1].authorization.allowed_clients"
    assert failed["place"] == f"{file}:{line_of(file, 'allowed_clients')}"
    assert failed["remedy"]


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("ya29.a0AfH6SMBxyzxyzxyz", "access token of Google"),
        ("GOCSPX-abcdefghijklmno", "client secret of Google"),
        ("1//0gabcdefghijklmnop", "refresh token of Google"),
        ("gho_abcdefghijklmnop", "token of GitHub"),
        ('{"access_token":"abcdefghijklmnop"}', "paste the value of its access_token alone"),
        ("8a55c7f0-4c92-9cb1-7f0a-6d9f2f0e1234", "add introspection to this entry"),
    ],
)
def test_what_is_no_token(tmp_path: Path, shared_provider: StaticProvider, pasted: str, words: str) -> None:
    ended = explain(configuration(tmp_path, shared_provider.authorization()), pasted)
    assert ended.status == 1
    assert words in ended.stdout


def test_a_token_that_was_cut(tmp_path: Path, shared_provider: StaticProvider) -> None:
    token = shared_provider.signer.token()
    ended = explain(configuration(tmp_path, shared_provider.authorization()), token[: token.rindex(".")])
    assert ended.status == 1
    assert "copy the whole token" in ended.stdout


def test_opaque_tokens_are_asked_about(
    tmp_path: Path, static_provider: StaticProvider, endpoint: IntrospectionEndpoint
) -> None:
    """The provider's answer is shown, and held against the same rules."""
    file = configuration(tmp_path, static_provider.authorization(introspection=introspection()))
    token = endpoint.issue("opaque-token-of-a-user")
    good = explain(file, token)
    assert good.status == 0, good.stdout
    assert '"active": true' in good.stdout
    endpoint.issue(token, aud="other")
    bad = explain(file, token)
    assert (bad.status, outcome(bad, "audience")) == (1, "FAIL")
    endpoint.answers.clear()
    inactive = explain(file, token)
    assert inactive.status == 1
    assert "inactive_token" in inactive.stdout


def test_an_introspection_endpoint_that_refuses_us(
    tmp_path: Path, static_provider: StaticProvider, endpoint: IntrospectionEndpoint
) -> None:
    section = introspection("another-secret-entirely")
    file = configuration(tmp_path, static_provider.authorization(introspection=section))
    ended = explain(file, "opaque-token-of-a-user")
    assert (ended.status, outcome(ended, "introspection")) == (1, "open")
    assert "status 401" in ended.stdout
    assert "another-secret-entirely" not in ended.stdout


def test_what_comes_along_is_taken_off(tmp_path: Path, shared_provider: StaticProvider) -> None:
    file = configuration(tmp_path, shared_provider.authorization())
    assert explain(file, f"\n Bearer {shared_provider.signer.token()}\r\n").status == 0


@pytest.mark.parametrize(("text", "words"), [("", "standard input is empty"), ("a" * 70_000, "more than 64 KiB")])
def test_nothing_to_explain(tmp_path: Path, shared_provider: StaticProvider, text: str, words: str) -> None:
    ended = explain(configuration(tmp_path, shared_provider.authorization()), text)
    assert (ended.status, ended.stdout) == (2, "")
    assert words in ended.stderr


def test_a_token_is_no_argument(tmp_path: Path, shared_provider: StaticProvider) -> None:
    """Others could see it there."""
    file = configuration(tmp_path, shared_provider.authorization())
    assert run("explain", "--config", str(file), "a.b.c").status == 2


def test_claims_cannot_act_on_a_terminal(tmp_path: Path, shared_provider: StaticProvider) -> None:
    token = shared_provider.signer.token(sub="\x1b[2J\u202eevil", aud="\x1b]0;x\x07")
    ended = explain(configuration(tmp_path, shared_provider.authorization()), token)
    assert not set(ended.stdout) & {"\x1b", "\x07", "\u202e"}
    assert "\\u001b[2J" in ended.stdout
