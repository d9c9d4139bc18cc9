"""Several processes that serve: `workers`, and the supervisor that watches over them."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeGateway
from support.certificates import Authority, Certificate
from support.gateway import Gateway, binary, route
from support.process import ManagedProcess
from support.raw_backend import Conversation, RawBackend, Received
from support.rawhttp import Connection, exchange, request_bytes
from support.tls_client import last_request, s_client
from support.waiting import free_port, wait_until


class Workers:
    """A gateway with two workers and the operator's pages."""

    def __init__(self, make_gateway: MakeGateway, routes: list[dict[str, Any]], **more: Any):
        self.admin = ("127.0.0.1", free_port())
        address = f"{self.admin[0]}:{self.admin[1]}"
        self.gateway: Gateway = make_gateway(routes, workers=2, admin={"address": address}, **more)
        self.supervisor = self.gateway.process

    def pid(self, worker: int) -> int:
        """Of the process that has this place now."""
        started = [line for line in self.gateway.events("worker_started") if line["worker"] == worker]
        return int(started[-1]["pid"])

    def metrics(self) -> dict[str, int]:
        """Name and labels of each series, and its value."""
        page = exchange(self.admin, "GET", "/metrics").body.decode()
        samples = (line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
        return {series: int(value) for series, value in samples}

    def served(self) -> Counter[int]:
        """How many requests each worker has logged."""
        return Counter(line["worker"] for line in self.gateway.events("request"))

    def ask(self, count: int = 1) -> None:
        """So many requests, each over a connection of its own."""
        for _ in range(count):
            assert exchange(self.gateway.address, "POST", "/mcp", body=b"{}").status == 200


@pytest.fixture
def workers(make_gateway: MakeGateway, backend: RawBackend) -> Workers:
    return Workers(make_gateway, [route(backend.url)])


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


REQUESTS = 'portcullis_requests_total{protocol="http1",status="2xx"}'


def test_both_serve_and_are_counted_as_one(workers: Workers) -> None:
    """60 connections all go to one of two with a probability of 2^-59."""
    assert workers.gateway.events("workers")[0]["count"] == 2
    workers.ask(60)
    wait_until(lambda: workers.served().total() == 60, "all requests are logged")
    assert set(workers.served()) == {1, 2}
    identifiers = {line["request_id"] for line in workers.gateway.events("request")}
    assert len(identifiers) == 60
    assert len({identifier[:8] for identifier in identifiers}) == 2
    metrics = workers.metrics()
    assert metrics[REQUESTS] == 60
    assert metrics['portcullis_connections_accepted_total{listener="clear"}'] == 60
    assert [metrics[f'portcullis_worker_up{{worker="{number}"}}'] for number in (1, 2)] == [1, 1]
    assert exchange(workers.admin, "GET", "/readyz").status == 200
    assert exchange(workers.admin, "GET", "/healthz").body == b"ok\n"


def test_streams_spread_evenly(make_gateway: MakeGateway, own_backend: RawBackend) -> None:
    """Each worker gets at least 136 of 400 streams. One gets fewer by chance with a probability of 8e-11."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        conversation.chunk(b"data: 1\n\n")
        conversation.peer_gone(60)
        conversation.close()

    own_backend.script = script
    workers = Workers(make_gateway, [route(own_backend.url, upstream_options={"max_connections": 1000})])
    with contextlib.ExitStack() as stack:
        for _ in range(400):
            stream = stack.enter_context(Connection(workers.gateway.address))
            stream.send(request_bytes("GET", "/mcp", workers.gateway.authority))
            stream.read_head()
            assert stream.read_chunk() == b"data: 1\n\n"
        metrics = workers.metrics()
        open_streams = [metrics[f'portcullis_worker_connections_open{{worker="{number}"}}'] for number in (1, 2)]
        assert sum(open_streams) == metrics['portcullis_connections_open{listener="clear"}'] == 400
        assert min(open_streams) >= 136, open_streams


def test_one_is_killed_and_the_others_go_on(workers: Workers) -> None:
    """Connections of the other worker do not notice, new ones are served, and counters never go back."""
    gateway = workers.gateway
    with Connection(gateway.address) as kept:

        def ask_again() -> None:
            kept.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
            assert kept.read_response().status == 200

        ask_again()
        survivor = wait_until(lambda: gateway.events("request"), "the request is logged")[0]["worker"]
        victim = 3 - survivor
        workers.ask(40)
        before = workers.metrics()
        pid = workers.pid(victim)
        over = threading.Event()
        failures: list[BaseException] = []
        answers = [0]

        def load() -> None:
            while not over.is_set():
                try:
                    workers.ask()
                    answers[0] += 1
                except Exception as failure:  # Reset, or cut off.
                    failures.append(failure)

        thread = threading.Thread(target=load)
        thread.start()
        try:
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: workers.pid(victim) != pid, "it was started again")
            since = answers[0]
            for _ in range(10):
                ask_again()
            wait_until(lambda: answers[0] > since + 20, "new connections are served")
        finally:
            over.set()
            thread.join(20)
        # One client loses one request at the most: the one that the killed process had.
        assert len(failures) <= 1, failures
        ended = gateway.events("worker_ended")
        assert [(line["worker"], line["reason"], line["signal"], line["restart_ms"]) for line in ended] == [
            (victim, "killed", 9, 0)
        ]
        after = workers.metrics()
        for series, value in before.items():
            if series.split("{")[0].endswith("_total"):
                assert after[series] >= value, series
        assert after[f'portcullis_worker_restarts_total{{worker="{victim}"}}'] == 1
        assert after[f'portcullis_worker_restarts_total{{worker="{survivor}"}}'] == 0
        assert after['portcullis_worker_up{worker="1"}'] == after['portcullis_worker_up{worker="2"}'] == 1


def test_whoever_dies_again_and_again_is_left_out_for_a_while(workers: Workers) -> None:
    """The other one serves everything meanwhile, and the gateway stays ready."""
    for count in (1, 2):
        os.kill(workers.pid(1), signal.SIGKILL)
        wait_until(lambda: len(workers.gateway.events("worker_ended")) == count, "its end is seen")
        if count == 1:
            wait_until(lambda: len(workers.gateway.events("worker_started")) == 3, "it was started again")
    assert [line["restart_ms"] for line in workers.gateway.events("worker_ended")] == [0, 1000]
    workers.ask(20)
    assert exchange(workers.admin, "GET", "/readyz").status == 200
    wait_until(lambda: len(workers.gateway.events("worker_started")) == 4, "it was started once more")
    workers.ask(20)


def test_a_worker_that_hangs_delays_no_page(workers: Workers) -> None:
    """It is shown as down, and the pages come without it."""
    os.kill(workers.pid(2), signal.SIGSTOP)
    try:
        assert workers.metrics()['portcullis_worker_up{worker="2"}'] == 0
        assert exchange(workers.admin, "GET", "/readyz").status == 200
        os.kill(workers.pid(1), signal.SIGSTOP)
        try:
            answer = exchange(workers.admin, "GET", "/readyz")
            assert answer.status == 503
            assert answer.body == b"worker 1: does not answer\nworker 2: does not answer\n"
        finally:
            os.kill(workers.pid(1), signal.SIGCONT)
    finally:
        os.kill(workers.pid(2), signal.SIGCONT)
    wait_until(lambda: workers.metrics()['portcullis_worker_up{worker="2"}'] == 1, "it answers again")


def test_a_reload_reaches_all(
    make_gateway: MakeGateway, backend: RawBackend, authority: Authority, tmp_path: Path
) -> None:
    """Each reads the certificates again; faulty ones change nothing; and a file of the configuration that has become
    faulty does not matter to a worker that is started later."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"

    def install(issued: Certificate) -> None:
        for source, target in ((issued.certificate, certificate), (issued.key, key)):
            draft = target.with_suffix(".new")
            draft.write_bytes(Path(source).read_bytes())
            draft.rename(target)

    install(authority.issue("workers-1"))
    tls = {"certificates": [{"certificate": str(certificate), "key": str(key)}]}
    workers = Workers(make_gateway, [route(backend.url)], listener={"tls": tls})
    gateway = workers.gateway

    def told(event: str) -> set[int]:
        return {line["worker"] for line in gateway.events(event)}

    install(authority.issue("workers-2"))
    gateway.reload()
    wait_until(lambda: told("certificates_read") == {1, 2}, "both have read the new certificate")
    certificate.write_text("nothing")
    gateway.reload()
    wait_until(lambda: told("certificates_kept") == {1, 2}, "both have kept the one before")
    assert len(gateway.events("reloading")) == 2
    dialogue = s_client(gateway.address, "-tls1_3", send=last_request(gateway))
    assert "HTTP/1.1 200" in dialogue.text
    assert not gateway.events("worker_ended")


def test_a_worker_started_later_has_the_same_configuration(workers: Workers) -> None:
    """Whatever has become of the file since."""
    workers.gateway.file.write_text("nonsense: [")
    workers.gateway.reload()
    pid = workers.pid(1)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: workers.pid(1) != pid, "it was started again")
    before = workers.served()[1]
    wait_until(lambda: (workers.ask(4), workers.served()[1] > before)[1], "it serves")
    assert len(workers.gateway.events("worker_ended")) == 1


