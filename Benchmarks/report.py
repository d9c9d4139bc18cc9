"""One table for each scenario: medians, and how they relate.

A ratio is the median of the ratios of each run: what slows a whole run down does not change it.
"""

import statistics

from scenarios import Figure, Scenario


def table(scenario: Scenario, figures: dict[str, list[Figure]]) -> str:
    references = [name for name in ("nginx", "haproxy") if name in figures]
    header = ["", "median", "least", "per second", "busy", *(f"÷ {name}" for name in references)]
    rows = [header]
    for name, runs in figures.items():
        costs = [figure.cost for figure in runs]
        ratios = [f"{ratio(runs, figures[reference]):.2f}" for reference in references]
        rows.append([name, f"{statistics.median(costs):.2f}", f"{min(costs):.2f}", *speed(runs), *ratios])
    lines = [f"{scenario.name}: {scenario.title}; {scenario.unit}"]
    for row in rows:
        lines.append(f"  {row[0]:<10}" + "".join(f"{cell:>12}" for cell in row[1:]))
    if "portcullis" in figures and "nginx" in figures:
        met = "met" if ratio(figures["portcullis"], figures["nginx"]) <= scenario.goal else "missed"
        lines.append(f"  goal: at most {scenario.goal:.2f} of nginx: {met}")
    return "\n".join(lines) + "\n"


def ratio(runs: list[Figure], reference: list[Figure]) -> float:
    return statistics.median(ours.cost / theirs.cost for ours, theirs in zip(runs, reference, strict=True))


def speed(runs: list[Figure]) -> list[str]:
    rates = [figure.per_second for figure in runs if figure.per_second is not None]
    shares = [figure.busy for figure in runs if figure.busy is not None]
    if not rates or not shares:
        return ["", ""]
    return [f"{statistics.median(rates):,.0f}", f"{statistics.median(shares):.0%}"]
