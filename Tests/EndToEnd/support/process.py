"""A child process whose output goes to a file, and which never outlives the test run."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from support.waiting import wait_until


class ManagedProcess:
    """Starts at once; `stop` ends it for certain."""

    def __init__(self, command: list[str], directory: Path, name: str, environment: dict[str, str] | None = None):
        self.name = name
        self.stdout_path = directory / f"{name}.stdout"
        self.stderr_path = directory / f"{name}.stderr"
        with self.stdout_path.open("wb") as out, self.stderr_path.open("wb") as err:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=directory,
                env={**os.environ, **(environment or {})},
            )

    @property
    def stdout(self) -> str:
        return self.stdout_path.read_text(errors="replace")

    @property
    def stderr(self) -> str:
        return self.stderr_path.read_text(errors="replace")

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def wait_for_line(self, wanted: str, timeout: float = 20.0) -> str:
        """The first complete line of standard output that contains `wanted`."""

        def find() -> str | None:
            for line in self.stdout.splitlines(keepends=True):
                if wanted in line and line.endswith("\n"):
                    return line
            if not self.running:
                raise AssertionError(
                    f"{self.name} ended with status {self.process.returncode} before {wanted!r}\n"
                    f"--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"
                )
            return None

        return wait_until(find, f"{self.name} prints {wanted!r}", timeout)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, timeout: float = 20.0) -> int:
        return self.process.wait(timeout)

    def stop(self) -> None:
        if not self.running:
            return
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
            print(f"{self.name} had to be killed", file=sys.stderr)

    def resident_kilobytes(self, peak: bool = False) -> int:
        """VmRSS of the process, or its highest value so far, from procfs."""
        wanted = "VmHWM:" if peak else "VmRSS:"
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(wanted):
                return int(line.split()[1])
        raise AssertionError(f"{self.name} has no {wanted}")

    def cpu_seconds(self) -> float:
        """Processor time the process has used, from procfs."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