@pytest.mark.parametrize("to_all", [False, True], ids=["to the supervisor", "to all processes"])
def test_streams_may_finish_while_draining(make_gateway: MakeGateway, own_backend: RawBackend, to_all: bool) -> None:
    """A service manager or a terminal may signal the workers, too: that is no second signal."""
    more = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        conversation.chunk(b"data: before\n\n")
        more.wait(20)
        conversation.chunk(b"data: after\n\n")
        conversation.end_chunks()

    own_backend.script = script
    workers = Workers(make_gateway, [route(own_backend.url)])
    gateway = workers.gateway
    with Connection(gateway.address) as stream:
        stream.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        stream.read_head()
        assert stream.read_chunk() == b"data: before\n\n"
        pids = [workers.pid(1), workers.pid(2)] if to_all else []
        for pid in [workers.supervisor.process.pid, *pids]:
            os.kill(pid, signal.SIGTERM)

        def refused() -> bool:
            try:
                Connection(gateway.address).close()
            except ConnectionRefusedError:
                return True
            except ConnectionResetError:
                pass
            return False

        wait_until(refused, "new connections are refused")
        assert exchange(workers.admin, "GET", "/readyz").body == b"draining\n"
        more.set()
        assert stream.read_chunk() == b"data: after\n\n"
        assert stream.read_chunk() == b""
    assert workers.supervisor.wait(20) == 0
    assert [line["reason"] for line in gateway.events("worker_ended")] == ["told", "told"]
    assert gateway.lines()[-1]["event"] == "stopped"


