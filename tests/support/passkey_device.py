"""A device that makes and shows passkeys, in software: what a browser would answer. Source: WebAuthn level 2 §6."""

import hashlib
import json
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from blockyard.protocol.jsontypes import Json, JsonObject

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Device:
    """Keeps one passkey."""

    origin: str
    host: str
    credential: bytes = b"a passkey of 32 bytes, all random"
    verifies: bool = True
    uses: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: JsonObject) -> JsonObject:
        """Answer `navigator.credentials.create`."""
        numbers = self.key.public_key().public_numbers()
        point = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + cbor2.dumps(point)
        data = self._data(_ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            {
                "clientDataJSON": bytes_to_base64url(self._client("webauthn.create", options["challenge"])),
                "attestationObject": bytes_to_base64url(attestation),
            }
        )

    def show(self, options: JsonObject) -> JsonObject:
        """Answer `navigator.credentials.get`."""
        self.uses += 1
        client, data = self._client("webauthn.get", options["challenge"]), self._data(0)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": bytes_to_base64url(client),
                "authenticatorData": bytes_to_base64url(data),
                "signature": bytes_to_base64url(signature),
            }
        )

    def _client(self, kind: str, challenge: Json) -> bytes:
        text = bytes_to_base64url(base64url_to_bytes(str(challenge)))
        return json.dumps({"type": kind, "challenge": text, "origin": self.origin}).encode()

    def _data(self, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verifies else 0)
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.uses.to_bytes(4, "big")

    def _answer(self, response: JsonObject) -> JsonObject:
        name = bytes_to_base64url(self.credential)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}
