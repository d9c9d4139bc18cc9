"""Starts the django-oauth-toolkit provider as a process of its own."""

import secrets
import sys
import urllib.error
import urllib.request
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from support import secrecy
from support.process import ManagedProcess
from support.waiting import free_port, wait_until


class Provider:
    """A running OpenID provider with users alice and bob."""

    def __init__(self, directory: Path):
        port = free_port()
        self.origin = f"http://127.0.0.1:{port}"
        self.issuer = f"{self.origin}/o"
        self.discovery_url = f"{self.issuer}/.well-known/openid-configuration"
        self.users = {"alice": "alice-password", "bob": "bob-password"}
        self.machine_id = "machine-client"
        self.machine_secret = secrets.token_urlsafe(24)
        secrecy.remember("client secret", self.machine_secret)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key_file = directory / "provider-key.pem"
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
            "provider",
            {
                "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
                "E2E_PROVIDER_ORIGIN": self.origin,
                "E2E_PROVIDER_KEY": str(key_file),
                "E2E_PROVIDER_DATABASE": str(directory / "provider.sqlite3"),
                "E2E_PROVIDER_MACHINE_ID": self.machine_id,
                "E2E_PROVIDER_MACHINE_SECRET": self.machine_secret,
            },
        )

    def wait_until_ready(self) -> None:
        def answers() -> bool:
            assert self.process.running, f"the provider ended\n{self.process.stderr}"
            try:
                with urllib.request.urlopen(self.discovery_url, timeout=5) as response:
                    return response.status == 200
            except (urllib.error.URLError, ConnectionError):
                return False

        wait_until(answers, "the provider answers", 60)

    def stop(self) -> None:
        self.process.stop()