def test_the_second_signal_does_not_wait(make_gateway: MakeGateway, own_backend: RawBackend) -> None:
    """Streams are cut, and the exit status is 0 as ever."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        conversation.chunk(b"data: 1\n\n")
        conversation.peer_gone(30)
        conversation.close()

    own_backend.script = script
    workers = Workers(make_gateway, [route(own_backend.url)], timeouts={"drain": "1h"})
    with Connection(workers.gateway.address) as stream:
        stream.send(request_bytes("POST", "/mcp", workers.gateway.authority, body=b"{}"))
        stream.read_head()
        stream.read_chunk()
        workers.supervisor.signal(signal.SIGTERM)
        wait_until(lambda: workers.gateway.events("draining"), "it drains")
        workers.supervisor.signal(signal.SIGINT)
        assert workers.supervisor.wait(20) == 0


def test_without_the_supervisor_nobody_stays(workers: Workers) -> None:
    """Killed: the workers end by themselves, and the port is free for the next start."""
    pids = [workers.pid(1), workers.pid(2)]
    workers.ask()
    workers.supervisor.signal(signal.SIGKILL)
    workers.supervisor.wait()
    wait_until(lambda: not any(is_alive(pid) for pid in pids), "no worker is left")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(workers.gateway.address)
    assert {line["worker"] for line in workers.gateway.events("supervisor_gone")} == {1, 2}


def test_sessions_are_resumed_by_any_worker(
    make_gateway: MakeGateway, backend: RawBackend, server_certificate: Certificate, tmp_path: Path
) -> None:
    """One ticket of TLS 1.2 at 40 connections; a worker that is started later knows it, too."""
    workers = Workers(
        make_gateway, [route(backend.url)], listener={"tls": {"certificates": [server_certificate.files]}}
    )
    gateway = workers.gateway
    session = tmp_path / "session"
    first = s_client(gateway.address, "-tls1_2", "-sess_out", str(session), send=last_request(gateway))
    assert not first.resumed and session.exists()

    def resume(count: int) -> None:
        before = workers.served()
        for _ in range(count):
            again = s_client(gateway.address, "-tls1_2", "-sess_in", str(session), send=last_request(gateway))
            assert again.resumed, again.text
        wait_until(lambda: (workers.served() - before).total() == count, "all requests are logged")
        assert set(workers.served() - before) == {1, 2}

    resume(40)
    pid = workers.pid(1)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: workers.pid(1) != pid, "it was started again")
    resume(40)


@pytest.mark.parametrize("count", [1, 2, "auto"])
def test_a_port_in_use_is_said(workers: Workers, run_directory: Path, count: int | str) -> None:
    """A second gateway, of the same user, does not share the first one's port."""
    file = run_directory / f"in-use-by-workers-{count}.yaml"
    configuration = {**workers.gateway.configuration, "workers": count}
    del configuration["admin"]
    file.write_text(json.dumps(configuration))
    done = subprocess.run([binary(), "serve", "--config", str(file)], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert done.stderr == (
        f"portcullis: cannot listen on 127.0.0.1:{workers.gateway.port}: address already in use (EADDRINUSE)\n"
    )
    assert '"listening"' not in done.stdout
    workers.ask(5)


def test_every_kind_of_address(make_gateway: MakeGateway, backend: RawBackend, tmp_path: Path) -> None:
    """Port 0 is one port for all workers, and a UNIX-domain socket is shared and removed in the end."""
    path = tmp_path / "http.sock"
    workers = Workers(
        make_gateway, [route(backend.url)], more_listeners=[{"address": "127.0.0.1:0"}, {"address": f"unix:{path}"}]
    )
    _, chosen, unix = (line["address"] for line in workers.gateway.events("listening"))
    assert unix == f"unix:{path}"
    host, port = chosen.rsplit(":", 1)
    host_field = workers.gateway.authority
    for address in [(host, int(port)), str(path)]:
        for _ in range(20):
            assert exchange(address, "POST", "/mcp", host=host_field, body=b"{}").status == 200
    wait_until(lambda: workers.served().total() == 40, "all requests are logged")
    seen = {(line["listener"], line["worker"]) for line in workers.gateway.events("request")}
    assert {(chosen, 1), (chosen, 2)} < seen
    workers.supervisor.signal(signal.SIGTERM)
    assert workers.supervisor.wait(20) == 0
    assert not path.exists()


def test_lines_of_all_workers_stay_whole(run_directory: Path, backend: RawBackend) -> None:
    """Through a pipe that is mostly full, with lines longer than what the kernel promises to keep together."""
    port = free_port()
    file = run_directory / "whole-lines.yaml"
    address = ("127.0.0.1", port)
    configuration = {
        "public_url": f"http://127.0.0.1:{port}",
        "listeners": [{"address": f"127.0.0.1:{port}"}],
        "routes": [route(backend.url)],
        "workers": 2,
    }
    file.write_text(json.dumps(configuration))
    process = subprocess.Popen(
        [binary(), "serve", "--config", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stdout
        before = []
        for line in iter(process.stdout.readline, b""):
            before.append(line)
            if b'"listening"' in line:
                break
        count = 0
        lock = threading.Lock()

        def load(number: int) -> None:
            nonlocal count
            for index in range(40):
                path = f"/mcp/{number}-{index}-" + "x" * 6000
                assert exchange(address, "GET", path).status == 200
                with lock:
                    count += 1

        threads = [threading.Thread(target=load, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert count == 160
        # Nothing has been read so far: about a megabyte went into a pipe that holds 64 KiB.
        process.send_signal(signal.SIGTERM)
        rest, complaints = process.communicate(timeout=20)
        assert process.returncode == 0 and complaints == b""
        records = [json.loads(line) for line in [*before, *rest.splitlines()]]
        paths = [record["path"] for record in records if record["event"] == "request"]
        assert len(paths) == len(set(paths)) == 160
        assert {record["worker"] for record in records if record["event"] == "request"} == {1, 2}
        assert all(re.fullmatch(r"/mcp/\d-\d+-x{6000}", path) for path in paths)
    finally:
        process.kill()
        process.wait()


def test_limits_are_those_of_all_together(make_gateway: MakeGateway, own_backend: RawBackend) -> None:
    """Of ten connections to the MCP server each worker opens five at the most."""
    released = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        released.wait(20)
        conversation.respond(body=b"done")

    own_backend.script = script
    workers = Workers(make_gateway, [route(own_backend.url, upstream_options={"max_connections": 10})])
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Connection(workers.gateway.address, timeout=30)) for _ in range(60)]
        for client in clients:
            client.send(request_bytes("GET", "/mcp", workers.gateway.authority))
        opened = 'portcullis_upstream_connections_opened_total{protocol="http1"}'
        wait_until(lambda: workers.metrics()[opened] == 10, "all connections are open")
        released.set()
        for client in clients:
            assert client.read_response().status == 200
    assert workers.metrics()[opened] >= 10


def test_one_worker_is_the_single_process(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """No supervisor, and lines without a worker's number."""
    gateway = make_gateway([route(backend.url)], workers=1)
    assert exchange(gateway.address, "POST", "/mcp", body=b"{}").status == 200
    assert "worker" not in gateway.access(status=200)
    children = Path(f"/proc/{gateway.process.process.pid}/task/{gateway.process.process.pid}/children").read_text()
    assert children == ""
    assert not gateway.events("workers") and not gateway.events("worker_started")


def test_the_hidden_command_is_of_no_use_alone(run_directory: Path) -> None:
    """Somebody who finds it in the list of processes is told what it is."""
    process = ManagedProcess([binary(), "worker", "1"], run_directory, "worker-alone")
    assert process.wait(10) == 2
    assert "started by serve" in process.stderr
