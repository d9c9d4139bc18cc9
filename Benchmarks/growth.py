"""How the points of a curve are measured: each with a server of its own, but for tokens in the cache."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from load import Load
from processes import Failure, Helper, compile_program, free_port
from proxies import PORTCULLIS, Kind
from servers import PROXY_CPU, Proxy, Servers

KIND = Kind("portcullis-curves.yaml", *PORTCULLIS, checks_tokens=True)
RATE = 2000  # events a second, all streams together
LARGEST_RATE = 100e6  # bytes of events a second
# To fill the cache with more takes minutes: once is enough.
TOKENS_REPEATED = 100_000


@dataclass(frozen=True)
class Point:
    at: int
    cost: float  # µs of CPU
    memory: float  # MiB


class Scene:
    def __init__(self, servers: Servers, load: Load, seconds: int):
        self.servers, self.load, self.seconds = servers, load, seconds
        self.tokens = compile_program(servers.folder, "tokens")

    def trust(self, issuer: str = "", **more: object) -> dict[str, object]:
        keys = str(self.servers.issuer.folder / "jwks.json")
        audience = [self.servers.issuer.audience]
        return {"issuer": issuer or self.servers.issuer.url, "jwks_file": keys, "allowed_audience": audience, **more}

    def start(self, subject: str, trust: object = None, routes: int = 1) -> Proxy:
        """`subject`: a proxy of the benchmark, or `portcullis` as the curves need it."""
        if subject != "portcullis":
            return self.servers.start(subject)
        upstream = {"url": f"http://127.0.0.1:{self.servers.backend_port}/mcp", "max_connections": 25_000}
        first = f"{{path: /mcp, upstream: &u {json.dumps(upstream)}, authorization: &a {json.dumps(trust or self.trust())}}}"
        others = "".join(f"\n  - {{path: /{number}, upstream: *u, authorization: *a}}" for number in range(1, routes))
        port, tls_port = free_port(), free_port()
        values: dict[str, object] = {"ROUTES": f"\n  - {first}{others}"}
        server = self.servers.run("curves", KIND, PROXY_CPU, port, tls_port, values)
        return Proxy(server, port, tls_port, KIND.refusing)

    def requests(self, proxy: Proxy, script: Path | None = None) -> float:
        """µs of CPU of one."""
        self.load.wrk(script or self.load.script, proxy.url, 1)
        before = proxy.server.cpu_seconds()
        done = self.load.wrk(script or self.load.script, proxy.url, self.seconds)
        return (proxy.server.cpu_seconds() - before) / done * 1e6

    def events(self, proxy: Proxy, count: int, size: int, rate: float) -> tuple[float, float]:
        """µs of CPU of one, and MiB of memory with the streams open."""
        target = f"/mcp?events={size}&every={max(1, round(count / rate * 1e3))}"
        with self.load.event_streams(proxy.port, False, count, self.seconds, target) as streams:
            time.sleep(0.5)
            streams.begin()
            before = proxy.server.cpu_seconds()
            came = streams.end()
            return (proxy.server.cpu_seconds() - before) / came.events * 1e6, mebibytes(proxy)


def mebibytes(proxy: Proxy) -> float:
    return proxy.server.resident_kib() / 1024


Sweep = Callable[[Scene, str, list[int], int], Iterator[Point]]


def each(measure: Callable[[Scene, Proxy, int], tuple[float, float]], start: Callable[[Scene, str, int], Proxy]) -> Sweep:
    """Points that have nothing to do with one another."""

    def sweep(scene: Scene, subject: str, points: list[int], _: int) -> Iterator[Point]:
        for at in points:
            proxy = start(scene, subject, at)
            try:
                point = Point(at, *measure(scene, proxy, at))
            finally:
                proxy.server.stop()
            yield point

    return sweep


def same(scene: Scene, subject: str, _: int) -> Proxy:
    return scene.start(subject)


def connections(scene: Scene, proxy: Proxy, count: int) -> tuple[float, float]:
    with scene.load.idle(proxy.port, count, tls=False):
        return scene.requests(proxy), mebibytes(proxy)


def nothing_else(scene: Scene, proxy: Proxy, _: int) -> tuple[float, float]:
    return scene.requests(proxy), mebibytes(proxy)


def with_routes(scene: Scene, subject: str, count: int) -> Proxy:
    """All are protected; requests go to one."""
    return scene.start(subject, routes=count)


def with_providers(scene: Scene, subject: str, count: int) -> Proxy:
    """All of one route. The token is of the last."""
    others = [scene.trust(f"https://idp-{number}.example.com") for number in range(1, count)]
    return scene.start(subject, [*others, scene.trust()])


def streams(scene: Scene, proxy: Proxy, count: int) -> tuple[float, float]:
    return scene.events(proxy, count, 128, RATE)


def header_size(scene: Scene, proxy: Proxy, size: int) -> tuple[float, float]:
    """Bytes of one more field."""
    script = scene.servers.folder / "header.lua"
    script.write_text(scene.load.lua + f"wrk.headers['x-more'] = string.rep('x', {size})\n")
    return scene.requests(proxy, script), mebibytes(proxy)


def event_size(scene: Scene, proxy: Proxy, size: int) -> tuple[float, float]:
    return scene.events(proxy, 16, size, min(RATE, LARGEST_RATE / size))


def cached_tokens(scene: Scene, subject: str, points: list[int], repetition: int) -> Iterator[Point]:
    """One gateway, whose cache has room for all tokens and is filled from point to point."""
    file, request = scene.servers.folder / "tokens.txt", scene.servers.folder / "token-request"
    if not file.exists():
        print(f"tokens: signing {max(points):,}", flush=True)
        scene.servers.issuer.write_tokens(file, "ES256", max(points))
    # Places in sets of four: with four times as many, tokens hardly push each other out.
    trust = scene.trust(token_cache_entries=max(1024, 4 * max(points)), token_cache_size="16GiB")
    proxy = scene.start(subject, trust)
    try:
        scene.load.write_request(proxy.port, "keep-alive", "@")
        request.write_bytes(scene.load.request.read_bytes())
        load = Helper([str(scene.tokens), str(proxy.port), str(request), str(file)])
        try:
            # The first warms up the gateway and does not count.
            wanted = points if repetition == 0 else [point for point in points if point <= TOKENS_REPEATED]
            for turn, at in enumerate([points[0], *wanted]):
                load.say(f"{at} {scene.seconds}")
                if load.hear() != "begun":
                    raise Failure("requests have failed, see above")
                before = proxy.server.cpu_seconds()
                done = int(load.hear().removeprefix("requests ") or 0)
                if not done:
                    raise Failure("requests have failed, see above")
                point = Point(at, (proxy.server.cpu_seconds() - before) / done * 1e6, mebibytes(proxy))
                yield from [point] if turn > 0 else []
        finally:
            load.stop()
    finally:
        proxy.server.stop()


def tokens_that_fit() -> int:
    """One takes the gateway up to 4 KiB of memory, and the load a line of a mapped file."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    available = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    return available // 6
