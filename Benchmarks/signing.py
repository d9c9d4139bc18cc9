"""An issuer made of files: an RSA key, its JWK set, the discovery document and one access token, by openssl."""

import base64
import json
import subprocess
import time
from pathlib import Path


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make_issuer(folder: Path, issuer: str, audience: str) -> str:
    """Writes the issuer's documents below `folder` and returns a token of a usual size."""
    key = folder / "rsa.pem"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    modulus = subprocess.run(
        ["openssl", "rsa", "-in", key, "-noout", "-modulus"], check=True, capture_output=True, text=True
    ).stdout.strip().removeprefix("Modulus=")
    jwk = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "bench", "n": b64url(bytes.fromhex(modulus)), "e": "AQAB"}
    (folder / "jwks.json").write_text(json.dumps({"keys": [jwk]}))
    well_known = folder / ".well-known"
    well_known.mkdir()
    (well_known / "openid-configuration").write_text(json.dumps({"issuer": issuer, "jwks_uri": f"{issuer}/jwks.json"}))
    return sign(key, issuer, audience)


def sign(key: Path, issuer: str, audience: str) -> str:
    now = int(time.time())
    claims = {
        "iss": issuer, "aud": audience, "sub": "user00000001@example.com", "client_id": "0oa1bench",
        "scope": "mcp:tools", "iat": now, "exp": now + 86_400, "groups": "g" * 240,
    }  # fmt: skip
    header = {"alg": "RS256", "kid": "bench", "typ": "at+jwt"}
    signed = ".".join(b64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    signature = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign", key], input=signed.encode(), check=True, capture_output=True
    ).stdout
    return f"{signed}.{b64url(signature)}"
