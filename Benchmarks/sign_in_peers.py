"""What stands beside the gateway while people sign in: the provider's token endpoint, an MCP server that sends an event a
second on each stream, and the clients that measure how late those events come.

Prints for each phase, which a line on standard input ends, how late events were: as JSON, milliseconds.
"""

import asyncio
import json
import sys
import time
from itertools import count

TOKEN = json.dumps(
    {"access_token": "opaque", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "r", "scope": "mcp:tools"}
).encode()
late: list[float] = []


async def head_of(reader: asyncio.StreamReader) -> bytes:
    return (await reader.readuntil(b"\r\n\r\n")).lower()


def length_of(head: bytes) -> int:
    _, found, rest = head.partition(b"\r\ncontent-length:")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await head_of(reader)
            await reader.readexactly(length_of(head))
            if b" /token " in head.split(b"\r\n", 1)[0]:
                fields = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(TOKEN)
                writer.write(fields + TOKEN)
            else:
                await stream(writer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def stream(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    for _ in count():
        event = b"data: %.6f\n\n" % time.monotonic()
        writer.write(b"%x\r\n%s\r\n" % (len(event), event))
        await writer.drain()
        await asyncio.sleep(1)


async def listen(port: int, token: str, offset: float) -> None:
    """One client: notes how long each event has been under way."""
    await asyncio.sleep(offset)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET /events HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\naccept: text/event-stream\r\n"
    writer.write(f"{request}authorization: Bearer {token}\r\n\r\n".encode())
    head = await head_of(reader)
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise SystemExit(f"a stream was answered with {head!r}")
    while True:
        line = await reader.readline()
        if line.startswith(b"data: "):
            late.append((time.monotonic() - float(line[6:])) * 1e3)


async def phases() -> None:
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        figures = sorted(late)
        late.clear()
        print(
            json.dumps(
                {
                    "events": len(figures),
                    "median": figures[len(figures) // 2] if figures else 0,
                    "p99": figures[len(figures) * 99 // 100] if figures else 0,
                    "worst": figures[-1] if figures else 0,
                }
            ),
            flush=True,
        )


async def main(own_port: int, gateway_port: int, token: str, streams: int) -> None:
    await asyncio.start_server(serve, "127.0.0.1", own_port, backlog=4096)
    clients = [asyncio.create_task(listen(gateway_port, token, number / streams)) for number in range(streams)]
    ending = asyncio.create_task(phases())
    done, _ = await asyncio.wait([ending, *clients], return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
