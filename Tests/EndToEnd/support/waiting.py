"""Free loopback ports and waiting for a condition, always with a deadline."""

import socket
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_handed_out: set[int] = set()


def free_port() -> int:
    """A loopback port nobody listens on; never the same one twice in a run."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _handed_out:
            _handed_out.add(port)
            return port


def wait_until(condition: Callable[[], T], what: str, timeout: float = 10.0, interval: float = 0.005) -> T:
    """The first truthy value of `condition`; fails the test when the deadline passes."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {what}")
        time.sleep(interval)
