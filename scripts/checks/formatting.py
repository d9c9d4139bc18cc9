"""Formatting and style, as swift-format sees them."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .finding import Finding

_REPORT = re.compile(r"^(?P<file>.+?):(?P<line>\d+):\d+: \w+: (?P<what>.*)$")


def formatting(root: Path) -> Iterator[Finding]:
    command = ["swift", "format", "lint", "--strict", "--parallel", "--configuration", ".swift-format", "--recursive"]
    ended = subprocess.run([*command, "Sources", "Tests", "Benchmarks", "Package.swift"], cwd=root, capture_output=True, text=True)
    reports = [found for line in ended.stderr.splitlines() if (found := _REPORT.match(line))]
    for found in reports:
        yield Finding(found["file"], int(found["line"]), found["what"], "make format, then what is left by hand")
    if ended.returncode != 0 and not reports:
        yield Finding(".swift-format", 1, f"swift format failed: {ended.stderr.strip()}", "see its message")
