"""`portcullis init`: a configuration that passes `check`, steps, and client settings."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from support.gateway import binary

UPSTREAM = "http://127.0.0.1:8000/mcp"
GUID = "11111111-2222-3333-4444-555555555555"
PROVIDERS = {
    "okta": ["--domain", "example.okta.com"],
    "entra": ["--tenant", GUID, "--audience", GUID],
    "cognito": ["--region", "eu-central-1", "--user-pool", "eu-central-1_Ab12", "--client-id", "client"],
    "auth0": ["--domain", "example.eu.auth0.com"],
    "keycloak": ["--base-url", "https://sso.example.com", "--realm", "example"],
    "google": ["--client-id", "1.apps.googleusercontent.com"],
    "ping": ["--environment", GUID],
    "workos": ["--domain", "example.authkit.app"],
    "descope": ["--project", "P1", "--mcp-server", "M1"],
    "generic": ["--issuer", "https://idp.example.com"],
}
DOCUMENTS = Path(__file__).resolve().parents[2] / "docs"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=30)


def init(provider: str, *more: str) -> subprocess.CompletedProcess[str]:
    return run("init", "--idp", provider, *PROVIDERS[provider], "--upstream", UPSTREAM, *more)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_writes_what_check_accepts(provider: str, tmp_path: Path) -> None:
    """To standard output with the rest on standard error, and to a file with the rest on standard output."""
    printed = init(provider)
    assert printed.returncode == 0, printed.stderr
    file = tmp_path / "portcullis.yaml"
    written = init(provider, "--output", str(file))
    assert written.returncode == 0, written.stderr
    assert file.read_text() == printed.stdout
    assert written.stdout in printed.stderr
    assert "claude mcp add --transport http" in written.stdout
    checked = run("check", "--config", str(file))
    assert checked.returncode == 0, checked.stderr
    assert checked.stderr.count("warning") == printed.stderr.count("warning: ")
    assert f"docs/providers/{provider}.md" in printed.stdout
    assert (DOCUMENTS / "providers" / f"{provider}.md").exists()


def test_takes_every_option(tmp_path: Path) -> None:
    file = tmp_path / "portcullis.yaml"
    options = ["--public-url", "https://mcp.example.com", "--path", "/github/mcp", "--client-id", "me"]
    result = init("keycloak", *options, "--scope", "a", "--scope", "b", "--audience", "urn:x", "--output", str(file))
    assert result.returncode == 0, result.stderr
    expanded = run("check", "--config", str(file), "--expand").stdout
    for line in ("- urn:x", "- me", "- a", "- b", "path: /github/mcp", "provider: keycloak"):
        assert line in expanded
    assert "--client-id me --callback-port 8090 github https://mcp.example.com/github/mcp" in result.stdout


def test_never_replaces_a_file_unasked(tmp_path: Path) -> None:
    file = tmp_path / "portcullis.yaml"
    file.write_text("mine")
    refused = init("okta", "--output", str(file))
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert file.read_text() == "mine"
    assert init("okta", "--output", str(file), "--force").returncode == 0
    assert file.read_text().startswith("# Made by")
    assert init("okta", "--output", str(tmp_path / "no" / "such.yaml")).returncode == 2
    assert init("okta", "--force").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["--idp", "okta", "--upstream", UPSTREAM], "--domain"),
        (["--idp", "okta", "--domain", "https://x.okta.com", "--upstream", UPSTREAM], "--domain"),
        (["--idp", "entra", "--tenant", GUID, "--upstream", UPSTREAM], "--audience"),
        (["--idp", "entra", "--tenant", "common", "--audience", GUID, "--upstream", UPSTREAM], "--tenant"),
        (["--idp", "generic", "--upstream", UPSTREAM], "--issuer"),
        (["--idp", "generic", "--issuer", "https://a.example", "--upstream", "nowhere"], "--upstream"),
        (["--idp", "nobody", "--upstream", UPSTREAM], "nobody"),
    ],
)
def test_names_the_option_that_is_wrong(arguments: list[str], option: str) -> None:
    result = run("init", *arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert option in result.stderr


def test_documents_name_the_same_redirect_uris() -> None:
    """docs/clients.md and the program have one table."""
    printed = init("okta").stderr
    section = printed.split("redirect URIs", 1)[1].split("Settings of MCP clients", 1)[0]
    uris = re.findall(r"[a-z]+://[^\s,]+", section)
    assert len(uris) >= 10
    table = (DOCUMENTS / "clients.md").read_text()
    assert [uri for uri in uris if f"`{uri}`" not in table] == []


def test_snippets_are_json() -> None:
    blocks = re.findall(r":\n\n((?:    .*\n)+)", init("auth0").stderr)
    settings = [json.loads(block) for block in blocks if block.startswith("    {")]
    assert len(settings) == 5
    assert all("tools" in next(iter(value.values())) for value in settings)
