"""The gateway with every check on, against nginx and HAProxy as plain proxies, on the same requests with a token; and
with many tokens against HAProxy and Envoy that check them, too.

The proxy alone runs on one core, load and backend on another. Compared is the CPU time of the proxy process per
request or connection, as the median of alternating runs: on a shared machine it holds where requests per second do not.
"""

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

from load import Load
from processes import Failure, allow_many_files, pin_to, require
from proxies import KINDS, absence
from report import table
from scenarios import SCENARIOS, Figure, Scenario
from servers import LOAD_CPU, Servers
from sign_ins import measure as measure_sign_ins
from workers import measure as measure_workers

HERE = Path(__file__).resolve().parent
NAMES = [scenario.name for scenario in SCENARIOS]
# Of the gateway alone: the kind of proxy that each is about.
OTHERS = {"memory": "portcullis", "sign-ins": "portcullis-bridge", "workers": "portcullis-workers"}


class Bench:
    def __init__(self, servers: Servers, load: Load, arguments: argparse.Namespace):
        self.servers, self.load, self.arguments = servers, load, arguments

    def compare(self, scenario: Scenario) -> str:
        """A table. Each run has another proxy first, so that none always follows the same one."""
        wanted = [name for name in scenario.proxies if name in self.arguments.proxy]
        missing = {name: why for name in wanted if (why := absence(name, self.arguments.binary))}
        names = [name for name in wanted if name not in missing]
        figures: dict[str, list[Figure]] = {name: [] for name in names}
        for run in range(min(self.arguments.runs, scenario.most_runs) if names else 0):
            first = run % len(names)
            for name in names[first:] + names[:first]:
                proxy = self.servers.start(name)
                try:
                    figures[name].append(scenario.measure(proxy, self.load, self.arguments.seconds))
                finally:
                    proxy.server.stop()
            costs = ", ".join(f"{name} {runs[-1].cost:.2f}" for name, runs in figures.items())
            print(f"{scenario.name}, run {run + 1}: {costs} {scenario.unit}", flush=True)
        return table(scenario, figures, missing)

    def growth(self) -> None:
        """Memory of the gateway over many requests: it must not grow."""
        proxy = self.servers.start("portcullis")
        try:
            done = 0
            print(f"memory: {proxy.server.resident_kib():6} KiB resident after the start")
            while done < self.arguments.memory_requests:
                done += self.load.keep_alive(proxy.url, 5)
                print(f"memory: {proxy.server.resident_kib():6} KiB resident after {done} requests", flush=True)
        finally:
            proxy.server.stop()


    def alone(self, scenario: str) -> None:
        runs = self.arguments.runs
        if why := absence(OTHERS[scenario], self.arguments.binary):
            print(f"{scenario}: not measured: {why}")
        elif scenario == "memory":
            self.growth()
        elif scenario == "sign-ins":
            measure_sign_ins(self.servers, self.arguments.people, min(runs, 3))
        else:
            measure_workers(self.servers, self.load, runs, self.arguments.seconds)

    def all(self) -> tuple[list[str], list[str]]:
        """Tables, and what has failed: what does is no reason to leave out the rest."""
        tables, failed = [], []
        for name in self.arguments.scenario:
            scenario = next((one for one in SCENARIOS if one.name == name), None)
            try:
                if scenario:
                    tables.append(self.compare(scenario))
                elif OTHERS[name] in self.arguments.proxy:
                    self.alone(name)
            except Failure as failure:
                failed.append(f"{name} has failed: {failure}")
                print(failed[-1], file=sys.stderr, flush=True)
        return tables, failed


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=HERE.parent / ".build" / "release" / "portcullis")
    again = "may be given again; default: all"
    parser.add_argument("--scenario", action="append", choices=[*NAMES, *OTHERS], help=again)
    parser.add_argument("--proxy", action="append", choices=KINDS, help=again)
    parser.add_argument("--runs", type=int, default=5, help="alternating runs of each proxy")
    parser.add_argument("--seconds", type=int, default=2, help="length of a run")
    parser.add_argument("--memory-requests", type=int, default=1_000_000, help="requests of the memory scenario")
    parser.add_argument("--people", type=int, default=1000, help="who sign in at once in the sign-ins scenario")
    parser.add_argument("--list", action="store_true", help="only print what scenarios there are")
    arguments = parser.parse_args()
    arguments.scenario = arguments.scenario or [*NAMES, *OTHERS]
    arguments.proxy = arguments.proxy or list(KINDS)
    return arguments


def main() -> None:
    arguments = parse()
    if arguments.list:
        return print("\n".join([*(f"{one.name}: {one.title}" for one in SCENARIOS), *OTHERS]))
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("two cores are needed: one for the proxy, one for the load")
    require("gcc", "openssl", "wrk", "h2load", "setpriv", "taskset")
    # A run that is told to end takes its servers along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    pin_to(LOAD_CPU)
    allow_many_files()
    with tempfile.TemporaryDirectory(prefix="portcullis-bench-") as folder:
        servers = Servers(Path(folder), arguments.binary)
        try:
            servers.begin()
            load = Load(Path(folder), servers.token, servers.issuer, servers.backend_port)
            tables, failed = Bench(servers, load, arguments).all()
        finally:
            servers.stop()
    print("\n" + "\n".join(tables))
    if failed:
        raise SystemExit("\n".join(failed))


main()
