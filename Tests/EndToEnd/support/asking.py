"""Requests with a token, and what became of each: the answer and its own line in the log."""

import itertools
from typing import Any

from support import secrecy
from support.gateway import Gateway
from support.rawhttp import Response, exchange

_numbers = itertools.count(1)


def ask(
    gateway: Gateway,
    token: str,
    path: str = "/mcp",
    scheme: str = "Bearer",
    fields: list[tuple[str, str]] | None = None,
) -> Response:
    """One request on a connection of its own."""
    secrecy.remember("token", token)
    credentials = ("Authorization", f"{scheme} {token}")
    return exchange(gateway.address, "POST", path, body=b"{}", fields=[credentials, *(fields or [])])


def below(path: str) -> str:
    """A path of the same route that no other request has: its access record can be found."""
    return f"{path}/request-{next(_numbers)}"


def ask_and_look(gateway: Gateway, token: str, path: str = "/mcp", **more: Any) -> tuple[Response, dict[str, Any]]:
    """The answer with the access record of this very request."""
    path = below(path)
    return ask(gateway, token, path, **more), gateway.access(path=path)


def assert_refused(gateway: Gateway, token: str, reason: str, status: int = 401, path: str = "/mcp") -> None:
    """Refused for this reason, said to the client as RFC 6750 has it and to the operator in full."""
    response, record = ask_and_look(gateway, token, path)
    assert (response.status, record.get("reason")) == (status, reason), record
    error = {401: "invalid_token", 403: "insufficient_scope"}[status]
    challenge = response.get("www-authenticate")
    assert challenge is not None and challenge.startswith(f'Bearer error="{error}"')
    assert record["auth"] == "refused"
    assert not record.get("subject"), "an unverified subject is not logged as if it were one"


def assert_accepted(gateway: Gateway, token: str, path: str = "/mcp") -> None:
    response, record = ask_and_look(gateway, token, path)
    assert (response.status, record["auth"]) == (200, "verified"), record


def assert_unavailable(response: Response) -> None:
    """The fault is the provider's: come back later, and keep the token (GW-16)."""
    assert response.status == 503, response.body
    retry_after = response.get("retry-after")
    assert retry_after is not None and 0 < int(retry_after) <= 60
    assert response.get("www-authenticate") is None
