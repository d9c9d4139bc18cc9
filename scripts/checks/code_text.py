"""Swift source without comments and string literals, line for line, so that words in them are not taken for code."""

import re

_SKIPPED = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|(?P<hashes>#*)"""(?:.*?)"""(?P=hashes)'
    r'|#+"[^\n]*?"#+'
    r'|"(?:\\.|[^"\\\n])*"',
    re.DOTALL,
)


def code_lines(source: str) -> list[str]:
    """The lines of `source`; what was skipped leaves its line breaks behind."""
    return _SKIPPED.sub(lambda skipped: "\n" * skipped.group().count("\n") or '""', source).split("\n")
