"""Runs a program under callgrind, and reads what it writes: how many instructions each object file has executed."""

import os
import re
import signal
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
PATIENCE = 60
COST = re.compile(r"[+\-*\d]\S* (\d+)$")
OBJECT = re.compile(r"ob=\((\d+)\)(?: (.*))?$")


class Counted:
    """A server under callgrind, from its start to `stop`."""

    def __init__(self, folder: Path, binary: Path, arguments: list[str], port: int):
        self.folder, self.marks = folder, 0
        # Valgrind 3.19 cannot read the debugging information of Swift 6.3; the names of functions are enough.
        program = folder / binary.name
        subprocess.run(["strip", "--strip-debug", "-o", program, binary], check=True)
        mark = folder / "mark.so"
        subprocess.run(["clang", "-shared", "-fPIC", "-O1", "-o", mark, HERE / "mark.c"], check=True)
        counting = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder / 'counts'}"]
        command = [*counting, str(program), *arguments]
        # The order of a dictionary, and what that costs, would differ from run to run.
        environment = os.environ | {"SWIFT_DETERMINISTIC_HASHING": "1", "LD_PRELOAD": str(mark)}
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            self.wait_for(port)
        except BaseException:
            self.stop()
            raise

    def wait_for(self, port: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"the gateway does not listen:\n{(self.folder / 'log').read_text()}")

    def mark(self) -> dict[str, int]:
        """Instructions of each object file since the last mark."""
        self.marks += 1
        self.process.send_signal(signal.SIGRTMIN)
        counts = self.folder / f"counts.{self.marks}"
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            if counts.exists() and "\ntotals: " in (text := counts.read_text()):
                return instructions(text)
            time.sleep(0.02)
        raise SystemExit(f"callgrind has written nothing:\n{(self.folder / 'log').read_text()}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def instructions(text: str) -> dict[str, int]:
    """Of callgrind's format 1: the line behind `calls=` has what was executed further down, and counts there."""
    names: dict[str, str] = {}
    found: Counter[str] = Counter()
    current, skip = "", False
    for line in text.splitlines():
        if line.startswith("calls="):
            skip = True
        elif named := OBJECT.match(line):
            number, name = named.groups()
            current = names.setdefault(number, Path(name or "").name)
        elif line.startswith("cob=") and (named := OBJECT.match(line[1:])) and named[2]:
            names[named[1]] = Path(named[2]).name
        elif cost := COST.match(line):
            if not skip:
                found[current] += int(cost[1])
            skip = False
    return dict(found)
