"""An introspection endpoint (RFC 7662) at a static provider: answers as told, and notes who asked what."""

import base64
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from joserfc import jwt
from joserfc.jwk import ECKey

from support import secrecy
from support.static_provider import Fields, StaticProvider, now

# Whether the client that asks is who it says, by the fields and the form of its request.
Authenticates = Callable[[Fields, Fields], bool]


class IntrospectionEndpoint:
    """Knows the tokens in `answers`; all others are inactive. Without `release`, questions wait."""

    PATH = "/introspect"

    def __init__(self, provider: StaticProvider, authenticates: Authenticates):
        self.answers: dict[str, dict[str, Any]] = {}
        self.questions: list[Fields] = []
        self.release = threading.Event()
        self.release.set()
        self.url = provider.origin + self.PATH
        self._provider = provider
        self._authenticates = authenticates
        provider.forms[self.PATH] = self._answer
        provider.metadata["introspection_endpoint"] = self.url

    def issue(self, token: str, **changes: Any) -> str:
        """Makes the token known, with the claims of a good one."""
        secrecy.remember("token", token)
        self.answers[token] = {"active": True, "token_type": "Bearer", **self._provider.signer.claims(**changes)}
        return token

    def _answer(self, fields: Fields, form: Fields) -> tuple[int, Any]:
        self.questions.append(form)
        self.release.wait(30)
        if not self._authenticates(fields, form):
            return 401, {"error": "invalid_client"}
        return 200, self.answers.get(form.get("token", ""), {"active": False})


def secret_in_field(client: str, secret: str) -> Authenticates:
    """client_secret_basic: both are encoded as in forms before they are joined (RFC 6749 §2.3.1)."""
    wanted = "Basic " + base64.b64encode(f"{quote_plus(client)}:{quote_plus(secret)}".encode()).decode()
    return lambda fields, form: fields.get("authorization") == wanted and "client_secret" not in form


def secret_in_form(client: str, secret: str) -> Authenticates:
    """client_secret_post."""
    return lambda fields, form: (
        (form.get("client_id"), form.get("client_secret")) == (client, secret) and "authorization" not in fields
    )


def signed_assertion(client: str, key: ECKey, audience: str) -> Authenticates:
    """private_key_jwt (RFC 7523 §3): each assertion is signed, short-lived, for us, and good once."""
    used: set[str] = set()

    def check(fields: Fields, form: Fields) -> bool:
        assertion = jwt.decode(form["client_assertion"], key, algorithms=["ES256"])
        claims = assertion.claims
        fresh = claims["jti"] not in used and now() - 5 <= claims["iat"] < claims["exp"] <= now() + 300
        used.add(claims["jti"])
        return (
            fresh
            and "authorization" not in fields
            and form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            and (claims["iss"], claims["sub"], claims["aud"]) == (client, client, audience)
            and assertion.header["kid"] == key.kid
        )

    return check
