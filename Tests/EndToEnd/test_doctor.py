"""`portcullis doctor`: the way of a client, with one thing in the way at a time."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeGateway
from support import secrecy
from support.certificates import Authority, Certificate
from support.command import Ended, run
from support.gateway import Gateway, route
from support.raw_backend import RawBackend, answering
from support.static_provider import StaticProvider
from support.waiting import free_port

COMPLETE = {
    "code_challenge_methods_supported": ["S256"],
    "registration_endpoint": "https://idp.example.test/register",
    "client_id_metadata_document_supported": True,
}


@pytest.fixture
def provider() -> Iterator[StaticProvider]:
    provider = StaticProvider("urn:test:audience")
    provider.metadata = dict(COMPLETE)
    yield provider
    provider.stop()


MakeHealthy = Callable[..., Gateway]


@pytest.fixture
def healthy(make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider) -> MakeHealthy:
    """A gateway that nothing is wrong with."""

    def make(**more: Any) -> Gateway:
        authorization = provider.authorization(allowed_scopes=["mcp:tools"])
        return make_gateway([route(backend.url, authorization=authorization)], **more)

    return make


def write(directory: Path, gateway: Gateway, **changes: Any) -> Path:
    """The gateway's configuration, changed behind its back."""
    file = directory / "doctor.yaml"
    file.write_text(json.dumps(gateway.configuration | changes, indent=2))
    return file


def doctor(file: Path, *arguments: str) -> Ended:
    return run("doctor", "--config", str(file), *arguments)


def findings(ended: Ended) -> list[dict[str, str]]:
    return [finding for section in ended.json["sections"] for finding in section["findings"]]


def bad(ended: Ended) -> list[dict[str, str]]:
    return [finding for finding in findings(ended) if finding["severity"] in ("warning", "problem")]


def test_all_is_well(tmp_path: Path, healthy: MakeHealthy, provider: StaticProvider, backend: RawBackend) -> None:
    gateway = healthy()
    file = write(tmp_path, gateway)
    ended = doctor(file, "--json")
    assert ended.status == 0, ended.stdout
    assert bad(ended) == []
    messages = [finding["message"] for finding in findings(ended)]
    for method in ("POST", "GET", "HEAD"):
        assert f"{method}: 401 with resource_metadata and scope mcp:tools" in messages
    metadata = f"{gateway.url}/.well-known/oauth-protected-resource"
    assert f"HEAD {metadata}/mcp" in messages
    assert any(message.startswith(f"{metadata}: ") for message in messages)
    assert f"the gateway reads {provider.discovery_url}, which names the issuer {provider.issuer}" in messages
    assert any("3 usable for RS256, ES256, EdDSA" in message for message in messages), messages
    assert any(message.startswith(f"{backend.url} answers") for message in messages)
    redirects = [finding["message"] for finding in findings(ended) if finding["check"] == "redirect URI"]
    assert [redirect.split(":")[0] for redirect in redirects] == [
        "Kiro", "Claude Code", "VS Code", "Cursor", "Codex", "Gemini CLI",
    ]  # fmt: skip

    text = doctor(file)
    assert text.status == 0
    assert text.stdout.endswith("no problems, no warnings\n")
    assert re.search(r"^  ok      challenge: POST: 401", text.stdout, re.MULTILINE)


def test_the_backend_is_down(tmp_path: Path, healthy: MakeHealthy) -> None:
    gateway = healthy()
    routes = [gateway.configuration["routes"][0] | {"upstream": {"url": f"http://127.0.0.1:{free_port()}/mcp"}}]
    ended = doctor(write(tmp_path, gateway, routes=routes), "--json")
    assert ended.status == 1
    assert [finding["check"] for finding in bad(ended)] == ["upstream"]
    assert "upstream_connect_failed" in bad(ended)[0]["message"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "credentials of its own"),
        (b"HTTP/1.1 307 Moved\r\nLocation: /mcp/\r\nContent-Length: 0\r\n\r\n", "redirects to /mcp/"),
    ],
)
def test_a_backend_that_answers_something_else(
    tmp_path: Path, healthy: MakeHealthy, backend: RawBackend, answer: bytes, words: str
) -> None:
    backend.script = answering(answer)
    ended = doctor(write(tmp_path, healthy()), "--json")
    assert ended.status == 0
    assert [finding["severity"] for finding in bad(ended)] == ["warning"]
    assert words in bad(ended)[0]["message"]


