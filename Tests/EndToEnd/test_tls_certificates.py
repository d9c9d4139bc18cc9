"""Certificates in files: staples, replacement while the gateway runs, and what is said of them."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeGateway
from support import secrecy
from support.certificates import Authority, Certificate
from support.gateway import Gateway, binary, route
from support.raw_backend import RawBackend
from support.rawhttp import exchange, request_bytes
from support.tls_client import TLSConnection, client_context, s_client, secure_exchange
from support.waiting import wait_until

# These tests wait more than they work, so the long scan begins beside them.
pytestmark = pytest.mark.usefixtures("scanner")


def served(gateway: Gateway) -> int:
    """The serial number of the certificate that a new connection is shown."""
    with TLSConnection(gateway.address, client_context(None)) as connection:
        return connection.certificate.serial_number


def wait_until_served(gateway: Gateway, certificate: Certificate) -> None:
    wait_until(lambda: served(gateway) == certificate.serial, "the new certificate is served", interval=0.02)


def put(data: bytes, place: Path) -> None:
    """Replaces a file at once."""
    new = place.with_name(f"{place.name}.new")
    new.write_bytes(data)
    new.rename(place)


class Place:
    """The files of a listener's certificate, which other certificates take."""

    def __init__(self, directory: Path, certificate: Certificate):
        self.certificate = directory / "tls.crt"
        self.key = directory / "tls.key"
        self.hold(certificate)

    def hold(self, certificate: Certificate) -> None:
        put(certificate.key.read_bytes(), self.key)
        put(certificate.certificate.read_bytes(), self.certificate)

    @property
    def tls(self) -> dict[str, Any]:
        return {"certificates": [{"certificate": str(self.certificate), "key": str(self.key)}]}


def test_the_start_names_every_certificate(
    make_gateway: MakeGateway, backend: RawBackend, authority: Authority
) -> None:
    """One event for each: its file, its names, and when it ends."""
    issued = [
        authority.issue("first", ("127.0.0.1", "first.test", "*.first.test")),
        authority.issue("second", ("second.test",), kind="rsa"),
    ]
    gateway = make_gateway([route(backend.url)], listener={"tls": {"certificates": [each.files for each in issued]}})
    events = {event["file"]: event for event in gateway.events("certificate")}
    assert set(events) == {str(each.certificate) for each in issued}
    for each, names in zip(issued, ({"127.0.0.1", "first.test", "*.first.test"}, {"second.test"}), strict=True):
        event = events[str(each.certificate)]
        listed = event["names"] if isinstance(event["names"], list) else event["names"].replace(",", " ").split()
        assert set(listed) == names
        ends = each.x509.not_valid_after_utc
        if isinstance(event["not_after"], str):
            assert datetime.fromisoformat(event["not_after"]).astimezone(UTC) == ends
        else:
            assert event["not_after"] == int(ends.timestamp())


def test_a_staple_is_delivered(make_gateway: MakeGateway, backend: RawBackend, authority: Authority) -> None:
    """Only to those who ask, and only with the certificate it belongs to."""
    stapled, plain = authority.issue("stapled"), authority.issue("plain", ("plain.test",))
    entry = {**stapled.files, "ocsp_response": str(authority.ocsp_response(stapled))}
    gateway = make_gateway([route(backend.url)], listener={"tls": {"certificates": [entry, plain.files]}})
    for version in ("-tls1_2", "-tls1_3"):
        asked = s_client(gateway.address, version, "-status", "-CAfile", str(authority.file)).text
        assert "OCSP Response Status: successful" in asked and "Cert Status: good" in asked
        assert (
            "OCSP response: no response sent"
            in s_client(gateway.address, version, "-status", "-servername", "plain.test").text
        )
        assert "OCSP Response Status" not in s_client(gateway.address, version).text


def test_the_end_is_in_the_metrics(
    make_gateway: MakeGateway,
    backend: RawBackend,
    authority: Authority,
    tmp_path: Path,
    free_address: tuple[str, int],
) -> None:
    """Unix seconds for each certificate, and of the new one after a change."""
    first, second = authority.issue("first", ends=timedelta(days=20)), authority.issue("second")
    place = Place(tmp_path, first)
    gateway = make_gateway(
        [route(backend.url)], listener={"tls": place.tls}, admin={"address": f"127.0.0.1:{free_address[1]}"}
    )

    def shown(certificate: Certificate) -> bool:
        metrics = exchange(free_address, "GET", "/metrics").body.decode()
        lines = [line for line in metrics.splitlines() if str(place.certificate) in line]
        ends = int(certificate.x509.not_valid_after_utc.timestamp())
        return len(lines) == 1 and float(lines[0].split()[-1]) == ends

    assert shown(first)
    place.hold(second)
    gateway.reload()
    wait_until(lambda: shown(second), "the metrics show the new end")


