"""Codes and refresh tokens in the wrong hands: each attack with its refusal, and what works beside it."""

import base64
import secrets
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from conftest import MakeGateway
from support.bridge import Client, SignIn, challenge_of
from support.bridge_scene import Scene
from support.bridged_gateway import bridged_gateway
from support.bridged_provider import BridgedProvider
from support.raw_backend import RawBackend
from support.user_agent import Page

WITH_REFRESH = "mcp:tools offline_access"
Changes = dict[str, str | None]


@pytest.fixture(scope="module")
def provider() -> Iterator[BridgedProvider]:
    provider = BridgedProvider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module", params=["passthrough", "wrap"])
def scene(
    request: pytest.FixtureRequest,
    make_shared_gateway: MakeGateway,
    provider: BridgedProvider,
    shared_backend: RawBackend,
    tmp_path_factory: pytest.TempPathFactory,
) -> Scene:
    """Two routes behind one bridge."""
    gateway = bridged_gateway(
        make_shared_gateway,
        provider,
        shared_backend.url,
        tmp_path_factory.mktemp("bridge"),
        paths=("/mcp", "/other"),
        registration_limit=10_000,
        tokens=request.param,
    )
    return Scene(gateway, provider)


@pytest.fixture(scope="module")
def victim(scene: Scene) -> Client:
    return scene.client()


@pytest.fixture(scope="module")
def attacker(scene: Scene) -> Client:
    """A client that has registered the same redirect URI, with a browser of its own."""
    return scene.client()


def test_a_code_is_good_once(scene: Scene, victim: Client) -> None:
    """Nothing is remembered here: the provider sees the same code again, and takes back what it gave for it."""
    sign_in, result = victim.authorize(scope=WITH_REFRESH)
    first = victim.redeem(sign_in, result["code"])
    assert first.status == 200
    verdict = scene.verdict(lambda: victim.redeem(sign_in, result["code"]))
    assert verdict == "400 invalid_grant bridge_grant_refused"
    used = [form["code"] for form in scene.provider.token_requests[-2:]]
    assert used[0] == used[1]
    assert scene.provider.refusals[-1] == "invalid_grant: the code has been used"
    verdict = scene.verdict(lambda: victim.refresh(first.json["refresh_token"]))
    assert verdict == "400 invalid_grant bridge_grant_refused"


OTHER_VERIFIER = secrets.token_urlsafe(48)
CODE_ATTACKS: list[tuple[Changes, str]] = [
    ({"code_verifier": OTHER_VERIFIER}, "400 invalid_grant bridge_verifier_differs"),
    ({"code_verifier": None}, "400 invalid_request bridge_malformed_request"),
    ({"code_verifier": ""}, "400 invalid_request bridge_malformed_request"),
    ({"redirect_uri": None}, "400 invalid_grant bridge_redirect_uri_differs"),
    ({"redirect_uri": "http://127.0.0.1:33419/callback"}, "400 invalid_grant bridge_redirect_uri_differs"),
    ({"redirect_uri": "http://127.0.0.1:33418/callback/"}, "400 invalid_grant bridge_redirect_uri_differs"),
    ({"redirect_uri": "https://evil.example/"}, "400 invalid_grant bridge_redirect_uri_differs"),
    ({"resource": "{gateway}/other"}, "400 invalid_target bridge_resource_differs"),
    ({"resource": "https://evil.example/mcp"}, "400 invalid_target bridge_resource_differs"),
    ({"client_id": None}, "400 invalid_request bridge_malformed_request"),
    ({"client_id": "nobody"}, "401 invalid_client bridge_client_unknown"),
    ({"grant_type": None}, "400 invalid_request bridge_malformed_request"),
    ({"grant_type": "refresh_token"}, "400 invalid_request bridge_malformed_request"),
]


@pytest.mark.parametrize(("changes", "expected"), CODE_ATTACKS, ids=str)
def test_a_code_with_something_changed(scene: Scene, victim: Client, changes: Changes, expected: str) -> None:
    """The provider does not hear of it, so the code is still good for who asked for it."""
    changes = {name: value and value.format(gateway=scene.gateway.url) for name, value in changes.items()}
    sign_in, result = victim.authorize()
    assert scene.unheard(lambda: victim.redeem(sign_in, result["code"], **changes)) == expected
    assert scene.verdict(lambda: victim.redeem(sign_in, result["code"])) == "200 None None"


