"""Signing keys made at run time, and tokens in every shape: one fault at a time."""

import base64
import json
import time
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from support import secrecy

ALGORITHMS = ("RS256", "ES256", "EdDSA")


def base64url(data: bytes | str) -> str:
    raw = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def make_key(algorithm: str, kid: str) -> RSAKey | ECKey | OKPKey:
    parameters = {"kid": kid, "use": "sig", "alg": algorithm}
    if algorithm == "RS256":
        return RSAKey.generate_key(2048, parameters)
    if algorithm == "ES256":
        return ECKey.generate_key("P-256", parameters)
    return OKPKey.generate_key("Ed25519", parameters)


class Signer:
    """Keys of one issuer, one for each algorithm; `rotate` replaces them all."""

    def __init__(self, issuer: str, audience: str):
        self.issuer = issuer
        self.audience = audience
        self.generation = 0
        self.keys: dict[str, RSAKey | ECKey | OKPKey] = {}
        self.rotate()

    def rotate(self, same_kid: bool = False) -> None:
        if not same_kid:
            self.generation += 1
        self.keys = {name: make_key(name, f"{name.lower()}-{self.generation}") for name in ALGORITHMS}

    def jwks(self) -> dict[str, Any]:
        return KeySet(list(self.keys.values())).as_dict(private=False)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Good claims with changes; a value of None removes the claim."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "user-1",
            "aud": self.audience,
            "client_id": "client-1",
            "scope": "mcp:tools",
            "iat": now,
            "exp": now + 300,
            "jti": base64url(str(time.monotonic_ns())),
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(
        self, algorithm: str = "RS256", header: dict[str, Any] | None = None, key: Any = None, **changes: Any
    ) -> str:
        """A signed token; header members of None are left out."""
        return self.sign(json.dumps(self.claims(**changes)), algorithm, header, key)

    def sign(
        self, payload: str, algorithm: str = "RS256", header: dict[str, Any] | None = None, key: Any = None
    ) -> str:
        """A token around any payload, claims or not."""
        key = key or self.keys[algorithm]
        members = {"alg": algorithm, "typ": "at+jwt", "kid": key.kid, **(header or {})}
        members = {name: value for name, value in members.items() if value is not None}
        # The signing input is put together here, because a library would refuse the faulty headers.
        signing_input = f"{base64url(json.dumps(members))}.{base64url(payload)}"
        model = jws.JWSRegistry(algorithms=list(ALGORITHMS)).get_alg(algorithm)
        signature = base64url(model.sign(signing_input.encode(), key))
        token = f"{signing_input}.{signature}"
        secrecy.remember("token", token)
        return token
