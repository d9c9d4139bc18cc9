"""What is compared: how each proxy is started, and what it takes part in."""

import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

from processes import installed

# Far more than tokens in use, so that hardly any gives way to another.
ROOMY = 65_536


@dataclass(frozen=True)
class Kind:
    """How a server is started. `@NAME@` is filled in, in arguments as in the configuration, whose path comes last."""

    template: str
    command: str
    arguments: list[str]
    values: dict[str, object] = field(default_factory=dict)
    # Has a port with TLS, too.
    has_tls: bool = True
    # Must refuse a token with a forged signature.
    checks_tokens: bool = False
    # Where a request without a token is answered with 401.
    refusing: str = "/mcp"


NGINX = ("nginx", ["-p", "@FOLDER@", "-c"])
HAPROXY = ("haproxy", ["-db", "-f"])
PORTCULLIS = ("portcullis", ["serve", "--config"])
ENVOY = ("envoy", ["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning", "-c"])

KINDS = {
    "nginx": Kind("nginx-proxy.conf", *NGINX, refusing="/refused"),
    "haproxy": Kind("haproxy.cfg", *HAPROXY, refusing="/refused"),
    "portcullis": Kind("portcullis.yaml", *PORTCULLIS, {"TOKEN_CACHE": ""}, checks_tokens=True),
    "haproxy-jwt": Kind("haproxy-jwt.cfg", *HAPROXY, has_tls=False, checks_tokens=True),
    # No request goes to the path that asks for a token.
    "envoy": Kind("envoy.yaml", *ENVOY, {"TOKEN_CACHE": "", "CHECKED": "/elsewhere"}, has_tls=False),
    "envoy-jwt": Kind("envoy.yaml", *ENVOY, {"TOKEN_CACHE": "", "CHECKED": "/"}, has_tls=False, checks_tokens=True),
    "envoy-jwt-cached": Kind(
        "envoy.yaml", *ENVOY, {"TOKEN_CACHE": f"jwt_cache_config: {{ jwt_cache_size: {ROOMY} }}", "CHECKED": "/"},
        has_tls=False, checks_tokens=True,
    ),
    "portcullis-uncached": Kind(
        "portcullis.yaml", *PORTCULLIS, {"TOKEN_CACHE": "token_cache_entries: 0"}, checks_tokens=True
    ),
    "portcullis-bridge": Kind("portcullis-bridge.yaml", *PORTCULLIS, has_tls=False),
    # Told by each run: how many workers, and the port of the operator's pages.
    "portcullis-workers": Kind("portcullis-workers.yaml", *PORTCULLIS, has_tls=False, checks_tokens=True),
    "portcullis-cached": Kind(
        "portcullis.yaml", *PORTCULLIS, {"TOKEN_CACHE": f"token_cache_entries: {ROOMY}"}, checks_tokens=True
    ),
}  # fmt: skip


def program(kind: Kind, binary: Path) -> Path | None:
    """None when it is not installed. `binary` is the gateway's; Envoy's comes with the environment (see `run`)."""
    if kind.command == "portcullis":
        found = binary
    elif kind.command == "envoy":
        found = Path(sysconfig.get_path("platlib")) / "envoy" / "_bin" / "envoy"
    else:
        found = Path(installed(kind.command) or "/nowhere")
    return found if found.exists() else None


def absence(name: str, binary: Path) -> str | None:
    """Why a proxy cannot be measured."""
    kind = KINDS[name]
    if program(kind, binary) is not None:
        return None
    if kind.command == "portcullis":
        return f"{binary} does not exist: make build"
    if kind.command == "envoy":
        return "pyvoy, which brings Envoy, could not be installed (see above)"
    return f"{kind.command} is not installed: scripts/setup bench"
