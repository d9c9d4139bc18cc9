"""What a second worker adds, on two cores that the gateway shares with load and backend.

What those take does not count: compared is the gateway's own CPU for a request, with one worker and with two on the same
cores. Were a request as cheap with two workers as with one, two cores of CPU would carry twice as much.
"""

import re
import statistics
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from load import Load
from processes import Failure, free_port, pin_to
from scenarios import A_SECOND
from servers import LOAD_CPU, PROXY_CPU, Servers

BOTH = {PROXY_CPU, LOAD_CPU}
CONNECTIONS = 128
STREAMS = 400
GOAL = 1.8


def measure(servers: Servers, load: Load, runs: int, seconds: int) -> None:
    costs: dict[int, list[float]] = {1: [], 2: []}
    least: list[int] = []
    with everybody_on_both_cores(servers):
        for run in range(runs):
            # Now one first, now the other.
            for workers in (1, 2) if run % 2 == 0 else (2, 1):
                cost, cores, spread = one_run(servers, load, workers, seconds)
                costs[workers].append(cost)
                what = f"workers: run {run + 1}, {workers}: {cost:.1f} µs of CPU per request on {cores:.2f} cores"
                if workers == 2:
                    least.append(min(spread))
                    what += f"; {STREAMS} streams: {' and '.join(map(str, spread))}"
                print(what, flush=True)
    factors = [len(BOTH) * one / two for one, two in zip(costs[1], costs[2], strict=True)]
    factor, one, two = statistics.median(factors), statistics.median(costs[1]), statistics.median(costs[2])
    print(
        f"workers: medians: {one:.1f} µs of CPU per request with one, {two:.1f} with two: two cores carry {factor:.2f} "
        f"times what one does ({min(factors):.2f} to {max(factors):.2f})\n"
        f"  goal: at least {GOAL:.2f}: {'met' if factor >= GOAL else 'missed'}\n"
        f"workers: {STREAMS} streams spread over two workers: {min(least)} at least on each, in all {runs} runs"
    )


@contextmanager
def everybody_on_both_cores(servers: Servers) -> Iterator[None]:
    """Load and backend, too: with a core of their own they would keep one worker waiting."""
    pin_to(*BOTH)
    for server in servers.support:
        server.pin_to(*BOTH)
    try:
        yield
    finally:
        pin_to(LOAD_CPU)
        for server in servers.support:
            server.pin_to(LOAD_CPU)


def one_run(servers: Servers, load: Load, workers: int, seconds: int) -> tuple[float, float, list[int]]:
    """Microseconds of CPU of a request, cores that the gateway used, streams on each worker."""
    admin_port = free_port()
    values: dict[str, object] = {"WORKERS": workers, "ADMIN_PORT": admin_port}
    proxy = servers.start("portcullis-workers", values, ",".join(map(str, sorted(BOTH))))
    try:
        load.wrk(load.script, proxy.url, 1, connections=CONNECTIONS)
        cpu, begin = proxy.server.cpu_seconds(), time.monotonic()
        requests = load.wrk(load.script, proxy.url, seconds, connections=CONNECTIONS)
        used, elapsed = proxy.server.cpu_seconds() - cpu, time.monotonic() - begin
        spread = []
        if workers > 1:
            with load.event_streams(proxy.port, False, STREAMS, 1, A_SECOND):
                spread = connections(admin_port)
        return used / requests * 1e6, used / elapsed, spread
    finally:
        proxy.server.stop()


def connections(admin_port: int) -> list[int]:
    """Those of each worker, as the supervisor tells, once it is the streams alone that are open."""
    for _ in range(50):
        with urllib.request.urlopen(f"http://127.0.0.1:{admin_port}/metrics", timeout=10) as response:
            text = response.read().decode()
        found = re.findall(r'^portcullis_worker_connections_open\{worker="\d+"\} (\d+)$', text, re.M)
        spread = [int(number) for number in found]
        if sum(spread) == STREAMS:
            return spread
        time.sleep(0.1)
    raise Failure(f"{STREAMS} streams are open, and workers have {spread} connections")
