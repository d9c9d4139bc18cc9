"""What is measured, how, and what the goal is."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from load import Load
from servers import Proxy

IDLE_CONNECTIONS = 2000


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
    goal: float  # of nginx's cost
    measure: Callable[[Proxy, Load, int], Figure]
    alternates: bool = True  # in several runs: memory is the same in each


def processor_time(load: Callable[[Load, Proxy, int], int]) -> Callable[[Proxy, Load, int], Figure]:
    """Microseconds of CPU for each request, after a second of warming up."""

    def measure(proxy: Proxy, loader: Load, seconds: int) -> Figure:
        load(loader, proxy, 1)
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


SCENARIOS = [
    Scenario(
        "http1", "HTTP/1.1 in the clear, 64 connections kept alive", "µs of CPU per request", 1.1,
        processor_time(lambda load, proxy, seconds: load.keep_alive(proxy.url, seconds)),
    ),
    Scenario(
        "tls", "HTTP/1.1 over TLS 1.3, 64 connections kept alive", "µs of CPU per request", 0.85,
        processor_time(lambda load, proxy, seconds: load.keep_alive(proxy.tls_url, seconds)),
    ),
    Scenario(
        "http2", "HTTP/2 over TLS 1.3, 16 connections × 32 streams", "µs of CPU per request", 0.6,
        processor_time(lambda load, proxy, seconds: load.streams(proxy.tls_url, seconds)),
    ),
    Scenario(
        "handshake", "full TLS 1.3 handshake, one request, close; 16 at a time", "µs of CPU per connection", 1.0,
        processor_time(lambda load, proxy, seconds: load.full_handshakes(proxy.tls_port, seconds)),
    ),
    Scenario(
        "resumed", "the same with session resumption by ticket", "µs of CPU per connection", 1.0,
        processor_time(lambda load, proxy, seconds: load.resumed_handshakes(proxy.tls_port, seconds)),
    ),
    Scenario(
        "idle", f"memory of {IDLE_CONNECTIONS} idle TLS connections, one request on each", "KiB per connection", 1.0,
        idle_memory, alternates=False,
    ),
]  # fmt: skip
