"""A product of the tables as if it were on the Internet: documents on loopback, keys made now, tokens signed."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from joserfc.jwk import RSAKey

from support.product import X5C, X5T, X5T_S256, Key, Product, Token
from support.static_provider import StaticProvider
from support.tokens import base64url, make_key, sign

TIMES = ("iat", "nbf", "exp", "auth_time")


class Published:
    """The documents stand at `provider`, below the host of their real URL; only `jwks_uri` in them is changed."""

    def __init__(self, product: Product, provider: StaticProvider, strange_key: RSAKey):
        self.product = product
        self.key = _rsa_key()
        self._origin = provider.origin
        self._strange_key = strange_key
        for url, document in product.metadata.items():
            there = {**document, "jwks_uri": self._mirrored(document["jwks_uri"])}
            provider.publish(_path(url), there)
        self._kid = next(key.kid for keys in product.keys.values() for key in keys if key.signs)
        for url, keys in product.keys.items():
            provider.publish(_path(url), {"keys": [self._jwk(key) for key in keys]})

    def _jwk(self, key: Key) -> dict[str, Any]:
        numbers = self.key if key.kid == self._kid else self._strange_key
        public = numbers.as_dict(private=False)
        certificate = _certificate(numbers, key.kid)
        made = {
            X5C: [base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()],
            X5T: base64url(certificate.fingerprint(hashes.SHA1())),
            X5T_S256: base64url(certificate.fingerprint(hashes.SHA256())),
        }
        members = {name: made.get(str(value), value) for name, value in key.members.items()}
        return {"kty": "RSA", "kid": key.kid, "n": public["n"], "e": public["e"], **members}

    def _mirrored(self, url: str) -> str:
        return self._origin + _path(url)

    def authorization(self) -> list[dict[str, Any]] | dict[str, Any]:
        """The configuration with `discovery_url` or `jwks_uri` where the documents are."""
        entries = [
            {**entry, **{key: self._mirrored(entry[key]) for key in ("discovery_url", "jwks_uri") if key in entry}}
            for entry in self.product.entries
        ]
        return entries if isinstance(self.product.authorization, list) else entries[0]

    def mint(self, token: Token | str, key: RSAKey | None = None) -> str:
        """The token on the wire, signed with `key`, its own or a strange one."""
        if isinstance(token, str):
            return token
        now = int(time.time())
        claims = {name: value for name, value in token.claims.items() if value is not None}
        claims |= {name: now + claims[name] for name in TIMES if name in claims}
        header = {"alg": "RS256", "kid": self._kid, **token.header}
        header = {name: value for name, value in header.items() if value is not None}
        key = key or (self._strange_key if token.foreign else self.key)
        return sign(json.dumps(claims), header, "RS256", key)


def _path(url: str) -> str:
    return "/" + url.removeprefix("https://")


def _rsa_key() -> RSAKey:
    key = make_key("RS256", "unused")
    assert isinstance(key, RSAKey)
    return key


def _certificate(key: RSAKey, common_name: str) -> x509.Certificate:
    """What products wrap their keys in; it says nothing that a gateway may rely on."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])
    now = datetime.now(UTC)
    private_key = key.private_key
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(private_key, hashes.SHA256())
    )