def test_a_backend_that_never_answers(tmp_path: Path, healthy: MakeHealthy, own_backend: RawBackend) -> None:
    """The wait has an end."""
    gateway = healthy()
    own_backend.script = lambda conversation, _: conversation.peer_gone(30) and None
    routes = [gateway.configuration["routes"][0] | {"upstream": {"url": own_backend.url}}]
    ended = doctor(write(tmp_path, gateway, routes=routes), "--json")
    assert ended.status == 1
    assert [finding["message"] for finding in bad(ended)] == [f"{own_backend.url}: no answer in time"]


def test_the_gateway_is_down_and_the_rest_is_looked_at(
    tmp_path: Path, healthy: MakeHealthy, provider: StaticProvider
) -> None:
    gateway = healthy()
    gateway.stop()
    ended = doctor(write(tmp_path, gateway), "--json")
    assert ended.status == 1
    assert [finding["check"] for finding in bad(ended)] == ["public URL"]
    assert "does not answer" in bad(ended)[0]["message"]
    assert provider.jwks_fetches >= 1


def test_the_provider_is_down(tmp_path: Path, healthy: MakeHealthy, provider: StaticProvider) -> None:
    gateway = healthy()
    provider.down.set()
    ended = doctor(write(tmp_path, gateway), "--json")
    assert ended.status == 1
    assert {finding["check"] for finding in bad(ended)} == {"discovery"}
    assert "status 500" in bad(ended)[0]["message"]


def test_the_provider_names_another_issuer(tmp_path: Path, healthy: MakeHealthy, provider: StaticProvider) -> None:
    gateway = healthy()
    provider.wrong_issuer = True
    ended = doctor(write(tmp_path, gateway), "--json")
    assert ended.status == 1
    assert bad(ended)[0]["message"] == (
        f"{provider.discovery_url} names the issuer http://127.0.0.1:1/other, not {provider.issuer}"
    )
    assert "issuer: http://127.0.0.1:1/other" in bad(ended)[0]["remedy"]


def test_the_gateway_has_another_public_url(tmp_path: Path, healthy: MakeHealthy) -> None:
    """What runs is not what is configured: clients would refuse it."""
    gateway = healthy(public_url="https://old.example.test")
    file = write(tmp_path, gateway, public_url=f"http://{gateway.authority}")
    ended = doctor(file, "--json")
    assert ended.status == 1
    words = " ".join(finding["message"] for finding in bad(ended))
    assert "https://old.example.test/.well-known/oauth-protected-resource/mcp" in words


def test_metadata_about_another_resource(tmp_path: Path, healthy: MakeHealthy) -> None:
    gateway = healthy()
    routes = [gateway.configuration["routes"][0] | {"metadata": {"resource": f"{gateway.url}/other"}}]
    ended = doctor(write(tmp_path, gateway, routes=routes), "--json")
    assert ended.status == 1
    assert any(
        f'resource is "{gateway.url}/mcp", and clients want "{gateway.url}/other"' in finding["message"]
        for finding in bad(ended)
    )


def test_a_provider_without_pkce_and_registration(
    tmp_path: Path, healthy: MakeHealthy, provider: StaticProvider
) -> None:
    gateway = healthy()
    provider.metadata = {}
    ended = doctor(write(tmp_path, gateway), "--json")
    assert ended.status == 0
    assert [(finding["severity"], finding["check"]) for finding in bad(ended)] == [
        ("warning", "PKCE"), ("warning", "registration"),
    ]  # fmt: skip
    provider.metadata = COMPLETE | {"code_challenge_methods_supported": ["plain"]}
    worse = doctor(write(tmp_path, gateway), "--json")
    assert (worse.status, [finding["check"] for finding in bad(worse)]) == (1, ["PKCE"])


@pytest.mark.parametrize(("ahead", "severity"), [(600, "problem"), (-600, "problem"), (30, "warning")])
def test_clocks_that_differ(
    tmp_path: Path, healthy: MakeHealthy, provider: StaticProvider, ahead: int, severity: str
) -> None:
    gateway = healthy()
    provider.clock_ahead = ahead
    ended = doctor(write(tmp_path, gateway), "--json")
    assert [(finding["severity"], finding["check"]) for finding in bad(ended)] == [(severity, "clock")]
    assert ended.status == (1 if severity == "problem" else 0)


def test_keys_that_are_not_used_are_named(tmp_path: Path, healthy: MakeHealthy, provider: StaticProvider) -> None:
    gateway = healthy()
    provider.extra_keys = [{"kty": "XYZ"}, {"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB"}]
    ended = doctor(write(tmp_path, gateway), "--json")
    assert ended.status == 0
    keys = next(finding["message"] for finding in findings(ended) if finding["check"] == "keys")
    assert "unknown key type: 1" in keys
    assert "not for verifying signatures: 1" in keys


def tls_gateway(healthy: MakeHealthy, certificate: Certificate) -> Gateway:
    return healthy(listener={"tls": {"certificates": [certificate.files]}})


