"""Starting, pinning and measuring the processes of the benchmark."""

import os
import resource
import shutil
import socket
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Administrators' programs are not on everybody's PATH.
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
# Seconds until a server must listen. With thousands of routes it takes some.
PATIENCE = 120


class Failure(Exception):
    """A measurement that came to nothing, and why. The next one may be tried all the same."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def installed(name: str) -> str | None:
    """The path of a program."""
    return shutil.which(name, path=PATH)


def require(*names: str) -> None:
    """Ends the benchmark when a program that nothing goes without is missing."""
    missing = [name for name in names if installed(name) is None]
    if missing:
        raise SystemExit(f"not installed: {', '.join(missing)}; scripts/setup bench installs what is needed")


def compile_program(folder: Path, name: str) -> Path:
    """Builds one of the programs beside this file."""
    program = folder / name
    source = HERE / f"{name}.c"
    subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-o", program, source, "-lssl", "-lcrypto"], check=True)
    return program


class Helper:
    """A process that is told and tells one line at a time. It ends with this one, however that ends."""

    def __init__(self, command: list[str]):
        bound = ["setpriv", "--pdeathsig", "KILL", *command]
        self.process = subprocess.Popen(bound, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failure("a part of the load has ended, see above") from None

    def hear(self) -> str:
        """Empty when it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


class Server:
    """A server on cores of its own; the figures cover it and its children. It ends with this process, however that ends."""

    def __init__(self, command: list[str], cpu: int | str, port: int, log: Path):
        """`cpu`: its number, or several as `taskset` wants them."""
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
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failure(f"{self.name} ended at once:\n{log.read_text()}")
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Failure(f"{self.name} does not listen:\n{log.read_text()}")

    def tree(self) -> list[int]:
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").iterdir():
                todo += [int(child) for child in (task / "children").read_text().split()]
        return found

    def pin_to(self, *cpus: int) -> None:
        for pid in self.tree():
            for task in os.listdir(f"/proc/{pid}/task"):
                os.sched_setaffinity(int(task), cpus)

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


def pin_to(*cpus: int) -> None:
    """This process and those it starts from now on."""
    os.sched_setaffinity(0, cpus)


def allow_many_files() -> None:
    """For this process and those it starts: connections are files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def most_files() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def most_connections(descriptors: int = 1) -> int:
    """How many a process can have that needs so many descriptors for each; some are left for other things."""
    return (most_files() - 400) // descriptors
