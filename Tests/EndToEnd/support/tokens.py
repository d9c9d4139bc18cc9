"""Signing keys made at run time, and tokens in every shape: one fault at a time."""

import base64
import json
import time
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from support import secrecy

ALGORITHMS = ("RS256", "ES256", "EdDSA")
# Every one that the gateway accepts.
ALL_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
Key = RSAKey | ECKey | OKPKey


def base64url(data: bytes | str) -> str:
    raw = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def make_key(algorithm: str, kid: str) -> Key:
    parameters = {"kid": kid, "use": "sig", "alg": algorithm}
    if algorithm in CURVES:
        return ECKey.generate_key(CURVES[algorithm], parameters)
    if algorithm == "EdDSA":
        return OKPKey.generate_key("Ed25519", parameters)
    return RSAKey.generate_key(2048, parameters)


def sign_compact(signing_input: str, algorithm: str, key: Key) -> str:
    """Header and payload, encoded and joined, with their signature: whatever they say."""
    signature = jws.JWSRegistry(algorithms=list(ALL_ALGORITHMS)).get_alg(algorithm).sign(signing_input.encode(), key)
    return f"{signing_input}.{base64url(signature)}"


class Signer:
    """Keys of one issuer, one for each algorithm; `rotate` replaces them all."""

    def __init__(self, issuer: str, audience: str, algorithms: tuple[str, ...] = ALGORITHMS):
        self.issuer = issuer
        self.audience = audience
        self.algorithms = algorithms
        self.generation = 0
        self.keys: dict[str, Key] = {}
        # Still published, and not signed with any more.
        self.retired: list[Key] = []
        self.rotate()

    def rotate(self, same_kid: bool = False, overlap: bool = False) -> None:
        """Signs with new keys from now on; with an overlap the keys of the last generation stay published."""
        if not same_kid:
            self.generation += 1
        retired = list(self.keys.values()) if overlap else []
        keys = {name: make_key(name, f"{name.lower()}-{self.generation}") for name in self.algorithms}
        # In this order nobody is shown the new keys without those that stay.
        self.retired = retired
        self.keys = keys

    def jwks(self) -> dict[str, Any]:
        return KeySet([*self.keys.values(), *self.retired]).as_dict(private=False)

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
        self, algorithm: str | None = None, header: dict[str, Any] | None = None, key: Any = None, **changes: Any
    ) -> str:
        """A signed token; header members of None are left out."""
        return self.sign(json.dumps(self.claims(**changes)), algorithm, header, key)

    def sign(
        self, payload: str, algorithm: str | None = None, header: dict[str, Any] | None = None, key: Any = None
    ) -> str:
        """A token around any payload, claims or not; by the first of the signer's algorithms unless told otherwise."""
        algorithm = algorithm or self.algorithms[0]
        key = key or self.keys[algorithm]
        members = {"alg": algorithm, "typ": "at+jwt", "kid": key.kid, **(header or {})}
        return sign(payload, {name: value for name, value in members.items() if value is not None}, algorithm, key)


def sign(payload: str, header: dict[str, Any], algorithm: str, key: Any) -> str:
    """A token with exactly that header, whatever it says, signed by `algorithm`."""
    # The signing input is put together here, because a library would refuse the faulty headers.
    token = sign_compact(f"{base64url(json.dumps(header))}.{base64url(payload)}", algorithm, key)
    secrecy.remember("token", token)
    return token
