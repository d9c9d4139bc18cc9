"""A user's browser and an MCP client's HTTP side, byte by byte: redirects are not followed, queries are sent as they are.

An origin can lead to several addresses, which are used in turn: replicas behind one name.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from support import secrecy
from support.browser import FormReader
from support.rawhttp import Response, exchange

Address = tuple[str, int]
FieldLines = list[tuple[str, str]]


@dataclass
class Page:
    """What a URL has shown."""

    url: str
    response: Response

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def location(self) -> str | None:
        found = self.response.get("location")
        return urljoin(self.url, found) if found and 300 <= self.status < 400 else None

    @property
    def text(self) -> str:
        return self.response.body.decode(errors="replace")

    @property
    def json(self) -> Any:
        kind = (self.response.get("content-type") or "").partition(";")[0]
        assert kind == "application/json", f"{self.url}: {self.status} {kind} {self.text[:200]}"
        return json.loads(self.response.body)

    @property
    def form(self) -> dict[str, Any]:
        """The first form: `action`, `inputs`, `buttons`."""
        reader = FormReader()
        reader.feed(self.text)
        assert reader.forms, f"no form on {self.url}: {self.status} {self.text[:400]}"
        return reader.forms[0]


@dataclass
class Cookie:
    value: str
    secure: bool
    attributes: set[str]


@dataclass
class UserAgent:
    """`places` has the addresses of origins that are not their own. Cookies belong to a host, whatever its port."""

    places: dict[str, Sequence[Address]] = field(default_factory=dict)
    cookies: dict[tuple[str, str], Cookie] = field(default_factory=dict)
    # Every Set-Cookie field that came.
    set_cookies: list[str] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    _turns: int = 0

    def get(self, url: str, fields: FieldLines | None = None, method: str = "GET") -> Page:
        return self.request(method, url, fields)

    def post(self, url: str, form: dict[str, str], fields: FieldLines | None = None) -> Page:
        kind = ("Content-Type", "application/x-www-form-urlencoded")
        return self.request("POST", url, [kind, *(fields or [])], urlencode(form).encode())

    def post_json(self, url: str, document: Any) -> Page:
        return self.request("POST", url, [("Content-Type", "application/json")], json.dumps(document).encode())

    def submit(self, page: Page, changes: dict[str, str]) -> Page:
        """The page's form with changes, as a browser sends it."""
        parts = urlsplit(page.url)
        fields = [("Origin", f"{parts.scheme}://{parts.netloc}"), ("Sec-Fetch-Site", "same-origin")]
        return self.post(urljoin(page.url, page.form["action"]), {**page.form["inputs"], **changes}, fields)

    def request(self, method: str, url: str, fields: FieldLines | None = None, body: bytes | None = None) -> Page:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        target = url.removeprefix(origin).partition("#")[0] or "/"
        secrecy.remember("query", parts.query)
        self.visited.append(url)
        sent = self._cookies_for(parts.hostname or "", parts.scheme)
        lines = [*(fields or []), *([("Cookie", sent)] if sent else [])]
        response = exchange(self._address(origin), method, target, host=parts.netloc, fields=lines, body=body)
        for line in response.all("set-cookie"):
            self._keep(parts.hostname or "", line)
        return Page(url, response)

    def _address(self, origin: str) -> Address:
        if places := self.places.get(origin):
            self._turns += 1
            return places[self._turns % len(places)]
        parts = urlsplit(origin)
        assert parts.scheme == "http" and parts.hostname and parts.port, f"no address for {origin}"
        return (parts.hostname, parts.port)

    def _cookies_for(self, host: str, scheme: str) -> str:
        own = [(name, cookie) for (owner, name), cookie in self.cookies.items() if owner == host]
        return "; ".join(f"{name}={cookie.value}" for name, cookie in own if scheme == "https" or not cookie.secure)

    def _keep(self, host: str, line: str) -> None:
        self.set_cookies.append(line)
        pair, *attributes = [part.strip() for part in line.split(";")]
        name, _, value = pair.partition("=")
        secrecy.remember("cookie", value)
        lowered = {attribute.lower() for attribute in attributes}
        if "max-age=0" in lowered or not value:
            self.cookies.pop((host, name), None)
        else:
            self.cookies[host, name] = Cookie(value, "secure" in lowered, set(attributes))

    def leave(self) -> None:
        """Another browser from now on."""
        self.cookies.clear()


def parameters(url: str) -> dict[str, str]:
    """Of its query; each must stand there once."""
    found = parse_qs(urlsplit(url).query, keep_blank_values=True)
    assert all(len(values) == 1 for values in found.values()), found
    return {name: values[0] for name, values in found.items()}
