"""The certificate that all proxies show: self-signed, ECDSA P-256, made for this run by openssl."""

import subprocess
from pathlib import Path


def make_certificate(folder: Path) -> None:
    """Writes `certificate.pem`, `key.pem` and, since HAProxy wants them together, `both.pem`."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    (folder / "both.pem").write_text(certificate.read_text() + key.read_text())
