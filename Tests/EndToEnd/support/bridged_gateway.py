"""Configurations with a bridge, and gateways that run them."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support import secrecy
from support.bridge import issuer_of
from support.bridged_provider import BridgedProvider
from support.gateway import Gateway, route
from support.waiting import wait_until

Entry = dict[str, Any]


def key_line(identifier: str) -> str:
    """A line of a file of sealing keys, with a new key."""
    key = secrets.token_hex(32)
    secrecy.remember("sealing key", key)
    return f"{identifier} {key}"


def write_keys(file: Path, *lines: str) -> Path:
    """Replaces the file at once, as secret stores do."""
    made = file.with_suffix(".new")
    made.touch(0o600)
    made.write_text("# made for a test\n" + "".join(f"{line}\n" for line in lines))
    return made.replace(file)


def secret_file(directory: Path, secret: str) -> str:
    """A client secret as a configuration names it."""
    secrecy.remember("client secret", secret)
    file = directory / f"secret-{secrets.token_hex(4)}"
    file.touch(0o600)
    file.write_text(secret + "\n")
    return f"${{file:{file}}}"


def bridge_to(provider: BridgedProvider, directory: Path, **more: Any) -> Entry:
    """An entry of `bridges` for the gateway's client at the provider; None leaves a key out."""
    keys = directory / "bridge.keys"
    if not keys.exists():
        write_keys(keys, key_line("first"))
    entry = {
        "name": "corporate",
        "sealing_keys_file": str(keys),
        "client_id": provider.client_id,
        "client_secret": secret_file(directory, provider.client_secret),
        **more,
    }
    return {name: value for name, value in entry.items() if value is not None}


def bridged_gateway(
    make: Callable[..., Gateway],
    provider: BridgedProvider,
    upstream: str,
    directory: Path,
    paths: tuple[str, ...] = ("/mcp",),
    rules: Entry | None = None,
    public_url: str | None = None,
    bridge_url: str | None = None,
    ready: bool = True,
    listener: Entry | None = None,
    wrapper: list[str] | None = None,
    **options: Any,
) -> Gateway:
    """A gateway with a route at each of `paths`, all of them behind one bridge with these options. Its callback is
    registered at the provider. `bridge_url` is the public URL of the bridge alone, `wrapper` a command that starts the
    gateway's. Unless `ready` is false it knows the provider's metadata."""
    named = {"bridge": options.get("name", "corporate")}
    trust = provider.authorization(**{"allowed_scopes": ["mcp:tools"], **(rules or {}), **named})
    trust = {name: value for name, value in trust.items() if value is not None}
    routes = [route(upstream, path=path, authorization=trust) for path in paths]
    more: Entry = {
        "listener": listener or {},
        "wrapper": wrapper or [],
        **({"public_url": public_url} if public_url else {}),
    }
    gateway = make(routes, bridges=[bridge_to(provider, directory, public_url=bridge_url, **options)], **more)
    provider.register(issuer_of(bridge_url or gateway.url, options.get("path", "/oauth")))
    if ready:
        wait_until(lambda: gateway.events("keys_fetched"), "the provider's metadata is there", 30)
    return gateway
