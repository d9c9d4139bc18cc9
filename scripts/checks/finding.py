"""What a check has found."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    file: str
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}\n    remedy: {self.remedy}"


def swift_files(root: Path, folder: str) -> list[Path]:
    return sorted((root / folder).rglob("*.swift"))


def relative(root: Path, file: Path) -> str:
    return file.relative_to(root).as_posix()
