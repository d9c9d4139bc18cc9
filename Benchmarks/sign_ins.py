"""A thousand people sign in at once: what it costs, and whether the streams that pass through meanwhile notice."""

import json
import os
import sys
import time
from pathlib import Path

from load import Load
from processes import Failure, Helper, free_port
from servers import LOAD_CPU, Proxy, Servers

HERE = Path(__file__).resolve().parent
STREAMS = 200
QUIET_SECONDS = 10


class Peers:
    """The process that holds the streams. It goes before the load, which shares its core: what it measures is the
    gateway's delay and not that of a busy client."""

    def __init__(self, own_port: int, gateway_port: int, token: str):
        command = [sys.executable, str(HERE / "sign_in_peers.py"), str(own_port), str(gateway_port), token, str(STREAMS)]
        self.process = Helper(command)
        os.setpriority(os.PRIO_PROCESS, self.process.process.pid, -15 if os.geteuid() == 0 else 0)

    def phase(self) -> dict[str, float]:
        """How late events were since the last call, in milliseconds."""
        self.process.say("")
        found = self.process.hear()
        if not found:
            raise Failure("the streams have ended, see above")
        late: dict[str, float] = json.loads(found)
        return late

    def stop(self) -> None:
        self.process.stop()


def measure(servers: Servers, people: int, runs: int) -> None:
    own_port = free_port()
    proxy = servers.start("portcullis-bridge", {"PEERS_PORT": own_port})
    peers = Peers(own_port, proxy.port, servers.token)
    try:
        time.sleep(2)
        peers.phase()
        for run in range(runs):
            time.sleep(QUIET_SECONDS)
            show(f"run {run + 1}, quiet", peers.phase())
            cost, seconds = sign_in(proxy, people)
            show(f"run {run + 1}, {people} sign-ins in {seconds:.1f} s, {cost:.0f} µs of CPU each", peers.phase())
    finally:
        peers.stop()
        proxy.server.stop()


def sign_in(proxy: Proxy, people: int) -> tuple[float, float]:
    """Microseconds of the gateway's CPU for each sign-in, and the seconds that all took."""
    cpu = proxy.server.cpu_seconds()
    command = ["nice", "-n", "19", "taskset", "-c", str(LOAD_CPU), sys.executable, str(HERE / "sign_in_load.py")]
    output = Load.run([*command, str(proxy.port), str(people)], people // 100)
    return (proxy.server.cpu_seconds() - cpu) / people * 1e6, json.loads(output)["seconds"]


def show(what: str, late: dict[str, float]) -> None:
    print(
        f"sign-ins: {what}: {late['events']:.0f} events, late by {late['median']:.2f} ms (median), "
        f"{late['p99']:.2f} ms (p99), {late['worst']:.2f} ms (worst)",
        flush=True,
    )
