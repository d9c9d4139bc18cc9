"""The TLS edge: versions, suites, ALPN, which certificate is shown to whom, and what is refused."""

import os
import ssl
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from conftest import MakeGateway
from support.certificates import LOCAL, Authority
from support.gateway import Gateway, route
from support.raw_backend import RawBackend
from support.rawhttp import exchange, request_bytes
from support.tls_client import TLSConnection, client_context, curl, last_request, s_client, secure_exchange
from support.waiting import wait_until

# Without this OpenSSL would not even offer the old versions.
WEAK = "ALL:@SECLEVEL=0"


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend, authority: Authority) -> Gateway:
    """ECDSA and RSA for its own address, and certificates for two more names."""
    certificates = [
        authority.issue("ecdsa", (*LOCAL, "default.test")),
        authority.issue("rsa", (*LOCAL, "default.test"), kind="rsa"),
        authority.issue("exact", ("tools.example.test", "other.example.test")),
        authority.issue("wildcard", ("*.wild.example.test",)),
        authority.issue("below-wildcard", ("exact.wild.example.test",)),
    ]
    return make_shared_gateway(
        [route(shared_backend.url)], listener={"tls": {"certificates": [each.files for each in certificates]}}
    )


@pytest.fixture(scope="module")
def strict_gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend, authority: Authority) -> Gateway:
    """TLS 1.3 only, and HTTP/1.1 only."""
    tls = {"min_version": "1.3", "certificates": [authority.issue("strict").files]}
    return make_shared_gateway([route(shared_backend.url)], listener={"http2": False, "tls": tls})


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_both_versions_carry_requests(
    gateway: Gateway, backend: RawBackend, authority: Authority, version: str
) -> None:
    """The certificate is good, requests pass in the negotiated version, and the backend is told that it was https."""
    with TLSConnection(gateway.address, client_context(authority.file, version)) as connection:
        assert connection.version == version
        for _ in range(3):
            connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
            assert connection.read_response().status == 200
    assert backend.last.get("x-forwarded-proto") == "https"


