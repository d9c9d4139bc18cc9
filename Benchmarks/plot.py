"""Small plots as SVG: panels side by side over a logarithmic axis, readable on light and dark pages."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

PANEL, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 400, 312, 58, 22, 104, 48
STYLE = """
  text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #57606a; }
  .title { font-size: 15px; font-weight: 600; fill: #1f2328; } .unit { font-weight: 600; }
  .grid { stroke: #d8dee4; } .axis { stroke: #8c959f; }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
  .line0, .range0 { stroke: #0969da; } .dot0 { fill: #0969da; } .value0 { fill: #0550ae; font-weight: 600; }
  .line1, .range1 { stroke: #9a6700; } .dot1 { fill: #9a6700; } .value1 { fill: #7d4e00; }
  .line1 { stroke-dasharray: 5 4; } .range0, .range1 { stroke-opacity: 0.45; }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1; } .title { fill: #f0f6fc; } .grid { stroke: #30363d; } .axis { stroke: #656c76; }
    .line0, .range0 { stroke: #58a6ff; } .dot0 { fill: #58a6ff; } .value0 { fill: #79c0ff; }
    .line1, .range1 { stroke: #d29922; } .dot1 { fill: #d29922; } .value1 { fill: #e3b341; }
  }
"""


@dataclass(frozen=True)
class Line:
    """A point is drawn at the least that was measured; a thin line reaches from there to the most."""

    name: str
    points: list[tuple[float, float, float]]


@dataclass(frozen=True)
class Panel:
    unit: str
    across: str
    lines: list[Line]


def draw(title: str, note: str, panels: list[Panel]) -> str:
    """y begins at 0, so that what looks flat is flat."""
    width = PANEL * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}" '
        f'role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>",
        text(LEFT, 22, title, "start", "title"),
        text(LEFT, 41, note, "start"),
    ]
    for number, panel in enumerate(panels):
        parts += panel_parts(number * PANEL, panel)
    return "\n".join([*parts, "</svg>"]) + "\n"


def panel_parts(offset: int, panel: Panel) -> list[str]:
    left, right, top, bottom = offset + LEFT, offset + PANEL - RIGHT, TOP, HEIGHT - BOTTOM
    places = sorted({at for line in panel.lines for at, _, _ in line.points})
    low, high = math.log10(places[0]), math.log10(places[-1])
    ticks = y_ticks(max(least for line in panel.lines for _, least, _ in line.points) * 1.1)

    def x(value: float) -> float:
        return left + 8 + (math.log10(value) - low) / ((high - low) or 1) * (right - left - 16)

    def y(value: float) -> float:
        return bottom - min(value / ticks[-1], 1) * (bottom - top)

    parts = [text(left, 62, panel.unit, "start", "unit"), text((left + right) / 2, HEIGHT - 8, panel.across, "middle")]
    for tick in ticks:
        kind = "grid" if tick else "axis"
        parts.append(f'<line class="{kind}" x1="{left}" x2="{right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        parts.append(text(left - 8, y(tick) + 4, short(tick), "end"))
    for value in x_ticks(places, 0.16 if panel.across == "bytes" else 0.11):
        parts.append(f'<line class="axis" x1="{x(value):.1f}" x2="{x(value):.1f}" y1="{bottom}" y2="{bottom + 4}"/>')
        parts.append(text(x(value), bottom + 18, size(value) if panel.across == "bytes" else short(value), "middle"))
    # The first lies above the others.
    for number, line in reversed(list(enumerate(panel.lines))):
        for at, least, most in line.points:
            if y(least) - y(most) >= 1:
                vertical = f'x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{y(least):.1f}" y2="{y(most):.1f}"'
                parts.append(f'<line class="range{number}" {vertical}/>')
        path = " ".join(f"{x(at):.1f},{y(least):.1f}" for at, least, _ in line.points)
        parts.append(f'<polyline class="line line{number}" points="{path}"/>')
        parts += [f'<circle class="dot{number}" cx="{x(a):.1f}" cy="{y(b):.1f}" r="3"/>' for a, b, _ in line.points]
    return parts + values(panel, x, y) + legend(left, panel)


def legend(left: int, panel: Panel) -> list[str]:
    """Not for one line that there is nothing to say about."""
    parts: list[str] = []
    if len(panel.lines) == 1 and ":" not in panel.lines[0].name:
        return parts
    for number, line in enumerate(panel.lines):
        y = 78 + 15 * number
        parts.append(f'<line class="line line{number}" x1="{left}" x2="{left + 18}" y1="{y - 4}" y2="{y - 4}"/>')
        parts.append(text(left + 24, y, line.name, "start"))
    return parts


def values(panel: Panel, x: Callable[[float], float], y: Callable[[float], float]) -> list[str]:
    """The figures at both ends of the first line: above it, if no other is there."""
    parts = []
    first, *others = panel.lines
    for index, anchor in ((0, "start"), (-1, "end")):
        at, least, _ = first.points[index]
        below = any(0 < y(least) - y(line.points[index][1]) < 26 for line in others) and y(0) - y(least) > 24
        height = y(least) + 17 if below else y(least) - 9
        parts.append(text(x(at) + (-4 if anchor == "start" else 4), height, short(least, 3), anchor, "value0"))
    return parts


def y_ticks(highest: float) -> list[float]:
    """Four or five round steps from 0 to above the highest."""
    rough = max(highest, 1e-9) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    return [step * number for number in range(math.ceil(highest / step - 1e-9) + 1)]


def x_ticks(values: list[float], room: float) -> list[float]:
    """The points themselves, powers of ten first, but for those that would touch another. `room`: of the whole width."""
    kept: list[float] = []
    span = math.log10(max(values) / min(values)) or 1
    for value in sorted(values, key=lambda value: (value != max(values), 10 ** round(math.log10(value)) != value, -value)):
        if all(abs(math.log10(other / value)) > span * room for other in kept):
            kept.append(value)
    return kept


def short(value: float, digits: int = 4) -> str:
    """At most so many digits that count."""
    for limit, suffix in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.1f}".removesuffix(".0") + suffix
    return f"{value:.{digits}g}"


def size(value: float) -> str:
    for limit, suffix in ((1 << 20, " MiB"), (1 << 10, " KiB")):
        if value >= limit:
            return short(value / limit) + suffix
    return f"{short(value)} B"


def text(x: float, y: float, words: str, anchor: str, kind: str = "") -> str:
    marked = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{marked}>{escape(words)}</text>'
