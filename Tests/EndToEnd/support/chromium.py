"""Chromium without a window, and people who press what is on its pages. Every host name leads to this machine."""

import base64
import hashlib
import os
import time
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, sync_playwright

from support import secrecy
from support.bridge import Client, SignIn
from support.certificates import Certificate
from support.user_agent import parameters

# Seconds, for whatever a page waits for.
PATIENCE = 20
# What Chromium says to every answer from 400 on.
REFUSED = "Failed to load resource: the server responded with a status of"


class Chromium:
    """`hosts` leads names to loopback ports; `certificate` is trusted for all of them."""

    def __init__(self, hosts: dict[str, int] | None = None, certificate: Certificate | None = None):
        rules = [f"MAP {host} 127.0.0.1:{port}" for host, port in (hosts or {}).items()]
        arguments = [f"--host-resolver-rules={', '.join([*rules, 'MAP * 127.0.0.1'])}", "--no-proxy-server"]
        if certificate:
            arguments.append(f"--ignore-certificate-errors-spki-list={_public_key_digest(certificate)}")
        self._playwright = sync_playwright().start()
        try:
            program = os.environ.get("CHROMIUM", "/usr/bin/chromium")
            self.browser: Browser = self._playwright.chromium.launch(executable_path=program, args=arguments)
        except BaseException:
            self._playwright.stop()
            raise

    def person(self, **more: Any) -> "Person":
        """Somebody with a browser of his own; `more` are Playwright's options of a context."""
        return Person(self.browser, **more)

    def stop(self) -> None:
        self.browser.close()
        self._playwright.stop()


def _public_key_digest(certificate: Certificate) -> str:
    key = certificate.x509.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


class Person:
    """A browser profile, with what its console has said and the cookies that it was given."""

    def __init__(self, browser: Browser, **more: Any):
        self.context = browser.new_context(**more)
        self.context.set_default_timeout(PATIENCE * 1000)
        self.complaints: list[str] = []
        self.responses: list[Response] = []
        self.context.on("console", self._note)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.context.on("response", lambda response: self.responses.append(response))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(REFUSED):
            self.complaints.append(f"{message.type}: {message.text}")

    def wait_for_complaint(self, tab: Page) -> None:
        """Events come only while a page is waited for."""
        deadline = time.monotonic() + PATIENCE
        while not self.complaints:
            assert time.monotonic() < deadline, "Chromium has not complained"
            tab.wait_for_timeout(20)

    def tab(self) -> Page:
        return self.context.new_page()

    def start(self, client: Client, tab: Page | None = None, /, **changes: str | None) -> tuple[SignIn, Page]:
        """The client opens the browser."""
        sign_in = client.request(**changes)
        tab = tab or self.tab()
        tab.goto(client.url(sign_in))
        return sign_in, tab

    def set_cookies(self) -> list[str]:
        """Every Set-Cookie field that has come."""
        return [
            each["value"]
            for response in self.responses
            for each in response.headers_array()
            if each["name"].lower() == "set-cookie"
        ]

    def leave(self) -> None:
        for cookie in self.context.cookies():
            secrecy.remember("cookie", cookie.get("value"))
        self.context.close()


def press(tab: Page, button: str) -> None:
    tab.get_by_role("button", name=button, exact=True).click()


def arrived(tab: Page, client: Client) -> dict[str, str]:
    """What the client has been told, as soon as the browser is there."""
    tab.wait_for_url(lambda url: url.startswith(client.redirect_uri))
    result = parameters(tab.url)
    secrecy.remember("code", result.get("code"))
    return result


def scrolls_sideways(tab: Page) -> bool:
    found = tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert isinstance(found, bool)
    return found