@pytest.mark.parametrize("spelling", ["challenge", "padded", "upper case", "cut"])
def test_what_is_no_verifier(scene: Scene, victim: Client, spelling: str) -> None:
    """Whoever has seen the authorization request knows the challenge; `plain` would make it a verifier."""
    sign_in, result = victim.authorize()
    verifier = {
        "challenge": sign_in.asked["code_challenge"],
        "padded": sign_in.verifier + "=",
        "upper case": sign_in.verifier.swapcase(),
        "cut": sign_in.verifier[:-1],
    }[spelling]
    verdict = scene.unheard(lambda: victim.redeem(sign_in, result["code"], code_verifier=verifier))
    assert verdict == "400 invalid_grant bridge_verifier_differs"


def test_a_code_of_another_client(scene: Scene, victim: Client, attacker: Client) -> None:
    """Even with the verifier, which a malicious application on the same device may have read."""
    sign_in, result = victim.authorize()
    verdict = scene.unheard(lambda: attacker.redeem(sign_in, result["code"]))
    assert verdict == "400 invalid_grant bridge_code_of_another_client"


def test_a_code_that_was_injected(scene: Scene, victim: Client) -> None:
    """The attacker's client redeems a stolen code in a sign-in of its own (RFC 9700 §4.5)."""
    _, stolen = victim.authorize()
    own = victim.request()
    verdict = scene.unheard(lambda: victim.redeem(own, stolen["code"]))
    assert verdict == "400 invalid_grant bridge_verifier_differs"


REFRESH_ATTACKS: list[tuple[Changes, str]] = [
    ({"client_id": "nobody"}, "401 invalid_client bridge_client_unknown"),
    ({"client_id": None}, "400 invalid_request bridge_malformed_request"),
    ({"refresh_token": ""}, "400 invalid_request bridge_malformed_request"),
    ({"scope": "mcp:tools mcp:admin"}, "400 invalid_scope bridge_scope_widened"),
    ({"scope": "openid"}, "400 invalid_scope bridge_scope_widened"),
    ({"scope": "*"}, "400 invalid_scope bridge_scope_widened"),
    ({"resource": "{gateway}/other"}, "400 invalid_target bridge_resource_differs"),
    ({"resource": "{gateway}"}, "400 invalid_target bridge_resource_differs"),
    ({"resource": "https://evil.example/mcp"}, "400 invalid_target bridge_resource_differs"),
]


@pytest.fixture(scope="module")
def refresh_token(scene: Scene, victim: Client) -> str:
    token = victim.tokens(scope=WITH_REFRESH)["refresh_token"]
    assert isinstance(token, str)
    return token


@pytest.mark.parametrize(("changes", "expected"), REFRESH_ATTACKS, ids=str)
def test_a_refresh_with_something_changed(
    scene: Scene, victim: Client, refresh_token: str, changes: Changes, expected: str
) -> None:
    changes = {name: value and value.format(gateway=scene.gateway.url) for name, value in changes.items()}
    form = {"refresh_token": refresh_token, **changes}
    token = form.pop("refresh_token") or ""
    assert scene.unheard(lambda: victim.refresh(token, **form)) == expected
    assert scene.verdict(lambda: victim.refresh(refresh_token, scope="mcp:tools")) == "200 None None"


def test_a_refresh_token_of_another_client(scene: Scene, attacker: Client, refresh_token: str) -> None:
    verdict = scene.unheard(lambda: attacker.refresh(refresh_token))
    assert verdict == "400 invalid_grant bridge_refresh_token_of_another_client"
    verdict = scene.unheard(lambda: attacker.revoke(refresh_token))
    assert verdict == "400 invalid_grant bridge_refresh_token_of_another_client"


def test_the_providers_tokens_are_not_ours(scene: Scene, victim: Client) -> None:
    """A code or a refresh token that leaks at the provider cannot be brought here."""
    sign_in, result = victim.authorize(scope=WITH_REFRESH)
    assert victim.redeem(sign_in, result["code"]).status == 200
    code = scene.provider.token_requests[-1]["code"]
    assert scene.unheard(lambda: victim.redeem(sign_in, code)) == "400 invalid_grant bridge_code_unusable"
    victim.refresh(victim.tokens(scope=WITH_REFRESH)["refresh_token"])
    token = scene.provider.token_requests[-1]["refresh_token"]
    assert scene.unheard(lambda: victim.refresh(token)) == "400 invalid_grant bridge_refresh_token_unusable"


GRANTS = [
    "client_credentials",
    "password",
    "implicit",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:saml2-bearer",
    "urn:openid:params:grant-type:ciba",
    "AUTHORIZATION_CODE",
    "authorization_code ",
]


