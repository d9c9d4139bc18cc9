"""The older SDK (mcp 1.x) as a client: `legacy_client.py URL USER PASSWORD [AUTHORITIES [CLIENT]]`; prints its findings
as one JSON line. With a file of authorities it trusts those, and speaks HTTP/2. CLIENT is its identifier, the URL of
a document about it or one that the server knows; without it, it registers.

Runs in an environment of its own. Lists and calls tools, collects progress, then leaves the session.
"""

import asyncio
import json
import ssl
import sys

import httpx
from mcp import ClientSession
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata

from support.browser import REDIRECT_URI, Browser


class Storage:
    def __init__(self) -> None:
        self.tokens = None
        self.client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens) -> None:
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info) -> None:
        self.client = client_info


async def main(url: str, user: str, password: str, authorities: str = "", client: str = "") -> None:
    trusted = authorities or None
    browser = Browser(user, password, trusted)
    storage = Storage()
    document = client if client.startswith("https://") else None
    if client and not document:
        storage.client = OAuthClientInformationFull(client_id=client, redirect_uris=[REDIRECT_URI])
    results: list[dict[str, str]] = []
    wire: list[tuple[str, int]] = []
    protocols: set[str] = set()
    progress: list[float] = []

    async def redirect(authorization_url: str) -> None:
        results.append(await asyncio.to_thread(browser.authorize, authorization_url))

    async def callback() -> tuple[str, str | None]:
        result = results.pop()
        return result["code"], result.get("state")

    async def on_progress(value: float, _total: float | None, _message: str | None) -> None:
        progress.append(value)

    async def on_response(response: httpx.Response) -> None:
        if str(response.url) == url:
            wire.append((response.request.method, response.status_code))
            protocols.add(response.http_version)

    metadata = OAuthClientMetadata(client_name="older", redirect_uris=[REDIRECT_URI], token_endpoint_auth_method="none")
    auth = OAuthClientProvider(url, metadata, storage, redirect, callback, client_metadata_url=document)
    async with httpx.AsyncClient(
        auth=auth,
        timeout=20,
        trust_env=False,
        http2=trusted is not None,
        verify=ssl.create_default_context(cafile=trusted),
        event_hooks={"response": [on_response]},
    ) as http:
        async with streamable_http_client(url, http_client=http) as (read, write, session_id):
            async with ClientSession(read, write) as session:
                initialized = await session.initialize()
                tools = await session.list_tools()
                added = await session.call_tool("add", {"a": 2, "b": 3})
                counted = await session.call_tool("countdown", {"start": 3}, progress_callback=on_progress)
                identifier = session_id()
    print(
        json.dumps(
            {
                "version": initialized.protocolVersion,
                "tools": sorted(tool.name for tool in tools.tools),
                "added": added.content[0].text,
                "counted": counted.content[0].text,
                "progress": progress,
                "session": identifier,
                "wire": wire,
                "protocols": sorted(protocols),
                "forms": browser.forms_sent,
                "client": storage.client.client_id,
                "access_token": storage.tokens.access_token,
                "refresh_token": storage.tokens.refresh_token,
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:6]))
