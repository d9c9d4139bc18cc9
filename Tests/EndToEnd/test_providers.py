"""Each identity product's documents, keys and tokens, and what the gateway makes of them: the tables of `providers/`.

Nothing here has asked a real service: the shapes come from the products' documentation and from reports of others.
"""

import json
import re
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from conftest import MakeGateway
from providers import PRODUCTS
from support import secrecy
from support.command import explain, run, write_configuration
from support.gateway import Gateway, route
from support.product import PUBLIC_URL, Accepted, Finding, Mistake, Product, Refused
from support.published import Published
from support.raw_backend import RawBackend
from support.rawhttp import Response, exchange
from support.static_provider import StaticProvider
from support.tokens import make_key

HOST = PUBLIC_URL.removeprefix("https://")
UPSTREAM = "http://127.0.0.1:9/mcp"
# The `detail` of faults in which the time stands.
OF_TIME = {
    "expired": r"found exp \d+, \d+ s ago; wanted ahead, give or take 60 s",
    "issued_in_future": r"found iat \d+, in \d+ s; wanted past or absent, give or take 60 s",
}
# The keys that decide about each fault; the form of a token is nobody's choice.
RULES = {
    "wrong_issuer": "issuer",
    "expired": "clock_skew",
    "issued_in_future": "clock_skew",
    "wrong_audience": "allowed_audience",
    "not_an_access_token": "token_type",
    "unknown_key": "discovery_url",
    "bad_signature": "discovery_url",
    "wrong_client": "allowed_clients",
    "claim_mismatch": "custom_claims",
    "insufficient_scope": "allowed_scopes",
}
PAGES = Path(__file__).resolve().parents[2] / "docs" / "providers"
CASES = [(product, case) for product in PRODUCTS for case in product.cases]
MISTAKES = [(product, mistake) for product in PRODUCTS for mistake in product.mistakes]

of_each_product = pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
of_each_case = pytest.mark.parametrize(
    ("product", "case"), CASES, ids=[f"{product.name}: {case.name}" for product, case in CASES]
)


@pytest.fixture(scope="module")
def published(shared_provider: StaticProvider) -> dict[str, Published]:
    """Every product, by its name."""
    strange = make_key("RS256", "strange")
    assert isinstance(strange, RSAKey)
    return {product.name: Published(product, shared_provider, strange) for product in PRODUCTS}


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend, published: dict[str, Published]) -> Gateway:
    """A route for each product, behind a public name of its own."""
    routes = [
        route(shared_backend.url, path=f"/{name}", name=name, authorization=one.authorization())
        for name, one in published.items()
    ]
    gateway = make_shared_gateway(routes, public_url=PUBLIC_URL)
    # Its start says what is to be minded about some of the products.
    secrecy.watch(gateway.process.stderr_path, for_people=True)
    return gateway


def challenge(product: Product, *parameters: str) -> str:
    """The challenge of a product's route, with further parameters in front."""
    scope = [f'scope="{product.challenge_scope}"'] if product.challenge_scope else []
    metadata = f'resource_metadata="{PUBLIC_URL}/.well-known/oauth-protected-resource/{product.name}"'
    return "Bearer " + ", ".join([*parameters, *scope, metadata])


def ask(gateway: Gateway, path: str, token: str | None = None) -> Response:
    return exchange(gateway.address, "POST", path, host=HOST, body=b"{}", token=token)


@of_each_product
def test_clients_are_told_where_to_go(gateway: Gateway, product: Product) -> None:
    """The challenge, and the metadata it points to, with the scopes as the product wants to be asked (GW-01, GW-20)."""
    answer = ask(gateway, f"/{product.name}")
    assert answer.status == 401
    assert answer.get("www-authenticate") == challenge(product)
    document = exchange(gateway.address, "GET", f"/.well-known/oauth-protected-resource/{product.name}", host=HOST)
    assert document.status == 200
    assert json.loads(document.body) == product.resource_metadata


@of_each_case
def test_tokens_are_judged(
    gateway: Gateway,
    backend: RawBackend,
    published: dict[str, Published],
    product: Product,
    case: Accepted | Refused,
) -> None:
    """The decision; in the log the whole reason, for the client what RFC 6750 lets it know."""
    before = backend.heads
    # A path of its own, by which the access record is found.
    path = f"/{product.name}/{product.cases.index(case)}"
    answer = ask(gateway, path, published[product.name].mint(case.token))
    record = gateway.access(path=path)
    assert answer.status == case.status, record
    if isinstance(case, Accepted):
        assert record["auth"] == "verified" and "reason" not in record
        seen = {name: backend.last.get(f"x-portcullis-{name}") for name in ("subject", "client", "scopes", "issuer")}
        claims = case.token.claims
        assert seen == {"subject": case.subject, "client": case.client, "scopes": case.scopes, "issuer": claims["iss"]}
        return
    assert backend.heads == before
    assert record["auth"] == "refused"
    assert record["reason"] == case.reason
    if case.reason in OF_TIME:
        assert re.fullmatch(OF_TIME[case.reason], record["detail"])
    else:
        assert record.get("detail") == case.detail
    error = "insufficient_scope" if case.status == 403 else "invalid_token"
    told = answer.get("www-authenticate") or ""
    description = re.search(r'error_description="[^"]+"', told)
    assert description and told == challenge(product, f'error="{error}"', description[0])


