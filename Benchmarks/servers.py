"""The servers of the benchmark: proxies with the same task, the backend behind them, an issuer of tokens."""

import socket
import ssl
import urllib.error
import urllib.request
from pathlib import Path

from certificate import make_certificate
from processes import Failure, Server, compile_program, free_port, most_files
from proxies import KINDS, Kind, program
from signing import Issuer, forged

CONFIGURATIONS = Path(__file__).resolve().parent / "conf"
PROXY_CPU, LOAD_CPU = 0, 1
# nginx makes room for as many connections at once, so not all that a generous machine would allow.
MOST_FILES = 65_536


class Proxy:
    """A running proxy: the same backend on a clear port and, with HTTP/2, on a TLS port."""

    def __init__(self, server: Server, port: int, tls_port: int, refusing: str):
        self.server, self.port, self.tls_port = server, port, tls_port
        self.refusing_url = f"http://127.0.0.1:{port}{refusing}"
        self.url = f"http://127.0.0.1:{port}/mcp"
        self.tls_url = f"https://127.0.0.1:{tls_port}/mcp"

    def check_tls(self, authority: Path) -> None:
        """Figures are comparable only when all have agreed on the same version, cipher and protocol."""
        context = ssl.create_default_context(cafile=str(authority))
        context.set_alpn_protocols(["h2", "http/1.1"])
        with socket.create_connection(("127.0.0.1", self.tls_port)) as connection:
            with context.wrap_socket(connection, server_hostname="127.0.0.1") as tls:
                agreed = (tls.version(), (tls.cipher() or [""])[0], tls.selected_alpn_protocol())
        if agreed != ("TLSv1.3", "TLS_AES_128_GCM_SHA256", "h2"):
            raise Failure(f"{self.tls_url} agreed on {agreed}")

    def check_refusal(self, token: str) -> None:
        """A check that lets a forged token pass is none, and its cost is no figure."""
        request = urllib.request.Request(self.url, b"{}", {"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                status = response.status
        except urllib.error.HTTPError as refusal:
            status = refusal.code
        if status != 401:
            raise Failure(f"{self.url} answered {status} to a forged token")


class Servers:
    """Backend and issuer run from `begin` to `stop`; each call of `start` gives a new proxy."""

    def __init__(self, folder: Path, binary: Path):
        self.folder, self.binary, self.started = folder, binary, 0
        self.support: list[Server] = []
        self.backend_port, self.issuer_port = free_port(), free_port()
        documents = folder / "issuer"
        documents.mkdir()
        self.issuer = Issuer(documents, f"http://127.0.0.1:{self.issuer_port}", "api://bench")
        self.token = self.issuer.token("RS256")
        make_certificate(folder)

    def begin(self) -> None:
        files = ["--bind", "127.0.0.1", "-d", str(self.issuer.folder)]
        command = ["python3", "-m", "http.server", str(self.issuer_port), *files]
        self.support.append(Server(command, LOAD_CPU, self.issuer_port, self.folder / "issuer.log"))
        backend = [str(compile_program(self.folder, "backend")), str(self.backend_port)]
        self.support.append(Server(backend, LOAD_CPU, self.backend_port, self.folder / "backend.log"))

    def start(self, name: str, values: dict[str, object] | None = None, cpu: int | str = PROXY_CPU) -> Proxy:
        """`values` are those of this run alone."""
        kind = KINDS[name]
        port, tls_port = free_port(), free_port() if kind.has_tls else 0
        proxy = Proxy(self.run(name, kind, cpu, port, tls_port, values or {}), port, tls_port, kind.refusing)
        try:
            if kind.has_tls:
                proxy.check_tls(self.folder / "certificate.pem")
            if kind.checks_tokens:
                proxy.check_refusal(forged(self.token))
        except BaseException:
            proxy.server.stop()
            raise
        return proxy

    def run(
        self, name: str, kind: Kind, cpu: int | str, port: int, tls_port: int, more: dict[str, object]
    ) -> Server:
        self.started += 1
        folder = self.folder / f"{self.started}-{name}"
        folder.mkdir()
        files = min(most_files(), MOST_FILES)
        values: dict[str, object] = {
            "PORT": port, "TLS_PORT": tls_port, "FOLDER": folder, "CERTIFICATES": self.folder,
            "ISSUER": self.issuer.url, "DOCUMENTS": self.issuer.folder, "BACKEND_PORT": self.backend_port,
            "FILES": files, "NGINX_CONNECTIONS": files * 9 // 8, **kind.values, **more,
        }  # fmt: skip

        def filled(text: str) -> str:
            for key, value in values.items():
                text = text.replace(f"@{key}@", str(value))
            return text

        configuration = folder / kind.template
        configuration.write_text(filled((CONFIGURATIONS / kind.template).read_text()))
        arguments = [*(filled(part) for part in kind.arguments), str(configuration)]
        command = [str(program(kind, self.binary)), *arguments]
        # The TLS port is opened last.
        return Server(command, cpu, tls_port or port, folder / "log")

    def stop(self) -> None:
        for server in self.support:
            server.stop()
