"""What gateway and clients need: keys and a JWK set, access tokens, a certificate. openssl makes them for each run."""

import base64
import json
import subprocess
import time
from pathlib import Path

ISSUER, AUDIENCE = "https://idp.example.com/oauth2/default", "api://instructions"
# An MCP client's token has about 950 bytes.
CLAIMS = {
    "ver": 1, "client_id": "0oa9kq2xw7Hc5TzbR5d7", "uid": "00u7f3kdQm5d7aTz", "scope": "openid profile mcp:tools",
    "acr": "urn:mace:incommon:iap:silver", "sid": "S-9a1c5e7b3d2f4a68",
    "groups": ["everyone", "engineering", "on-call"],
}  # fmt: skip


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(members: dict[str, object]) -> str:
    return b64url(json.dumps(members, separators=(",", ":")).encode())


def openssl(*arguments: str | Path, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout


class Credentials:
    def __init__(self, folder: Path):
        self.key, self.jwks = folder / "rsa.key", folder / "jwks.json"
        self.certificate, self.certificate_key = folder / "tls.crt", folder / "tls.key"
        self.made, self.begin = 0, int(time.time())
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.key)
        modulus = openssl("rsa", "-in", self.key, "-noout", "-modulus").decode().strip().removeprefix("Modulus=")
        public = {"kty": "RSA", "alg": "RS256", "kid": "one", "n": b64url(bytes.fromhex(modulus)), "e": "AQAB"}
        self.jwks.write_text(json.dumps({"keys": [public]}))
        openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-keyout", self.certificate_key, "-out", self.certificate, "-subj", "/CN=localhost",
        )  # fmt: skip

    def token(self) -> str:
        """Another one each time, of the same length."""
        self.made += 1
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": f"user{self.made:08}@example.com",
            "jti": f"AT.x2TqGh8-Lw{self.made:08}nVfR0cYpZs7dKjUe3", "iat": self.begin, "exp": self.begin + 86_400,
            "auth_time": self.begin, **CLAIMS,
        }  # fmt: skip
        signed = f"{part({'alg': 'RS256', 'kid': 'one', 'typ': 'at+jwt'})}.{part(claims)}"
        return f"{signed}.{b64url(openssl('dgst', '-sha256', '-sign', self.key, data=signed.encode()))}"
