"""The SDK's own OAuth client, with a scripted browser in place of a window."""

import asyncio

from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from support import secrecy
from support.browser import REDIRECT_URI, Browser


class Storage:
    """Keeps what the SDK client stores, and every token it ever stored."""

    def __init__(self, tokens: OAuthToken | None = None, client: OAuthClientInformationFull | None = None):
        self.tokens = tokens
        self.client = client
        self.history: list[OAuthToken] = []

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens
        self.history.append(tokens)
        secrecy.remember("token", tokens.access_token)
        secrecy.remember("refresh token", tokens.refresh_token)

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


def oauth_client(
    url: str, browser: Browser, storage: Storage, metadata_url: str | None = None
) -> OAuthClientProvider:
    """Authorizes requests to `url`; discovers, registers and signs in when challenged. With a `metadata_url` that is its
    identifier, where servers take one."""
    results: list[dict[str, str]] = []

    async def redirect(authorization_url: str) -> None:
        results.append(await asyncio.to_thread(browser.authorize, authorization_url))

    async def callback() -> AuthorizationCodeResult:
        result = results.pop()
        assert "code" in result, f"the provider answered {result}"
        return AuthorizationCodeResult(code=result["code"], state=result.get("state"), iss=result.get("iss"))

    metadata = OAuthClientMetadata(
        client_name="end-to-end", redirect_uris=[REDIRECT_URI], token_endpoint_auth_method="none"
    )
    return OAuthClientProvider(url, metadata, storage, redirect, callback, metadata_url)
