"""Signs a user in without a window: follows the pages of a provider and presses their buttons.

Standard library only, because the older SDK client runs it in an environment of its own.
"""

import http.cookiejar
import ssl
import urllib.error
import urllib.request
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from support import secrecy

REDIRECT_URI = "http://127.0.0.1:33418/callback"


class FormReader(HTMLParser):
    """The forms of a page: action, input values and submit buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict] = []
        self._button: dict | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({"action": values.get("action", ""), "inputs": {}, "buttons": []})
        elif not self.forms or tag not in ("input", "button"):
            return
        elif tag == "button" or values.get("type") == "submit":
            button = {"name": values.get("name"), "value": values.get("value", ""), "text": ""}
            self.forms[-1]["buttons"].append(button)
            self._button = button if tag == "button" else None
        elif "name" in values and (values.get("type") not in ("checkbox", "radio") or "checked" in values):
            self.forms[-1]["inputs"][values["name"]] = values.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self._button["text"] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "button":
            self._button = None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class _Page:
    def __init__(self, url: str, status: int, location: str | None, text: str):
        self.url = url
        self.status = status
        self.location = urljoin(url, location) if location else None
        self.text = text


def _agreeing(buttons: list[dict]) -> dict:
    """The button that agrees, when the page offers a choice."""
    for word in ("allow", "authorize", "approve"):
        for button in buttons:
            if word in f"{button['name']} {button['value']} {button['text']}".lower():
                return button
    return buttons[0]


class Browser:
    """A user at a provider; keeps cookies between authorizations as a browser does.

    `trusted` is a file of authorities for providers behind https.
    """

    def __init__(self, username: str, password: str, trusted: str | None = None):
        self.username = username
        self.password = password
        self.authorizations: list[dict[str, str]] = []
        self.forms_sent = 0
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            _NoRedirects(),
            urllib.request.HTTPCookieProcessor(self._jar),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=trusted)),
        )

    def authorize(self, url: str) -> dict[str, str]:
        """Walks from the authorization URL to the redirect URI and returns the redirect's parameters."""
        query = urlsplit(url).query
        secrecy.remember("query", query)
        self.authorizations.append({name: values[0] for name, values in parse_qs(query).items()})
        page = self._open(url)
        for _ in range(12):
            if page.location is None:
                assert page.status == 200, f"sign-in: {page.status} {page.text[:400]}"
                page = self._submit(page)
            elif page.location.startswith(REDIRECT_URI):
                return self._result(page.location)
            else:
                page = self._open(page.location)
        raise AssertionError("sign-in does not end")

    def _open(self, url: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> _Page:
        data = None if form is None else urlencode(form).encode()
        request = urllib.request.Request(url, data, headers or {})
        try:
            response = self._opener.open(request, timeout=20)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            location = response.headers.get("Location") if 300 <= response.status < 400 else None
            return _Page(url, response.status, location, response.read().decode(errors="replace"))

    def _submit(self, page: _Page) -> _Page:
        reader = FormReader()
        reader.feed(page.text)
        assert reader.forms, f"no form on {page.url}: {page.text[:400]}"
        form = reader.forms[0]
        fields = dict(form["inputs"])
        if "username" in fields or "password" in fields:
            fields |= {"username": self.username, "password": self.password}
        button = _agreeing(form["buttons"])
        if button["name"]:
            fields[button["name"]] = button["value"]
        self.forms_sent += 1
        parts = urlsplit(page.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        return self._open(urljoin(page.url, form["action"]), fields, {"Origin": origin, "Referer": page.url})

    def _result(self, target: str) -> dict[str, str]:
        query = urlsplit(target).query
        result = {name: values[0] for name, values in parse_qs(query).items()}
        secrecy.remember("query", query)
        secrecy.remember("code", result.get("code"))
        for cookie in self._jar:
            secrecy.remember("cookie", cookie.value)
        return result
