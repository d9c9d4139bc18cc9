"""The servers of the benchmark: three proxies with the same task, the backend behind them, an issuer of tokens."""

import socket
import ssl
from pathlib import Path

from certificate import make_certificate
from processes import Server, free_port
from signing import make_issuer

CONFIGURATIONS = Path(__file__).resolve().parent / "conf"
PROXY_CPU, LOAD_CPU = 0, 1
PROXIES = ("nginx", "haproxy", "portcullis")


class Proxy:
    """A running proxy: the same backend on a clear port and, with HTTP/2, on a TLS port."""

    def __init__(self, server: Server, port: int, tls_port: int):
        self.server, self.port, self.tls_port = server, port, tls_port
        self.url = f"http://127.0.0.1:{port}/mcp"
        self.tls_url = f"https://127.0.0.1:{tls_port}/mcp"

    def check_tls(self, authority: Path) -> None:
        """Figures are comparable only when all have agreed on the same version, cipher and protocol."""
        context = ssl.create_default_context(cafile=str(authority))
        context.set_alpn_protocols(["h2", "http/1.1"])
        with socket.create_connection(("127.0.0.1", self.tls_port)) as connection:
            with context.wrap_socket(connection, server_hostname="127.0.0.1") as tls:
                agreed = (tls.version(), tls.cipher()[0], tls.selected_alpn_protocol())
        if agreed != ("TLSv1.3", "TLS_AES_128_GCM_SHA256", "h2"):
            raise SystemExit(f"{self.tls_url} agreed on {agreed}")


class Servers:
    """Backend and issuer run from `begin` to `stop`; each call of `start` gives a new proxy."""

    def __init__(self, folder: Path, binary: Path):
        self.folder, self.binary, self.started = folder, binary, 0
        self.support: list[Server] = []
        self.backend_port, self.issuer_port = free_port(), free_port()
        self.issuer = f"http://127.0.0.1:{self.issuer_port}"
        self.documents = folder / "issuer"
        self.documents.mkdir()
        self.token = make_issuer(self.documents, self.issuer, "api://bench")
        make_certificate(folder)

    def begin(self) -> None:
        files = ["--bind", "127.0.0.1", "-d", str(self.documents)]
        command = ["python3", "-m", "http.server", str(self.issuer_port), *files]
        self.support.append(Server(command, LOAD_CPU, self.issuer_port, self.folder / "issuer.log"))
        self.support.append(self.run("backend", LOAD_CPU, self.backend_port, 0))

    def start(self, name: str) -> Proxy:
        port, tls_port = free_port(), free_port()
        proxy = Proxy(self.run(name, PROXY_CPU, port, tls_port), port, tls_port)
        try:
            proxy.check_tls(self.folder / "certificate.pem")
        except BaseException:
            proxy.server.stop()
            raise
        return proxy

    def run(self, name: str, cpu: int, port: int, tls_port: int) -> Server:
        template, command = {
            "backend": ("nginx-backend.conf", ["nginx", "-p", "@FOLDER@", "-c"]),
            "nginx": ("nginx-proxy.conf", ["nginx", "-p", "@FOLDER@", "-c"]),
            "haproxy": ("haproxy.cfg", ["haproxy", "-db", "-f"]),
            "portcullis": ("portcullis.yaml", [str(self.binary), "serve", "--config"]),
        }[name]
        self.started += 1
        folder = self.folder / f"{self.started}-{name}"
        folder.mkdir()
        values = {
            "PORT": port, "TLS_PORT": tls_port, "FOLDER": folder,
            "CERTIFICATES": self.folder, "ISSUER": self.issuer, "BACKEND_PORT": self.backend_port,
        }  # fmt: skip
        text = (CONFIGURATIONS / template).read_text()
        for key, value in values.items():
            text = text.replace(f"@{key}@", str(value))
        configuration = folder / template
        configuration.write_text(text)
        command = [part.replace("@FOLDER@", str(folder)) for part in command]
        # The TLS port is opened last.
        return Server([*command, str(configuration)], cpu, tls_port or port, folder / "log")

    def stop(self) -> None:
        for server in self.support:
            server.stop()
