"""A service at home that nobody may be led to: on one port of every loopback address, it counts who comes."""

import socket
import threading


class Canary:
    """Whatever is said to it, it says nothing."""

    def __init__(self) -> None:
        first = socket.create_server(("127.0.0.1", 0))
        self.port = first.getsockname()[1]
        self.visits = 0
        self._sockets = [first, socket.create_server(("127.0.0.2", self.port))]
        self._sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        for listening in self._sockets:
            threading.Thread(target=self._run, args=(listening,), daemon=True).start()

    def _run(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            self.visits += 1
            connection.close()

    def stop(self) -> None:
        for listening in self._sockets:
            # Closing alone does not wake up who waits in accept.
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()
