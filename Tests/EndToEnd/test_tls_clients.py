"""Client certificates: who gets in, what the log says of them, and tokens that are bound to them (RFC 8705)."""

import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeGateway
from support.certificates import Authority, Certificate, self_signed
from support.gateway import Gateway, route
from support.raw_backend import RawBackend
from support.rawhttp import Response, Truncated, request_bytes
from support.static_provider import StaticProvider
from support.ticket_keys import make_ticket_key, write_ticket_keys
from support.tls_client import TLSConnection, client_context, curl, s_client, secure_exchange
from support.waiting import free_port, wait_until

BOTH = pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
AGENT = "CN=agent-7,O=Example"


@pytest.fixture(scope="module")
def clients(certificates: Path) -> Authority:
    """The authority of the clients, which has nothing to do with the servers'."""
    return Authority(certificates, "Clients")


@pytest.fixture(scope="module")
def agent(clients: Authority) -> Certificate:
    return clients.issue("agent-7", client=True)


@pytest.fixture(scope="module")
def stranger(clients: Authority) -> Certificate:
    """Verified like the agent, but another one."""
    return clients.issue("agent-8", client=True)


Mutual = Callable[..., Gateway]


@pytest.fixture(scope="module")
def make_mutual(
    make_shared_gateway: MakeGateway,
    shared_backend: RawBackend,
    shared_provider: StaticProvider,
    server_certificate: Certificate,
    clients: Authority,
) -> Mutual:
    """Gateways that ask for a certificate; routes: open, bound tokens, one subject only, tokens as they come."""

    def make(**tls: Any) -> Gateway:
        bound = shared_provider.authorization(certificate_bound_tokens=True)
        subject = shared_provider.authorization(allowed_certificate_subjects=[AGENT])
        return make_shared_gateway(
            [
                route(shared_backend.url),
                route(shared_backend.url, path="/bound", authorization=bound),
                route(shared_backend.url, path="/agent", authorization=subject),
                route(shared_backend.url, path="/plain", authorization=shared_provider.authorization()),
            ],
            listener={"tls": {"certificates": [server_certificate.files], "client_ca": str(clients.file), **tls}},
        )

    return make


@pytest.fixture(scope="module")
def requiring(make_mutual: Mutual) -> Gateway:
    return make_mutual()


@pytest.fixture(scope="module")
def optional(make_mutual: Mutual) -> Gateway:
    return make_mutual(client_certificate="optional")


def refused(gateway: Gateway, context: ssl.SSLContext) -> bool:
    """Whether the connection ends without an answer. In TLS 1.3 clients learn of it only when they read."""
    try:
        secure_exchange(gateway, context)
    except (ssl.SSLError, Truncated, ConnectionError):
        return True
    return False


@BOTH
def test_a_good_certificate_opens(
    requiring: Gateway, backend: RawBackend, authority: Authority, agent: Certificate, version: str
) -> None:
    """The request passes, and the log says who it was, as RFC 2253 writes it."""
    path = f"/mcp/good-{version}"
    response = secure_exchange(requiring, client_context(authority.file, version, certificate=agent), target=path)
    assert response.status == 200
    assert requiring.access(path=path)["client_certificate"] == AGENT


def test_a_certificate_counts_over_http2(
    requiring: Gateway, backend: RawBackend, authority: Authority, stranger: Certificate
) -> None:
    """The same for each request of an HTTP/2 connection."""
    options = ["--http2", "--cert", str(stranger.certificate), "--key", str(stranger.key)]
    done = curl(requiring, authority.file, *options, "--data", "{}", "--write-out", "%{http_version}%{http_code}")
    assert done.returncode == 0 and done.stdout.endswith(b"2200"), done.stderr
    assert requiring.access(client_certificate="CN=agent-8,O=Example")["status"] == 200


@BOTH
def test_intermediates_of_clients_are_followed(
    requiring: Gateway, backend: RawBackend, authority: Authority, clients: Authority, version: str
) -> None:
    """A client may bring its chain along."""
    deep = clients.intermediate("Department").issue("deep", client=True)
    assert secure_exchange(requiring, client_context(authority.file, version, certificate=deep)).status == 200


@BOTH
def test_no_certificate_is_refused_where_one_is_required(
    requiring: Gateway, authority: Authority, version: str
) -> None:
    """TLS 1.3 has an alert of its own for it."""
    assert refused(requiring, client_context(authority.file, version))
    if version == "TLSv1.3":
        dialogue = s_client(requiring.address, "-tls1_3", send=b"GET / HTTP/1.1\r\n\r\n")
        assert "alert certificate required" in dialogue.text


