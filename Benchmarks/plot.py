"""Small plots as SVG: panels side by side over a logarithmic axis, readable on light and dark pages."""

import math
from dataclasses import dataclass
from html import escape

PANEL, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 380, 270, 56, 16, 66, 46
STYLE = """
  text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #57606a; }
  .title { font-size: 14px; font-weight: 600; fill: #1f2328; }
  .grid { stroke: #d8dee4; } .axis { stroke: #8c959f; }
  .line { fill: none; stroke: #0969da; stroke-width: 2; stroke-linejoin: round; } .dot { fill: #0969da; }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1; } .title { fill: #f0f6fc; } .grid { stroke: #30363d; } .axis { stroke: #656c76; }
    .line { stroke: #58a6ff; } .dot { fill: #58a6ff; }
  }
"""


@dataclass(frozen=True)
class Series:
    unit: str
    points: list[tuple[float, float]]


def draw(title: str, across: str, series: list[Series]) -> str:
    """A panel for each of `series`; both of their axes begin where readers expect: y at 0."""
    width = PANEL * len(series)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}" '
        f'role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>",
        text(LEFT, 22, title, "start", "title"),
    ]
    for number, one in enumerate(series):
        parts += panel(number * PANEL, across, one)
    return "\n".join([*parts, "</svg>"]) + "\n"


def panel(offset: int, across: str, series: Series) -> list[str]:
    left, right, top, bottom = offset + LEFT, offset + PANEL - RIGHT, TOP, HEIGHT - BOTTOM
    low, high = (math.log10(edge(point[0] for point in series.points)) for edge in (min, max))
    ticks = y_ticks(max(y for _, y in series.points))

    def x(value: float) -> float:
        return left + 8 + (math.log10(value) - low) / ((high - low) or 1) * (right - left - 16)

    def y(value: float) -> float:
        return bottom - value / ticks[-1] * (bottom - top)

    parts = [text(left, top - 16, series.unit, "start"), text((left + right) / 2, HEIGHT - 8, across, "middle")]
    for tick in ticks:
        kind = "grid" if tick else "axis"
        parts.append(f'<line class="{kind}" x1="{left}" x2="{right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        parts.append(text(left - 8, y(tick) + 4, short(tick), "end"))
    for value in x_ticks([point[0] for point in series.points]):
        parts.append(f'<line class="axis" x1="{x(value):.1f}" x2="{x(value):.1f}" y1="{bottom}" y2="{bottom + 4}"/>')
        parts.append(text(x(value), bottom + 18, size(value) if across == "bytes" else short(value), "middle"))
    path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in series.points)
    parts.append(f'<polyline class="line" points="{path}"/>')
    parts += [f'<circle class="dot" cx="{x(a):.1f}" cy="{y(b):.1f}" r="3"/>' for a, b in series.points]
    return parts


def y_ticks(highest: float) -> list[float]:
    """Four or five round steps from 0 to above the highest."""
    rough = max(highest, 1e-9) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    return [step * number for number in range(math.ceil(highest / step - 1e-9) + 1)]


def x_ticks(values: list[float]) -> list[float]:
    """The points themselves, but for those that would touch the one before."""
    kept: list[float] = []
    span = math.log10(max(values) / min(values)) or 1
    for value in sorted(values, reverse=True):
        if not kept or math.log10(kept[-1] / value) > span * 0.11:
            kept.append(value)
    return kept


def short(value: float) -> str:
    for limit, suffix in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.1f}".removesuffix(".0") + suffix
    return f"{value:.2f}".rstrip("0").rstrip(".")


def size(value: float) -> str:
    for limit, suffix in ((1 << 20, " MiB"), (1 << 10, " KiB")):
        if value >= limit:
            return short(value / limit) + suffix
    return f"{short(value)} B"


def text(x: float, y: float, words: str, anchor: str, kind: str = "") -> str:
    marked = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{marked}>{escape(words)}</text>'
