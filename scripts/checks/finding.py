"""What a check has found."""

import os
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
    return [file for file in own_files(root, folder) if file.suffix == ".swift"]


def own_files(root: Path, folder: str) -> list[Path]:
    """The files below a folder, without what builds leave there and what symbolic links show once more."""
    found = []
    for place, folders, names in os.walk(root / folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place) / name for name in names]
    return sorted(file for file in found if not file.is_symlink())


def relative(root: Path, file: Path) -> str:
    return file.relative_to(root).as_posix()
