"""Client ID metadata documents (draft-ietf-oauth-client-id-metadata-document) on an https server of the test's own."""

from typing import Any

from support.certificates import Authority, Certificate
from support.static_provider import StaticProvider
from support.tls_backend import server_context


class ClientDocuments:
    """Documents under a host that is at home, which only `options` lets the gateway reach."""

    def __init__(self, certificate: Certificate, authority: Authority):
        self._server = StaticProvider("unused", tls=server_context(certificate), algorithms=())
        self.origin = self._server.origin
        self.options: dict[str, Any] = {
            "allowed_hosts": [],
            "internal_hosts": ["127.0.0.1"],
            "ca": str(authority.file),
        }

    def publish(self, path: str, **members: Any) -> str:
        """A document about a public client at that path; returns its URL. None leaves a member out."""
        url = self.origin + path
        document = {
            "client_id": url,
            "client_name": "A client with a document",
            "client_uri": self.origin,
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            **members,
        }
        self._server.publish(path, {name: value for name, value in document.items() if value is not None})
        return url

    def fetches(self, path: str) -> int:
        """How often it was asked for."""
        return self._server.paths.count(path)

    def stop(self) -> None:
        self._server.stop()
