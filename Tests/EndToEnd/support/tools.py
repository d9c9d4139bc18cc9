"""Starts the SDK's servers (support/tool_server.py) as a process of its own."""

import socket
import sys
from pathlib import Path

from support.certificates import Certificate
from support.process import ManagedProcess
from support.waiting import free_port, wait_until


class ToolServers:
    """All variants on one port, over https with a certificate; `url` names one."""

    def __init__(self, directory: Path, name: str = "tools", certificate: Certificate | None = None):
        self.port = free_port()
        self.scheme = "https" if certificate else "http"
        files = [str(certificate.certificate), str(certificate.key)] if certificate else []
        root = Path(__file__).resolve().parents[1]
        self.process = ManagedProcess(
            [sys.executable, "-m", "support.tool_server", str(self.port), *files],
            directory,
            name,
            {"PYTHONPATH": str(root)},
        )

    def wait_until_ready(self) -> None:
        self.process.wait_for_line('"ready"', 60)

        def accepts() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        wait_until(accepts, "the tool servers accept connections")

    def url(self, variant: str) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/{variant}"

    def stop(self) -> None:
        self.process.stop()
