"""Keep-alive POST with a valid RS256 token: the gateway with every check on, against nginx as a plain proxy.

The proxy alone runs on one core, load and backend on another. Compared is the CPU time of the proxy process per
request, as the median of alternating runs: on a shared machine it holds where requests per second do not.
"""

import argparse
import os
import re
import statistics
import subprocess
import tempfile
from pathlib import Path

from processes import Server, free_port, pin_to
from signing import make_issuer

HERE = Path(__file__).resolve().parent
PROXY_CPU, LOAD_CPU = 0, 1
BODY = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}'


class Bench:
    def __init__(self, folder: Path, arguments: argparse.Namespace):
        self.folder, self.arguments = folder, arguments
        self.backend_port, self.issuer_port = free_port(), free_port()
        issuer = f"http://127.0.0.1:{self.issuer_port}"
        documents = folder / "issuer"
        documents.mkdir()
        self.token = make_issuer(documents, issuer, "api://bench")
        self.issuer = issuer
        self.support = [
            Server(
                ["python3", "-m", "http.server", str(self.issuer_port), "--bind", "127.0.0.1", "-d", str(documents)],
                LOAD_CPU, self.issuer_port, folder / "issuer.log",
            ),
            self.nginx("backend", LOAD_CPU, self.backend_port),
        ]  # fmt: skip

    def nginx(self, kind: str, cpu: int, port: int) -> Server:
        prefix = self.folder / f"nginx-{kind}-{port}"
        prefix.mkdir()
        text = (HERE / "conf" / f"nginx-{kind}.conf").read_text()
        values = {"PORT": port, "BACKEND_PORT": self.backend_port, "PREFIX": prefix}
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        (prefix / "nginx.conf").write_text(text)
        return Server(
            ["nginx", "-p", str(prefix), "-c", str(prefix / "nginx.conf")], cpu, port, self.folder / f"nginx-{kind}.log"
        )

    def gateway(self, port: int) -> Server:
        text = (HERE / "conf" / "portcullis.yaml").read_text()
        values = {"PORT": port, "BACKEND_PORT": self.backend_port, "ISSUER": self.issuer}
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        configuration = self.folder / f"portcullis-{port}.yaml"
        configuration.write_text(text)
        command = [str(self.arguments.binary), "serve", "--config", str(configuration)]
        return Server(command, PROXY_CPU, port, self.folder / "portcullis.log")

    def load(self, port: int, seconds: int) -> int:
        """Runs wrk and returns the number of requests, all of them answered with 200."""
        script = self.folder / "post.lua"
        script.write_text(
            f"wrk.method = 'POST'\nwrk.body = [[{BODY}]]\n"
            "wrk.headers['Content-Type'] = 'application/json'\n"
            "wrk.headers['Accept'] = 'application/json, text/event-stream'\n"
            "wrk.headers['Mcp-Protocol-Version'] = '2025-06-18'\n"
            f"wrk.headers['Authorization'] = 'Bearer {self.token}'\n"
        )
        output = subprocess.run(
            ["wrk", "-t1", "-c64", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}/mcp"],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        if "Non-2xx" in output or "Socket errors" in output:
            raise SystemExit(f"requests have failed:\n{output}")
        return int(re.search(r"(\d+) requests in", output)[1])

    def microseconds(self, server: Server, port: int) -> float:
        self.load(port, 1)
        before = server.cpu_seconds()
        requests = self.load(port, self.arguments.seconds)
        return (server.cpu_seconds() - before) / requests * 1e6

    def compare(self) -> dict[str, list[float]]:
        figures: dict[str, list[float]] = {"nginx": [], "portcullis": []}
        for run in range(self.arguments.runs):
            for name in figures:
                port = free_port()
                server = self.nginx("proxy", PROXY_CPU, port) if name == "nginx" else self.gateway(port)
                try:
                    figures[name].append(self.microseconds(server, port))
                finally:
                    server.stop()
                print(f"run {run + 1}: {name:10} {figures[name][-1]:6.2f} µs of CPU per request", flush=True)
        return figures

    def memory(self) -> None:
        port = free_port()
        server = self.gateway(port)
        try:
            at_start, done = server.resident_kib(), 0
            print(f"memory: {at_start:6} KiB resident after the start")
            while done < self.arguments.memory_requests:
                done += self.load(port, 5)
                print(f"memory: {server.resident_kib():6} KiB resident after {done} requests", flush=True)
        finally:
            server.stop()

    def stop(self) -> None:
        for server in self.support:
            server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=HERE.parent / ".build" / "release" / "portcullis")
    parser.add_argument("--runs", type=int, default=5, help="alternating runs of each proxy")
    parser.add_argument("--seconds", type=int, default=4, help="length of a run")
    parser.add_argument("--memory-requests", type=int, default=1_000_000, help="requests of the memory run; 0 skips it")
    arguments = parser.parse_args()
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("two cores are needed: one for the proxy, one for the load")
    pin_to(LOAD_CPU)
    with tempfile.TemporaryDirectory(prefix="portcullis-bench-") as folder:
        bench = Bench(Path(folder), arguments)
        try:
            medians = {name: statistics.median(values) for name, values in bench.compare().items()}
            print(f"\nmedian: nginx {medians['nginx']:.2f} µs, portcullis {medians['portcullis']:.2f} µs")
            print(f"ratio: {medians['portcullis'] / medians['nginx']:.2f} (goal: at most 1.10)\n")
            if arguments.memory_requests:
                bench.memory()
        finally:
            bench.stop()


main()
