"""What all the gateways of this run have written. Runs last, and reads what the other tests caused."""

import json
from datetime import datetime

import pytest

from conftest import MakeGateway
from support import secrecy
from support.gateway import route
from support.raw_backend import RawBackend
from support.rawhttp import exchange
from support.static_provider import StaticProvider

FIELDS = {
    "ts",
    "event",
    "request_id",
    "listener",
    "client",
    "route",
    "method",
    "path",
    "status",
    "bytes_in",
    "bytes_out",
    "duration_ms",
    "stage",
    "upstream_ms",
    "auth",
    "reason",
    "detail",
    "subject",
    "client_id",
    "client_certificate",
    "protocol",
}


def test_an_access_record_says_what_happened(
    make_gateway: MakeGateway, backend: RawBackend, static_provider: StaticProvider
) -> None:
    """One line with every fact of a verified, a challenged, a refused and an unprotected request."""
    gateway = make_gateway(
        [
            route(backend.url, name="tools", authorization=static_provider.authorization()),
            route(backend.url, name="open", path="/open"),
        ]
    )
    body = b'{"jsonrpc":"2.0"}'
    token = static_provider.signer.token(sub="the-subject", client_id="the-client")
    answer = exchange(gateway.address, "POST", "/mcp?code=secret-in-query", body=body, token=token)
    record = gateway.access(auth="verified")
    assert set(record) <= FIELDS, "no field beyond the documented ones"
    assert record["route"] == "tools" and record["method"] == "POST" and record["path"] == "/mcp"
    assert record["status"] == 200 and record["bytes_in"] == len(body) and record["bytes_out"] == len(answer.body)
    assert record["subject"] == "the-subject" and record["client_id"] == "the-client"
    assert record["client"].startswith("127.0.0.1")
    assert record["duration_ms"] >= record["upstream_ms"] >= 0
    assert record["request_id"]

    exchange(gateway.address, "GET", "/mcp")
    assert gateway.access(auth="challenged")["status"] == 401
    exchange(gateway.address, "GET", "/mcp", token=static_provider.signer.token(exp=1))
    refused = gateway.access(auth="refused")
    assert refused["status"] == 401 and "expired" in refused["reason"]
    exchange(gateway.address, "GET", "/open")
    assert gateway.access(route="open")["auth"] == "none"
    identifiers = [line["request_id"] for line in gateway.events("request")]
    assert len(set(identifiers)) == len(identifiers) == 4


@pytest.mark.parametrize(
    "path",
    [
        "/mcp/%22%7D%0A%7B%22event%22:%22request%22,%22status%22:200",
        '/mcp/"},{"event":"request","status":200,\\u000a',
        "/mcp/\u0085\u2028".encode().decode("latin-1"),
    ],
)
def test_hostile_paths_stay_inside_their_line(make_gateway: MakeGateway, backend: RawBackend, path: str) -> None:
    """A path cannot forge a line or a member of the log."""
    gateway = make_gateway([route(backend.url)])
    status = exchange(gateway.address, "GET", path).status
    assert gateway.access(status=status)["event"] == "request"
    assert len(gateway.events("request")) == 1


def test_hostile_claims_stay_inside_their_line(
    make_gateway: MakeGateway, backend: RawBackend, static_provider: StaticProvider
) -> None:
    """A subject cannot forge a line or a member of the log."""
    gateway = make_gateway([route(backend.url, authorization=static_provider.authorization())])
    subject = '"}\n{"event":"request","status":500,"subject":"\u2028'
    token = static_provider.signer.token(sub=subject, client_id='c"\\')
    assert exchange(gateway.address, "GET", "/mcp", token=token).status == 200
    assert gateway.access(auth="verified")["status"] == 200
    assert len(gateway.events("request")) == 1


def test_every_line_is_json() -> None:
    """Standard output holds JSON objects only, whatever has happened; one each line."""
    outputs = secrecy.event_outputs()
    assert outputs
    count = 0
    for path in outputs:
        for line in path.read_text().splitlines():
            record = json.loads(line)
            assert isinstance(record, dict) and record.get("event"), line
            count += 1
            if isinstance(record.get("ts"), str):
                datetime.fromisoformat(record["ts"])
    assert count > len(outputs)


def test_requests_are_logged_whole() -> None:
    """Every access record has a path without a query, a status and a known outcome."""
    for path in secrecy.event_outputs():
        for line in path.read_text().splitlines():
            record = json.loads(line)
            if record.get("event") == "request":
                assert "?" not in (record.get("path") or ""), line
                assert record["auth"] in ("none", "challenged", "verified", "refused"), line
                assert isinstance(record["status"], int), line


def test_no_secret_was_written_anywhere() -> None:
    """No token, code, cookie, client secret or query string in any output of any gateway (GW-40, GW-52)."""
    secrets = secrecy.secrets()
    if not any(kind == "token" for kind in secrets.values()):
        pytest.fail("this test reads what the other tests caused, and none has run")
    for path in secrecy.outputs():
        written = path.read_text(errors="replace")
        found = {kind for secret, kind in secrets.items() if secret in written}
        assert not found, f"{path.name} holds {sorted(found)}"


def test_nothing_was_said_on_standard_error() -> None:
    """No crash report, sanitizer message or runtime warning from any gateway of this run."""
    for path in secrecy.error_outputs():
        assert path.read_text(errors="replace") == "", path.name
