"""What is measured, how, and what the goal is."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from load import Events, Load
from processes import Failure, most_connections
from servers import Proxy

# The gateway keeps half of its files for connections to upstreams.
IDLE_CONNECTIONS = min(10_000, most_connections(2))
STREAMS = 2000
A_SECOND = "/mcp?events=128&every=1000"
AT_FULL_SPEED = "/mcp?events=1024"
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
    more: dict[str, float] = field(default_factory=dict)


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


def idle_memory(tls: bool) -> Callable[[Proxy, Load, int], Figure]:
    """KiB of resident memory for each connection; `seconds` after the last was used, so that buffers are given back."""

    def measure(proxy: Proxy, load: Load, seconds: int) -> Figure:
        load.full_handshakes(proxy.tls_port, 1)
        port, before = proxy.tls_port if tls else proxy.port, proxy.server.resident_kib()
        with load.idle(port, IDLE_CONNECTIONS, tls):
            time.sleep(seconds)
            if proxy.server.open_files() < IDLE_CONNECTIONS:
                raise Failure(f"{proxy.server.name} has closed idle connections")
            return Figure((proxy.server.resident_kib() - before) / IDLE_CONNECTIONS)

    return measure


def listen(proxy: Proxy, load: Load, tls: bool, count: int, seconds: float, target: str) -> tuple[Events, float, float]:
    """What came, seconds of CPU that the proxy used meanwhile, KiB that the streams added to its memory."""
    load.full_handshakes(proxy.tls_port, 1)
    before = proxy.server.resident_kib()
    with load.event_streams(proxy.tls_port if tls else proxy.port, tls, count, seconds, target) as streams:
        time.sleep(1)
        grown = proxy.server.resident_kib() - before
        streams.begin()
        cpu = proxy.server.cpu_seconds()
        events = streams.end()
        return events, proxy.server.cpu_seconds() - cpu, grown


def streams(tls: bool) -> Callable[[Proxy, Load, int], Figure]:
    """CPU of each event. The lateness is what is more than without a proxy, over the same connections of the load."""

    def measure(proxy: Proxy, load: Load, seconds: int) -> Figure:
        with load.event_streams(load.backend_port, False, STREAMS, seconds, A_SECOND) as direct:
            direct.begin()
            least = direct.end()
        events, cpu, grown = listen(proxy, load, tls, STREAMS, seconds, A_SECOND)
        late = {"ms later, median": events.median - least.median, "ms later, p99": events.p99 - least.p99}
        more = {name: nanoseconds / 1e6 for name, nanoseconds in late.items()}
        more["KiB each"] = grown / STREAMS
        return Figure(cpu / events.events * 1e6, events.events / seconds, cpu / seconds, more)

    return measure


def firehose(tls: bool) -> Callable[[Proxy, Load, int], Figure]:
    def measure(proxy: Proxy, load: Load, seconds: int) -> Figure:
        events, cpu, _ = listen(proxy, load, tls, 1, seconds, AT_FULL_SPEED)
        megabytes = events.bytes / 1e6
        return Figure(cpu / megabytes * 1e6, megabytes / seconds, cpu / seconds)

    return measure


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
        "challenge", "HTTP/1.1 in the clear without a token, answered with 401", "µs of CPU per request",
        processor_time(lambda load, proxy, seconds: load.without_token(proxy.refusing_url, seconds)), 0.8,
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
        "streams", f"{STREAMS:,} streams in the clear, an event a second", "µs of CPU per event", streams(False), 0.9,
    ),
    Scenario("streams-tls", "the same over TLS 1.3", "µs of CPU per event", streams(True), 0.9),
    Scenario(
        "firehose", "one stream in the clear, events of 1 KiB at full speed; per second: MB", "µs of CPU per MB",
        firehose(False),
    ),
    Scenario("firehose-tls", "the same over TLS 1.3", "µs of CPU per MB", firehose(True)),
    Scenario(
        "idle", f"memory of {IDLE_CONNECTIONS:,} idle TLS connections, one request on each", "KiB per connection",
        idle_memory(True), 1.0, most_runs=1,
    ),
    Scenario("idle-clear", "the same without TLS", "KiB per connection", idle_memory(False), most_runs=1),
]  # fmt: skip
