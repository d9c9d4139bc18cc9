"""The baseline, what it was made with, and the comparison.

There is a count for each of three shares of the work. `own` is the program with the Swift runtime that is linked into
it. `libraries` are libuv, nghttp2 and libc, whose counts follow from what the program asks of them. `cryptography` is
OpenSSL.

Libraries and OpenSSL choose their code by the processor, and other versions have other counts. The baseline names what
it was made with; where that differs, the tolerance is a wider one, and the report says so.
"""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Of the baseline: the share of a count by which it may differ. Keys and signatures of each run are others, and so is
# what OpenSSL does with them.
TOLERANCE = {"own": 0.03, "libraries": 0.03, "cryptography": 0.05}
# The same where something else was used that has a say in it.
WIDE = {"own": 0.15, "libraries": 0.25, "cryptography": 0.5}
# Differences of a few instructions say nothing.
LEAST = 50
# What the counts of a share depend on.
DEPENDS = {
    "own": ["swift", "valgrind"],
    "libraries": ["valgrind", "libc6", "libuv1", "libnghttp2-14", "processor"],
    "cryptography": ["valgrind", "libssl3", "processor"],
}
PACKAGES = ["valgrind", "libc6", "libuv1", "libnghttp2-14", "libssl3"]
# What libc and OpenSSL ask the processor for. Valgrind knows no newer ones.
FEATURES = ["aes", "avx2", "bmi2", "pclmulqdq", "rdrand", "ssse3"]


@dataclass(frozen=True)
class Baseline:
    made_with: dict[str, str]
    counts: dict[str, dict[str, int]]

    @staticmethod
    def read(file: Path) -> "Baseline":
        return Baseline(**json.loads(file.read_text()))

    def write(self, file: Path) -> None:
        file.write_text(json.dumps({"made_with": self.made_with, "counts": self.counts}, indent=2) + "\n")


def toolchain() -> dict[str, str]:
    swift = subprocess.run(["swift", "--version"], check=True, capture_output=True, text=True).stdout
    version = re.search(r"Swift version (\S+)", swift)
    listed = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Package} ${Version}\n", *PACKAGES], capture_output=True, text=True
    )
    packages = dict(line.split() for line in listed.stdout.splitlines())
    flags = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    known = set(flags[1].split()) if flags else set()
    processor = " ".join(feature for feature in FEATURES if feature in known)
    return {"swift": version[1] if version else "unknown", **packages, "processor": processor}


def least(rounds: list[dict[str, float]], program: str) -> dict[str, int]:
    """Each share in the round where it is smallest: what the loop does by the clock, now and then, is in others."""
    found = [shares(counts, program) for counts in rounds]
    return {share: round(min(one[share] for one in found)) for share in TOLERANCE}


def shares(counts: dict[str, float], program: str) -> dict[str, float]:
    found = dict.fromkeys(TOLERANCE, 0.0)
    for file, count in counts.items():
        if file == program:
            share = "own"
        elif file.startswith(("libcrypto", "libssl")):
            share = "cryptography"
        else:
            share = "libraries"
        found[share] += count
    return found


def judge(baseline: Baseline, now: Baseline) -> int:
    """Prints a line for each count; 1 when one is out of bounds."""
    different = {
        what: f"{what} {now.made_with.get(what, 'none')}, not {made}"
        for what, made in baseline.made_with.items()
        if now.made_with.get(what) != made
    }
    tolerance = {share: (WIDE if different.keys() & set(DEPENDS[share]) else TOLERANCE)[share] for share in TOLERANCE}
    higher, lower = [], []
    print(f"instructions: {'':12} {'':13}{'baseline':>9} {'now':>9}")
    for name, counts in now.counts.items():
        for share, count in counts.items():
            before = baseline.counts.get(name, {}).get(share)
            if before is None:
                raise SystemExit(f"instructions: baseline.json has no count for {name}: make it with --update")
            room = max(tolerance[share] * before, LEAST)
            verdict = ""
            if count > before + room:
                verdict = "HIGHER"
                higher.append(name)
            elif count < before - room:
                verdict = "LOWER"
                lower.append(name)
            change = f"{(count - before) / before:+8.1%}" if before else f"{'':8}"
            print(f"instructions: {name:12} {share:13}{before:9,} {count:9,} {change} {verdict}".rstrip())
    for what in different.values():
        print(f"instructions: WIDER TOLERANCE: {what}, with which the baseline was made")
    if different:
        wide = ", ".join(f"{share} {tolerance[share]:.0%}" for share in TOLERANCE)
        print(f"instructions: so only larger differences are seen here ({wide})")
    if higher:
        print(
            "instructions: more than the baseline allows: find out why with Tests/Instructions/run --keep FOLDER and "
            "callgrind_annotate; when the work is worth its cost, Tests/Instructions/run --update"
        )
    elif lower:
        print("instructions: less than the baseline: make it anew with Tests/Instructions/run --update, and commit it")
    else:
        print("instructions: as in the baseline")
    return 1 if higher or lower else 0
