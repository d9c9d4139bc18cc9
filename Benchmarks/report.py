"""One table for each scenario: medians, and how they relate.

A ratio is the median of the ratios of each run: what slows a whole run down does not change it.
"""

import statistics

from scenarios import Figure, Scenario


def table(scenario: Scenario, figures: dict[str, list[Figure]], missing: dict[str, str]) -> str:
    """`missing`: why a proxy that belongs here was not measured."""
    references = [name for name in scenario.references if name in figures]
    more = next((list(runs[0].more) for runs in figures.values() if runs), [])
    rows = [["", "median", "least", "per second", "busy", *more, *(f"÷ {name}" for name in references)]]
    for name, runs in figures.items():
        costs = [figure.cost for figure in runs]
        ratios = [f"{ratio(runs, figures[reference]):.2f}" for reference in references]
        others = [f"{statistics.median(figure.more[what] for figure in runs):.2f}" for what in more]
        rows.append([name, f"{statistics.median(costs):.2f}", f"{min(costs):.2f}", *speed(runs), *others, *ratios])
    widths = [max(10, *(len(cell) for cell in column)) for column in zip(*rows, strict=True)]
    lines = [f"{scenario.name}: {scenario.title}; {scenario.unit}"]
    for row in rows:
        first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  " + "  ".join([row[0].ljust(len(first)), *others]))
    lines += [f"  {name}: not measured: {reason}" for name, reason in missing.items()]
    if scenario.goal is not None and "portcullis" in figures and "nginx" in figures:
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
