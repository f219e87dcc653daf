"""RSA key pairs for runners, made once per test process."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from blockyard.protocol.sealing import unseal


@dataclass(frozen=True)
class RunnerKey:
    """A key pair and what a runner does with it."""

    private: rsa.RSAPrivateKey

    @property
    def public_pem(self) -> str:
        """The SPKI block, with the newline that programs write."""
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def private_pem(self) -> str:
        """The PKCS#8 block."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def certificate_pem(self) -> str:
        """A certificate of the key."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "runner")])
        now = datetime(2026, 1, 1, tzinfo=UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.private.public_key())
            .serial_number(1)
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=1))
            .sign(self.private, hashes.SHA256())
            .public_bytes(Encoding.PEM)
            .decode()
        )

    def open(self, envelope: str) -> str:
        """Return the text in an envelope for this key."""
        return unseal(self.private, envelope)


@cache
def a_runner_key(name: str = "first", bits: int = 2048) -> RunnerKey:
    """Return the key pair called `name`."""
    del name
    return RunnerKey(rsa.generate_private_key(public_exponent=65537, key_size=bits))
