"""Names that mean for one program only what a test says."""

from pathlib import Path

# Mounts that nobody else sees. The shell gives way to the program, so signals reach that.
_SCRIPT = 'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/resolv.conf && shift 2 && exec "$@"'


def with_names(directory: Path, names: list[tuple[str, str]]) -> list[str]:
    """A command that starts another one, for which these names have these addresses, and all others have none."""
    hosts = directory / "hosts"
    hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in names))
    servers = directory / "resolv.conf"
    # Nobody answers there.
    servers.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", _SCRIPT, "sh", str(hosts), str(servers)]
