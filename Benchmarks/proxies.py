"""What is compared: how each proxy is started, and what it takes part in."""

import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

# Far more than tokens in use, so that hardly any gives way to another.
ROOMY = 65_536


@dataclass(frozen=True)
class Kind:
    """How a server is started. `@NAME@` is filled in, in the command as in the configuration, whose path comes last."""

    template: str
    command: list[str]
    values: dict[str, object] = field(default_factory=dict)
    # Has a port with TLS, too.
    has_tls: bool = True
    # Must refuse a token with a forged signature.
    checks_tokens: bool = False
    # Where a request without a token is answered with 401.
    refusing: str = "/mcp"


NGINX = ["nginx", "-p", "@FOLDER@", "-c"]
HAPROXY = ["haproxy", "-db", "-f"]
PORTCULLIS = ["@BINARY@", "serve", "--config"]
ENVOY = ["@ENVOY@", "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning", "-c"]

KINDS = {
    "nginx": Kind("nginx-proxy.conf", NGINX, refusing="/refused"),
    "haproxy": Kind("haproxy.cfg", HAPROXY, refusing="/refused"),
    "portcullis": Kind("portcullis.yaml", PORTCULLIS, {"TOKEN_CACHE": ""}, checks_tokens=True),
    "haproxy-jwt": Kind("haproxy-jwt.cfg", HAPROXY, has_tls=False, checks_tokens=True),
    # No request goes to the path that asks for a token.
    "envoy": Kind("envoy.yaml", ENVOY, {"TOKEN_CACHE": "", "CHECKED": "/elsewhere"}, has_tls=False),
    "envoy-jwt": Kind("envoy.yaml", ENVOY, {"TOKEN_CACHE": "", "CHECKED": "/"}, has_tls=False, checks_tokens=True),
    "envoy-jwt-cached": Kind(
        "envoy.yaml", ENVOY, {"TOKEN_CACHE": f"jwt_cache_config: {{ jwt_cache_size: {ROOMY} }}", "CHECKED": "/"},
        has_tls=False, checks_tokens=True,
    ),
    "portcullis-uncached": Kind(
        "portcullis.yaml", PORTCULLIS, {"TOKEN_CACHE": "token_cache_entries: 0"}, checks_tokens=True
    ),
    "portcullis-bridge": Kind("portcullis-bridge.yaml", PORTCULLIS, has_tls=False),
    "portcullis-cached": Kind(
        "portcullis.yaml", PORTCULLIS, {"TOKEN_CACHE": f"token_cache_entries: {ROOMY}"}, checks_tokens=True
    ),
}  # fmt: skip


def envoy() -> Path | None:
    """Envoy's program, where the environment of the benchmark has it (see `run`)."""
    program = Path(sysconfig.get_path("platlib")) / "envoy" / "_bin" / "envoy"
    return program if program.exists() else None
