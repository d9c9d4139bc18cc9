"""Everything secret that a test run has handled, and everything the gateways have written.

The log test compares the two: no secret may appear in any output (GW-52).
"""

from pathlib import Path

_secrets: dict[str, str] = {}
_outputs: dict[Path, bool] = {}


def remember(kind: str, value: str | None) -> None:
    """Notes a token, code, cookie or query string that must never be written anywhere."""
    if not value:
        return
    parts = {value: kind}
    if kind == "token" and value.count(".") == 2:
        # Payload and signature alone would be too much, too.
        _, payload, signature = value.split(".")
        parts |= {payload: "token payload", signature: "token signature"}
    for part, name in parts.items():
        # Shorter ones would be found by chance.
        if len(part) >= 12:
            _secrets.setdefault(part, name)


def watch(path: Path, for_people: bool = False) -> None:
    """Adds a gateway's output file to those the log test reads; `for_people` when it holds more than events."""
    _outputs[path] = for_people


def secrets() -> dict[str, str]:
    return dict(_secrets)


def outputs() -> list[Path]:
    return list(_outputs)


def event_outputs() -> list[Path]:
    """Standard output of the servers: nothing but one JSON event a line."""
    return [path for path, for_people in _outputs.items() if path.suffix == ".stdout" and not for_people]


def error_outputs() -> list[Path]:
    """Standard error of the servers: nothing at all."""
    return [path for path, for_people in _outputs.items() if path.suffix == ".stderr" and not for_people]
