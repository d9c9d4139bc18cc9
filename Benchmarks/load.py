"""The load: wrk, h2load and a program of our own for what neither does, all with the same request."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from processes import Failure, Helper, compile_program
from signing import Issuer

BODY = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}'
# Of `connections`: so many run side by side.
SLOTS = 16

# For wrk: all requests are put together before the first is sent, so that it has little to do for each.
DISTINCT = """
local requests, last = {}, 0
function init()
  wrk.headers["authorization"] = "Bearer @"
  local before, after = wrk.format():match("^(.*Bearer )@(.*)$")
  for token in io.lines("@TOKENS@") do
    requests[#requests + 1] = before .. token .. after
  end
end
function request()
  last = last % #requests + 1
  return requests[last]
end
"""


@dataclass(frozen=True)
class Events:
    """What came in a while; how late, in nanoseconds."""

    events: int
    bytes: int
    median: float
    p99: float
    worst: float


class Streams:
    """Streams that are held by a process of their own."""

    def __init__(self, process: Helper):
        self.process = process

    def begin(self) -> None:
        self.process.say("begin")
        if self.process.hear() != "begun":
            raise Failure("the streams have ended, see above")

    def end(self) -> Events:
        """Waits for it."""
        found = re.fullmatch(r"events (\d+) bytes (\d+) median (\d+) p99 (\d+) worst (\d+)", self.process.hear())
        if not found or found[1] == "0":
            raise Failure("no events have come, see above")
        return Events(*(int(number) for number in found.groups()))


class Load:
    """Each method returns how many requests were answered, and ends the benchmark if one was not answered with 200."""

    def __init__(self, folder: Path, token: str, issuer: Issuer, backend_port: int):
        self.folder, self.issuer, self.backend_port = folder, issuer, backend_port
        self.headers = {
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2025-06-18",
            "authorization": f"Bearer {token}",
        }
        self.script, self.body, self.request = folder / "post.lua", folder / "body.json", folder / "request"
        fields = "".join(f"wrk.headers['{name}'] = '{value}'\n" for name, value in self.headers.items())
        self.lua = f"wrk.method = 'POST'\nwrk.body = [[{BODY}]]\n{fields}"
        self.script.write_text(self.lua)
        self.body.write_text(BODY)
        self.program, self.listener = compile_program(folder, "connections"), compile_program(folder, "streams")
        self.bare = folder / "bare.lua"
        self.bare.write_text("".join(line for line in self.lua.splitlines(True) if "authorization" not in line))

    def keep_alive(self, url: str, seconds: int) -> int:
        """HTTP/1.1, 64 connections."""
        return self.wrk(self.script, url, seconds)

    def distinct(self, url: str, algorithm: str, count: int, seconds: int) -> int:
        """The same; every request with the next one of `count` tokens. They are made for the first call."""
        script, tokens = self.folder / f"{algorithm}-{count}.lua", self.folder / f"{algorithm}-{count}.tokens"
        if not script.exists():
            self.issuer.write_tokens(tokens, algorithm, count)
            script.write_text(self.lua + DISTINCT.replace("@TOKENS@", str(tokens)))
        return self.wrk(script, url, seconds)

    def wrk(self, script: Path, url: str, seconds: int, refused: bool = False, connections: int = 64) -> int:
        """`refused`: none must be answered with 200."""
        output = self.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), url], seconds)
        found = re.search(r"(\d+) requests in", output)
        requests = int(found[1]) if found else 0
        others = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
        if not requests or (int(others[1]) if others else 0) != (requests if refused else 0) or "Socket errors" in output:
            raise Failure(f"requests have failed:\n{output}")
        return requests

    def without_token(self, url: str, seconds: int) -> int:
        """HTTP/1.1, 64 connections; every request is refused."""
        return self.wrk(self.bare, url, seconds, refused=True)

    def streams(self, url: str, seconds: int) -> int:
        """HTTP/2, 16 connections, 32 streams on each."""
        headers = [part for name, value in self.headers.items() for part in ("-H", f"{name}: {value}")]
        output = self.run(
            [
                "h2load", "-t1", "-c16", "-m32", f"-D{seconds}", "-d", str(self.body), *headers,
                "--tls13-ciphers=TLS_AES_128_GCM_SHA256", "--groups=X25519", url,
            ],
            seconds,
        )  # fmt: skip
        counts = re.search(r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
        done, succeeded, *others = (int(count) for count in counts.groups()) if counts else (0, 0)
        if not done or done != succeeded or any(others) or "Application protocol: h2" not in output:
            raise Failure(f"requests have failed:\n{output}")
        return done

    def full_handshakes(self, port: int, seconds: int) -> int:
        connections, resumed = self.connections(port, "full", seconds)
        if resumed:
            raise Failure(f"{resumed} of {connections} handshakes were not full ones")
        return connections

    def resumed_handshakes(self, port: int, seconds: int) -> int:
        """All but the first of each slot are resumed."""
        connections, resumed = self.connections(port, "resumed", seconds)
        if resumed < 0.98 * (connections - SLOTS):
            raise Failure(f"only {resumed} of {connections} sessions were resumed")
        return connections

    def connections(self, port: int, kind: str, seconds: int) -> tuple[int, int]:
        self.write_request(port, "close")
        return self.counts(self.run([str(self.program), str(port), str(self.request), kind, str(seconds)], seconds))

    @contextmanager
    def idle(self, port: int, count: int, tls: bool = True) -> Iterator[None]:
        """Holds `count` connections, each after its first request."""
        self.write_request(port, "keep-alive")
        command = [str(self.program), str(port), str(self.request), "idle" if tls else "idle-clear", str(count)]
        process = Helper(command)
        try:
            if self.counts(process.hear())[0] != count:
                raise Failure(f"not all of {count} connections were opened")
            yield
        finally:
            process.stop()

    @contextmanager
    def event_streams(self, port: int, tls: bool, count: int, seconds: float, target: str) -> Iterator[Streams]:
        """Holds `count` streams, each answered with 200; `target` asks the backend for what it sends."""
        fields = {"host": f"127.0.0.1:{port}", **self.headers, "accept": "text/event-stream"}
        del fields["content-type"]
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.request.write_text(f"GET {target} HTTP/1.1\r\n{head}\r\n", newline="")
        command = [str(self.listener), str(port), str(self.request), str(count), str(seconds)]
        command += ["tls"] if tls else []
        process = Helper(command)
        try:
            if process.hear() != "ready":
                raise Failure(f"not all of {count} streams were opened")
            yield Streams(process)
        finally:
            process.stop()

    def write_request(self, port: int, connection: str, token: str = "") -> None:
        fields = {"host": f"127.0.0.1:{port}", **self.headers, "connection": connection, "content-length": len(BODY)}
        if token:
            fields["authorization"] = f"Bearer {token}"
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.request.write_text(f"POST /mcp HTTP/1.1\r\n{head}\r\n{BODY}", newline="")

    @staticmethod
    def counts(line: str) -> tuple[int, int]:
        found = re.fullmatch(r"connections (\d+) resumed (\d+)", line.strip())
        if not found:
            raise Failure("new connections have failed, see above")
        return int(found[1]), int(found[2])

    @staticmethod
    def run(command: list[str], seconds: int) -> str:
        """`seconds`: how long it should take; a minute more, and it hangs."""
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=seconds + 60)
        except subprocess.TimeoutExpired:
            raise Failure(f"{command[0]} did not end") from None
        if done.returncode != 0:
            raise Failure(f"{command[0]} has failed, see above")
        return done.stdout
