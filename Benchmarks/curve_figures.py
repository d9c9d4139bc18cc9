"""The figures of curves, and the file that keeps them."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from growth import Point

FILE = "curves.json"
RECENT_HOURS = 12


@dataclass(frozen=True)
class Record:
    """One curve: for each proxy its points in order, and for each point what every repetition has found."""

    measured: str
    program: str
    seconds: int
    # Why it ends where it does, when that is not by choice.
    cut: str | None
    proxies: dict[str, list[tuple[int, list[float], list[float]]]]

    def add(self, proxy: str, point: Point) -> None:
        points = self.proxies[proxy]
        known = next((one for one in points if one[0] == point.at), None)
        if known is None:
            known = (point.at, [], [])
            points.append(known)
        known[1].append(round(point.cost, 2))
        known[2].append(round(point.memory, 1))

    def is_fresh(self, program: str) -> bool:
        """From a run of the same program that was broken off not long ago."""
        age = datetime.now(UTC) - datetime.fromisoformat(self.measured)
        return self.program == program and age < timedelta(hours=RECENT_HOURS)


def fingerprint(program: Path) -> str:
    with program.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def read(folder: Path) -> dict[str, Record]:
    file = folder / FILE
    if not file.exists():
        return {}
    return {
        name: Record(
            one["measured"], one["program"], one["seconds"], one["cut"],
            {proxy: [(at, costs, memory) for at, costs, memory in points] for proxy, points in one["proxies"].items()},
        )
        for name, one in json.loads(file.read_text()).items()
    }  # fmt: skip


def write(folder: Path, records: dict[str, Record]) -> None:
    """A point on each line: its place, µs of CPU, MiB of memory."""
    curves = []
    for name, one in records.items():
        proxies = [
            f"   {json.dumps(proxy)}: [\n    " + ",\n    ".join(json.dumps(point) for point in points) + "]"
            for proxy, points in one.proxies.items()
        ]
        about = {"measured": one.measured, "program": one.program, "seconds": one.seconds, "cut": one.cut}
        head = json.dumps(about)[1:-1]
        curves.append(f' {json.dumps(name)}: {{\n  {head},\n  "proxies": {{\n' + ",\n".join(proxies) + "\n  }\n }")
    (folder / FILE).write_text("{\n" + ",\n".join(curves) + "\n}\n")