def test_the_start_warns_of_the_end(make_gateway: MakeGateway, backend: RawBackend, authority: Authority) -> None:
    """A certificate that ends within days is called out, one that has ended is an error; both are served."""
    ending = authority.issue("ending", ends=timedelta(days=3))
    ended = authority.issue("ended", ("ended.test",), ends=timedelta(hours=-1))
    tls = {"certificates": [ending.files, ended.files]}
    gateway = make_gateway([route(backend.url)], listener={"tls": tls})
    # Here standard error is meant to say something: the same as `check` does.
    secrecy.watch(gateway.process.stderr_path, for_people=True)
    assert "expires in" in gateway.process.stderr and "has expired" in gateway.process.stderr
    said = {
        (event["level"], event["file"]) for event in gateway.lines() if event["event"].startswith("certificate_expire")
    }
    assert said == {("warning", str(ending.certificate)), ("error", str(ended.certificate))}
    assert served(gateway) == ending.serial


@pytest.mark.parametrize("signalled", [True, False], ids=["SIGHUP", "by itself"])
def test_a_replaced_certificate_is_used(
    make_gateway: MakeGateway, backend: RawBackend, authority: Authority, tmp_path: Path, signalled: bool
) -> None:
    """New connections get the new one, open ones go on, and the log says what is in use now."""
    first, second = authority.issue("first"), authority.issue("second")
    place = Place(tmp_path, first)
    gateway = make_gateway([route(backend.url)], listener={"tls": place.tls})
    with TLSConnection(gateway.address, client_context(authority.file)) as connection:
        assert connection.certificate.serial_number == first.serial
        place.hold(second)
        if signalled:
            gateway.reload()
        wait_until_served(gateway, second)
        connection.send(request_bytes("POST", "/mcp", gateway.authority, body=b"{}"))
        assert connection.read_response().status == 200
    wait_until(lambda: len(gateway.events("certificate")) >= 2, "the new certificate is in the log")
    assert not gateway.events("certificates_kept")


@pytest.mark.parametrize("signalled", [True, False], ids=["SIGHUP", "by itself"])
def test_a_kubernetes_mount_is_followed(
    make_gateway: MakeGateway, backend: RawBackend, authority: Authority, tmp_path: Path, signalled: bool
) -> None:
    """A mounted secret changes by a symbolic link that is swapped; the files themselves never change."""

    def fill(name: str, certificate: Certificate) -> None:
        directory = tmp_path / name
        directory.mkdir()
        Place(directory, certificate)

    def swap(name: str) -> None:
        (tmp_path / "..data_tmp").symlink_to(name)
        os.rename(tmp_path / "..data_tmp", tmp_path / "..data")

    issued = [authority.issue(f"mounted-{number}") for number in range(3)]
    fill("..0", issued[0])
    swap("..0")
    for file in ("tls.crt", "tls.key"):
        (tmp_path / file).symlink_to(f"..data/{file}")
    tls = {"certificates": [{"certificate": str(tmp_path / "tls.crt"), "key": str(tmp_path / "tls.key")}]}
    gateway = make_gateway([route(backend.url)], listener={"tls": tls})
    assert served(gateway) == issued[0].serial
    # More than once: what is watched must not be the first target.
    for number in (1, 2):
        fill(f"..{number}", issued[number])
        swap(f"..{number}")
        for file in (tmp_path / f"..{number - 1}").iterdir():
            file.unlink()
        (tmp_path / f"..{number - 1}").rmdir()
        if signalled:
            gateway.reload()
        wait_until_served(gateway, issued[number])


