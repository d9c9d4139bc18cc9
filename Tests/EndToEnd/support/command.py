"""The program's commands that end by themselves."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.gateway import binary


@dataclass
class Ended:
    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


def write_configuration(file: Path, routes: list[dict[str, Any]], **more: Any) -> Path:
    """A configuration whose lines can be found again: one member a line."""
    file.write_text(json.dumps({"public_url": "https://mcp.example.test", "routes": routes, **more}, indent=2))
    return file


def line_of(file: Path, text: str) -> int:
    """The number of the first line with that text."""
    lines = file.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def run(*arguments: str, stdin: str = "", timeout: float = 60) -> Ended:
    ended = subprocess.run(
        [binary(), *arguments], input=stdin.encode(), capture_output=True, timeout=timeout, check=False
    )
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def explain(file: Path, token: str, *arguments: str) -> Ended:
    """`portcullis explain`; the token must not show in what it prints, nor its signature."""
    ended = run("explain", "--config", str(file), *arguments, stdin=token)
    parts = [part for part in [token.strip(), *token.strip().split(".")] if len(part) >= 12]
    for part in parts:
        assert part not in ended.stdout + ended.stderr
    return ended
