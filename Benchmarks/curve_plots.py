"""What the plots of the curves say beside their lines."""

from pathlib import Path

from curve_figures import Record
from growth import RATE
from plot import Line, Panel, draw

REQUEST, EVENT = "µs of CPU per request", "µs of CPU per event"
# Title, what grows, what is paid for, what one of those that grow is called.
TITLES = {
    "connections": ("Requests on 64 connections, beside idle ones", "open connections", REQUEST, "connection"),
    "routes": ("Requests to one of many routes", "routes", REQUEST, "route"),
    "providers": ("Requests to a route with many identity providers", "identity providers", REQUEST, "provider"),
    "tokens": ("Requests with tokens in turn, all of them in the cache", "tokens in the cache", REQUEST, "token"),
    "streams": (f"Streams that together bring {RATE:,} events a second", "open streams", EVENT, "stream"),
    "header-size": ("Requests with a header field of growing size", "bytes", REQUEST, ""),
    "event-size": ("Events of growing size on 16 streams", "bytes", EVENT, ""),
}
# Less is not told from noise.
GROWTH = 1.15


def draw_all(folder: Path, records: dict[str, Record]) -> None:
    for name, record in records.items():
        title, across, unit, one = TITLES[name]
        cost = Panel(unit, across, [])
        memory = Panel("MiB of memory", across, [])
        for proxy, points in record.proxies.items():
            called = "Portcullis" if proxy == "portcullis" else proxy
            paid: list[tuple[float, float, float]] = [(at, min(costs), max(costs)) for at, costs, _ in points]
            cost.lines.append(Line(called + (per_kibibyte(paid) if across == "bytes" else ""), paid))
            sizes: list[tuple[float, float, float]] = [(at, min(found), max(found)) for at, _, found in points]
            memory.lines.append(Line(f"{called}{each(sizes, one)}", sizes))
        last = record.proxies["portcullis"][-1][0]
        note = f"Ends at {last:,}: {record.cut}." if record.cut else ""
        (folder / f"{name}.svg").write_text(draw(title, note, [cost, memory]))


def each(sizes: list[tuple[float, float, float]], one: str) -> str:
    """What one more takes, where that is all that grows."""
    (first, least, _), (last, most, _) = sizes[0], sizes[-1]
    if not one or last == first or most < GROWTH * least:
        return ""
    return f": {(most - least) / (last - first) * 1024:.1f} KiB for each {one}"


def per_kibibyte(paid: list[tuple[float, float, float]]) -> str:
    (first, least, _), (last, most, _) = paid[0], paid[-1]
    return f": {(most - least) / (last - first) * 1024:.2g} µs for each KiB" if last > first else ""