@pytest.mark.parametrize("options", [["--tlsv1.2", "--tls-max", "1.2"], ["--tlsv1.3"]], ids=["1.2", "1.3"])
@pytest.mark.parametrize(("protocol", "version"), [("--http1.1", b"1.1"), ("--http2", b"2")], ids=["h1", "h2"])
def test_curl_agrees(
    gateway: Gateway, backend: RawBackend, authority: Authority, options: list[str], protocol: str, version: bytes
) -> None:
    """A client with its own ideas of TLS and of ALPN."""
    done = curl(
        gateway, authority.file, *options, protocol, "--data", "{}", "--write-out", "\n%{http_version} %{http_code}"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(b"\n" + version + b" 200")


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_older_versions_are_refused(gateway: Gateway, version: str) -> None:
    """TLS 1.0 and 1.1 get an alert that names the cause (RFC 8996)."""
    dialogue = s_client(gateway.address, version, "-cipher", WEAK)
    assert dialogue.status != 0
    assert "alert protocol version" in dialogue.text


def test_the_minimum_can_be_raised(strict_gateway: Gateway, authority: Authority) -> None:
    """`min_version: "1.3"` refuses 1.2 and takes 1.3."""
    dialogue = s_client(strict_gateway.address, "-tls1_2")
    assert dialogue.status != 0 and "alert protocol version" in dialogue.text
    assert secure_exchange(strict_gateway, client_context(authority.file, "TLSv1.3")).status == 200


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize(
    ("offers", "chosen"),
    [
        (("h2",), "h2"),
        (("http/1.1",), "http/1.1"),
        (("h2", "http/1.1"), "h2"),
        (("http/1.1", "h2"), "h2"),
        (("spdy/3", "http/1.1"), "http/1.1"),
        ((), None),
    ],
)
def test_the_protocol_is_chosen_by_alpn(
    gateway: Gateway, authority: Authority, version: str, offers: tuple[str, ...], chosen: str | None
) -> None:
    """HTTP/2 wherever it is offered, HTTP/1.1 otherwise, which is also what silence means."""
    with TLSConnection(gateway.address, client_context(authority.file, version, offers)) as connection:
        assert connection.socket.selected_alpn_protocol() == chosen
        if chosen != "h2":
            connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
            assert connection.read_response().status == 200
        else:
            connection.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
            assert connection.read_exactly(9)[3] == 4, "the server's preface is a SETTINGS frame"


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_no_common_protocol_is_an_alert(gateway: Gateway, authority: Authority, version: str) -> None:
    """An offer without overlap ends the handshake (RFC 7301 §3.2)."""
    with pytest.raises(ssl.SSLError) as refused:
        TLSConnection(gateway.address, client_context(authority.file, version, ("spdy/3", "http/1.0")))
    assert "no application protocol" in str(refused.value).lower().replace("_", " ")


def test_http2_can_be_turned_off(strict_gateway: Gateway, backend: RawBackend, authority: Authority) -> None:
    """`http2: false` takes h2 out of ALPN."""
    context = client_context(authority.file, offers=("h2", "http/1.1"))
    with TLSConnection(strict_gateway.address, context) as connection:
        assert connection.socket.selected_alpn_protocol() == "http/1.1"
    with pytest.raises(ssl.SSLError) as refused:
        TLSConnection(strict_gateway.address, client_context(authority.file, offers=("h2",)))
    assert "no application protocol" in str(refused.value).lower().replace("_", " ")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tools.example.test", "tools.example.test"),
        ("other.example.test", "tools.example.test"),
        ("TOOLS.Example.TEST", "tools.example.test"),
        ("a.wild.example.test", "*.wild.example.test"),
        ("A.WILD.EXAMPLE.TEST", "*.wild.example.test"),
        ("exact.wild.example.test", "exact.wild.example.test"),
        ("a.b.wild.example.test", "default.test"),
        ("wild.example.test", "default.test"),
        ("awild.example.test", "default.test"),
        ("unknown.test", "default.test"),
        ("tools.example.test.evil.test", "default.test"),
        (None, "default.test"),
    ],
)
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_the_certificate_follows_the_name(gateway: Gateway, name: str | None, expected: str, version: str) -> None:
    """Exact before wildcard, wildcards for one label only, letter case aside; the first one for all else."""
    sni = ["-noservername"] if name is None else ["-servername", name]
    assert expected in s_client(gateway.address, version, *sni).names


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        (["-tls1_3", "-sigalgs", "ECDSA+SHA256"], ec.EllipticCurvePublicKey),
        (["-tls1_3", "-sigalgs", "rsa_pss_rsae_sha256"], rsa.RSAPublicKey),
        (["-tls1_3"], ec.EllipticCurvePublicKey),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], ec.EllipticCurvePublicKey),
        (["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], rsa.RSAPublicKey),
        (["-tls1_2", "-cipher", "ECDHE-RSA-CHACHA20-POLY1305"], rsa.RSAPublicKey),
    ],
)
def test_each_client_gets_the_key_it_can_check(
    gateway: Gateway, authority: Authority, options: list[str], kind: type
) -> None:
    """ECDSA and RSA stand side by side for the same names."""
    dialogue = s_client(gateway.address, *options, "-CAfile", str(authority.file), "-verify_return_error")
    assert dialogue.status == 0, dialogue.text
    assert isinstance(dialogue.certificate.public_key(), kind)