@BOTH
@pytest.mark.parametrize("fault", ["another authority", "self-signed", "expired", "not yet valid", "not for clients"])
def test_bad_certificates_are_refused_wherever_one_is_taken(
    requiring: Gateway,
    optional: Gateway,
    authority: Authority,
    clients: Authority,
    certificates: Path,
    version: str,
    fault: str,
) -> None:
    """Required or optional: what is shown must be good."""
    shown = {
        "another authority": lambda: authority.issue("agent-7", client=True),
        "self-signed": lambda: self_signed(certificates, "agent-7"),
        "expired": lambda: clients.issue("agent-7", client=True, ends=timedelta(hours=-1)),
        "not yet valid": lambda: clients.issue("agent-7", client=True, begins=timedelta(hours=1)),
        "not for clients": lambda: clients.issue("agent-7"),
    }[fault]()
    context = client_context(authority.file, version, certificate=shown)
    assert refused(requiring, context) and refused(optional, context)
    words = {"expired": "expired", "not yet valid": "not yet valid", "not for clients": "purpose"}.get(
        fault, "self-signed"
    )
    wait_until(
        lambda: any(
            event["reason"] == "tls_client_certificate_rejected" and words in event["detail"]
            for event in optional.events("connection_refused")
        ),
        f"the log says {words}",
    )
    good = client_context(authority.file, version, certificate=clients.issue("good", client=True))
    assert not refused(requiring, good)


@BOTH
def test_an_optional_certificate_may_be_missing(
    optional: Gateway, backend: RawBackend, authority: Authority, agent: Certificate, version: str
) -> None:
    """Without one there is no subject in the log; with one there is."""
    for shown, path in ((None, f"/mcp/without-{version}"), (agent, f"/mcp/with-{version}")):
        context = client_context(authority.file, version, certificate=shown)
        assert secure_exchange(optional, context, target=path).status == 200
        assert optional.access(path=path).get("client_certificate") == (AGENT if shown else None)


def test_nobody_is_asked_by_default(
    make_gateway: MakeGateway,
    backend: RawBackend,
    server_certificate: Certificate,
    authority: Authority,
    agent: Certificate,
) -> None:
    """Without client_ca no certificate is requested, and one that a client has is not seen."""
    gateway = make_gateway([route(backend.url)], listener={"tls": {"certificates": [server_certificate.files]}})
    assert "No client certificate CA names sent" in s_client(gateway.address).text
    assert secure_exchange(gateway, client_context(authority.file, certificate=agent)).status == 200
    assert "client_certificate" not in gateway.access(status=200)


def binding(certificate: Certificate | None, **more: Any) -> dict[str, Any]:
    """The claims of a token that is bound to this certificate."""
    return {"cnf": {"x5t#S256": certificate.thumbprint}, **more} if certificate else more


def call(
    gateway: Gateway, authority: Authority, token: str, shown: Certificate | None, version: str, target: str
) -> Response:
    context = client_context(authority.file, version, certificate=shown)
    return secure_exchange(gateway, context, target=target, token=token)


@BOTH
def test_a_bound_token_needs_its_certificate(
    optional: Gateway,
    backend: RawBackend,
    shared_provider: StaticProvider,
    authority: Authority,
    agent: Certificate,
    stranger: Certificate,
    version: str,
) -> None:
    """RFC 8705 §3: good with the certificate it names, 401 invalid_token with another one, none, or no binding."""
    bound = shared_provider.signer.token(**binding(agent))
    assert call(optional, authority, bound, agent, version, "/bound").status == 200
    unbound = shared_provider.signer.token()
    malformed = [
        shared_provider.signer.token(cnf={}),
        shared_provider.signer.token(cnf={"jkt": agent.thumbprint}),
        shared_provider.signer.token(cnf={"x5t#S256": agent.thumbprint[:-1]}),
        shared_provider.signer.token(cnf={"x5t#S256": agent.thumbprint + "="}),
        shared_provider.signer.token(cnf={"x5t#S256": 7}),
        shared_provider.signer.token(cnf=agent.thumbprint),
    ]
    refusals = [(bound, stranger), (bound, None), (unbound, agent), (unbound, None)]
    for number, (token, shown) in enumerate(refusals + [(token, agent) for token in malformed]):
        path = f"/bound/{version}-{number}"
        response = call(optional, authority, token, shown, version, path)
        assert response.status == 401
        assert 'error="invalid_token"' in (response.get("www-authenticate") or "")
        assert optional.access(path=path)["reason"]
    assert call(optional, authority, bound, agent, version, "/bound").status == 200, (
        "a remembered token is checked, too"
    )


@BOTH
def test_a_binding_holds_where_it_is_not_asked_for(
    optional: Gateway,
    backend: RawBackend,
    shared_provider: StaticProvider,
    authority: Authority,
    agent: Certificate,
    version: str,
) -> None:
    """`certificate_bound_tokens` demands a binding; a token that has one is good with its certificate everywhere."""
    token = shared_provider.signer.token(**binding(agent))
    assert call(optional, authority, token, None, version, "/plain").status == 401
    assert call(optional, authority, token, agent, version, "/plain").status == 200
    assert call(optional, authority, shared_provider.signer.token(), None, version, "/plain").status == 200


