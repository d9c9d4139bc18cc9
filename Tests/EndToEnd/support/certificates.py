"""Certificate authorities and certificates of one run: made when asked for, below the run's directory, never kept."""

import base64
import ipaddress
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

LOCAL = ("127.0.0.1", "localhost")
_numbers = itertools.count(1)


def make_key(kind: str) -> PrivateKey:
    """A key on P-256 (`ec`) or of 2048 bits (`rsa`)."""
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: PrivateKey, password: bytes | None = None) -> bytes:
    protection = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)


def _subject(common_name: str) -> x509.Name:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example")
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass
class Certificate:
    """An issued certificate: the file holds it and its intermediates, the key stands in a file of its own."""

    x509: x509.Certificate
    private_key: PrivateKey
    certificate: Path
    key: Path

    @property
    def thumbprint(self) -> str:
        """The `x5t#S256` of RFC 8705 §3.1."""
        digest = self.x509.fingerprint(hashes.SHA256())
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    @property
    def serial(self) -> int:
        return self.x509.serial_number

    @property
    def files(self) -> dict[str, str]:
        """An entry of a listener's `certificates`, or of an upstream's `tls`."""
        return {"certificate": str(self.certificate), "key": str(self.key)}

    def encrypted_key(self) -> Path:
        """The key again, behind a password."""
        file = self.key.with_suffix(".encrypted")
        file.write_bytes(key_pem(self.private_key, b"a password"))
        return file


class Authority:
    """A certificate authority; `file` holds what its certificates are verified with."""

    def __init__(self, directory: Path, name: str, parent: "Authority | None" = None):
        self.directory = directory
        self.name = name
        self.chain: list[x509.Certificate] = []
        self._key = make_key("ec")
        issuer = parent or self
        now = datetime.now(UTC)
        subject = _subject(name)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.x509.subject if parent else subject)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=30))
            .not_valid_after(now + timedelta(days=400))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
        )
        self.x509 = builder.sign(issuer._key, hashes.SHA256())
        if parent:
            self.chain = [self.x509, *parent.chain]
        self.file = directory / f"{next(_numbers):03d}-{name}.pem"
        self.file.write_bytes(self.x509.public_bytes(serialization.Encoding.PEM))

    def intermediate(self, name: str) -> "Authority":
        """An authority below this one, whose certificates bring the chain up to (without) this one."""
        return Authority(self.directory, name, self)

    def issue(
        self,
        common_name: str,
        names: tuple[str, ...] = LOCAL,
        kind: str = "ec",
        begins: timedelta = timedelta(days=-1),
        ends: timedelta = timedelta(days=90),
        client: bool = False,
    ) -> Certificate:
        """A certificate for servers, or for clients; `begins` and `ends` count from now."""
        key = make_key(kind)
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_subject(common_name))
            .issuer_name(self.x509.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(encipherment=kind == "rsa"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if not client:
            alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
            builder = builder.add_extension(alternatives, critical=False)
        return self._write(builder.sign(self._key, hashes.SHA256()), key, common_name)

    def _write(self, certificate: x509.Certificate, key: PrivateKey, name: str) -> Certificate:
        stem = f"{next(_numbers):03d}-{name.replace('*', 'any')}"
        file = self.directory / f"{stem}.pem"
        pem = serialization.Encoding.PEM
        file.write_bytes(b"".join(each.public_bytes(pem) for each in (certificate, *self.chain)))
        key_file = self.directory / f"{stem}.key"
        key_file.write_bytes(key_pem(key))
        return Certificate(certificate, key, file, key_file)

    def ocsp_response(self, certificate: Certificate, lifetime: timedelta = timedelta(days=7)) -> Path:
        """A good OCSP response in DER, signed by this authority itself."""
        now = datetime.now(UTC)
        response = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                cert=certificate.x509,
                issuer=self.x509,
                algorithm=hashes.SHA1(),
                cert_status=ocsp.OCSPCertStatus.GOOD,
                this_update=now - timedelta(hours=1),
                next_update=now - timedelta(hours=1) + lifetime,
                revocation_time=None,
                revocation_reason=None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.x509)
            .sign(self._key, hashes.SHA256())
        )
        file = certificate.certificate.with_suffix(".ocsp")
        file.write_bytes(response.public_bytes(serialization.Encoding.DER))
        return file


def self_signed(directory: Path, common_name: str, names: tuple[str, ...] = LOCAL) -> Certificate:
    """A server's certificate that nobody else has signed."""
    key = make_key("ec")
    now = datetime.now(UTC)
    subject = _subject(common_name)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    stem = f"{next(_numbers):03d}-{common_name}"
    file = directory / f"{stem}.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file = directory / f"{stem}.key"
    key_file.write_bytes(key_pem(key))
    return Certificate(certificate, key, file, key_file)


def _usage(certificates: bool = False, encipherment: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )
