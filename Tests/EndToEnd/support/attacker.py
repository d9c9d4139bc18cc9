"""Somebody who knows all that is public about a provider, has good tokens and a key, and wants more than that."""

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc import jwe
from joserfc.jwk import RSAKey

from support.tokens import Key, Signer, base64url, sign_compact

# The orders of the groups: 0 and these are the numbers that no signature may have.
ORDERS = {
    "ES256": 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551,
    "ES384": int("F" * 48 + "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16),
    "ES512": int("1" + "F" * 65 + "A51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409", 16),
}
_HALVES = {"ES256": 32, "ES384": 48, "ES512": 66}


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def ecdsa(algorithm: str, r: int, s: int) -> bytes:
    """A signature of these two numbers (RFC 7518 §3.4)."""
    return r.to_bytes(_HALVES[algorithm]) + s.to_bytes(_HALVES[algorithm])


def as_der(signature: bytes) -> bytes:
    """The same two numbers as most libraries give them, which is not what JOSE wants."""
    middle = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:middle]), int.from_bytes(signature[middle:]))


@dataclass
class Attacker:
    """`trap` is the URL of keys of its own; `weak` is a key of the provider's that is short enough to be broken."""

    signer: Signer
    key: Key
    trap: str
    weak: RSAKey

    def forged(self, header: dict[str, Any], **changes: Any) -> str:
        """Signed with the attacker's key."""
        return self.signer.token("ES256", header, self.key, **changes)

    def resigned(self, algorithm: str, change: Callable[[bytes], bytes]) -> str:
        """A good token with another signature."""
        head, payload, signature = self.signer.token(algorithm).split(".")
        return f"{head}.{payload}.{base64url(change(decoded(signature)))}"

    def unsigned(self, algorithm: str, signature: str = "") -> str:
        header = {"alg": algorithm, "typ": "at+jwt", "kid": self.signer.keys["RS256"].kid}
        return f"{base64url(json.dumps(header))}.{base64url(json.dumps(self.signer.claims()))}.{signature}"

    def confused(self, secret: bytes, bits: int = 256) -> str:
        """HMAC with what everybody knows as its secret."""
        signing_input = self.unsigned(f"HS{bits}").rstrip(".")
        return f"{signing_input}.{base64url(hmac.digest(secret, signing_input.encode(), f'sha{bits}'))}"

    def public_key(self, encoding: str, form: str = "SubjectPublicKeyInfo") -> bytes:
        """The provider's RSA key, as files have it."""
        key = serialization.load_pem_public_key(self.signer.keys["RS256"].as_pem(private=False))
        return key.public_bytes(getattr(serialization.Encoding, encoding), getattr(serialization.PublicFormat, form))

    def with_texts(self, header: str | None = None, claims: str | None = None) -> str:
        """Header and claims in their own words, with a good signature: as if the provider could be led to it."""
        key = self.signer.keys["ES256"]
        header = header or json.dumps({"alg": "ES256", "typ": "at+jwt", "kid": key.kid})
        claims = claims or json.dumps(self.signer.claims())
        return sign_compact(f"{base64url(header)}.{base64url(claims)}", "ES256", key)

    def sized(self, size: int) -> str:
        """A good token of so many bytes, or of one or two less where base64url has no such length."""
        token = self.signer.token("ES256", filler="")
        head, _, signature = token.split(".")
        # Every three bytes of claims make four of the token.
        room = (size - len(head) - len(signature) - 2) * 3 // 4
        claims = self.signer.claims(filler="")
        claims["filler"] = "x" * (room - len(json.dumps(claims)))
        return self.with_texts(claims=json.dumps(claims))

    def encrypted(self, algorithm: str) -> str:
        """A JWE with a good token inside."""
        key = RSAKey.import_key(self.public_key("PEM"))
        header = {"alg": algorithm, "enc": "A128GCM", "cty": "JWT"}
        return jwe.encrypt_compact(header, self.signer.token("ES256"), key, [algorithm, "A128GCM"])


def with_member(text: str, member: str) -> str:
    """The JSON object with another member in front, which it may have already."""
    return "{" + member + ", " + text.lstrip("{")