def test_a_broken_certificate_leaves_the_old_one(
    make_gateway: MakeGateway, backend: RawBackend, authority: Authority, tmp_path: Path
) -> None:
    """Garbage, a key that does not fit, a missing file: the log names it and a remedy; good ones are taken again."""
    first, second = authority.issue("first"), authority.issue("second")
    place = Place(tmp_path, first)
    gateway = make_gateway([route(backend.url)], listener={"tls": place.tls})

    def refused(count: int, file: Path) -> None:
        gateway.reload()
        wait_until(lambda: len(gateway.events("certificates_kept")) >= count, "the log says that the old one stays")
        event = gateway.events("certificates_kept")[-1]
        assert event["level"] == "error" and event["remedy"]
        assert str(file) in (event["file"], event.get("detail", "")), event
        assert served(gateway) == first.serial

    put(b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n", place.certificate)
    refused(1, place.certificate)
    count = len(gateway.events("certificates_kept"))
    put(second.certificate.read_bytes(), place.certificate)
    refused(count + 1, place.key)
    count = len(gateway.events("certificates_kept"))
    put(first.certificate.read_bytes(), place.certificate)
    place.key.unlink()
    refused(count + 1, place.key)
    place.hold(second)
    gateway.reload()
    wait_until_served(gateway, second)
    assert secure_exchange(gateway, client_context(authority.file)).status == 200


def check(directory: Path, listener: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """`portcullis check` on a configuration with this listener, whose entries stand on lines of their own."""
    file = directory / "portcullis.yaml"
    configuration = {
        "public_url": "https://127.0.0.1:8443",
        "listeners": [{"address": "127.0.0.1:8443", **listener}],
        "routes": [route("http://127.0.0.1:8000/mcp")],
    }
    file.write_text(json.dumps(configuration, indent=2))
    return subprocess.run([binary(), "check", "--config", str(file)], capture_output=True, text=True, timeout=20)


def located(done: subprocess.CompletedProcess[str], directory: Path, severity: str, value: str) -> str:
    """The diagnostic that points at this value of the configuration."""
    file = directory / "portcullis.yaml"
    lines = file.read_text().splitlines()
    number = next(index for index, line in enumerate(lines, 1) if json.dumps(value) in line)
    column = lines[number - 1].index(json.dumps(value)) + 1
    wanted = f"{file}:{number}:{column}: {severity}: "
    found = [line for line in done.stderr.splitlines() if line.startswith(wanted)]
    assert found, f"no {wanted!r} in\n{done.stderr}"
    return found[0]


def test_good_certificates_pass_the_check(authority: Authority, tmp_path: Path) -> None:
    """No word about what lasts."""
    done = check(tmp_path, {"tls": {"certificates": [authority.issue("good").files]}})
    assert done.returncode == 0 and "warning" not in done.stderr, done.stderr


@pytest.mark.parametrize("days", [-1, 0.5, 3])
def test_the_check_warns_of_the_end(authority: Authority, tmp_path: Path, days: float) -> None:
    """A certificate that has ended or soon will is named, and usable all the same."""
    issued = authority.issue("ending", begins=timedelta(days=-30), ends=timedelta(days=days))
    done = check(tmp_path, {"tls": {"certificates": [issued.files]}})
    assert done.returncode == 0, done.stderr
    assert "expire" in located(done, tmp_path, "warning", str(issued.certificate))


def test_the_check_reads_every_file(authority: Authority, tmp_path: Path) -> None:
    """What could not be served is an error at its place in the configuration, with something to do about it."""
    good, other = authority.issue("good"), authority.issue("other")
    garbage = tmp_path / "garbage"
    garbage.write_text("this is no PEM")
    missing = tmp_path / "missing"
    key_only = tmp_path / "key-only.pem"
    key_only.write_bytes(good.key.read_bytes())
    encrypted = good.encrypted_key()
    other_key = {"certificate": str(good.certificate), "key": str(other.key)}
    foreign = authority.ocsp_response(other)
    cases: dict[str, tuple[dict[str, Any], Path, str]] = {
        "no file": ({**good.files, "certificate": str(missing)}, missing, ""),
        "no key": ({**good.files, "key": str(missing)}, missing, ""),
        "garbage": ({**good.files, "certificate": str(garbage)}, garbage, ""),
        "garbage as key": ({**good.files, "key": str(garbage)}, garbage, ""),
        "a key as certificate": ({**good.files, "certificate": str(key_only)}, key_only, ""),
        "a key of another certificate": (other_key, other.key, "match|belong|fit"),
        "an encrypted key": ({**good.files, "key": str(encrypted)}, encrypted, "encrypted|password|passphrase"),
        "garbage as staple": ({**good.files, "ocsp_response": str(garbage)}, garbage, ""),
        "a staple of another certificate": ({**good.files, "ocsp_response": str(foreign)}, foreign, ""),
    }
    for name, (entry, file, words) in cases.items():
        done = check(tmp_path, {"tls": {"certificates": [entry]}})
        assert done.returncode == 1, f"{name}: {done.stdout}{done.stderr}"
        said = located(done, tmp_path, "error", str(file))
        assert any(word in said for word in words.split("|")), f"{name}: {said}"


@pytest.mark.parametrize("key", ["ticket_keys", "client_ca"])
def test_the_check_reads_the_other_files(authority: Authority, tmp_path: Path, key: str) -> None:
    """Ticket keys and the clients' authority, too."""
    garbage = tmp_path / "garbage"
    garbage.write_text("neither keys nor certificates")
    for file in (garbage, tmp_path / "missing"):
        done = check(tmp_path, {"tls": {"certificates": [authority.issue("good").files], key: str(file)}})
        assert done.returncode == 1
        located(done, tmp_path, "error", str(file))


def test_a_bad_certificate_never_starts(run_directory: Path, authority: Authority, tmp_path: Path) -> None:
    """`serve` says the same as `check` and ends."""
    issued = authority.issue("good")
    check(tmp_path, {"tls": {"certificates": [{**issued.files, "key": str(issued.encrypted_key())}]}})
    done = subprocess.run(
        [binary(), "serve", "--config", str(tmp_path / "portcullis.yaml")], capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 1
    assert '"listening"' not in done.stdout
    located(done, tmp_path, "error", str(issued.encrypted_key()))
