"""The figures of curves, and the file that keeps them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from growth import Point

FILE = "curves.json"


@dataclass(frozen=True)
class Record:
    """One curve: for each proxy its points in order, and for each point what every repetition has found."""

    measured: str
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

    def hours_old(self) -> float:
        return (datetime.now(UTC) - datetime.fromisoformat(self.measured)).total_seconds() / 3600


def read(folder: Path) -> dict[str, Record]:
    file = folder / FILE
    if not file.exists():
        return {}
    return {
        name: Record(
            one["measured"], one["seconds"], one["cut"],
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
        head = f'"measured": {json.dumps(one.measured)}, "seconds": {one.seconds}, "cut": {json.dumps(one.cut)}'
        curves.append(f' {json.dumps(name)}: {{\n  {head},\n  "proxies": {{\n' + ",\n".join(proxies) + "\n  }\n }")
    (folder / FILE).write_text("{\n" + ",\n".join(curves) + "\n}\n")
