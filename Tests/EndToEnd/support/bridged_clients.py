"""Ways in which the gateway is a client of a provider: each checks what arrives there."""

import base64
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from joserfc import jwt
from joserfc.jwk import RSAKey

from support import secrecy
from support.bridged_provider import BridgedProvider, Grant
from support.introspection import Authenticates, IntrospectionEndpoint, secret_in_form
from support.static_provider import Fields, now
from support.tokens import make_key

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def no_authentication(client: str) -> Authenticates:
    """A public client: its identifier, and nothing that would be a secret."""
    return lambda fields, form: (
        form.get("client_id") == client
        and "authorization" not in fields
        and not {"client_secret", "client_assertion"} & form.keys()
    )


class SecretInForm(BridgedProvider):
    """A product that takes the secret in the form alone."""

    def __init__(self) -> None:
        super().__init__("gateway-with-a-form")
        self.authenticates = secret_in_form(self.client_id, self.client_secret)


class PublicClient(BridgedProvider):
    """A product at which the gateway has no secret."""

    def __init__(self) -> None:
        super().__init__("public-gateway")
        self.authenticates = no_authentication(self.client_id)


class SpecialCharacters(BridgedProvider):
    """Identifier and secret with everything that has to be encoded before they are joined (RFC 6749 §2.3.1)."""

    def __init__(self) -> None:
        super().__init__("gate way:100+/&=")
        self.client_secret = "p:s %41+/?&=#\"'~" + secrets.token_urlsafe(12)
        self.authenticates = self._decoded

    def _decoded(self, fields: Fields, form: Fields) -> bool:
        scheme, _, credentials = fields["authorization"].partition(" ")
        client, colon, secret = base64.b64decode(credentials, validate=True).decode("ascii").partition(":")
        return (
            (scheme, colon) == ("Basic", ":")
            and unquote_plus(client) == self.client_id
            and unquote_plus(secret) == self.client_secret
            and "client_secret" not in form
        )


class SignedAssertion(BridgedProvider):
    """private_key_jwt (RFC 7523 §3): signed by the registered key, for us, short-lived, and good once."""

    def __init__(self) -> None:
        super().__init__("gateway-with-a-key")
        key = make_key("RS256", "gateway-key-1")
        assert isinstance(key, RSAKey)
        self.key = key
        self.assertions: set[str] = set()
        self.authenticates = self._verified
        self.metadata["token_endpoint_auth_methods_supported"] = ["private_key_jwt"]
        self.metadata["token_endpoint_auth_signing_alg_values_supported"] = ["RS256"]

    def options(self, directory: Path) -> dict[str, Any]:
        """How the bridge is told of the key."""
        file = directory / "gateway.key"
        file.touch(0o600)
        file.write_bytes(self.key.as_pem(private=True))
        return {"client_secret": None, "private_key": str(file), "key_id": self.key.kid}

    def _verified(self, fields: Fields, form: Fields) -> bool:
        secrecy.remember("client assertion", form["client_assertion"])
        assertion = jwt.decode(form["client_assertion"], self.key, algorithms=["RS256"])
        claims = assertion.claims
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        new = claims["jti"] not in self.assertions
        self.assertions.add(claims["jti"])
        return (
            new
            and form["client_assertion_type"] == ASSERTION_TYPE
            and "authorization" not in fields
            and "client_secret" not in form
            and (claims["iss"], claims["sub"]) == (self.client_id, self.client_id)
            and bool({self.issuer, self.origin + self.token_path} & set(audiences))
            and now() - 60 <= claims.get("iat", now()) < claims["exp"] <= now() + 600
            and assertion.header["kid"] == self.key.kid
        )


class OpaqueTokens(BridgedProvider):
    """A product whose access tokens only its introspection endpoint understands."""

    def __init__(self) -> None:
        super().__init__("gateway-that-asks")
        self.introspection = IntrospectionEndpoint(self, self.authenticates)

    def access_token(self, grant: Grant) -> str:
        token = secrets.token_urlsafe(32)
        return self.introspection.issue(
            token, sub="opaque-alice", client_id=grant.client_id, scope=" ".join(grant.scopes)
        )
