"""Starts the django-oauth-toolkit provider as a process of its own."""

import secrets
import ssl
import sys
import urllib.error
import urllib.request
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from support import secrecy
from support.certificates import Certificate
from support.process import ManagedProcess
from support.waiting import free_port, wait_until


class Provider:
    """A running OpenID provider with users alice and bob; over https with a certificate, which `trusted` verifies."""

    def __init__(
        self,
        directory: Path,
        name: str = "provider",
        certificate: Certificate | None = None,
        trusted: Path | None = None,
    ):
        port = free_port()
        self.origin = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
        self._context = ssl.create_default_context(cafile=trusted)
        self.issuer = f"{self.origin}/o"
        self.discovery_url = f"{self.issuer}/.well-known/openid-configuration"
        self.users = {"alice": "alice-password", "bob": "bob-password"}
        self.machine_id = "machine-client"
        self.machine_secret = secrets.token_urlsafe(24)
        secrecy.remember("client secret", self.machine_secret)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key_file = directory / f"{name}-key.pem"
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self.process = ManagedProcess(
            [sys.executable, "-m", "support.dot.serve", str(port)],
            directory,
            name,
            {
                "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
                "E2E_PROVIDER_ORIGIN": self.origin,
                "E2E_PROVIDER_KEY": str(key_file),
                "E2E_PROVIDER_DATABASE": str(directory / f"{name}.sqlite3"),
                "E2E_PROVIDER_MACHINE_ID": self.machine_id,
                "E2E_PROVIDER_MACHINE_SECRET": self.machine_secret,
                "E2E_PROVIDER_TLS_CERTIFICATE": str(certificate.certificate) if certificate else "",
                "E2E_PROVIDER_TLS_KEY": str(certificate.key) if certificate else "",
            },
        )

    def wait_until_ready(self) -> None:
        def answers() -> bool:
            assert self.process.running, f"the provider ended\n{self.process.stderr}"
            try:
                with urllib.request.urlopen(self.discovery_url, timeout=5, context=self._context) as response:
                    return response.status == 200
            except (urllib.error.URLError, ConnectionError):
                return False

        wait_until(answers, "the provider answers", 60)

    def stop(self) -> None:
        self.process.stop()
