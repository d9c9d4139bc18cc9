"""The emulated providers by themselves, with the test in the gateway's place: each refuses what the product refuses."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote_plus, urlencode

import pytest

from support.bridge import challenge_of
from support.bridged_clients import PublicClient, SecretInForm
from support.bridged_products import Auth0, Cognito, Entra, Google, Keycloak, Okta
from support.bridged_provider import BridgedProvider
from support.user_agent import Page, UserAgent, parameters

ISSUER = "http://127.0.0.1:9/oauth"
CALLBACK = f"{ISSUER}/callback"
VERIFIER = "verifier-of-a-gateway-that-is-played-by-a-test"
Parameters = dict[str, str]
ENTRA_SCOPE = f"{Entra.APPLICATION}/mcp.tools"

# What each product has to be asked for.
GOOD: dict[type[BridgedProvider], Parameters] = {
    Entra: {"scope": f"{ENTRA_SCOPE} offline_access"},
    Cognito: {"scope": "openid mcp/tools"},
    Google: {"scope": "openid email", "access_type": "offline"},
    Auth0: {"scope": "mcp:tools offline_access", "audience": Auth0.API},
    Keycloak: {"scope": "mcp:tools"},
    Okta: {"scope": "mcp:tools offline_access"},
    PublicClient: {"scope": "mcp:tools offline_access"},
    SecretInForm: {"scope": "mcp:tools offline_access"},
}


@pytest.fixture(params=GOOD, ids=lambda kind: kind.__name__)
def product(request: pytest.FixtureRequest) -> Iterator[BridgedProvider]:
    provider = request.param()
    provider.register(ISSUER)
    yield provider
    provider.stop()


def authorize(provider: BridgedProvider, agent: UserAgent, asked: Parameters) -> Parameters:
    """What the redirect URI gets."""
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": CALLBACK,
        "state": "state-of-a-gateway",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
        **asked,
    }
    metadata = agent.get(provider.discovery_url).json
    page = agent.get(f"{metadata['authorization_endpoint']}?{urlencode(query)}")
    if page.location is None:
        assert page.status == 200, page.text
        page = agent.submit(page, {})
    assert page.location and page.location.startswith(CALLBACK)
    return parameters(page.location)


def post(provider: BridgedProvider, agent: UserAgent, form: Parameters) -> Page:
    endpoint = agent.get(provider.discovery_url).json["token_endpoint"]
    if isinstance(provider, PublicClient):
        return agent.post(endpoint, {**form, "client_id": provider.client_id})
    if isinstance(provider, SecretInForm):
        return agent.post(endpoint, {**form, "client_id": provider.client_id, "client_secret": provider.client_secret})
    pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.client_secret)}"
    return agent.post(endpoint, form, [("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}")])


def redemption(code: str, changes: Parameters | None = None) -> Parameters:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return form | (changes or {})


def test_gives_tokens_and_refreshes(product: BridgedProvider) -> None:
    """The good case: a signed token or an opaque one, a refresh token that works, and rotates where it should."""
    agent = UserAgent()
    asked = GOOD[type(product)]
    result = authorize(product, agent, asked)
    assert result.keys() - {"iss"} == {"code", "state"} and result["state"] == "state-of-a-gateway"
    answer = post(product, agent, redemption(result["code"]))
    assert answer.status == 200, answer.text
    tokens = answer.json
    if isinstance(product, Google):
        assert tokens["access_token"].startswith("ya29.") and tokens["id_token"].count(".") == 2
    else:
        payload = tokens["access_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        assert claims["iss"] == product.issuer
        assert product.client_id in {claims.get(name) for name in ("azp", "cid", "client_id")}
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "scope": asked["scope"]}
    again = post(product, agent, refresh)
    assert again.status == 200, again.text
    assert ("refresh_token" in again.json) == product.rotates
    assert post(product, agent, refresh).status == (400 if product.rotates else 200)
    replayed = post(product, agent, redemption(result["code"]))
    assert (replayed.status, replayed.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "another-verifier"}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:9/other"}, "invalid_grant"),
        ({"code": "unknown"}, "invalid_grant"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
    ],
)
def test_codes_are_checked(product: BridgedProvider, changes: Parameters, error: str) -> None:
    agent = UserAgent()
    code = authorize(product, agent, GOOD[type(product)])["code"]
    answer = post(product, agent, redemption(code, changes))
    assert (answer.status, answer.json["error"]) == (400, error)


def test_strangers_get_nothing(product: BridgedProvider) -> None:
    """Another secret, none, or a secret where there should be none."""
    agent = UserAgent()
    code = authorize(product, agent, GOOD[type(product)])["code"]
    endpoint = agent.get(product.discovery_url).json["token_endpoint"]
    form = {**redemption(code), "client_id": product.client_id, "client_secret": "wrong"}
    answer = agent.post(endpoint, form)
    assert (answer.status, answer.json["error"]) == (401, "invalid_client")


def test_codes_go_to_the_registered_uri_only(product: BridgedProvider) -> None:
    query = {"response_type": "code", "client_id": product.client_id, "redirect_uri": f"{CALLBACK}/more"}
    assert UserAgent().get(f"{product.origin}{product.authorize_path}?{urlencode(query)}").status == 400


REFUSED: list[tuple[type[BridgedProvider], Parameters, str]] = [
    (Entra, {"scope": ENTRA_SCOPE, "resource": "http://127.0.0.1:9/mcp"}, "AADSTS9010010"),
    (Entra, {"scope": "mcp.tools"}, "AADSTS650053"),
    (Entra, {"scope": "openid offline_access"}, "AADSTS70011"),
    (Cognito, {"scope": "openid mcp/tools offline_access"}, "invalid_scope"),
    (Cognito, {"scope": "openid mcp/tools phone"}, "invalid_scope"),
    (Cognito, {}, "invalid_scope"),
    (Google, {"scope": "openid mcp:tools"}, "invalid_scope"),
    (Google, {"scope": "openid", "resource": "http://127.0.0.1:9/mcp"}, "Parameter not allowed"),
    (Okta, {}, "No scopes were requested"),
    (Okta, {"scope": "mcp:unknown"}, "invalid_scope"),
    (Keycloak, {"scope": "mcp:tools", "code_challenge_method": "plain"}, "PKCE"),
    (Keycloak, {"scope": "mcp:tools", "state": "long" * 100}, "state"),
]


@pytest.mark.parametrize(("kind", "asked", "words"), REFUSED, ids=lambda value: getattr(value, "__name__", None))
def test_requests_are_refused(kind: type[BridgedProvider], asked: Parameters, words: str) -> None:
    """The errors that clients without a bridge run into."""
    provider = kind()
    provider.register(ISSUER)
    try:
        result = authorize(provider, UserAgent(), asked)
        assert "code" not in result
        assert words in f"{result['error']} {result['error_description']}"
    finally:
        provider.stop()


def test_entra_wants_the_scope_again() -> None:
    provider = Entra()
    provider.register(ISSUER)
    try:
        agent = UserAgent()
        code = authorize(provider, agent, GOOD[Entra])["code"]
        assert len(code) == 1200
        tokens = post(provider, agent, redemption(code)).json
        answer = post(provider, agent, {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
        assert answer.status == 400 and "AADSTS90014" in answer.json["error_description"]
    finally:
        provider.stop()


@pytest.mark.parametrize("asked", [{"scope": "mcp:tools"}, {"scope": "mcp:tools", "audience": "https://other.example"}])
def test_auth0_without_its_audience_is_opaque(asked: Parameters) -> None:
    provider = Auth0()
    provider.register(ISSUER)
    try:
        agent = UserAgent()
        tokens = post(provider, agent, redemption(authorize(provider, agent, asked)["code"])).json
        assert "." not in tokens["access_token"]
    finally:
        provider.stop()
