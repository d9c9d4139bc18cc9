"""What a request or an event costs the gateway as work grows: plots in docs/images/performance, figures beside them.

Each point is a gateway of its own. `--draw` draws the plots again from the figures, and measures nothing.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from load import Load
from plot import Series, draw
from processes import allow_many_files, compile_program, most_connections, pin_to
from proxies import PORTCULLIS, Kind
from servers import LOAD_CPU, PROXY_CPU, Proxy, Servers, free_port

HERE = Path(__file__).resolve().parent
PLOTS = HERE.parent / "docs" / "images" / "performance"
FIGURES = PLOTS / "curves.json"
KIND = Kind("portcullis-curves.yaml", PORTCULLIS, checks_tokens=True)
RATE = 2000  # events a second, all streams together
LARGEST_RATE = 100e6  # bytes of events a second


class Curves:
    def __init__(self, servers: Servers, load: Load, seconds: float):
        self.servers, self.load, self.seconds = servers, load, seconds
        self.tokens = compile_program(servers.folder, "tokens")

    def trust(self, issuer: str = "", **more: object) -> dict[str, object]:
        keys = str(self.servers.issuer.folder / "jwks.json")
        audience = [self.servers.issuer.audience]
        return {"issuer": issuer or self.servers.issuer.url, "jwks_file": keys, "allowed_audience": audience, **more}

    def route(
        self, path: str = "/mcp", trust: object = None, max_connections: int | None = 20_000
    ) -> dict[str, object]:
        upstream: dict[str, object] = {"url": f"http://127.0.0.1:{self.servers.backend_port}/mcp"}
        if max_connections:
            upstream["max_connections"] = max_connections
        return {"path": path, "upstream": upstream, "authorization": trust or self.trust()}

    def start(self, routes: list[dict[str, object]] | None = None) -> Proxy:
        port, tls_port = free_port(), free_port()
        values: dict[str, object] = {"ROUTES": json.dumps(routes or [self.route()], separators=(",", ":"))}
        server = self.servers.run("curves", KIND, PROXY_CPU, port, tls_port, values)
        return Proxy(server, port, tls_port, KIND.refusing)

    def requests(self, proxy: Proxy, script: Path | None = None, path: str = "/mcp") -> float:
        """µs of CPU of one."""
        url = f"http://127.0.0.1:{proxy.port}{path}"
        self.load.wrk(script or self.load.script, url, 1)
        before = proxy.server.cpu_seconds()
        done = self.load.wrk(script or self.load.script, url, max(1, round(self.seconds)))
        return (proxy.server.cpu_seconds() - before) / done * 1e6

    def events(self, proxy: Proxy, count: int, size: int, rate: float) -> tuple[float, float]:
        """µs of CPU of one, and MiB of memory with the streams open."""
        target = f"/mcp?events={size}&every={max(1, round(count / rate * 1e3))}"
        with self.load.event_streams(proxy.port, False, count, self.seconds, target) as streams:
            time.sleep(0.5)
            memory = mebibytes(proxy)
            streams.begin()
            before = proxy.server.cpu_seconds()
            came = streams.end()
            return (proxy.server.cpu_seconds() - before) / came.events * 1e6, memory

    def connections(self, count: int) -> tuple[float, float]:
        proxy = self.start()
        try:
            with self.load.idle(proxy.port, count, tls=False):
                return self.requests(proxy), mebibytes(proxy)
        finally:
            proxy.server.stop()

    def with_routes(self, routes: list[dict[str, object]]) -> tuple[float, float]:
        proxy = self.start(routes)
        try:
            return self.requests(proxy), mebibytes(proxy)
        finally:
            proxy.server.stop()

    def routes(self, count: int) -> tuple[float, float]:
        """A configuration has at most 1 MiB, so the others say no more than they must. They are protected, too."""
        others = [self.route(f"/{number}", max_connections=None) for number in range(1, count)]
        return self.with_routes([self.route(), *others])

    def providers(self, count: int) -> tuple[float, float]:
        """All of one route. The token is of the last."""
        others = [self.trust(f"https://idp-{number}.example.com") for number in range(1, count)]
        return self.with_routes([self.route(trust=[*others, self.trust()])])

    def cached_tokens(self, count: int) -> tuple[float, float]:
        file, request = self.servers.folder / "tokens.txt", self.servers.folder / "token-request"
        with file.open("w") as out:
            for line in self.servers.issuer.many("ES256", count):
                out.write(line)
        trust = self.trust(token_cache_entries=max(1024, 4 * count), token_cache_size="16GiB")
        proxy = self.start([self.route(trust=trust)])
        try:
            self.load.write_request(proxy.port, "keep-alive", "@")
            request.write_bytes(self.load.request.read_bytes())
            command = [str(self.tokens), str(proxy.port), str(request), str(file), str(self.seconds)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                if process.stdout.readline() != "begun\n":
                    raise SystemExit("requests have failed, see above")
                before = proxy.server.cpu_seconds()
                done = int(process.stdout.readline().split()[1])
                return (proxy.server.cpu_seconds() - before) / done * 1e6, mebibytes(proxy)
        finally:
            proxy.server.stop()
            file.unlink()

    def streams(self, count: int) -> tuple[float, float]:
        proxy = self.start()
        try:
            return self.events(proxy, count, 128, RATE)
        finally:
            proxy.server.stop()

    def header_size(self, size: int) -> tuple[float, float]:
        """Bytes of one more field, in KiB of 512 bytes to 30."""
        script = self.servers.folder / "header.lua"
        script.write_text(self.load.lua + f"wrk.headers['x-more'] = string.rep('x', {size})\n")
        proxy = self.start()
        try:
            return self.requests(proxy, script), mebibytes(proxy)
        finally:
            proxy.server.stop()

    def event_size(self, size: int) -> tuple[float, float]:
        proxy = self.start()
        try:
            return self.events(proxy, 16, size, min(RATE, LARGEST_RATE / size))
        finally:
            proxy.server.stop()


def mebibytes(proxy: Proxy) -> float:
    return proxy.server.resident_kib() / 1024


@dataclass(frozen=True)
class Curve:
    title: str
    across: str  # what grows
    unit: str
    points: list[int]
    measure: Callable[[Curves, int], tuple[float, float]]


def curves() -> dict[str, Curve]:
    """The bounds on connections and streams are the limit of files: the gateway keeps half of them for upstreams."""
    half = most_connections(2)
    request, event = "µs of CPU per request", "µs of CPU per event"
    return {
        "connections": Curve(
            "Requests on 64 connections beside idle ones", "open connections", request,
            [1, 10, 100, 1000, 3000, half], Curves.connections,
        ),
        "routes": Curve("Routes", "routes", request, [1, 10, 100, 1000, 4000], Curves.routes),
        "providers": Curve(
            "Identity providers of a route", "providers", request, [1, 3, 10, 30, 100], Curves.providers
        ),
        "tokens": Curve(
            "Different tokens in turn, all in the cache", "tokens", request,
            [1, 10, 100, 1000, 10_000, 100_000, 1_000_000], Curves.cached_tokens,
        ),
        "streams": Curve(
            f"Streams, together {RATE:,} events a second", "open streams", event,
            [1, 10, 100, 1000, 3000, half], Curves.streams,
        ),
        "header-size": Curve(
            "Size of one header field more", "bytes", request,
            [512, 1024, 2048, 4096, 8192, 16_384, 30_720], Curves.header_size,
        ),
        "event-size": Curve(
            "Size of an event", "bytes", event,
            [64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576], Curves.event_size,
        ),
    }  # fmt: skip


def plot(figures: dict[str, list[tuple[int, float, float]]]) -> None:
    for name, points in figures.items():
        curve = curves()[name]
        cost = Series(curve.unit, [(point[0], point[1]) for point in points])
        memory = Series("MiB of memory", [(point[0], point[2]) for point in points])
        (PLOTS / f"{name}.svg").write_text(draw(curve.title, curve.across, [cost, memory]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=HERE.parent / ".build" / "release" / "portcullis")
    parser.add_argument("--curve", action="append", choices=list(curves()), help="may be given again; default: all")
    parser.add_argument("--most", type=int, default=1_000_000, help="no point beyond this")
    parser.add_argument("--seconds", type=float, default=2, help="length of a measurement")
    parser.add_argument("--draw", action="store_true", help="only draw")
    arguments = parser.parse_args()
    PLOTS.mkdir(parents=True, exist_ok=True)
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    if arguments.draw:
        return plot(figures)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    pin_to(LOAD_CPU)
    allow_many_files()
    with tempfile.TemporaryDirectory(prefix="portcullis-curves-") as folder:
        servers = Servers(Path(folder), arguments.binary)
        try:
            servers.begin()
            load = Load(Path(folder), servers.token, servers.issuer, servers.backend_port)
            scene = Curves(servers, load, arguments.seconds)
            for name in arguments.curve or curves():
                figures[name] = []
                for point in sorted({min(point, arguments.most) for point in curves()[name].points}):
                    cost, memory = curves()[name].measure(scene, point)
                    print(f"{name}: {point:9,}: {cost:8.2f} {curves()[name].unit}, {memory:8.1f} MiB", flush=True)
                    figures[name].append((point, round(cost, 2), round(memory, 1)))
                FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
        finally:
            servers.stop()
    plot(figures)


main()
