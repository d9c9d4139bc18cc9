"""A bridge, its provider and its log: what an attack gets as an answer, and why."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support import secrecy
from support.bridge import Client, registered
from support.bridged_provider import BridgedProvider
from support.gateway import Gateway
from support.rawhttp import exchange
from support.user_agent import Page, UserAgent
from support.waiting import wait_until

_fences = itertools.count(1)


class AccessLog:
    """The access records of a gateway, each read once and in order."""

    def __init__(self, gateway: Gateway):
        self._gateway = gateway
        self._read = 0
        self._records: list[dict[str, Any]] = []
        # The one that was read last.
        self.last: dict[str, Any] = {}

    def next(self) -> dict[str, Any]:
        """The next one, as soon as it is written."""
        wait_until(self._more, "another access record")
        self.last = self._records.pop(0)
        return self.last

    def _more(self) -> bool:
        if self._records:
            return True
        with self._gateway.process.stdout_path.open("rb") as file:
            file.seek(self._read)
            written = file.read()
        whole = written[: written.rfind(b"\n") + 1]
        self._read += len(whole)
        lines = [json.loads(line) for line in whole.splitlines()]
        self._records += [line for line in lines if line.get("event") == "request"]
        return bool(self._records)

    def catch_up(self) -> None:
        """Leaves out the records of all that has been answered up to now."""
        path = f"/fence-{next(_fences)}"
        exchange(self._gateway.address, "GET", path, host=urlsplit(self._gateway.url).netloc)
        while self.next()["path"] != path:
            pass


@dataclass
class Scene:
    """A gateway with a bridge to `provider`, and the provider behind it."""

    gateway: Gateway
    provider: BridgedProvider
    path: str = "/mcp"
    log: AccessLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = AccessLog(self.gateway)
        # On a machine that is slow, the first fetch may be in vain.
        wait_until(lambda: self.gateway.events("keys_fetched"), "the provider's keys are there", 30)

    @property
    def server(self) -> str:
        return f"{self.gateway.url}{self.path}"

    def client(self, agent: UserAgent | None = None, **more: Any) -> Client:
        client = registered(self.server, agent, **more)
        secrecy.remember("client identifier", client.client_id)
        return client

    def verdict(self, attack: Callable[[], Page]) -> str:
        """Status, error and the log's reason for the one request of `attack`.

        The error is `page` when a person is told and nobody is sent anywhere, and `code` when a client has got one.
        """
        self.log.catch_up()
        page = attack()
        record = self.log.next()
        assert record["status"] == page.status, record
        return f"{page.status} {outcome(page)} {record.get('reason')}"

    def unheard(self, attack: Callable[[], Page]) -> str:
        """The same; the provider must not have been asked for anything."""
        before = self._heard()
        verdict = self.verdict(attack)
        assert self._heard() == before, "the provider was asked"
        return verdict

    def _heard(self) -> tuple[int, int, int]:
        return (
            len(self.provider.authorizations),
            len(self.provider.token_requests),
            len(self.provider.revocations),
        )


def outcome(page: Page) -> str:
    """What a page says in one word."""
    if page.location is not None:
        given = parse_qs(urlsplit(page.location).query)
        secrecy.remember("code", given.get("code", [""])[0])
        return given["error"][0] if "error" in given else "code" if "code" in given else "elsewhere"
    assert page.response.get("location") is None
    kind = (page.response.get("content-type") or "").partition(";")[0]
    if kind == "text/html":
        assert "<script" not in page.text.lower()
        return "form" if "<form" in page.text else "page"
    if kind == "application/json":
        return str(page.json.get("error"))
    return "nothing" if not page.response.body else kind


def good_until_redirected(client: Client) -> tuple[Page, str]:
    """A consent page that was allowed, and the callback to which the provider sends the browser then."""
    at_provider = client.press(client.begin(client.request()))
    assert at_provider.location
    back = client.press(client.agent.get(at_provider.location))
    assert back.location and back.location.startswith(f"{client.issuer}/callback?")
    return at_provider, back.location
