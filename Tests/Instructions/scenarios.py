"""What is counted: the same exchanges, so and so often, one after the other on one connection."""

from collections.abc import Callable
from dataclasses import dataclass

from callgrind import Counted
from credentials import Credentials
from peers import ANSWER, BODY, CHUNK, EVENT, RESULT, STREAM, Backend, Client, H2Client

WARM_UP, ROUNDS, REPEATS = 20, 3, 60


@dataclass(frozen=True)
class Gateway:
    counted: Counted
    backend: Backend
    credentials: Credentials
    port: int
    tls_port: int


def calls(gateway: Gateway, client: Client, path: str = "/mcp", tokens: int = 1) -> Callable[[], None]:
    """A tools/call, with one of `tokens` tokens in turn."""
    made = [gateway.credentials.token() for _ in range(tokens)]
    turn = iter(made * (WARM_UP + ROUNDS * REPEATS))

    def exchange() -> None:
        client.send(path, next(turn))
        gateway.backend.request(BODY).sendall(ANSWER)
        client.receive(b"HTTP/1.1 200 ", RESULT)

    return exchange


def known_token(gateway: Gateway) -> Callable[[], None]:
    return calls(gateway, Client(gateway.port))


def new_token(gateway: Gateway) -> Callable[[], None]:
    """On a route that remembers no tokens."""
    return calls(gateway, Client(gateway.port), "/uncached", WARM_UP)


def tls(gateway: Gateway) -> Callable[[], None]:
    return calls(gateway, Client(gateway.tls_port, "http/1.1"))


def http2(gateway: Gateway) -> Callable[[], None]:
    return calls(gateway, H2Client(gateway.tls_port))


def challenge(gateway: Gateway) -> Callable[[], None]:
    client = Client(gateway.port)

    def exchange() -> None:
        client.send("/mcp")
        client.receive(b"HTTP/1.1 401 ", b"}\n")

    return exchange


def events(gateway: Gateway) -> Callable[[], None]:
    """Each is one of the same stream."""
    client = Client(gateway.port)
    client.send("/mcp", gateway.credentials.token())
    upstream = gateway.backend.request(BODY)
    upstream.sendall(STREAM + CHUNK)
    client.receive(b"HTTP/1.1 200 ", EVENT + b"\r\n")

    def exchange() -> None:
        upstream.sendall(CHUNK)
        client.receive(b"", EVENT + b"\r\n")

    return exchange


SCENARIOS: dict[str, Callable[[Gateway], Callable[[], None]]] = {
    "known-token": known_token,
    "new-token": new_token,
    "challenge": challenge,
    "tls": tls,
    "http2": http2,
    "events": events,
}


def count(gateway: Gateway, name: str) -> list[dict[str, float]]:
    """Instructions of each object file for one exchange, in each round."""
    exchange = SCENARIOS[name](gateway)
    for _ in range(WARM_UP):
        exchange()
    gateway.counted.mark()
    rounds = []
    for _ in range(ROUNDS):
        for _ in range(REPEATS):
            exchange()
        rounds.append({file: number / REPEATS for file, number in gateway.counted.mark().items()})
    return rounds
