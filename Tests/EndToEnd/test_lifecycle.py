"""Start and end of the process: configurations that must not start, signals, draining."""

import json
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeGateway
from support.gateway import binary, route
from support.process import ManagedProcess
from support.raw_backend import Conversation, RawBackend, Received
from support.rawhttp import Connection, exchange, request_bytes
from support.waiting import free_port, wait_until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_gateway_ends_at_once(make_gateway: MakeGateway, backend: RawBackend, number: signal.Signals) -> None:
    """Exit status 0, with keep-alive connections open or not."""
    gateway = make_gateway([route(backend.url)])
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("GET", "/mcp", gateway.authority))
        assert connection.read_response().status == 200
        gateway.process.signal(number)
        assert gateway.process.wait(10) == 0
        assert connection.at_end()


def test_streams_may_finish_while_draining(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """SIGTERM closes the door, not the streams: the last event and a clean end still come."""
    more = threading.Event()

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        conversation.chunk(b"data: before\n\n")
        more.wait(20)
        conversation.chunk(b"data: after\n\n")
        conversation.end_chunks()

    backend.script = script
    gateway = make_gateway([route(backend.url)])
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        connection.read_head()
        assert connection.read_chunk() == b"data: before\n\n"
        gateway.process.signal(signal.SIGTERM)

        def refused() -> bool:
            try:
                Connection(gateway.address).close()
            except ConnectionRefusedError:
                return True
            except ConnectionResetError:
                pass  # It was in the queue of the listener just when that closed; the next look decides.
            return False

        wait_until(refused, "new connections are refused")
        assert gateway.process.running
        more.set()
        assert connection.read_chunk() == b"data: after\n\n"
        assert connection.read_chunk() == b""
        assert connection.read_until(b"\r\n") == b""
        assert connection.at_end(), "a drained connection is closed after its response"
    assert gateway.process.wait(10) == 0


def test_draining_has_an_end(make_gateway: MakeGateway, backend: RawBackend) -> None:
    """A stream that goes on for ever is cut after `drain`, visibly."""

    def script(conversation: Conversation, _: Received) -> None:
        conversation.start_chunked()
        conversation.chunk(b"data: 1\n\n")
        conversation.peer_gone()
        conversation.close()

    backend.script = script
    gateway = make_gateway([route(backend.url)], timeouts={"drain": "300ms"})
    with Connection(gateway.address) as connection:
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        connection.read_head()
        connection.read_chunk()
        gateway.process.signal(signal.SIGTERM)
        assert connection.read_to_end() == b""
    assert gateway.process.wait(10) == 0


def test_a_port_in_use_is_said(run_directory: Path, own_backend: RawBackend) -> None:
    """The gateway does not start beside another server."""
    file = run_directory / "in-use.yaml"
    configuration = {
        "public_url": f"http://127.0.0.1:{own_backend.port}",
        "listeners": [{"address": f"127.0.0.1:{own_backend.port}"}],
        "routes": [route(own_backend.url)],
    }
    file.write_text(json.dumps(configuration))
    process = ManagedProcess([binary(), "serve", "--config", str(file)], run_directory, "in-use")
    try:
        assert process.wait(10) != 0
        assert str(own_backend.port) in process.stdout + process.stderr
        assert '"listening"' not in process.stdout
    finally:
        process.stop()


def serve(directory: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs the program with this configuration until it ends by itself."""
    file = directory / "portcullis.yaml"
    file.write_text(text)
    return subprocess.run(
        [binary(), "serve", "--config", str(file), *options], capture_output=True, text=True, timeout=20
    )


ROUTE = """
routes:
  - path: /mcp
    upstream:
      url: http://127.0.0.1:8000/mcp
    authorization: none
"""

BAD: dict[str, tuple[str, str, str]] = {
    "no public URL": (ROUTE, "", "public_url"),
    "no routes": ("public_url: http://127.0.0.1:8080\n", "", "routes"),
    "unknown key": ("public_url: http://127.0.0.1:8080\nlisteners_: []\n" + ROUTE, "2:1", "listeners_"),
    "public URL with a query": ("public_url: http://127.0.0.1:8080/?a=1\n" + ROUTE, "1:13", "public_url"),
    "route without authorization": (
        "public_url: http://127.0.0.1:8080\n" + ROUTE.replace("    authorization: none\n", ""),
        "",
        "authorization",
    ),
    "path with a slash at its end": (
        "public_url: http://127.0.0.1:8080\n" + ROUTE.replace("/mcp\n", "/mcp/\n", 1),
        "4:11",
        "path",
    ),
    "TLS settings for a backend in the clear": (
        "public_url: http://127.0.0.1:8080\n" + ROUTE.replace("/mcp\n    auth", "/mcp\n      tls: {ca: /ca.pem}\n    auth"),
        "7:12",
        "https",
    ),
    "tokens bound to nothing": (
        "public_url: http://127.0.0.1:8080\n"
        + ROUTE.replace(
            "authorization: none",
            "authorization:\n      discovery_url: http://127.0.0.1:9/.well-known/openid-configuration",
        ),
        "",
        "allowed_audience|audience",
    ),
    "YAML that is none": ("public_url: [http://127.0.0.1\n", "", ""),
}


@pytest.mark.parametrize(("text", "position", "words"), BAD.values(), ids=BAD.keys())
def test_a_bad_configuration_never_starts(tmp_path: Path, text: str, position: str, words: str) -> None:
    """Exit status 1, the place as file:line:column, and what is wrong (GW-46)."""
    done = serve(tmp_path, text)
    assert done.returncode == 1
    assert '"listening"' not in done.stdout
    message = done.stdout + done.stderr
    located = [line for line in message.splitlines() if f"{tmp_path / 'portcullis.yaml'}:" in line]
    assert located, message
    if position:
        assert f"portcullis.yaml:{position}: error: " in message
    else:
        assert any(part.isdigit() for part in located[0].split("portcullis.yaml:")[1].split(":")[:2])
    assert any(word in message for word in words.split("|"))


def test_a_missing_configuration_is_said(tmp_path: Path) -> None:
    """No file, no start."""
    done = subprocess.run(
        [binary(), "serve", "--config", str(tmp_path / "none.yaml")], capture_output=True, text=True, timeout=20
    )
    assert done.returncode != 0
    assert "none.yaml" in done.stdout + done.stderr


def test_a_free_port_can_be_asked_for(run_directory: Path, backend: RawBackend) -> None:
    """Port 0 takes a free port, and the listening line says which."""
    file = run_directory / "port-zero.yaml"
    public = f"http://127.0.0.1:{free_port()}"
    configuration: dict[str, Any] = {
        "public_url": public,
        "listeners": [{"address": "127.0.0.1:0"}],
        "routes": [route(backend.url)],
    }
    file.write_text(json.dumps(configuration))
    process = ManagedProcess([binary(), "serve", "--config", str(file)], run_directory, "port-zero")
    try:
        address = json.loads(process.wait_for_line('"listening"'))["address"]
        host, port = address.rsplit(":", 1)
        assert host == "127.0.0.1" and int(port) > 0
        response = exchange((host, int(port)), "POST", "/mcp", host=public.removeprefix("http://"), body=b"{}")
        assert response.status == 200
    finally:
        process.stop()
