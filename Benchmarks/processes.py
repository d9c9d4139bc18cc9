"""Starting, pinning and measuring the processes of the benchmark."""

import os
import resource
import socket
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def compile_program(folder: Path, name: str) -> Path:
    """Builds one of the programs beside this file."""
    program = folder / name
    source = HERE / f"{name}.c"
    subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-o", program, source, "-lssl", "-lcrypto"], check=True)
    return program


class Server:
    """A server on one core; the figures cover it and its children. It ends with this process, however that ends."""

    def __init__(self, command: list[str], cpu: int, port: int, log: Path):
        self.output = log.open("wb")
        self.name = command[0]
        bound = ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", str(cpu), *command]
        self.process = subprocess.Popen(bound, stdout=self.output, stderr=subprocess.STDOUT)
        try:
            self.wait_for(port, log)
        except BaseException:
            self.stop()
            raise

    def wait_for(self, port: int, log: Path) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise SystemExit(f"{self.name} ended at once:\n{log.read_text()}")
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"{self.name} does not listen:\n{log.read_text()}")

    def tree(self) -> list[int]:
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").iterdir():
                todo += [int(child) for child in (task / "children").read_text().split()]
        return found

    def cpu_seconds(self) -> float:
        tasks = [task for pid in self.tree() for task in Path(f"/proc/{pid}/task").iterdir()]
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def resident_kib(self) -> int:
        total = 0
        for pid in self.tree():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1])
        return total

    def open_files(self) -> int:
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.tree())

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()


def pin_to(cpu: int) -> None:
    os.sched_setaffinity(0, {cpu})


def allow_many_files() -> None:
    """For this process and those it starts: connections are files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def most_connections(descriptors: int = 1) -> int:
    """How many a process can have that needs so many descriptors for each; some are left for other things."""
    return (resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 400) // descriptors
