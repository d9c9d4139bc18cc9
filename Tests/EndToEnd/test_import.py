"""`portcullis import agentcore`: the JSON of `get-gateway` and its targets becomes a configuration."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.gateway import binary

AUTHORIZER = {
    "discoveryUrl": "https://idp.example.com/.well-known/openid-configuration",
    "allowedAudience": ["api://tools"],
    "allowedScopes": ["tools.read"],
}


def gateway(**more: Any) -> dict[str, Any]:
    return {
        "name": "tools",
        "authorizerType": "CUSTOM_JWT",
        "authorizerConfiguration": {"customJWTAuthorizer": AUTHORIZER},
        "protocolType": "MCP",
        **more,
    }


def target(name: str) -> dict[str, Any]:
    endpoint = f"https://{name}.example.com/mcp"
    return {"targetId": name, "name": name, "targetConfiguration": {"mcp": {"mcpServer": {"endpoint": endpoint}}}}


def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [binary(), "import", "agentcore", *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=30)


def expanded(file: Path) -> str:
    command = [binary(), "check", "--config", str(file), "--expand"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result.stderr
    return result.stdout


def write(directory: Path, name: str, value: Any) -> str:
    file = directory / name
    file.write_text(json.dumps(value))
    return str(file)


def test_a_gateway_and_its_targets(tmp_path: Path) -> None:
    files = [write(tmp_path, "gateway.json", gateway())]
    files += [write(tmp_path, f"{name}.json", target(name)) for name in ("weather", "news")]
    output = tmp_path / "portcullis.yaml"
    result = run(*files, "--public-url", "https://mcp.example.com", "--output", str(output))
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    text = expanded(output)
    for line in ("path: /weather/mcp", "path: /news/mcp", "- api://tools", "- tools.read", "url: https://news.example.com/mcp"):
        assert line in text
    again = run(*files, "--output", str(output))
    assert again.returncode == 2
    assert "--force" in again.stderr


def test_standard_input_and_output(tmp_path: Path) -> None:
    result = run("-", text=json.dumps(gateway(targets=[target("weather")], kmsKeyArn="arn:x")))
    assert result.returncode == 0, result.stderr
    assert "standard input: left out: these describe the resource at AWS: kmsKeyArn" in result.stderr
    assert "#   standard input: these describe" in result.stdout
    file = tmp_path / "portcullis.yaml"
    file.write_text(result.stdout)
    assert "path: /mcp" in expanded(file)


def test_what_decides_about_access_ends_with_status_1(tmp_path: Path) -> None:
    value = gateway(targets=[target("weather")], interceptorConfigurations=[{}], novelty={"deny": True})
    result = run("-", text=json.dumps(value))
    assert result.returncode == 1
    for name in ("interceptorConfigurations", "novelty"):
        assert f"standard input: {name}: ACCESS: " in result.stderr
        assert f"#   standard input: {name}: " in result.stdout
    file = tmp_path / "portcullis.yaml"
    file.write_text(result.stdout)
    expanded(file)


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("{", 2, "standard input:1:2: "),
        ('{"a":1,"a":2}', 2, "occurs twice"),
        ("[1]", 1, "neither a gateway nor a target"),
        (json.dumps(gateway(authorizerType="AWS_IAM")), 1, "SigV4"),
        (json.dumps(gateway(authorizerType="AUTHENTICATE_ONLY")), 1, "SigV4"),
        (json.dumps(gateway()), 1, "--upstream"),
    ],
)
def test_nothing_is_written_without_a_gateway(text: str, status: int, words: str, tmp_path: Path) -> None:
    output = tmp_path / "portcullis.yaml"
    result = run("-", "--output", str(output), text=text)
    assert result.returncode == status
    assert words in result.stderr
    assert result.stdout == ""
    assert not output.exists()


def test_wrong_usage(tmp_path: Path) -> None:
    assert run().returncode == 2
    assert run("-", "-").returncode == 2
    assert run(str(tmp_path / "missing.json")).returncode == 2
    assert run("-", "--upstream", "nowhere", text=json.dumps(gateway())).returncode == 2


def test_open_gateways_are_warned_about() -> None:
    value = gateway(authorizerType="NONE", targets=[target("weather")])
    del value["authorizerConfiguration"]
    result = run("-", text=json.dumps(value))
    assert result.returncode == 0
    assert "WARNING" in result.stderr
    assert "authorization: none" in result.stdout
