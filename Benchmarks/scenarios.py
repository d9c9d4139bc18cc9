"""What is measured, how, and what the goal is."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from load import Load
from servers import Proxy

IDLE_CONNECTIONS = 2000
DISTINCT_TOKENS = 10_000
PLAIN = ("nginx", "haproxy", "portcullis")
CHECKING = (
    "nginx", "haproxy-jwt", "envoy", "envoy-jwt", "envoy-jwt-cached", "portcullis-uncached", "portcullis-cached",
)  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """The cost of one request or connection. `busy` is the share of its core that the proxy used."""

    cost: float
    per_second: float | None = None
    busy: float | None = None


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    unit: str
    measure: Callable[[Proxy, Load, int], Figure]
    goal: float | None = None  # of nginx's cost
    proxies: tuple[str, ...] = PLAIN
    references: tuple[str, ...] = ("nginx", "haproxy")
    most_runs: int = 100  # more say nothing new


def processor_time(load: Callable[[Load, Proxy, int], int], warm_up: int = 1) -> Callable[[Proxy, Load, int], Figure]:
    """Microseconds of CPU for each request, after a second of warming up, or as long as `warm_up` requests take."""

    def measure(proxy: Proxy, loader: Load, seconds: int) -> Figure:
        length = 1
        while load(loader, proxy, length) < warm_up:
            length *= 2
        cpu, begin = proxy.server.cpu_seconds(), time.monotonic()
        requests = load(loader, proxy, seconds)
        elapsed, used = time.monotonic() - begin, proxy.server.cpu_seconds() - cpu
        return Figure(used / requests * 1e6, requests / elapsed, used / elapsed)

    return measure


def idle_memory(proxy: Proxy, load: Load, seconds: int) -> Figure:
    """KiB of resident memory for each connection; `seconds` after the last was used, so that buffers are given back."""
    load.full_handshakes(proxy.tls_port, 1)
    before = proxy.server.resident_kib()
    with load.idle(proxy.tls_port, IDLE_CONNECTIONS):
        time.sleep(seconds)
        if proxy.server.open_files() < IDLE_CONNECTIONS:
            raise SystemExit(f"{proxy.tls_url} has closed idle connections")
        return Figure((proxy.server.resident_kib() - before) / IDLE_CONNECTIONS)


def distinct(name: str, algorithm: str) -> Scenario:
    """Every request with another token than the one before, on clear HTTP/1.1."""
    return Scenario(
        name, f"{DISTINCT_TOKENS:,} tokens by {algorithm} in turn, HTTP/1.1 in the clear, 64 connections kept alive",
        "µs of CPU per request",
        processor_time(
            lambda load, proxy, seconds: load.distinct(proxy.url, algorithm, DISTINCT_TOKENS, seconds), DISTINCT_TOKENS
        ),
        proxies=CHECKING, references=("nginx", "haproxy-jwt", "envoy-jwt"), most_runs=3,
    )  # fmt: skip


SCENARIOS = [
    Scenario(
        "http1", "HTTP/1.1 in the clear, 64 connections kept alive", "µs of CPU per request",
        processor_time(lambda load, proxy, seconds: load.keep_alive(proxy.url, seconds)), 1.1,
    ),
    Scenario(
        "tls", "HTTP/1.1 over TLS 1.3, 64 connections kept alive", "µs of CPU per request",
        processor_time(lambda load, proxy, seconds: load.keep_alive(proxy.tls_url, seconds)), 0.85,
    ),
    Scenario(
        "http2", "HTTP/2 over TLS 1.3, 16 connections × 32 streams", "µs of CPU per request",
        processor_time(lambda load, proxy, seconds: load.streams(proxy.tls_url, seconds)), 0.6,
    ),
    Scenario(
        "handshake", "full TLS 1.3 handshake, one request, close; 16 at a time", "µs of CPU per connection",
        processor_time(lambda load, proxy, seconds: load.full_handshakes(proxy.tls_port, seconds)), 1.0,
    ),
    Scenario(
        "resumed", "the same with session resumption by ticket", "µs of CPU per connection",
        processor_time(lambda load, proxy, seconds: load.resumed_handshakes(proxy.tls_port, seconds)), 1.0,
    ),
    distinct("distinct", "RS256"),
    distinct("distinct-es256", "ES256"),
    Scenario(
        "idle", f"memory of {IDLE_CONNECTIONS} idle TLS connections, one request on each", "KiB per connection",
        idle_memory, 1.0, most_runs=1,
    ),
]  # fmt: skip