@of_each_case
def test_explain_says_what_to_do(
    gateway: Gateway, published: dict[str, Published], product: Product, case: Accepted | Refused
) -> None:
    """The gateway's own answer, with the key of the configuration that decides and the product's remedy."""
    ended = explain(gateway.file, published[product.name].mint(case.token), "--route", product.name, "--json")
    assert ended.status == (0 if isinstance(case, Accepted) else 1), ended.stdout + ended.stderr
    if isinstance(case, Accepted):
        assert ended.json["passes"]
        return
    verdicts = ended.json["routes"]
    assert {verdict.get("reason") for verdict in verdicts} == {case.reason}
    # The first fault of each entry is the gateway's.
    deciding = [next(check for check in verdict["checks"] if check["outcome"] == "fail") for verdict in verdicts]
    assert case.remedy and all(case.remedy in check["remedy"] for check in deciding), ended.stdout
    rules = [check["rule"] for check in deciding if "rule" in check]
    decides = re.compile(rf"routes\[\d+\]\.authorization(\[\d\])?\.{RULES.get(case.reason, '')}(\[0\])?")
    assert all(decides.fullmatch(rule) for rule in rules) and bool(rules) == (case.reason in RULES), rules


@of_each_product
def test_no_product_signs_for_another(gateway: Gateway, published: dict[str, Published], product: Product) -> None:
    """A good token but for its key, which the next product publishes."""
    names = list(published)
    neighbour = published[names[(names.index(product.name) + 1) % len(names)]]
    token = published[product.name].mint(product.user, key=neighbour.key)
    path = f"/{product.name}/neighbour"
    assert ask(gateway, path, token).status == 401
    assert gateway.access(path=path)["reason"] == "bad_signature"


def findings(stderr: str) -> list[tuple[str, str, str]]:
    """Severity, key below the entry, and message with remedy of everything that `check` has found."""
    pattern = (
        r"^.*?:\d+:\d+: (warning|error): routes\[0\]\.authorization(?:\[\d\])?\.?(\S*?): (.*\n(?: +remedy: .*\n)?)"
    )
    found = re.findall(pattern, stderr, re.MULTILINE)
    assert len(found) == len(re.findall(r"^.*?:\d+:\d+: \w+: ", stderr, re.MULTILINE)), stderr
    return found


def assert_found(stderr: str, wanted: list[Finding]) -> None:
    found = findings(stderr)
    assert [(severity, key) for severity, key, _ in found] == [(one.severity, one.key) for one in wanted], stderr
    for (_, _, message), one in zip(found, wanted, strict=True):
        assert one.words in message


@of_each_product
def test_check_has_nothing_to_add(tmp_path: Path, published: dict[str, Published], product: Product) -> None:
    """No error, and no warning but those that the product deserves; the preset shows as plain fields, for good."""
    authorization = published[product.name].authorization()
    file = write_configuration(tmp_path / "portcullis.yaml", [route(UPSTREAM, authorization=authorization)])
    checked = run("check", "--config", str(file), "--expand")
    assert checked.status == 0, checked.stderr
    assert_found(checked.stderr, product.findings)
    lines = [line.strip() for line in checked.stdout.replace("- provider:", "provider:").splitlines()]
    for block in product.expanded:
        starts = [index for index, line in enumerate(lines) if lines[index : index + len(block)] == block]
        assert starts, f"{block} in\n{checked.stdout}"
        assert not (len(block) > 1 and lines[starts[0] + len(block)].startswith("- ")), "the list goes on"
    again = tmp_path / "expanded.yaml"
    again.write_text(checked.stdout)
    assert run("check", "--config", str(again), "--expand").stdout == checked.stdout


@pytest.mark.parametrize(
    ("product", "mistake"), MISTAKES, ids=[f"{product.name}: {mistake.name}" for product, mistake in MISTAKES]
)
def test_check_knows_the_mistakes(tmp_path: Path, product: Product, mistake: Mistake) -> None:
    """With the real URLs, as people write them. Of several entries, the last one is changed."""
    changed = {**product.entries[-1], **mistake.changes}
    entries = [*product.entries[:-1], {key: value for key, value in changed.items() if value is not None}]
    authorization = entries if len(entries) > 1 else entries[0]
    file = write_configuration(tmp_path / "portcullis.yaml", [route(UPSTREAM, authorization=authorization)])
    checked = run("check", "--config", str(file))
    assert_found(checked.stderr, mistake.findings)
    assert checked.status == any(finding.severity == "error" for finding in mistake.findings)


def test_pages_name_the_reasons() -> None:
    """The table of each product's page has the reasons of its cases, and no others."""
    # Seen when there are no keys; with any product.
    of_keys = {"keys_failed", "provider_unavailable"}
    shown: dict[str, set[str]] = {}
    for product in PRODUCTS:
        page = product.entries[0].get("provider", "generic")
        shown.setdefault(page, set()).update(case.reason for case in product.cases if case.reason)
    for page, reasons in shown.items():
        table = (PAGES / f"{page}.md").read_text().split("## When it does not work")[1].split("##")[0]
        cells = re.findall(r"^\| (`[a-z_`, ]+)", table, re.MULTILINE)
        named = {name for cell in cells for name in re.findall(r"`([a-z]+_[a-z_]+|expired|malformed)`", cell)}
        # Tokens of every product expire.
        assert named - of_keys - {"expired"} == reasons - {"expired"}, page
