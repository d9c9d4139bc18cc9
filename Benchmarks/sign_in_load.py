"""People who sign in through the bridge, many at a time: registration, consent page, consent, callback, token.

The provider's pages are left out: its answer, a code, comes at once. Prints the number of sign-ins and the seconds they
took, as JSON; ends with an error when any step is not answered as it should be.
"""

import asyncio
import base64
import hashlib
import json
import re
import sys
import time
from urllib.parse import parse_qs, urlencode, urlsplit

REDIRECT = "http://127.0.0.1:7777/callback"
VERIFIER = "a-verifier-that-is-at-least-43-characters-long"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
FORM = "application/x-www-form-urlencoded"


class Visitor:
    """One person's browser and client, on one connection."""

    def __init__(self, port: int):
        self.port = port
        self.cookies: dict[str, str] = {}

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(
        self, method: str, target: str, status: int, body: str = "", kind: str = ""
    ) -> tuple[dict[str, str], bytes]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = [f"{method} {target} HTTP/1.1", f"host: 127.0.0.1:{self.port}"]
        lines += [f"cookie: {cookies}"] if cookies else []
        lines += [f"content-type: {kind}", f"content-length: {len(body)}"] if body else []
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        first, *fields = (await self.reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
        found: dict[str, str] = {}
        for line in fields:
            name, _, value = line.partition(": ")
            if name.lower() == "set-cookie":
                cookie, _, held = value.split(";", 1)[0].partition("=")
                self.cookies[cookie] = held
            found[name.lower()] = value
        content = await self.reader.readexactly(int(found.get("content-length", "0")))
        if int(first.split()[1]) != status:
            raise SystemExit(f"{method} {target[:40]} was answered with {first}: {content[:300]!r}")
        return found, content

    async def sign_in(self) -> None:
        metadata = {"redirect_uris": [REDIRECT], "client_name": "Benchmark"}
        _, content = await self.ask("POST", "/oauth/register", 201, json.dumps(metadata), "application/json")
        client = json.loads(content)["client_id"]
        wanted = {
            "response_type": "code", "client_id": client, "redirect_uri": REDIRECT, "state": "state",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256", "scope": "mcp:tools",
        }  # fmt: skip
        _, page = await self.ask("GET", f"/oauth/authorize?{urlencode(wanted)}", 200)
        hidden = re.search(r'name="request" value="([^"]+)"', page.decode())
        if hidden is None:
            raise SystemExit("there is no form on the consent page")
        form = urlencode({"request": hidden[1], "action": "allow"})
        fields, _ = await self.ask("POST", "/oauth/consent", 303, form, FORM)
        state = parse_qs(urlsplit(fields["location"]).query)["state"][0]
        fields, _ = await self.ask("GET", f"/oauth/callback?{urlencode({'code': 'c', 'state': state})}", 303)
        code = parse_qs(urlsplit(fields["location"]).query)["code"][0]
        grant = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "client_id": client,
            "code_verifier": VERIFIER,
        }  # fmt: skip
        await self.ask("POST", "/oauth/token", 200, urlencode(grant), FORM)
        self.writer.close()


async def main(port: int, people: int) -> None:
    """All have connected before the first begins, so that all are under way at once."""
    visitors = [Visitor(port) for _ in range(people)]
    for visitor in visitors:
        await visitor.open()
    begin = time.monotonic()
    await asyncio.gather(*(visitor.sign_in() for visitor in visitors))
    print(json.dumps({"people": people, "seconds": time.monotonic() - begin}))


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
