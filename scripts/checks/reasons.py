"""Every `reason` that a log line can carry is explained to operators."""

import re
from collections.abc import Iterator
from pathlib import Path

from .finding import Finding, relative, swift_files

DOCUMENT = "docs/logs.md"

# Where reasons are spelled: file name ("*": any below Sources) and the pattern that finds them.
SPELLINGS = [
    ("*", r'\bWireFault\(\s*\d+,\s*"(\w+)"'),
    ("*", r'\breason:\s*"(\w+)"'),
    ("*", r'\b(?:truncate|gatewayTimeout|badGateway|overloaded|internalFault)\("(\w+)"'),
    ("*", r'\b(?:refuse|log|malformed)\("([a-z0-9]+(?:_[a-z0-9]+)+)"[,)]'),
    ("*", r'\.clientFault, "(\w+)"'),
    ("*", r'\bmember\("reason", "(\w+)"'),
    ("Rejection.swift", r'\bRejection\(\s*\d+,\s*"(\w+)",\s*"'),
    ("Suspension.swift", r'case \.\w+: "(\w+)"'),
    ("TokenFault.swift", r'\("(\w+)",'),
    ("ProofFault.swift", r'\("(\w+)",'),
    ("ProxyHeaderFault.swift", r'case \.\w+: "(\w+)"'),
    ("UpstreamFailure.swift", r'case \.\w+: "(\w+)"'),
    ("TLSFailure.swift", r'case \.\w+: "(\w+)"'),
    ("FloodGuard.swift", r'case \.\w+: "(\w+)"'),
    ("RequestAssembly.swift", r'"([a-z]+(?:_[a-z]+)+)"'),
    ("H2ServerConnection.swift", r'\bend\(\.\w+, "(\w+)"'),
]


def reasons(root: Path) -> Iterator[Finding]:
    document = root / DOCUMENT
    text = document.read_text() if document.exists() else ""
    explained = set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))
    for file in swift_files(root, "Sources"):
        source = file.read_text()
        for name, pattern in SPELLINGS:
            if name not in ("*", file.name):
                continue
            for found in re.finditer(pattern, source):
                if found[1] not in explained:
                    line = source.count("\n", 0, found.start()) + 1
                    remedy = f"add a row that starts with | `{found[1]}`"
                    yield Finding(relative(root, file), line, f"reason {found[1]} is not explained in {DOCUMENT}", remedy)
