"""Pictures of the pages that people see: the consent page for docs/bridge.md, or all of them to look at.

Usage: Tests/EndToEnd/screenshots [DIRECTORY]

Without a directory the pictures in docs/images are made again. With one, it gets every page: light and dark, on a
phone, and with the zoom at 200 %. The gateway is $PORTCULLIS or the release build.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from support.bridge import Client
from support.bridged_gateway import key_line, write_keys
from support.browser_world import PUBLIC, WEB_CLIENT, Surroundings, World
from support.certificates import Authority
from support.chromium import press
from support.client_documents import ClientDocuments
from support.gateway import Gateway, binary, route
from support.process import ManagedProcess
from support.static_provider import StaticProvider
from support.waiting import free_port

IMAGES = Path(__file__).resolve().parents[3] / "docs" / "images"
# Documents show a picture in as many pixels as it has.
DESKTOP = {"viewport": {"width": 560, "height": 500}}
PHONE = {"viewport": {"width": 360, "height": 640}}
DARK = {"color_scheme": "dark"}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 900, "height": 700}},
    "dark": {"viewport": {"width": 900, "height": 700}, **DARK},
    "phone": PHONE,
    "phone-dark": {**PHONE, **DARK},
    # Half as many pixels of CSS as a window of 1280 × 800 has.
    "zoomed": {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
}
Visit = Callable[[Page], object]


def _routes(provider: StaticProvider) -> list[dict[str, Any]]:
    trust = {
        "issuer": "https://idp.example.com",
        "jwks_uri": provider.origin + provider.jwks_path,
        "allowed_audience": [f"https://{PUBLIC}/mcp"],
        "allowed_scopes": ["mcp:tools"],
        "bridge": "corporate",
    }
    return [
        route(
            "http://127.0.0.1:9/mcp",
            authorization=trust,
            metadata={"resource_name": "Tools of the research department"},
        )
    ]


@contextmanager
def _world(directory: Path) -> Iterator[tuple[World, ClientDocuments]]:
    """A gateway under a public name, whose provider nobody gets to."""
    with ExitStack() as stack:
        authority = Authority(directory, "Root")
        around = Surroundings(authority)
        stack.callback(around.stop)
        documents = ClientDocuments(authority.issue("documents"), authority)
        stack.callback(documents.stop)
        provider = StaticProvider("unused")
        stack.callback(provider.stop)
        entered = {"client_id": "reporting", "client_name": "Reporting", "redirect_uris": [f"https://{WEB_CLIENT}/cb"]}
        bridge = {
            "name": "corporate",
            "sealing_keys_file": str(write_keys(directory / "bridge.keys", key_line("first"))),
            "client_id": "portcullis-gateway",
            "authorization_endpoint": "https://idp.example.com/authorize",
            "token_endpoint": "https://idp.example.com/token",
            "clients": [entered],
            "client_metadata_documents": documents.options,
        }
        inside = free_port()
        gateway = Gateway(
            directory,
            _routes(provider),
            port=around.public_port,
            public_url=f"https://{PUBLIC}",
            listener={"tls": {"certificates": [around.certificate.files]}},
            more_listeners=[{"address": f"127.0.0.1:{inside}"}],
            bridges=[bridge],
        )
        stack.callback(gateway.stop)
        # Only what is shown is asked of it.
        yield World(gateway, None, around, {gateway.url: [("127.0.0.1", inside)]}), documents  # type: ignore[arg-type]


def _asked(client: Client, **changes: str | None) -> Visit:
    return lambda tab: tab.goto(client.url(client.request(**changes)))


def _answered(client: Client, change: str) -> Visit:
    """The form of the consent page after a script has changed something."""

    def visit(tab: Page) -> None:
        tab.goto(client.url(client.request()))
        if change == "cookies":
            tab.context.clear_cookies()
        else:
            tab.evaluate(change)
        press(tab, "Allow")

    return visit


def _desktop(world: World) -> Client:
    return world.registered(name="Claude Code", redirect_uri="http://127.0.0.1:7777/callback")


def _pages(world: World, documents: ClientDocuments, demo: str) -> dict[str, Visit]:
    desktop = _desktop(world)
    nobody = world.client(redirect_uri="com.example.editor:/callback")
    nobody.register(client_name=None)
    long = world.registered(
        name="An application with a name that is as long as names of applications are allowed to be",
        redirect_uri=f"https://{'a-rather-long-label.' * 9}example.org/cb",
    )
    web = f"https://{WEB_CLIENT}/cb"
    described = documents.publish("/client.json", client_name="Claude", redirect_uris=[web])
    on_the_web = world.client(client_id=described, redirect_uri=web)
    return {
        "consent-registered": _asked(desktop, scope="mcp:tools offline_access"),
        "consent-nameless": _asked(nobody),
        "consent-long": _asked(long, scope="openid profile email offline_access mcp:tools"),
        "consent-document": _asked(on_the_web),
        "consent-configured": _asked(world.client(client_id="reporting", redirect_uri=web)),
        "end-redirect": _asked(desktop, redirect_uri="https://evil.example.net/cb"),
        "end-client": _asked(desktop, client_id="unknown"),
        "end-unreadable": _asked(desktop, client_id=None),
        "end-cookies": _answered(desktop, "cookies"),
        "end-form": _answered(desktop, "document.querySelector('input[name=request]').value = 'changed'"),
        "end-finished": lambda tab: tab.goto(f"{desktop.issuer}/callback?state={'A' * 22}&code=x"),
        "end-strange": lambda tab: tab.goto(f"{desktop.issuer}/callback?code=x"),
        "demo-sign-in": lambda tab: _to_demo(tab, demo),
    }


def _to_demo(tab: Page, server: str) -> None:
    client = Client(server, redirect_uri="http://127.0.0.1:7777/callback", name="Claude Code").discover()
    client.register()
    tab.goto(client.url(client.request()))
    press(tab, "Allow")
    tab.get_by_role("button", name="Sign in").wait_for()


def _take(world: World, visit: Visit, look: dict[str, Any], file: Path) -> None:
    person = world.around.chromium.person(**look)
    tab = person.tab()
    visit(tab)
    tab.mouse.move(0, 0)
    file.parent.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=file, full_page=True)
    person.leave()
    if program := shutil.which("pngquant"):
        subprocess.run([program, "--force", "--ext", ".png", "--speed", "1", "128", str(file)], check=True)
    print(f"{file}: {file.stat().st_size} bytes")


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name, _world(Path(name)) as (world, documents):
        if not arguments:
            question = _asked(_desktop(world), scope="mcp:tools offline_access")
            for ending, look in (("light", DESKTOP), ("dark", {**DESKTOP, **DARK}), ("phone", PHONE)):
                _take(world, question, look, IMAGES / f"bridge-consent-{ending}.png")
            return
        ports = [f"--{each}={free_port()}" for each in ("port", "idp-port", "mcp-port")]
        demo = ManagedProcess([binary(), "demo", "--bridge", *ports], Path(name), "demo")
        try:
            server = json.loads(demo.wait_for_line('"demo_ready"'))["mcp_url"]
            for page, visit in _pages(world, documents, server).items():
                for ending, look in LOOKS.items():
                    _take(world, visit, look, Path(arguments[0]) / f"{page}-{ending}.png")
        finally:
            demo.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