@pytest.mark.parametrize(
    "suite",
    [
        "AES128-GCM-SHA256",
        "AES256-SHA",
        "ECDHE-RSA-AES128-SHA",
        "ECDHE-ECDSA-AES128-SHA256",
        "ECDHE-RSA-AES256-SHA384",
        "DHE-RSA-AES128-SHA",
        "ADH-AES128-GCM-SHA256",
        "NULL-SHA256",
        "PSK-AES128-GCM-SHA256",
    ],
)
def test_weak_suites_are_refused(gateway: Gateway, suite: str) -> None:
    """Nothing without forward secrecy, authentication and AEAD (BCP 195)."""
    psk = ["-psk", "00112233"] if suite.startswith("PSK") else []
    dialogue = s_client(gateway.address, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0", *psk)
    assert dialogue.status != 0
    assert "handshake failure" in dialogue.text, dialogue.text


def test_the_whole_chain_is_sent(make_gateway: MakeGateway, backend: RawBackend, authority: Authority) -> None:
    """Clients that know the root alone can verify: the intermediates come along."""
    issued = authority.intermediate("Upper").intermediate("Lower").issue("chained")
    gateway = make_gateway([route(backend.url)], listener={"tls": {"certificates": [issued.files]}})
    dialogue = s_client(gateway.address, "-CAfile", str(authority.file), "-verify_return_error")
    assert dialogue.status == 0 and "Verification: OK" in dialogue.text
    assert dialogue.text.count("BEGIN CERTIFICATE") == 3, "the leaf and two intermediates"


HELLOS = {
    "a group nobody else knows first": ["-tls1_3", "-groups", "P-521:P-384"],
    "one group only": ["-tls1_3", "-groups", "P-256"],
    "small records": ["-max_send_frag", "512"],
    "small records in TLS 1.2": ["-tls1_2", "-max_send_frag", "512"],
    "no tickets": ["-tls1_2", "-no_ticket"],
    "no middlebox tricks": ["-tls1_3", "-no_middlebox"],
    "many protocols": ["-alpn", ",".join(f"x{number}" for number in range(200)) + ",http/1.1"],
    "a maximum fragment length": ["-tls1_2", "-maxfraglen", "512"],
}


@pytest.mark.parametrize("options", HELLOS.values(), ids=HELLOS.keys())
def test_unusual_hellos_are_answered(gateway: Gateway, backend: RawBackend, options: list[str]) -> None:
    """A retry for the group, split records, extensions that browsers do not send: the request is answered."""
    assert "HTTP/1.1 200" in s_client(gateway.address, *options, send=last_request(gateway)).text


@pytest.mark.parametrize("letter", ["k", "K"], ids=["ours", "both"])
def test_keys_can_be_updated(gateway: Gateway, backend: RawBackend, letter: str) -> None:
    """KeyUpdate of TLS 1.3, with and without a request for the gateway's own; requests go on behind it."""
    host, port = gateway.address
    process = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"{host}:{port}", "-tls1_3"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdin and process.stdout
    read = b""

    def until(mark: bytes) -> None:
        nonlocal read
        while mark not in read:
            data = os.read(process.stdout.fileno(), 65_536)
            assert data, read
            read += data

    try:
        for count in range(3):
            # A line of K asks for new keys; the next line has to be another write of ours.
            process.stdin.write(letter.encode() + b"\n")
            process.stdin.flush()
            until(b"KEYUPDATE")
            read = b""
            process.stdin.write(request_bytes("GET", f"/mcp/{count}", gateway.authority))
            process.stdin.flush()
            until(b'"target": "/mcp/%d"' % count)
    finally:
        process.kill()
        process.communicate()


def test_nothing_is_compressed(gateway: Gateway) -> None:
    """TLS compression would tell secrets (CRIME)."""
    assert "Compression: NONE" in s_client(gateway.address, "-tls1_2", "-comp").text


def test_renegotiation_is_refused(gateway: Gateway) -> None:
    """A client that wants to renegotiate in TLS 1.2 is told no, and nobody else notices."""
    host, port = gateway.address
    process = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"{host}:{port}", "-tls1_2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdin and process.stdout
    try:
        # A line of R asks for a new handshake; standard input stays open behind it.
        process.stdin.write(b"R\n")
        process.stdin.flush()
        wait_until(lambda: process.poll() is not None, "s_client gives up")
        text = process.stdout.read().decode()
    finally:
        process.kill()
        process.communicate()
    assert "RENEGOTIATING" in text
    assert "no renegotiation" in text
    assert "Secure Renegotiation IS supported" in text, "the extension of RFC 5746 is there all the same"


def test_a_second_listener_speaks_in_the_clear(
    make_gateway: MakeGateway, backend: RawBackend, authority: Authority, free_address: tuple[str, int]
) -> None:
    """TLS is a matter of each listener."""
    gateway = make_gateway(
        [route(backend.url)],
        listener={"tls": {"certificates": [authority.issue("one-of-two").files]}},
        more_listeners=[{"address": f"127.0.0.1:{free_address[1]}"}],
    )
    assert secure_exchange(gateway, client_context(authority.file)).status == 200
    assert exchange(free_address, "POST", "/mcp", host=gateway.authority, body=b"{}").status == 200


def test_tls_on_a_unix_socket(
    make_gateway: MakeGateway, backend: RawBackend, authority: Authority, tmp_path: Path
) -> None:
    """Neighbours on the same machine may want TLS, too."""
    path = str(tmp_path / "tls.sock")
    tls = {"certificates": [authority.issue("unix", ("gateway.test",)).files]}
    gateway = make_gateway([route(backend.url)], more_listeners=[{"address": f"unix:{path}", "tls": tls}])
    with TLSConnection(path, client_context(authority.file), "gateway.test") as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        assert connection.read_response().status == 200
