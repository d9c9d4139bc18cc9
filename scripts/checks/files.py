"""Checks that look at one file at a time, and at the list of files."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .code_text import code_lines
from .finding import Finding, own_files, relative, swift_files

LINE_LIMIT = 500

# pattern, targets where it is allowed, what it is, remedy
FORBIDDEN = [
    (r"\bfatalError\s*\(|\bpreconditionFailure\s*\(", (), "a trap", "close one connection or fail one request, and count it"),
    (r"\btry!", (), "`try!`", "handle the error"),
    (r"\bas!", (), "`as!`", "use `as?`, or a type that cannot be wrong"),
    (r"\bDispatch[A-Z]\w*|\bimport\s+Dispatch\b", (), "Dispatch", "use the loop's timers, or libuv's pool for what blocks"),
    (r"\bTask(\.detached)?\s*[{(]|\bawait\b|\basync\b|\bactor\s+\w+", (), "Swift concurrency", "everything runs on the loop: call back"),
    (r"\bprint\s*\(", ("portcullis", "TokenChecks"), "`print(`", "use Telemetry's Log"),
    (r"\bimport\s+Foundation\w*\b", ("Configuration",), "Foundation", "use Bytes, JSON or Glibc"),
]  # fmt: skip

ARTEFACTS = re.compile(
    r"(^|/)(\.build[^/]*|\.venv[^/]*|__pycache__|Package\.resolved)(/|$)|\.(pem|key|pyc|profraw|o)$"
)


def length(root: Path) -> Iterator[Finding]:
    for folder in ("Sources", "Tests", "scripts", "Benchmarks"):
        for file in own_files(root, folder):
            if file.suffix not in (".swift", ".py") or "__pycache__" in file.parts:
                continue
            lines = len(file.read_text().splitlines())
            if lines > LINE_LIMIT:
                yield Finding(
                    relative(root, file), lines, f"{lines} lines, {LINE_LIMIT} are allowed", "one idea for each file: split it"
                )


def forbidden(root: Path) -> Iterator[Finding]:
    for file in [*swift_files(root, "Sources"), *swift_files(root, "Benchmarks")]:
        name = relative(root, file)
        target = name.split("/")[1]
        for number, line in enumerate(code_lines(file.read_text()), 1):
            for pattern, allowed_in, what, remedy in FORBIDDEN:
                if target not in allowed_in and re.search(pattern, line):
                    yield Finding(name, number, f"{what} is not used in {target}", remedy)


def artefacts(root: Path) -> Iterator[Finding]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True)
    if listed.returncode != 0:
        yield Finding(".git", 1, f"git ls-files failed: {listed.stderr.strip()}", "lint a clone, not a bare copy")
    for name in listed.stdout.split("\0"):
        if ARTEFACTS.search(name):
            yield Finding(name, 1, "an artefact is committed", f"git rm --cached {name}, and see .gitignore")