def test_over_tls(tmp_path: Path, healthy: MakeHealthy, authority: Authority) -> None:
    """Its certificate and the days that are left; without the authority it is not believed."""
    gateway = tls_gateway(healthy, authority.issue("doctor-good"))
    file = write(tmp_path, gateway)
    ended = doctor(file, "--ca", str(authority.file), "--json")
    assert ended.status == 0, ended.stdout
    certificates = [finding["message"] for finding in findings(ended) if finding["check"] == "certificate"]
    assert len(certificates) == 2
    assert all("days left" in message for message in certificates)
    stranger = doctor(file, "--json")
    assert stranger.status == 1
    assert any("tls_unknown_issuer" in finding["message"] for finding in bad(stranger))


def test_a_certificate_that_ends_soon(tmp_path: Path, healthy: MakeHealthy, authority: Authority) -> None:
    gateway = tls_gateway(healthy, authority.issue("doctor-short", ends=timedelta(days=3, hours=1)))
    # The gateway says it, too, at its start.
    secrecy.watch(gateway.process.stderr_path, for_people=True)
    ended = doctor(write(tmp_path, gateway), "--ca", str(authority.file), "--json")
    assert ended.status == 0
    assert [finding["check"] for finding in bad(ended)] == ["certificate", "certificate"]
    assert all("ends in 3 days" in finding["message"] for finding in bad(ended))


def test_before_the_name_is_set_up(tmp_path: Path, healthy: MakeHealthy, authority: Authority) -> None:
    """--connect goes to the gateway itself, and asks for the public name there."""
    certificate = authority.issue("doctor-name", ("mcp.example.test",))
    gateway = healthy(
        public_url="https://mcp.example.test", listener={"tls": {"certificates": [certificate.files]}}
    )
    file = write(tmp_path, gateway)
    ended = doctor(file, "--connect", gateway.authority, "--ca", str(authority.file), "--json")
    assert ended.status == 0, ended.stdout
    assert bad(ended) == []
    without = doctor(file, "--json")
    assert without.status == 1
    assert "address" in [finding["check"] for finding in bad(without)]


def test_an_open_route(tmp_path: Path, make_gateway: MakeGateway, backend: RawBackend) -> None:
    gateway = make_gateway([route(backend.url)])
    ended = doctor(write(tmp_path, gateway), "--json")
    assert (ended.status, bad(ended)) == (0, [])


@pytest.mark.parametrize("mode", ["optional", "required"])
def test_a_route_that_takes_proofs(
    tmp_path: Path, make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider, mode: str
) -> None:
    """It has a challenge for them, too, or instead."""
    authorization = provider.authorization(allowed_scopes=["mcp:tools"], dpop={"mode": mode})
    gateway = make_gateway([route(backend.url, authorization=authorization)])
    ended = doctor(write(tmp_path, gateway), "--json")
    assert (ended.status, bad(ended)) == (0, [])


def test_introspection_without_an_endpoint(
    tmp_path: Path, make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret-of-the-gateway")
    section = {"client_id": "gateway", "client_secret": f"${{file:{secret}}}"}
    authorization = provider.authorization(allowed_scopes=["mcp:tools"], introspection=section)
    gateway = make_gateway([route(backend.url, authorization=authorization)])
    file = write(tmp_path, gateway)
    ended = doctor(file, "--json")
    assert (ended.status, [finding["check"] for finding in bad(ended)]) == (1, ["introspection"])
    provider.metadata["introspection_endpoint"] = f"{provider.issuer}/introspect"
    assert doctor(file).status == 0
    assert "s3cret-of-the-gateway" not in ended.stdout + ended.stderr


def test_one_route_of_several(
    tmp_path: Path, make_gateway: MakeGateway, backend: RawBackend, provider: StaticProvider
) -> None:
    authorization = provider.authorization(allowed_scopes=["mcp:tools"])
    broken = route(f"http://127.0.0.1:{free_port()}/mcp", path="/broken", authorization=authorization)
    gateway = make_gateway([route(backend.url, authorization=authorization), broken])
    file = write(tmp_path, gateway)
    assert doctor(file).status == 1
    assert doctor(file, "--route", "/mcp").status == 0
    assert doctor(file, "--route", "/nowhere").status == 2


@pytest.mark.parametrize("text", ["127.0.0.1", ":80", "127.0.0.1:0", "127.0.0.1:http"])
def test_wrong_usage(tmp_path: Path, make_gateway: MakeGateway, backend: RawBackend, text: str) -> None:
    gateway = make_gateway([route(backend.url)])
    assert doctor(write(tmp_path, gateway), "--connect", text).status == 2
