"""An MCP client that signs its user in through a bridge, one step at a time."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from support import secrecy
from support.rawhttp import Response
from support.user_agent import Page, UserAgent, parameters

REDIRECT_URI = "http://127.0.0.1:33418/callback"
# What a user presses on a provider's pages.
Credentials = dict[str, str]


def issuer_of(url: str, path: str = "/oauth") -> str:
    """The issuer of a bridge at that path."""
    return url + ("" if path == "/" else path)


def metadata_url(url: str, path: str = "/oauth") -> str:
    """Where RFC 8414 §3 has its metadata."""
    return f"{url}/.well-known/oauth-authorization-server{'' if path == '/' else path}"


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class SignIn:
    """A sign-in on its way: what only the client knows."""

    state: str
    verifier: str
    asked: dict[str, str]


@dataclass
class Client:
    """A public MCP client of the server at `server`, with the browser of its user."""

    server: str
    agent: UserAgent = field(default_factory=UserAgent)
    redirect_uri: str = REDIRECT_URI
    client_id: str = ""
    name: str = "end-to-end"
    credentials: Credentials = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    resource_metadata: dict[str, Any] = field(default_factory=dict)
    # Consent pages and pages of the provider that the user has seen.
    consents: int = 0
    provider_pages: int = 0

    @property
    def issuer(self) -> str:
        issuer = self.metadata["issuer"]
        assert isinstance(issuer, str)
        return issuer

    def discover(self) -> "Client":
        """From the challenge to the authorization server's metadata, as the specification has it."""
        answer = self.agent.request("POST", self.server, [("Content-Type", "application/json")], b"{}").response
        challenge = answer.get("www-authenticate") or ""
        assert answer.status == 401 and 'resource_metadata="' in challenge, (answer.status, challenge)
        self.resource_metadata = self.agent.get(challenge.split('resource_metadata="')[1].split('"')[0]).json
        (issuer,) = self.resource_metadata["authorization_servers"]
        scheme, _, rest = issuer.partition("://")
        host, slash, path = rest.partition("/")
        self.metadata = self.agent.get(metadata_url(f"{scheme}://{host}", slash + path or "/")).json
        assert self.metadata["issuer"] == issuer
        return self

    def register(self, **changes: Any) -> Page:
        """RFC 7591; keeps the identifier when it is given. None leaves a member out."""
        document = {
            "client_name": self.name,
            "redirect_uris": [self.redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            **changes,
        }
        sent = {name: value for name, value in document.items() if value is not None}
        page = self.agent.post_json(self.metadata["registration_endpoint"], sent)
        if page.status == 201:
            self.client_id = page.json["client_id"]
        return page

    def request(self, **changes: str | None) -> SignIn:
        """A new authorization request; None leaves a parameter out."""
        verifier = secrets.token_urlsafe(48)
        state = secrets.token_urlsafe(24)
        secrecy.remember("code_verifier", verifier)
        secrecy.remember("state", state)
        scopes = self.resource_metadata.get("scopes_supported")
        given: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": state,
            "scope": " ".join(scopes) if scopes else None,
            "resource": self.resource_metadata.get("resource", self.server),
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
            **changes,
        }
        return SignIn(state, verifier, {name: value for name, value in given.items() if value is not None})

    def url(self, sign_in: SignIn) -> str:
        """Where the client sends its user."""
        return f"{self.metadata['authorization_endpoint']}?{urlencode(sign_in.asked)}"

    def begin(self, sign_in: SignIn) -> Page:
        return self.agent.get(self.url(sign_in))

    def walk(self, page: Page, action: str = "allow") -> dict[str, str]:
        """From a page to the redirect URI, pressing what is there; the parameters that came there."""
        for _ in range(16):
            if page.location is None:
                assert page.status == 200, f"{page.url.partition('?')[0]}: {page.status} {page.text[:600]}"
                page = self.press(page, action)
            elif page.location.startswith(self.redirect_uri.split("?")[0]):
                result = parameters(page.location)
                secrecy.remember("code", result.get("code"))
                return result
            else:
                page = self.agent.get(page.location)
        raise AssertionError("the sign-in does not end")

    def press(self, page: Page, action: str = "allow") -> Page:
        """The button of this page: on the consent page the one for `action`."""
        form = page.form
        if page.url.startswith(self.issuer + "/"):
            self.consents += 1
            assert form["inputs"].get("request"), form
            assert {button["value"] for button in form["buttons"] if button["name"] == "action"} >= {"allow", "deny"}, (
                form
            )
            secrecy.remember("request", form["inputs"]["request"])
            return self.agent.submit(page, {"action": action})
        self.provider_pages += 1
        wanted = {name: value for name, value in self.credentials.items() if name in form["inputs"]}
        agreeing = [button for button in form["buttons"] if button["name"] == "allow"]
        return self.agent.submit(page, wanted | {button["name"]: button["value"] for button in agreeing})

    def authorize(self, action: str = "allow", **changes: str | None) -> tuple[SignIn, dict[str, str]]:
        """A whole sign-in up to the redirect URI."""
        sign_in = self.request(**changes)
        return sign_in, self.walk(self.begin(sign_in), action)

    def redeem(self, sign_in: SignIn, code: str, **changes: str | None) -> Page:
        """The token request for a code."""
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": sign_in.asked.get("redirect_uri"),
            "client_id": self.client_id,
            "code_verifier": sign_in.verifier,
            "resource": sign_in.asked.get("resource"),
            **changes,
        }
        return self._ask_for_tokens(form)

    def refresh(self, refresh_token: str, **changes: str | None) -> Page:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": self.client_id, **changes}
        return self._ask_for_tokens(form)

    def _ask_for_tokens(self, form: dict[str, str | None]) -> Page:
        sent = {name: value for name, value in form.items() if value is not None}
        page = self.agent.post(self.metadata["token_endpoint"], sent)
        if page.status == 200:
            secrecy.remember("token", page.json["access_token"])
            secrecy.remember("refresh token", page.json.get("refresh_token"))
        return page

    def revoke(self, token: str, **more: str) -> Page:
        return self.agent.post(
            self.metadata["revocation_endpoint"], {"token": token, "client_id": self.client_id, **more}
        )

    def call(self, token: str) -> Response:
        """A request to the MCP server with that token."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()
        fields = [("Content-Type", "application/json"), ("Authorization", f"Bearer {token}")]
        return self.agent.request("POST", self.server, fields, body).response

    def tokens(self, **changes: str | None) -> dict[str, Any]:
        """A whole sign-in; the token endpoint's answer."""
        sign_in, result = self.authorize("allow", **changes)
        assert result.get("state") == sign_in.state and result.get("iss") == self.issuer, sorted(result.items())
        page = self.redeem(sign_in, result["code"])
        assert page.status == 200, page.text
        tokens = page.json
        assert isinstance(tokens, dict) and tokens["token_type"].lower() == "bearer"
        return tokens


def registered(server: str, agent: UserAgent | None = None, **more: Any) -> Client:
    """A client that has found the bridge and registered."""
    client = Client(server, agent or UserAgent(), **more).discover()
    page = client.register()
    assert page.status == 201, page.text
    return client
