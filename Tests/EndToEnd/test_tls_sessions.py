"""Resumption: tickets in both versions, keys that processes share and rotate, and no early data."""

import base64
import textwrap
from pathlib import Path

import pytest

from conftest import MakeGateway
from support.certificates import Authority, Certificate
from support.gateway import Gateway, route
from support.raw_backend import RawBackend
from support.ticket_keys import make_ticket_key, write_ticket_keys
from support.tls_client import Dialogue, last_request, s_client
from support.waiting import wait_until

BOTH = pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])


def begin(gateway: Gateway, version: str, session: Path) -> Dialogue:
    """A full handshake and a request, behind which the session is kept in the file."""
    dialogue = s_client(gateway.address, version, "-sess_out", str(session), send=last_request(gateway))
    assert "HTTP/1.1 200" in dialogue.text, dialogue.text
    assert not dialogue.resumed and session.exists()
    return dialogue


def resume(gateway: Gateway, version: str, session: Path, *options: str) -> bool:
    """Whether the session of the file is taken; the request succeeds in any case."""
    dialogue = s_client(gateway.address, version, "-sess_in", str(session), *options, send=last_request(gateway))
    assert "HTTP/1.1 200" in dialogue.text, dialogue.text
    return dialogue.resumed


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend, server_certificate: Certificate) -> Gateway:
    """Ticket keys of its own."""
    tls = {"certificates": [server_certificate.files]}
    return make_shared_gateway([route(shared_backend.url)], listener={"tls": tls})


@BOTH
def test_a_session_is_resumed(gateway: Gateway, backend: RawBackend, tmp_path: Path, version: str) -> None:
    """Without any configuration, and more than once."""
    session = tmp_path / "session"
    begin(gateway, version, session)
    assert resume(gateway, version, session)
    if version == "-tls1_2":
        assert resume(gateway, version, session)


@BOTH
def test_other_processes_do_not_know_the_keys(
    make_gateway: MakeGateway,
    gateway: Gateway,
    backend: RawBackend,
    server_certificate: Certificate,
    tmp_path: Path,
    version: str,
) -> None:
    """A ticket of one process is nothing to another one: a full handshake, and no error."""
    other = make_gateway([route(backend.url)], listener={"tls": {"certificates": [server_certificate.files]}})
    session = tmp_path / "session"
    begin(gateway, version, session)
    assert not resume(other, version, session)


@BOTH
def test_processes_share_a_key_file(
    make_gateway: MakeGateway, backend: RawBackend, server_certificate: Certificate, tmp_path: Path, version: str
) -> None:
    """Workers and replicas resume each other's sessions, in both directions."""
    keys = tmp_path / "ticket.keys"
    write_ticket_keys(keys, make_ticket_key())
    tls = {"certificates": [server_certificate.files], "ticket_keys": str(keys)}
    one, two = (make_gateway([route(backend.url)], listener={"tls": tls}) for _ in range(2))
    for index, (first, second) in enumerate([(one, two), (two, one)]):
        session = tmp_path / f"session-{index}"
        begin(first, version, session)
        assert resume(second, version, session)


@BOTH
def test_keys_rotate_without_a_restart(
    make_gateway: MakeGateway, backend: RawBackend, server_certificate: Certificate, tmp_path: Path, version: str
) -> None:
    """The first key seals, all of them open: a session lives as long as its key stands in the file."""
    first, second, third = (make_ticket_key() for _ in range(3))
    keys = tmp_path / "ticket.keys"
    write_ticket_keys(keys, first)
    tls = {"certificates": [server_certificate.files], "ticket_keys": str(keys)}
    gateway = make_gateway([route(backend.url)], listener={"tls": tls})

    def rotate(*to: bytes) -> None:
        before = s_client(gateway.address, version, send=last_request(gateway)).ticket_key_name
        write_ticket_keys(keys, *to)
        gateway.reload()
        wait_until(
            lambda: s_client(gateway.address, version, send=last_request(gateway)).ticket_key_name != before,
            "tickets are sealed with the new key",
            interval=0.02,
        )

    old = tmp_path / "old"
    begin(gateway, version, old)
    rotate(second, first)
    new = tmp_path / "new"
    begin(gateway, version, new)
    assert resume(gateway, version, old), "the old key still opens"
    rotate(third, second)
    assert resume(gateway, version, new)
    assert not resume(gateway, version, old), "the oldest key is gone"


@BOTH
def test_a_reload_keeps_the_keys_of_the_process(
    make_gateway: MakeGateway, backend: RawBackend, authority: Authority, tmp_path: Path, version: str
) -> None:
    """Without a file the keys are the process's own, and outlive a new certificate."""
    place, old, new = tmp_path / "tls.pem", authority.issue("old"), authority.issue("new")
    place.write_bytes(old.certificate.read_bytes() + old.key.read_bytes())
    tls = {"certificates": [{"certificate": str(place), "key": str(place)}]}
    gateway = make_gateway([route(backend.url)], listener={"tls": tls})
    session = tmp_path / "session"
    begin(gateway, version, session)
    place.write_bytes(new.certificate.read_bytes() + new.key.read_bytes())
    gateway.reload()
    wait_until(
        lambda: s_client(gateway.address, version).certificate.serial_number == new.serial,
        "the new certificate is served",
        interval=0.02,
    )
    assert resume(gateway, version, session)


def test_tickets_of_shared_keys_carry_one_name(
    make_gateway: MakeGateway, backend: RawBackend, server_certificate: Certificate, tmp_path: Path
) -> None:
    """The name of a key follows from the file, so every process names it the same."""
    keys = tmp_path / "ticket.keys"
    write_ticket_keys(keys, make_ticket_key())
    tls = {"certificates": [server_certificate.files], "ticket_keys": str(keys)}
    names = set()
    for _ in range(2):
        gateway = make_gateway([route(backend.url)], listener={"tls": tls})
        names.add(s_client(gateway.address, "-tls1_2", send=last_request(gateway)).ticket_key_name)
    assert len(names) == 1


@BOTH
def test_a_forged_ticket_is_no_ticket(gateway: Gateway, backend: RawBackend, tmp_path: Path, version: str) -> None:
    """A ticket with a changed byte leads to a full handshake."""
    session = tmp_path / "session"
    name = begin(gateway, version, session).ticket_key_name
    head, *encoded, tail = session.read_text().splitlines()
    saved = bytearray(base64.b64decode("".join(encoded)))
    sealed = saved.index(name) + len(name) + 40
    saved[sealed] ^= 1
    session.write_text("\n".join([head, *textwrap.wrap(base64.b64encode(saved).decode(), 64), tail, ""]))
    assert not resume(gateway, version, session)


def test_early_data_is_not_taken(gateway: Gateway, backend: RawBackend, tmp_path: Path) -> None:
    """0-RTT can be replayed: no ticket allows it, and what comes all the same is not read as a request."""
    session = tmp_path / "session"
    dialogue = begin(gateway, "-tls1_3", session)
    assert "Max Early Data: 0" in dialogue.text
    early = tmp_path / "early"
    early.write_bytes(last_request(gateway))
    before = backend.completed
    dialogue = s_client(
        gateway.address,
        "-tls1_3",
        "-sess_in",
        str(session),
        "-early_data",
        str(early),
        send=last_request(gateway),
    )
    assert "Early data was accepted" not in dialogue.text
    assert backend.completed == before + 1
