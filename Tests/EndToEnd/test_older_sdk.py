"""The MCP Python SDK 1.30.0 as an older client, in an environment of its own."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support import secrecy
from support.gateway import Gateway
from support.provider import Provider


def run_client(url: str, provider: Provider, *trusted: str) -> dict[str, Any]:
    root = Path(__file__).resolve().parent
    default = root.parents[1] / ".venv-e2e-legacy" / "bin" / "python"
    python = os.environ.get("PORTCULLIS_E2E_LEGACY_PYTHON", str(default))
    done = subprocess.run(
        [python, "-m", "support.legacy_client", url, "bob", provider.users["bob"], *trusted],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for kind in ("access_token", "refresh_token"):
        secrecy.remember("token", found[kind])
    return found


@pytest.mark.parametrize("variant", ["stateful-sse", "stateful-json", "stateless-sse", "stateless-json"])
def test_signs_in_and_calls_tools(sdk_gateway: Gateway, provider: Provider, variant: str) -> None:
    """A client that knows nothing later than 2025-11-25 passes through the same route (GW-120, GW-121, GW-126)."""
    found = run_client(f"{sdk_gateway.url}/{variant}", provider)
    assert found["version"] == "2025-11-25"
    assert {"add", "countdown"} <= set(found["tools"])
    assert found["added"] == "5"
    assert found["counted"] == "lift-off"
    assert ["POST", 401] in found["wire"]
    if variant == "stateful-sse":
        assert found["progress"] == [1, 2, 3]
    if variant.startswith("stateful"):
        assert found["session"], "the backend's session id reaches the client"
        assert ["DELETE", 200] in found["wire"]
