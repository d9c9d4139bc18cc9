"""A provider that knows one client, the gateway: sign-in page, codes, PKCE, client authentication, refresh, revocation.

Real products are made of it in `bridged_products.py`. It notes what it was asked, and refuses what is not in order.
"""

import hashlib
import html
import secrets
import ssl
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode

from support import secrecy
from support.introspection import Authenticates, secret_in_field
from support.static_provider import Fields, StaticProvider, now
from support.tokens import base64url

# Longer ones are cut or refused by some products; the gateway's are short.
STATE_LIMIT = 64


class Refusal(Exception):
    """An OAuth error (RFC 6749 §4.1.2.1, §5.2)."""

    def __init__(self, error: str, description: str = "", status: int = 400):
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status


@dataclass
class Grant:
    """What a user has agreed to."""

    client_id: str
    redirect_uri: str
    scopes: list[str]
    # The whole authorization request.
    asked: Fields
    refresh_tokens: set[str] = field(default_factory=set)
    ended: bool = False


def token_hash(token: str) -> str:
    """`at_hash` of an ID token by SHA-256 (OpenID Connect Core §3.1.3.6)."""
    return base64url(hashlib.sha256(token.encode()).digest()[:16])


class BridgedProvider(StaticProvider):
    """Its preset's name is `generic`. Redirect URIs are told to `register`, once the gateway's address is known."""

    preset = "generic"
    base = ""
    authorize_path = "/authorize"
    token_path = "/token"
    revoke_path: str | None = "/revoke"
    # What the metadata says; S256 is checked in any case.
    pkce_methods: tuple[str, ...] | None = ("S256",)
    known_scopes: frozenset[str] | None = None
    rotates = False
    code_bytes = 24
    token_lifetime = 300

    def __init__(
        self,
        client_id: str = "gateway-at-the-provider",
        authenticates: Authenticates | None = None,
        audience: str = "urn:test:audience",
        tls: ssl.SSLContext | None = None,
    ):
        super().__init__(audience, self.base, tls, algorithms=("RS256",))
        self.client_id = client_id
        self.client_secret = secrets.token_urlsafe(24)
        secrecy.remember("client secret", self.client_secret)
        self.authenticates = authenticates or secret_in_field(client_id, self.client_secret)
        self.redirect_uris: set[str] = set()
        # Set to refuse every user with that error.
        self.denial: Refusal | None = None
        # Scopes that users do not tick.
        self.withholds: set[str] = set()
        # Without it the granted scope is what was asked for, or unchanged (RFC 6749 §5.1, §6).
        self.tells_scope_on_refresh = True
        # Authorization requests, and forms at the token and revocation endpoints, as they came.
        self.authorizations: list[Fields] = []
        self.token_requests: list[Fields] = []
        self.revocations: list[Fields] = []
        self.access_tokens: list[str] = []
        self.refusals: list[str] = []
        self._tickets: dict[str, Grant] = {}
        self._codes: dict[str, Grant] = {}
        self._used_codes: dict[str, Grant] = {}
        self._refreshable: dict[str, Grant] = {}
        self.forms[self.token_path] = self._token
        self.metadata |= {
            "authorization_endpoint": self.origin + self.authorize_path,
            "token_endpoint": self.origin + self.token_path,
        }
        if self.revoke_path:
            self.forms[self.revoke_path] = self._revoke
            self.metadata["revocation_endpoint"] = self.origin + self.revoke_path
        if self.pkce_methods:
            self.metadata["code_challenge_methods_supported"] = self.pkce_methods

    # What products differ in.

    def check_authorization(self, asked: Fields) -> None:
        """Raises what the product says to requests that it does not like."""

    def check_refresh(self, form: Fields) -> None:
        """The same for refresh requests."""

    def response_parameters(self) -> Fields:
        """Parameters of the authorization response beside code and state."""
        return {}

    def gives_refresh_token(self, grant: Grant) -> bool:
        return "offline_access" in grant.scopes

    def access_token(self, grant: Grant) -> str:
        return self.signer.token(
            sub="alice",
            client_id=None,
            azp=grant.client_id,
            scope=" ".join(grant.scopes),
            exp=now() + self.token_lifetime,
        )

    def id_token(self, grant: Grant, access_token: str) -> str | None:
        if "openid" not in grant.scopes:
            return None
        return self.signer.token(
            header={"typ": "JWT"},
            sub="alice",
            aud=grant.client_id,
            client_id=None,
            scope=None,
            jti=None,
            nonce=grant.asked.get("nonce"),
            email="alice@example.com",
            at_hash=token_hash(access_token),
        )

    # The flow.

    def register(self, issuer: str) -> None:
        """Makes the callback of the bridge with that issuer a redirect URI of the client."""
        self.redirect_uris.add(f"{issuer}/callback")

    def authorization(self, **more: Any) -> dict[str, Any]:
        return super().authorization(provider=self.preset, **more)

    def end_grants(self) -> None:
        """An administrator ends every session: no refresh token is good any more."""
        self._refreshable.clear()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        path, _, query = handler.path.partition("?")
        if path != self.authorize_path:
            super()._answer(handler)
            return
        secrecy.remember("query", query)
        given = parse_qs(query, keep_blank_values=True, strict_parsing=True)
        asked = {name: values[0] for name, values in given.items()}
        self.authorizations.append(asked)
        for name in ("state", "nonce"):
            secrecy.remember(name, asked.get(name))
        # Nobody is sent anywhere by a request of an unknown client (RFC 6749 §4.1.2.1).
        if asked.get("client_id") != self.client_id or asked.get("redirect_uri") not in self.redirect_uris:
            self._page(handler, 400, f"unknown client or redirect URI: {sorted(self.redirect_uris)}")
            return
        try:
            repeated = [name for name, values in given.items() if len(values) > 1]
            if repeated or asked.get("response_type") != "code":
                raise Refusal("invalid_request", f"repeated: {repeated}")
            if len(asked.get("state", "")) > STATE_LIMIT:
                raise Refusal("invalid_request", "the state is too long")
            if len(asked.get("code_challenge", "")) != 43 or asked.get("code_challenge_method") != "S256":
                raise Refusal("invalid_request", "PKCE by S256 is required")
            scopes = asked.get("scope", "").split()
            if self.known_scopes is not None and (unknown := set(scopes) - self.known_scopes):
                raise Refusal("invalid_scope", f"unknown: {sorted(unknown)}")
            self.check_authorization(asked)
        except Refusal as refusal:
            self._return(handler, asked, refusal)
            return
        ticket = secrets.token_urlsafe(16)
        granted = [scope for scope in scopes if scope not in self.withholds]
        self._tickets[ticket] = Grant(self.client_id, asked["redirect_uri"], granted, asked)
        field = f"<input type='hidden' name='ticket' value='{ticket}'><button type='submit'>Sign in</button>"
        self._page(handler, 200, f"<form method='post' action='{self.base}/sign-in'>{field}</form>")

    def _answer_form(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.path != f"{self.base}/sign-in":
            super()._answer_form(handler)
            return
        form = parse_qs(handler.rfile.read(int(handler.headers["Content-Length"])).decode())
        grant = self._tickets.pop(form["ticket"][0])
        self._return(handler, grant.asked, self.denial or grant)

    def _return(self, handler: BaseHTTPRequestHandler, asked: Fields, result: Refusal | Grant) -> None:
        if isinstance(result, Refusal):
            self.refusals.append(f"{result.error}: {result.description}")
            answer = {"error": result.error, "error_description": result.description}
        else:
            code = secrets.token_urlsafe(self.code_bytes)
            secrecy.remember("code", code)
            self._codes[code] = result
            answer = {"code": code}
        answer |= {"state": asked["state"]} if "state" in asked else {}
        query = urlencode({**answer, **self.response_parameters()})
        self._send_bytes(handler, 302, {"Location": f"{asked['redirect_uri']}?{query}"}, b"")

    def _page(self, handler: BaseHTTPRequestHandler, status: int, content: str) -> None:
        text = content if status == 200 else html.escape(content)
        page = f"<!doctype html><title>Provider</title>{text}".encode()
        self._send_bytes(handler, status, {"Content-Type": "text/html; charset=utf-8"}, page)

    def _token(self, fields: Fields, form: Fields) -> tuple[int, Any]:
        self.token_requests.append(form)
        for name in ("code_verifier", "client_assertion"):
            secrecy.remember(name, form.get(name))
        try:
            if not self._is_the_client(fields, form):
                raise Refusal("invalid_client", "client authentication failed", 401)
            match form.get("grant_type"):
                case "authorization_code":
                    return 200, self._issue(self._redeemed(form))
                case "refresh_token":
                    return 200, self._issue(self._refreshed(form), form["refresh_token"])
            raise Refusal("unsupported_grant_type", str(form.get("grant_type")))
        except Refusal as refusal:
            self.refusals.append(f"{refusal.error}: {refusal.description}")
            return refusal.status, {"error": refusal.error, "error_description": refusal.description}

    def _is_the_client(self, fields: Fields, form: Fields) -> bool:
        try:
            return self.authenticates(fields, form)
        except (KeyError, ValueError):
            return False

    def _redeemed(self, form: Fields) -> Grant:
        code = form.get("code", "")
        if used := self._used_codes.get(code):
            # RFC 6749 §4.1.2: what the code gave is taken back.
            used.ended = True
            raise Refusal("invalid_grant", "the code has been used")
        grant = self._codes.pop(code, None)
        if grant is None:
            raise Refusal("invalid_grant", "unknown code")
        self._used_codes[code] = grant
        if base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest()) != grant.asked["code_challenge"]:
            raise Refusal("invalid_grant", "PKCE verification failed")
        if form.get("redirect_uri") != grant.redirect_uri:
            raise Refusal("invalid_grant", "another redirect URI")
        return grant

    def _refreshed(self, form: Fields) -> Grant:
        token = form.get("refresh_token", "")
        grant = self._refreshable.get(token)
        if grant is None or grant.ended:
            raise Refusal("invalid_grant", "unknown refresh token")
        self.check_refresh(form)
        if self.rotates:
            del self._refreshable[token]
        return grant

    def _issue(self, grant: Grant, refreshed: str | None = None) -> dict[str, Any]:
        access_token = self.access_token(grant)
        secrecy.remember("token", access_token)
        self.access_tokens.append(access_token)
        answer: dict[str, Any] = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self.token_lifetime,
        }
        if refreshed is None or self.tells_scope_on_refresh:
            answer["scope"] = " ".join(grant.scopes)
        if id_token := self.id_token(grant, access_token):
            answer["id_token"] = id_token
        if (self.rotates or refreshed is None) and (refreshed or self.gives_refresh_token(grant)):
            token = secrets.token_urlsafe(32)
            secrecy.remember("refresh token", token)
            self._refreshable[token] = grant
            grant.refresh_tokens.add(token)
            answer["refresh_token"] = token
        return answer

    def _revoke(self, fields: Fields, form: Fields) -> tuple[int, Any]:
        self.revocations.append(form)
        if not self._is_the_client(fields, form):
            return 401, {"error": "invalid_client"}
        if grant := self._refreshable.pop(form.get("token", ""), None):
            grant.ended = True
        return 200, {}
