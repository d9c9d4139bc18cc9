"""A gateway with a bridge as browsers see it: on loopback, or under a public name over TLS."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.bridge import Client
from support.bridged_gateway import bridged_gateway
from support.bridged_provider import BridgedProvider
from support.certificates import Authority
from support.chromium import Chromium
from support.gateway import Gateway
from support.tls_backend import server_context
from support.user_agent import Address, UserAgent
from support.waiting import free_port
from support.web_site import WebSite

PUBLIC = "mcp.example.com"
WEB_CLIENT = "app.example.org"
# Of the same site as the gateway, and of another one.
NEIGHBOUR = "other.example.com"
STRANGER = "evil.example.net"


class Surroundings:
    """What stands around gateways: a browser, sites under every name, an application that listens on this machine."""

    def __init__(self, authority: Authority):
        self.certificate = authority.issue("site", names=(PUBLIC, WEB_CLIENT, NEIGHBOUR, STRANGER))
        self.public_port = free_port()
        self.application = WebSite()
        self.site = WebSite(server_context(self.certificate))
        sites = {f"{name}:443": self.site.port for name in (WEB_CLIENT, NEIGHBOUR, STRANGER)}
        self.chromium = Chromium({f"{PUBLIC}:443": self.public_port, **sites}, self.certificate)

    def stop(self) -> None:
        self.chromium.stop()
        self.application.stop()
        self.site.stop()


@dataclass
class World:
    """A gateway there."""

    gateway: Gateway
    provider: BridgedProvider
    around: Surroundings
    # Where programs reach the gateway.
    places: dict[str, list[Address]] = field(default_factory=dict)

    @property
    def secure(self) -> bool:
        return str(self.gateway.url).startswith("https:")

    @property
    def cookies(self) -> str:
        """How the names of all cookies begin."""
        return f"{'__Host-' if self.secure else ''}portcullis-corporate-"

    @property
    def loopback(self) -> str:
        return f"http://127.0.0.1:{self.around.application.port}/callback"

    @property
    def web(self) -> str:
        return f"https://{WEB_CLIENT}/callback"

    def client(self, **more: Any) -> Client:
        """One that has found the bridge."""
        agent = UserAgent(places=dict(self.places))
        return Client(f"{self.gateway.url}/mcp", agent, **{"redirect_uri": self.loopback, **more}).discover()

    def registered(self, **more: Any) -> Client:
        client = self.client(**more)
        page = client.register()
        assert page.status == 201, page.text
        return client


def make_world(
    around: Surroundings,
    make: Callable[..., Gateway],
    provider: BridgedProvider,
    upstream: str,
    directory: Path,
    secure: bool = False,
    wrapper: list[str] | None = None,
    **options: Any,
) -> World:
    """`wrapper` starts the gateway, `options` are the bridge's. The public name is there once at a time."""
    inside = free_port()

    def start(routes: Any, **more: Any) -> Gateway:
        more["wrapper"] = wrapper or []
        if not secure:
            return make(routes, **more)
        more["listener"] = {"tls": {"certificates": [around.certificate.files]}}
        more["more_listeners"] = [{"address": f"127.0.0.1:{inside}"}]
        return make(routes, port=around.public_port, **more)

    public_url = f"https://{PUBLIC}" if secure else None
    more = {"tokens": "wrap", "registration_limit": 1000, **options}
    gateway = bridged_gateway(start, provider, upstream, directory, public_url=public_url, **more)
    return World(gateway, provider, around, {gateway.url: [("127.0.0.1", inside)]} if secure else {})
