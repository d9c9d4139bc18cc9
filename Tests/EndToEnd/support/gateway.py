"""The gateway under test: configuration, process, access log."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support import secrecy
from support.process import ManagedProcess
from support.waiting import free_port, wait_until


def binary() -> str:
    """The program under test: $PORTCULLIS, or the release build of this checkout."""
    default = Path(__file__).resolve().parents[3] / ".build" / "release" / "portcullis"
    return os.environ.get("PORTCULLIS", str(default))


def route(upstream: str, path: str = "/mcp", authorization: Any = "none", **more: Any) -> dict[str, Any]:
    """A route of the configuration; `more` adds or replaces keys, `upstream_options` adds to the upstream."""
    options = more.pop("upstream_options", {})
    return {"path": path, "upstream": {"url": upstream, **options}, "authorization": authorization, **more}


Routes = list[dict[str, Any]] | Callable[[str], list[dict[str, Any]]]


class Gateway:
    """A running `portcullis serve` whose public URL is its own loopback address.

    `routes` may be a function of the public URL, because audiences are made from it. `listener` adds to the listener on
    that address (with `tls`, the public URL is https), `more_listeners` stand beside it. `port` is one that somebody has
    to know beforehand. `wrapper` is a command that starts the gateway's.
    """

    def __init__(self, directory: Path, routes: Routes, name: str = "gateway", **more: Any):
        self.port = more.pop("port", None) or free_port()
        listener: dict[str, Any] = more.pop("listener", {})
        others: list[dict[str, Any]] = more.pop("more_listeners", [])
        scheme = "https" if "tls" in listener else "http"
        self.url = more.pop("public_url", f"{scheme}://127.0.0.1:{self.port}")
        wrapper: list[str] = more.pop("wrapper", [])
        self.configuration: dict[str, Any] = {
            "public_url": self.url,
            "listeners": [{"address": f"127.0.0.1:{self.port}", **listener}, *others],
            "routes": routes(self.url) if callable(routes) else routes,
            **more,
        }
        # JSON is YAML, and needs no writer of our own.
        self.file = directory / f"{name}.yaml"
        self.file.write_text(json.dumps(self.configuration, indent=2))
        self.process = ManagedProcess([*wrapper, binary(), "serve", "--config", str(self.file)], directory, name)
        secrecy.watch(self.process.stdout_path)
        secrecy.watch(self.process.stderr_path)
        try:
            self.process.wait_for_line('"listening"')
            wait_until(
                lambda: len(self.events("listening")) >= len(self.configuration["listeners"]),
                f"{name} listens on every address",
            )
        except BaseException:
            self.process.stop()
            raise

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)

    @property
    def authority(self) -> str:
        """What clients on the TCP listener put into Host."""
        return f"127.0.0.1:{self.port}"

    def lines(self) -> list[dict[str, Any]]:
        """Every complete line of standard output; a line that is not JSON fails the test."""
        return [json.loads(line) for line in self.process.stdout.splitlines(keepends=True) if line.endswith("\n")]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line.get("event") == name]

    def access(self, **wanted: Any) -> dict[str, Any]:
        """The newest access record whose fields have the wanted values, as soon as it is written."""

        def find() -> dict[str, Any] | None:
            for line in reversed(self.events("request")):
                if all(line.get(key) == value for key, value in wanted.items()):
                    return line
            return None

        return wait_until(find, f"an access record with {wanted}; have {self.events('request')[-5:]}")

    def reload(self) -> None:
        """SIGHUP: read certificates and ticket keys again. Returns before that has happened."""
        self.process.signal(signal.SIGHUP)

    def stop(self) -> None:
        self.process.stop()
