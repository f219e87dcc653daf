"""Sealing secrets for runners the moment they are written. Source: api.md 2.2, runner.md 2."""

from base64 import b64encode

from blockyard.protocol.binding import SealedFor
from blockyard.protocol.sealing import seal
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.sealed import MasterKey, same
from blockyard.server.runners.model import SealingKey, SecretChange, StoredSecret, fingerprint


class SecretSealer:
    """Turns plaintexts into stored secrets."""

    def __init__(self, master_key: MasterKey) -> None:
        self._master_key = master_key

    def seal(self, key: SealingKey, plaintext: str, *, context: str, place: SealedFor) -> StoredSecret:
        """Seal `plaintext` for the holder of the key, bound to `place` if it can open such envelopes.

        `context` names the place for the hash that the API shows.
        """
        bound = place if key.takes_bound else None
        return StoredSecret(
            hash=self.hash(plaintext, context=context),
            sealed=seal(key.pem, plaintext, None if bound is None else bound.additional_data()),
            key=fingerprint(key.pem),
            place=bound,
        )

    def changed(
        self,
        change: SecretChange,
        *,
        old: StoredSecret | None,
        key: SealingKey,
        context: str,
        place: SealedFor,
        pointer: str,
        name: str,
    ) -> StoredSecret:
        """Return the secret after `change`: a new one sealed to the key, or `old`, if the holder of the key can open it.

        Raises:
            Invalid: a hash stands for no stored secret, or for one of another key; `pointer` and `name` say where.
        """
        if change.plaintext is None:
            return _kept(change, old, key, pointer=pointer, name=name)
        is_as_new = old is not None and key.opens(old) and (old.place is not None) is key.takes_bound
        if old is not None and is_as_new and same(old.hash, self.hash(change.plaintext, context=context)):
            return old
        return self.seal(key, change.plaintext, context=context, place=place)

    def kept(
        self, change: SecretChange, *, old: StoredSecret | None, context: str, pointer: str, name: str
    ) -> StoredSecret:
        """Return what `changed` does, for a secret that no runner needs: encrypted for the server itself.

        Raises:
            Invalid: a hash stands for no stored secret; `pointer` and `name` say where.
        """
        if change.plaintext is None:
            return _known(change, old, pointer=pointer, name=name)
        hashed = self.hash(change.plaintext, context=context)
        if old is not None and same(old.hash, hashed):
            return old
        encrypted = self._master_key.encrypt(change.plaintext.encode(), context=context)
        return StoredSecret(hash=hashed, sealed=b64encode(encrypted).decode())

    def hash(self, plaintext: str, *, context: str) -> str:
        """Return the hash the API shows for `plaintext` in the place `context`."""
        return "sha256:" + self._master_key.digest(plaintext, context=context)


def _known(change: SecretChange, old: StoredSecret | None, *, pointer: str, name: str) -> StoredSecret:
    if old is None or not same(old.hash, change.hash or ""):
        raise Invalid(
            f"the hash for {name} stands for no stored secret",
            code="UnknownSecret",
            field=f"{pointer}/hash",
            remedy=f'Send the secret of {name} again as {{"plaintext": …}}.',
        )
    return old


def _kept(
    change: SecretChange, stored: StoredSecret | None, key: SealingKey, *, pointer: str, name: str
) -> StoredSecret:
    old = _known(change, stored, pointer=pointer, name=name)
    if not key.opens(old):
        raise Invalid(
            f"the runner cannot open the stored secret of {name}: it was sealed for another key, or bound to its place, "
            "which only Blockyard's own runner understands",
            code="SecretOfAnotherKey",
            field=f"{pointer}/hash",
            remedy=f'Send the secret of {name} again as {{"plaintext": …}}.',
        )
    return old
