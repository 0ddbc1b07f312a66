"""A partner that reports leaked secrets, with keys made for the run."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass(frozen=True)
class Partner:
    """Whoever has a private key."""

    private: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        """The public key."""
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, body: bytes) -> str:
        """The signature, as it stands in the header."""
        return base64.b64encode(self.private.sign(body, ec.ECDSA(SHA256()))).decode()


P256, OTHER = (Partner(ec.generate_private_key(ec.SECP256R1())) for _ in range(2))
P384 = Partner(ec.generate_private_key(ec.SECP384R1()))
IDENTIFIER = "90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a"


def item(secret: str, **more: Any) -> dict[str, Any]:
    """One secret in a report."""
    return {"token": secret, "type": "sa_key", "url": "https://github.com/a/b/blob/c/d", "source": "content", **more}


def body_of(*items: Any) -> bytes:
    """A report."""
    return json.dumps(items).encode()


def headers(body: bytes, signer: Partner = P256, identifier: str = IDENTIFIER) -> dict[str, str]:
    """What comes with it."""
    return {"Github-Public-Key-Identifier": identifier, "Github-Public-Key-Signature": signer.sign(body)}
