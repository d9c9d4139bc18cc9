"""Clients that send requests all the time, each over a connection of its own, and what they were answered."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType

from support.gateway import Gateway
from support.rawhttp import Connection, request_bytes
from support.waiting import wait_until


class Load:
    """`with Load(gateway, mint): …`; `mint` gives the token of each request."""

    def __init__(self, gateway: Gateway, mint: Callable[[], str], path: str = "/mcp", clients: int = 4):
        self._gateway = gateway
        self._mint = mint
        self._path = path
        self._over = threading.Event()
        # Held by each client for the length of a request.
        self._turns = [threading.Lock() for _ in range(clients)]
        self._answers: list[Counter[int]] = [Counter() for _ in range(clients)]
        self._failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(clients)]

    def _run(self, number: int) -> None:
        try:
            with Connection(self._gateway.address, timeout=30) as connection:
                while not self._over.wait(0.002):
                    with self._turns[number]:
                        fields = [("Authorization", f"Bearer {self._mint()}")]
                        connection.send(request_bytes("POST", self._path, self._gateway.authority, fields, b"{}"))
                        self._answers[number][connection.read_response().status] += 1
        except BaseException as failure:
            self._failures.append(failure)

    @property
    def answers(self) -> Counter[int]:
        """How often which status was answered."""
        return sum(self._answers, Counter())

    def wait_for_more(self, count: int = 10) -> None:
        """Until every client has had so many more answers."""
        wanted = [answers.total() + count for answers in self._answers]

        def had() -> bool:
            return all(answers.total() >= one for answers, one in zip(self._answers, wanted, strict=True))

        wait_until(lambda: had() or self._failures, f"{count} more answers for each client", 40)
        self._raise()

    @contextmanager
    def between_requests(self) -> Iterator[None]:
        """No request is under way inside of this."""
        with ExitStack() as turns:
            for turn in self._turns:
                turns.enter_context(turn)
            yield

    def _raise(self) -> None:
        if self._failures:
            raise AssertionError(f"a client failed: {self._failures[0]!r}")

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(40)
        if kind is None:
            self._raise()
