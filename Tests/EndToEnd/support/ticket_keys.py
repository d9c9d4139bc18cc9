"""The file of session ticket keys that gateways share."""

import os
from pathlib import Path


def make_ticket_key() -> bytes:
    return os.urandom(80)


def write_ticket_keys(file: Path, *keys: bytes) -> None:
    """Replaces the file at once; the first key seals, all of them open."""
    new = file.with_suffix(".new")
    new.write_text("".join(f"{key.hex()}\n" for key in keys))
    new.chmod(0o600)
    new.rename(file)
