"""A gateway under attack: what it may use meanwhile, and a client that goes on being served."""

import threading
from types import TracebackType

from support.gateway import Gateway
from support.h2frames import H2Connection
from support.rawhttp import exchange
from support.waiting import wait_until

MEGABYTE = 1024


class Siege:
    """`with Siege(gateway): …` fails unless the gateway stays within its bounds and serves others all the time.

    The bounds are generous: they tell linear from endless, not fast from slow.
    """

    def __init__(self, gateway: Gateway, path: str = "/bystander", memory: int = 16 * MEGABYTE, cpu: float = 4.0):
        self._gateway = gateway
        self._path = path
        self._memory = memory
        self._cpu = cpu
        self._over = threading.Event()
        self._answers = 0
        self._failure: BaseException | None = None
        self._bystander = threading.Thread(target=self._be_served, daemon=True)

    def _be_served(self) -> None:
        try:
            with H2Connection(self._gateway.address) as peer:
                peer.handshake()
                while not self._over.wait(0.01):
                    assert peer.exchange(path=self._path).status == 200
                    assert exchange(self._gateway.address, "GET", self._path).status == 200
                    self._answers += 1
        except BaseException as failure:
            self._failure = failure

    def wait_until_served(self) -> None:
        """Until the bystander has had three more answers."""
        wanted = self._answers + 3
        wait_until(lambda: self._answers >= wanted or self._failure, "somebody else is served", 20)

    def __enter__(self) -> "Siege":
        exchange(self._gateway.address, "GET", self._path)  # what the first request costs is not the attack's
        self._memory_before = self._gateway.process.resident_kilobytes()
        self._cpu_before = self._gateway.process.cpu_seconds()
        self._bystander.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        if kind is None:
            self.wait_until_served()
        self._over.set()
        self._bystander.join(20)
        if kind is not None:
            return
        if self._failure is not None:
            raise AssertionError(f"the bystander was not served: {self._failure!r}")
        process = self._gateway.process
        assert process.running
        grown = process.resident_kilobytes(peak=True) - self._memory_before
        assert grown < self._memory, f"{grown} KiB more memory"
        used = process.cpu_seconds() - self._cpu_before
        assert used < self._cpu, f"{used:.2f} s of processor time"
