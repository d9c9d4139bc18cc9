"""What a request or an event costs the gateway as work grows: plots in docs/images/performance, figures beside them.

A curve is measured twice from end to end, where cheap beside nginx as a plain proxy, and its figures are written when it
is finished. `--draw` draws the plots again from the figures, and measures nothing.
"""

import argparse
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import growth
from curve_figures import RECENT_HOURS, Record, fingerprint, read, write
from curve_plots import draw_all
from load import Load
from processes import Failure, allow_many_files, most_connections, most_files, pin_to, require
from proxies import absence
from servers import LOAD_CPU, Servers

HERE = Path(__file__).resolve().parent
PLOTS = HERE.parent / "docs" / "images" / "performance"


@dataclass(frozen=True)
class Bound:
    """What the machine allows."""

    most: int
    why: str


@dataclass(frozen=True)
class Curve:
    points: list[int]
    sweep: growth.Sweep
    # Measured beside the gateway.
    reference: str | None = None
    bound: Bound | None = None

    def until(self, most: int) -> list[int]:
        """The last one is the limit itself, when that lies within."""
        limits = [most, self.bound.most] if self.bound else [most]
        return sorted({min(point, *limits) for point in self.points})


def curves() -> dict[str, Curve]:
    # The gateway keeps half of its files for connections to upstreams.
    files = Bound(most_connections(2), f"a process may open {most_files():,} files here, two of them for each")
    memory = Bound(growth.tokens_that_fit(), "more do not fit into the memory of this machine")
    many = [1, 10, 100, 1000, 2000, 5000, 10_000, 20_000]
    return {
        "connections": Curve(many, growth.each(growth.connections, growth.same), "nginx", files),
        "routes": Curve([1, 10, 100, 300, 1000, 2000, 5000], growth.each(growth.nothing_else, growth.with_routes)),
        "providers": Curve([1, 2, 5, 10, 20, 50, 100], growth.each(growth.nothing_else, growth.with_providers)),
        "tokens": Curve(
            [1, 10, 100, 1000, 10_000, 30_000, 100_000, 300_000, 1_000_000], growth.cached_tokens, bound=memory
        ),
        "streams": Curve(many, growth.each(growth.streams, growth.same), "nginx", files),
        "header-size": Curve(
            [512, 1024, 2048, 4096, 8192, 16_384, 30_720], growth.each(growth.header_size, growth.same)
        ),
        "event-size": Curve(
            [64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576], growth.each(growth.event_size, growth.same)
        ),
    }  # fmt: skip


def measure(scene: growth.Scene, name: str, curve: Curve, most: int, repetitions: int) -> Record:
    """Gateway and reference in turns, and each of them from the first point to the last before any is repeated."""
    points, begin = curve.until(most), time.monotonic()
    names = ["portcullis"]
    if curve.reference and not (why := absence(curve.reference, scene.servers.binary)):
        names.append(curve.reference)
    elif curve.reference:
        print(f"{name}: without {curve.reference}: {why}", flush=True)
    cut = curve.bound.why if curve.bound and points[-1] == curve.bound.most < curve.points[-1] else None
    now = datetime.now(UTC).isoformat(timespec="minutes")
    record = Record(now, fingerprint(scene.servers.binary), scene.seconds, cut, {one: [] for one in names})
    for repetition in range(repetitions):
        for together in zip(*(curve.sweep(scene, one, points, repetition) for one in names), strict=True):
            for one, point in zip(names, together, strict=True):
                record.add(one, point)
            found = "; ".join(
                f"{one} {point.cost:.1f} µs, {point.memory:.1f} MiB" for one, point in zip(names, together, strict=True)
            )
            passed = time.monotonic() - begin
            print(f"{name} {repetition + 1}/{repetitions}, {passed:4.0f} s: {together[0].at:9,}: {found}", flush=True)
    return record


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=HERE.parent / ".build" / "release" / "portcullis")
    parser.add_argument("--curve", action="append", choices=list(curves()), help="may be given again; default: all")
    parser.add_argument("--most", type=int, default=1_048_576, help="no point beyond this")
    parser.add_argument("--seconds", type=int, default=1, help="length of a measurement")
    parser.add_argument("--repetitions", type=int, default=2, help="of each curve")
    parser.add_argument("--resume", action="store_true", help=f"not those of the last {RECENT_HOURS} hours")
    parser.add_argument("--output", type=Path, default=PLOTS, help="the folder of figures and plots")
    parser.add_argument("--draw", action="store_true", help="only draw")
    return parser.parse_args()


def run(arguments: argparse.Namespace, records: dict[str, Record]) -> list[str]:
    """What has failed: the other curves are measured all the same."""
    failed, program = [], fingerprint(arguments.binary)
    with tempfile.TemporaryDirectory(prefix="portcullis-curves-") as folder:
        servers = Servers(Path(folder), arguments.binary)
        try:
            servers.begin()
            load = Load(Path(folder), servers.token, servers.issuer, servers.backend_port)
            scene = growth.Scene(servers, load, arguments.seconds)
            for name, curve in curves().items():
                if name not in (arguments.curve or curves()):
                    continue
                if arguments.resume and name in records and records[name].is_fresh(program):
                    print(f"{name}: measured {records[name].measured}", flush=True)
                    continue
                try:
                    records[name] = measure(scene, name, curve, arguments.most, arguments.repetitions)
                    write(arguments.output, records)
                except Failure as failure:
                    failed.append(f"{name} has failed: {failure}")
                    print(failed[-1], file=sys.stderr, flush=True)
        finally:
            servers.stop()
    return failed


def main() -> None:
    arguments = parse()
    arguments.output.mkdir(parents=True, exist_ok=True)
    records, failed = read(arguments.output), []
    if not arguments.draw:
        require("gcc", "openssl", "wrk", "setpriv", "taskset")
        if why := absence("portcullis", arguments.binary):
            raise SystemExit(why)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
        pin_to(LOAD_CPU)
        allow_many_files()
        failed = run(arguments, records)
    draw_all(arguments.output, records)
    if failed:
        raise SystemExit("\n".join(failed))


main()
