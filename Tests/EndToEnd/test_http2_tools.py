"""The tools people reach for: h2load, nghttp and openssl s_time against a listener as it comes."""

import re
import subprocess
from pathlib import Path

import pytest

from conftest import MakeGateway
from support.certificates import Certificate
from support.gateway import Gateway, route
from support.raw_backend import RawBackend

LIMIT = 60


@pytest.fixture(scope="module")
def gateway(
    make_shared_gateway: MakeGateway, shared_backend: RawBackend, server_certificate: Certificate
) -> Gateway:
    return make_shared_gateway(
        [route(shared_backend.url, upstream_options={"max_connections": 16})],
        listener={"tls": {"certificates": [server_certificate.files]}},
    )


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("options", [[], ["--h1"]], ids=["h2", "h1"])
def test_h2load(gateway: Gateway, backend: RawBackend, options: list[str]) -> None:
    """Every request of several connections and many streams is answered with 200."""
    streams = [] if options else ["-m", "32"]
    report = run("h2load", *options, *streams, "-n", "2000", "-c", "4", f"https://{gateway.authority}/mcp")
    assert "2000 succeeded, 0 failed, 0 errored, 0 timeout" in report
    assert "status codes: 2000 2xx" in report


def test_h2load_with_bodies(gateway: Gateway, backend: RawBackend, tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"x" * 200_000)
    report = run("h2load", "-m", "8", "-n", "64", "-c", "2", "-d", str(body), f"https://{gateway.authority}/mcp")
    assert "64 succeeded, 0 failed" in report


def test_nghttp(gateway: Gateway, backend: RawBackend) -> None:
    """What nghttp sees of the session: settings, the response, and a proper end."""
    talk = run("nghttp", "--no-verify-peer", "--verbose", "--null-out", f"https://{gateway.authority}/mcp")
    talk = re.sub(r"\x1b\[[0-9;]*m", "", talk)
    assert "The negotiated protocol: h2" in talk
    assert "recv SETTINGS frame" in talk and "SETTINGS_MAX_CONCURRENT_STREAMS(0x03):128" in talk
    assert re.search(r"recv \(stream_id=\d+\) :status: 200", talk)
    assert "recv GOAWAY" not in talk


@pytest.mark.parametrize("manner", ["-new", "-reuse"])
def test_s_time(gateway: Gateway, manner: str) -> None:
    """Handshakes one after the other, anew and resumed (s_time resumes TLS 1.2 only)."""
    versions = ["-tls1_2"] if manner == "-reuse" else []
    report = run("openssl", "s_time", "-connect", gateway.authority, manner, "-time", "1", *versions)
    found = re.search(r"^(\d+) connections in", report, re.MULTILINE)
    assert found and int(found[1]) > 10, report