@BOTH
def test_a_resumed_session_has_its_certificate(
    requiring: Gateway,
    backend: RawBackend,
    shared_provider: StaticProvider,
    authority: Authority,
    agent: Certificate,
    stranger: Certificate,
    version: str,
) -> None:
    """The certificate travels with the session: the binding holds, and the log names the client."""
    context = client_context(authority.file, version, certificate=agent)
    session = None
    token = shared_provider.signer.token(**binding(agent))
    other = shared_provider.signer.token(**binding(stranger))
    for resumed in (False, True):
        with TLSConnection(requiring.address, context, session=session) as connection:
            assert connection.socket.session_reused == resumed
            for sent, status in ((token, 200), (other, 401)):
                fields = [("Authorization", f"Bearer {sent}")]
                path = f"/bound/{version}-{resumed}-{status}"
                connection.send(request_bytes("POST", path, requiring.authority, fields, b"{}"))
                assert connection.read_response().status == status
                assert requiring.access(path=path)["client_certificate"] == AGENT
            session = connection.socket.session


@BOTH
def test_a_route_can_name_its_clients(
    optional: Gateway,
    backend: RawBackend,
    shared_provider: StaticProvider,
    authority: Authority,
    agent: Certificate,
    stranger: Certificate,
    version: str,
) -> None:
    """`allowed_certificate_subjects`: the subject as the log writes it, whole."""
    token = shared_provider.signer.token()
    assert call(optional, authority, token, agent, version, "/agent").status == 200
    for shown, path in ((stranger, f"/agent/other-{version}"), (None, f"/agent/none-{version}")):
        response = call(optional, authority, token, shown, version, path)
        assert response.status in (401, 403)
        assert optional.access(path=path)["reason"]


def test_a_subject_cannot_be_smuggled_into_another(
    optional: Gateway, backend: RawBackend, shared_provider: StaticProvider, authority: Authority, clients: Authority
) -> None:
    """A comma in a common name is escaped, in the comparison and in the log."""
    sly = clients.issue("agent-7,O=Example", client=True)
    response = call(optional, authority, shared_provider.signer.token(), sly, "TLSv1.3", "/agent")
    assert response.status in (401, 403)
    written = "CN=agent-7\\,O=Example,O=Example"
    assert optional.access(route="/agent", client_certificate=written)["reason"]


@BOTH
@pytest.mark.parametrize("other", ["nobody is asked", "another authority"])
def test_a_session_does_not_stand_in_for_a_certificate(
    make_gateway: MakeGateway,
    backend: RawBackend,
    server_certificate: Certificate,
    authority: Authority,
    clients: Authority,
    certificates: Path,
    tmp_path: Path,
    version: str,
    other: str,
) -> None:
    """Listeners may share their ticket keys: whom one of them has let in is not let in by the next one for that."""
    keys = tmp_path / "ticket.keys"
    write_ticket_keys(keys, make_ticket_key())
    tls = {"certificates": [server_certificate.files], "ticket_keys": str(keys)}
    strangers = Authority(certificates, "Strangers")
    easy = {"client_ca": str(strangers.file)} if other == "another authority" else {}
    shown = strangers.issue("agent-7", client=True) if easy else None
    port = free_port()
    gateway = make_gateway(
        [route(backend.url)],
        listener={"tls": {**tls, **easy}},
        more_listeners=[{"address": f"127.0.0.1:{port}", "tls": {**tls, "client_ca": str(clients.file)}}],
    )
    context = client_context(authority.file, version, certificate=shown)
    request = request_bytes("POST", "/mcp", gateway.authority, body=b"{}")
    session = None
    for _ in range(2):
        with TLSConnection(gateway.address, context, session=session) as connection:
            connection.send(request)
            assert connection.read_response().status == 200
            assert connection.socket.session_reused == (session is not None)
            session = connection.socket.session
    with pytest.raises((ssl.SSLError, Truncated, ConnectionError)):
        with TLSConnection(("127.0.0.1", port), context, session=session) as connection:
            connection.send(request)
            connection.read_response()


@BOTH
def test_a_session_ends_with_the_authority(
    make_gateway: MakeGateway,
    backend: RawBackend,
    server_certificate: Certificate,
    authority: Authority,
    clients: Authority,
    agent: Certificate,
    certificates: Path,
    tmp_path: Path,
    version: str,
) -> None:
    """When `client_ca` is replaced, those whom only the old one knew are out, whatever ticket they hold."""
    trusted = tmp_path / "clients.pem"
    trusted.write_bytes(clients.file.read_bytes())
    successors = Authority(certificates, "Successors")
    successor = successors.issue("agent-9", client=True)
    gateway = make_gateway(
        [route(backend.url)],
        listener={"tls": {"certificates": [server_certificate.files], "client_ca": str(trusted)}},
    )
    context = client_context(authority.file, version, certificate=agent)
    request = request_bytes("POST", "/mcp", gateway.authority, body=b"{}")
    with TLSConnection(gateway.address, context) as connection:
        connection.send(request)
        assert connection.read_response().status == 200
        session = connection.socket.session
    trusted.write_bytes(successors.file.read_bytes())
    gateway.reload()
    good = client_context(authority.file, version, certificate=successor)
    wait_until(lambda: not refused(gateway, good), "the new authority is in use", interval=0.02)
    with pytest.raises((ssl.SSLError, Truncated, ConnectionError)):
        with TLSConnection(gateway.address, context, session=session) as connection:
            connection.send(request)
            connection.read_response()
