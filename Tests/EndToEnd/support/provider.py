"""Starts the django-oauth-toolkit provider as a process of its own."""

import base64
import json
import os
import secrets
import ssl
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from support import secrecy
from support.certificates import Certificate
from support.process import ManagedProcess
from support.waiting import free_port, wait_until


class Provider:
    """A running OpenID provider with users alice and bob; over https with a certificate, which `trusted` verifies.

    `restart` brings it back after `stop`, at the same address and with the same users, clients and tokens.
    """

    def __init__(
        self,
        directory: Path,
        name: str = "provider",
        certificate: Certificate | None = None,
        trusted: Path | None = None,
    ):
        self._directory = directory
        self._name = name
        self._certificate = certificate
        self._port = free_port()
        self.origin = f"{'https' if certificate else 'http'}://127.0.0.1:{self._port}"
        self._context = ssl.create_default_context(cafile=trusted)
        self.issuer = f"{self.origin}/o"
        self.discovery_url = f"{self.issuer}/.well-known/openid-configuration"
        # Its RFC 8414 metadata, which alone has the introspection endpoint.
        self.inserted_discovery_url = f"{self.origin}/.well-known/oauth-authorization-server/o"
        self.users = {"alice": "alice-password", "bob": "bob-password"}
        self.machine_id = "machine-client"
        self.opaque_id = "opaque-client"
        self.machine_secret = secrets.token_urlsafe(24)
        secrecy.remember("client secret", self.machine_secret)
        self._keys = [self._make_key()]
        self._start()

    def _make_key(self) -> Path:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        file = self._directory / f"{self._name}-key-{secrets.token_hex(4)}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return file

    def _start(self) -> None:
        certificate = self._certificate
        self.process = ManagedProcess(
            [sys.executable, "-m", "support.dot.serve", str(self._port)],
            self._directory,
            self._name,
            {
                "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
                "E2E_PROVIDER_ORIGIN": self.origin,
                "E2E_PROVIDER_KEYS": os.pathsep.join(map(str, self._keys)),
                "E2E_PROVIDER_DATABASE": str(self._directory / f"{self._name}.sqlite3"),
                "E2E_PROVIDER_MACHINE_ID": self.machine_id,
                "E2E_PROVIDER_OPAQUE_ID": self.opaque_id,
                "E2E_PROVIDER_MACHINE_SECRET": self.machine_secret,
                "E2E_PROVIDER_TLS_CERTIFICATE": str(certificate.certificate) if certificate else "",
                "E2E_PROVIDER_TLS_KEY": str(certificate.key) if certificate else "",
            },
        )

    def restart(self, keep: int = 1) -> None:
        """Starts again with a new key; the last `keep` ones stay published."""
        self.stop()
        self._keys = [self._make_key(), *self._keys[:keep]]
        self._start()

    def machine_token(self, resource: str, scope: str = "mcp:tools", client: str | None = None) -> str:
        """An access token for a client without a user (RFC 6749 §4.4), bound to the resource (RFC 8707)."""
        form = {"grant_type": "client_credentials", "scope": scope, "resource": resource}
        token = json.loads(self._post("/o/token/", form, client or self.machine_id))["access_token"]
        secrecy.remember("token", token)
        return token

    def revoke(self, token: str, client: str | None = None) -> None:
        """RFC 7009."""
        self._post("/o/revoke_token/", {"token": token}, client or self.machine_id)

    def _post(self, path: str, form: dict[str, str], client: str) -> bytes:
        credentials = base64.b64encode(f"{client}:{self.machine_secret}".encode()).decode()
        request = urllib.request.Request(
            self.origin + path, urlencode(form).encode(), {"Authorization": f"Basic {credentials}"}
        )
        with urllib.request.urlopen(request, timeout=20, context=self._context) as response:
            return response.read()

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
