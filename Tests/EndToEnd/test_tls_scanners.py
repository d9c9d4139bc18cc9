"""What two scanners of TLS servers find at the default configuration: nothing that they would have changed."""

import re
import subprocess

from support.gateway import Gateway
from support.scanner import Scanner

# Findings that the tests' own surroundings cause, not the gateway.
EXPECTED = {
    "cert_revocation": "the authority of the tests publishes no revocation list and runs no OCSP responder",
}

GRAVE = {"LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL"}


def test_testssl_finds_nothing(scanner: Scanner) -> None:
    """No finding above informational: protocols, suites, order, certificates, known attacks."""
    findings = scanner.findings()
    by_name = {finding["id"].split(" ")[0]: finding for finding in findings}
    grave = [finding for finding in findings if finding["severity"] in GRAVE]
    unexpected = [finding for finding in grave if finding["id"].split(" ")[0] not in EXPECTED]
    assert not unexpected
    # A scan that ended early would have found nothing either.
    for wanted in ("TLS1_2", "TLS1_3", "ALPN_HTTP2", "cipher_order", "PFS", "heartbleed", "ROBOT", "LUCKY13"):
        assert by_name[wanted]["severity"] == "OK", by_name[wanted]
    for refused in ("SSLv2", "SSLv3", "TLS1", "TLS1_1"):
        assert by_name[refused]["finding"] == "not offered"
    assert by_name["cert_trust"]["severity"] == "OK"


def test_sslscan_sees_modern_suites_only(scanned_gateway: Gateway) -> None:
    """TLS 1.2 and 1.3, ECDHE and AEAD, no renegotiation."""
    done = subprocess.run(
        ["sslscan", "--no-colour", f"127.0.0.1:{scanned_gateway.port}"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    states = dict(re.findall(r"^((?:SSL|TLS)v[\d.]+)\s+(enabled|disabled)$", done.stdout, re.MULTILINE))
    assert {version for version, state in states.items() if state == "enabled"} == {"TLSv1.2", "TLSv1.3"}
    assert len(states) == 6
    suites = re.findall(r"^(?:Preferred|Accepted)\s+(TLSv[\d.]+)\s+\d+ bits\s+(\S+)", done.stdout, re.MULTILINE)
    assert {version for version, _ in suites} == {"TLSv1.2", "TLSv1.3"}
    for version, suite in suites:
        assert "GCM" in suite or "POLY1305" in suite, suite
        assert version == "TLSv1.3" or suite.startswith("ECDHE-"), suite
    assert "Session renegotiation not supported" in done.stdout
    assert "vulnerable to heartbleed" not in done.stdout.replace("not vulnerable to heartbleed", "")
