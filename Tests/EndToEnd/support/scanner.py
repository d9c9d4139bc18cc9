"""testssl.sh against a gateway, in the background: it takes half a minute, most of it for one handshake at a time."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

from support.gateway import Gateway


class Scanner:
    """A running testssl.sh; `findings` waits for its end."""

    def __init__(self, gateway: Gateway, trusted: Path, directory: Path):
        self.report = directory / "testssl.json"
        self.output = directory / "testssl.out"
        command = ["testssl", "--quiet", "--color", "0", "--warnings", "batch", "--fast", "--nodns", "none"]
        command += ["--add-ca", str(trusted), "--jsonfile", str(self.report), "-p", "-s", "-f", "-P", "-S", "-U"]
        with self.output.open("wb") as output:
            # A session of its own: it starts many processes, and all of them have to end.
            self.process = subprocess.Popen(
                [*command, f"127.0.0.1:{gateway.port}"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=directory,
                start_new_session=True,
            )

    def findings(self) -> list[dict[str, Any]]:
        self.process.wait(240)
        assert self.report.exists(), self.output.read_text(errors="replace")
        return json.loads(self.report.read_text())

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