@pytest.mark.parametrize("grant", GRANTS)
def test_other_grants(scene: Scene, victim: Client, grant: str) -> None:
    """The gateway's secret would make each of them work at the provider, without any user."""
    form = {
        "grant_type": grant,
        "client_id": victim.client_id,
        "scope": "mcp:tools",
        "username": "alice",
        "password": secrets.token_urlsafe(12),
        "subject_token": "token",
        "assertion": "assertion",
        "device_code": "device",
    }
    verdict = scene.unheard(lambda: victim.agent.post(victim.metadata["token_endpoint"], form))
    assert verdict == "400 unsupported_grant_type bridge_unsupported_grant"


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_what_clients_authenticate_with_stays_here(scene: Scene, victim: Client) -> None:
    """The provider sees the gateway's own authentication, and nothing that the client has sent besides."""
    secret = secrets.token_urlsafe(24)
    sign_in, result = victim.authorize(scope=WITH_REFRESH)
    extra = {"client_secret": secret, "client_assertion": secret, "audience": "https://evil.example", "extra": secret}
    sent = {
        "grant_type": "authorization_code",
        "code": result["code"],
        "redirect_uri": victim.redirect_uri,
        "code_verifier": sign_in.verifier,
        "client_id": victim.client_id,
        **extra,
    }
    fields = [("Authorization", basic(victim.client_id, secret)), ("X-Extra", secret)]
    page = victim.agent.post(victim.metadata["token_endpoint"], sent, fields)
    assert page.status == 200, page.text
    page = victim.refresh(page.json["refresh_token"], **extra)
    assert page.status == 200, page.text
    redeemed, refreshed = scene.provider.token_requests[-2:]
    assert set(redeemed) == {"grant_type", "code", "redirect_uri", "code_verifier"}
    assert set(refreshed) == {"grant_type", "refresh_token"}
    assert redeemed["code_verifier"] != sign_in.verifier


AUTHENTICATIONS = [
    ("Basic !!!", "400 invalid_request bridge_malformed_request"),
    ("Basic", "400 invalid_request bridge_malformed_request"),
    (basic("another-client", "secret"), "400 invalid_request bridge_malformed_request"),
]


@pytest.mark.parametrize(("authorization", "expected"), AUTHENTICATIONS, ids=["no Base64", "empty", "another client"])
def test_authentication_that_makes_no_sense(
    scene: Scene, victim: Client, refresh_token: str, authorization: str, expected: str
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": victim.client_id}
    endpoint = victim.metadata["token_endpoint"]
    assert scene.unheard(lambda: victim.agent.post(endpoint, form, [("Authorization", authorization)])) == expected


def test_the_gateways_own_name_is_nobodys(scene: Scene, victim: Client, refresh_token: str) -> None:
    """Who knows the gateway's client identifier at the provider is not the gateway."""
    name = scene.provider.client_id
    verdict = scene.unheard(lambda: victim.refresh(refresh_token, client_id=name, client_secret="guess"))
    assert verdict == "401 invalid_client bridge_client_unknown"
    page = victim.begin(victim.request(client_id=name))
    assert page.status == 400 and page.location is None


REPEATED = ["code", "client_id", "redirect_uri", "code_verifier", "grant_type"]


@pytest.mark.parametrize("name", REPEATED)
def test_repeated_parameters(scene: Scene, victim: Client, name: str) -> None:
    """Two values leave it to the reader which one counts (RFC 6749 §3.2)."""
    sign_in, result = victim.authorize()

    def send(repeated: str) -> Callable[[], Page]:
        return lambda: repeat(victim, sign_in, result["code"], repeated)

    assert scene.unheard(send(name)) == "400 invalid_request bridge_malformed_request"
    assert scene.verdict(send("resource")) == "200 None None"


def repeat(client: Client, sign_in: SignIn, code: str, name: str) -> Page:
    """The token request, with one of its parameters in it twice."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "client_id": client.client_id,
        "code_verifier": sign_in.verifier,
        "resource": sign_in.asked["resource"],
    }
    pairs = [f"{each}={value}" for each, value in form.items()]
    body = "&".join([*pairs, f"{name}={form[name]}"]).replace(":", "%3A").replace("/", "%2F")
    kind = ("Content-Type", "application/x-www-form-urlencoded")
    return client.agent.request("POST", client.metadata["token_endpoint"], [kind], body.encode())


def test_a_sign_in_without_pkce_never_begins(scene: Scene, victim: Client) -> None:
    """No method is plain here, and S256 has to be said (RFC 7636 §4.3: its absence means plain)."""
    challenge = challenge_of(secrets.token_urlsafe(48))
    for changes in (
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge": challenge + "="},
        {"code_challenge": challenge[:-1]},
    ):
        sign_in = victim.request(**changes)
        verdict = scene.unheard(partial(victim.begin, sign_in))
        assert verdict == "303 invalid_request bridge_authorization_refused", changes
