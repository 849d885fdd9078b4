"""Certificate authorities for tests, and what they sign: all in memory, all PEM."""

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from tempfile import NamedTemporaryFile

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def pem_of(
    key: ec.EllipticCurvePrivateKey, encryption: KeySerializationEncryption | None = None
) -> str:
    lock = encryption or NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock).decode()


@dataclass(frozen=True)
class Signed:
    certificate: str
    key: str

    def shown_by_a_server(self) -> ssl.SSLContext:
        """Return the TLS of a server that shows this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # OpenSSL takes a certificate of its own from a file alone.
        with NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(self.certificate + self.key)
            file.flush()
            context.load_cert_chain(file.name)
        return context


@dataclass(frozen=True)
class Authority:
    """One CA; `bundle` is what its clients trust."""

    name: str = "test-ca"
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1()), repr=False
    )

    @cached_property
    def bundle(self) -> str:
        made = self._start(self.name, self.key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        return made.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    def sign(
        self, name: str, *, client: bool = False, hours: tuple[float, float] = (-1, 24)
    ) -> Signed:
        """Return a certificate for a server of this name, or for a client, with its key.

        It is valid from and to so many `hours` from now.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        made = (
            self._start(name, key, hours)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return Signed(made.public_bytes(Encoding.PEM).decode(), pem_of(key))

    def _start(
        self, name: str, key: ec.EllipticCurvePrivateKey, hours: tuple[float, float] = (-1, 24)
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder(serial_number=1 + hash(name) % 2**64)
            .subject_name(_named(name))
            .issuer_name(_named(self.name))
            .public_key(key.public_key())
            .not_valid_before(now + timedelta(hours=hours[0]))
            .not_valid_after(now + timedelta(hours=hours[1]))
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
