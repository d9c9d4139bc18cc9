"""DPoP proofs (RFC 9449 §4), good ones and such with one fault, and tokens bound to their keys."""

import hashlib
import json
import secrets
import time
from typing import Any

from support import secrecy
from support.tokens import Signer, base64url, make_key, sign_compact


class ProofKey:
    """A client's key. Its proofs are new each time."""

    def __init__(self, algorithm: str = "ES256"):
        self.algorithm = algorithm
        self.key = make_key(algorithm, "proof")
        public = self.key.as_dict(private=False)
        self.jwk = {name: public[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in public}
        self.thumbprint = self.key.thumbprint()

    def token(self, signer: Signer, **changes: Any) -> str:
        """An access token that is bound to this key (RFC 9449 §6.1)."""
        return signer.token(cnf={"jkt": self.thumbprint}, **changes)

    def proof(
        self, token: str, url: str, method: str = "POST", header: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        """For one request with this token; header members and claims of None are left out."""
        members = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.jwk, **(header or {})}
        claims = {
            "jti": secrets.token_urlsafe(12),
            "htm": method,
            "htu": url,
            "iat": int(time.time()),
            "ath": base64url(hashlib.sha256(token.encode()).digest()),
            **changes,
        }
        parts = [json.dumps({name: one for name, one in part.items() if one is not None}) for part in (members, claims)]
        proof = sign_compact(".".join(map(base64url, parts)), self.algorithm, self.key)
        secrecy.remember("token", proof)
        return proof
