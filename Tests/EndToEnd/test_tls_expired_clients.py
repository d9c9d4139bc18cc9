"""Client certificates that run out while their owner holds a session."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conftest import MakeGateway
from support.certificates import Authority, Certificate
from support.gateway import route
from support.raw_backend import RawBackend
from support.rawhttp import Truncated, request_bytes
from support.tls_client import TLSConnection, client_context
from support.waiting import wait_until


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("asked", ["required", "optional"])
def test_a_session_does_not_outlive_its_certificate(
    make_gateway: MakeGateway,
    backend: RawBackend,
    server_certificate: Certificate,
    authority: Authority,
    certificates: Path,
    version: str,
    asked: str,
) -> None:
    """Each resumption renews the ticket: without another look at the dates a certificate would be good for ever."""
    clients = Authority(certificates, "Clients")
    agent = clients.issue("agent-7", client=True, ends=timedelta(seconds=3))
    tls = {"certificates": [server_certificate.files], "client_ca": str(clients.file), "client_certificate": asked}
    gateway = make_gateway([route(backend.url)], listener={"tls": tls})
    context = client_context(authority.file, version, certificate=agent)
    request = request_bytes("POST", "/mcp", gateway.authority, body=b"{}")
    session = None
    for _ in range(2):
        with TLSConnection(gateway.address, context, session=session) as connection:
            connection.send(request)
            assert connection.read_response().status == 200
            assert connection.socket.session_reused == (session is not None)
            session = connection.socket.session
    wait_until(lambda: datetime.now(UTC) > agent.x509.not_valid_after_utc + timedelta(seconds=1), "it has expired")
    with pytest.raises((ssl.SSLError, Truncated, ConnectionError)):
        with TLSConnection(gateway.address, context, session=session) as connection:
            connection.send(request)
            connection.read_response()
