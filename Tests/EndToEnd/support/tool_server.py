"""MCP servers of the SDK as backends, one for each way of serving, all on one port:
`tool_server.py PORT [CERTIFICATE KEY]`; with a certificate, over https.

Prints one JSON line for each thing a test wants to know (calls begun, cancelled, finished).
"""

import contextlib
import json
import sys
from collections.abc import AsyncIterator

import anyio
import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from mcp_types import JSONRPCMessage
from starlette.applications import Starlette

# Path of each variant and how it serves.
VARIANTS: dict[str, dict] = {
    "/stateless-json": {"stateless_http": True, "json_response": True},
    "/stateless-sse": {"stateless_http": True, "json_response": False},
    "/stateful-json": {"stateless_http": False, "json_response": True},
    "/stateful-sse": {"stateless_http": False, "json_response": False},
    "/resumable": {"stateless_http": False, "json_response": False, "retry_interval": 50},
}


def note(event: str, **facts: object) -> None:
    print(json.dumps({"event": event, **facts}), flush=True)


class MemoryEventStore(EventStore):
    """Keeps every event of every stream, in order."""

    def __init__(self) -> None:
        self._events: list[tuple[str, str, JSONRPCMessage | None]] = []

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        identifier = f"event-{len(self._events)}"
        self._events.append((identifier, stream_id, message))
        return identifier

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        note("replay", after=last_event_id)
        position = next((i for i, event in enumerate(self._events) if event[0] == last_event_id), None)
        if position is None:
            return None
        stream = self._events[position][1]
        for identifier, stream_id, message in self._events[position + 1 :]:
            if stream_id == stream and message is not None:
                await send_callback(EventMessage(message, identifier))
        return stream


def make_server(name: str) -> MCPServer:
    server = MCPServer(name)

    @server.tool()
    def echo(text: str) -> str:
        """Returns its argument."""
        return text

    @server.tool()
    def add(a: int, b: int) -> str:
        """Adds two numbers."""
        return str(a + b)

    @server.tool()
    async def countdown(start: int, ctx: Context) -> str:
        """Reports progress once for each step."""
        for step in range(start):
            await ctx.report_progress(step + 1, start, f"{start - step - 1} to go")
        return "lift-off"

    @server.tool()
    def headers_seen(ctx: Context) -> str:
        """The header fields of the request as the backend received them."""
        return json.dumps(dict(ctx.headers or {}))

    @server.tool()
    async def slow(marker: str, ctx: Context) -> str:
        """Runs until the caller goes away."""
        note("slow_begun", marker=marker)
        await ctx.report_progress(1, 2, "begun")
        try:
            await anyio.sleep(60)
        except anyio.get_cancelled_exc_class():
            note("slow_cancelled", marker=marker)
            raise
        note("slow_finished", marker=marker)
        return "finished"

    @server.tool()
    async def announce(ctx: Context) -> str:
        """Sends a notification that belongs to no request, so it takes the GET stream."""
        await ctx.session.send_resource_list_changed()
        return "announced"

    @server.tool()
    async def interrupted(ctx: Context) -> str:
        """Closes its own stream half-way; the client must come back for the result."""
        await ctx.report_progress(1, 2, "before")
        await ctx.close_sse_stream()
        await ctx.report_progress(2, 2, "after")
        return "resumed"

    return server


def make_application() -> Starlette:
    applications = []
    for path, options in VARIANTS.items():
        store = MemoryEventStore() if path == "/resumable" else None
        server = make_server(path.strip("/"))
        applications.append(server.streamable_http_app(streamable_http_path=path, event_store=store, **options))

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for application in applications:
                await stack.enter_async_context(application.router.lifespan_context(application))
            note("ready")
            yield

    routes = [route for application in applications for route in application.routes]
    return Starlette(routes=routes, lifespan=lifespan)


if __name__ == "__main__":
    uvicorn.run(
        make_application(),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="warning",
        timeout_graceful_shutdown=1,
        ssl_certfile=sys.argv[2] if sys.argv[2:] else None,
        ssl_keyfile=sys.argv[3] if sys.argv[2:] else None,
    )
