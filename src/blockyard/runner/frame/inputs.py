"""Opens what is sealed for this runner. Source: runner.md 2.4."""

import contextlib
import json
from base64 import b64decode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from blockyard.modules import literals
from blockyard.protocol.binding import DocumentPlace, SealedFor, input_key
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.run import InputType, RunDocument, RunInput
from blockyard.protocol.sealing import EnvelopeError, unseal
from blockyard.protocol.status import OUTPUT_TYPES, OutputValue
from blockyard.runner.frame.failures import StepFailed

_HINTS = (
    "Likely causes: the definition points to another runner; the private key of this runner does not belong to the "
    "public key registered for it; the public key was changed and the secrets must be entered again."
)


_SOURCE_TEXT_TYPES = frozenset({InputType.CODE, InputType.LIST})


@dataclass(frozen=True, slots=True)
class PlainInput:
    """An input in clear."""

    key: str
    value: Json = field(repr=False)
    type: InputType
    is_environment: bool = False
    is_sensitive: bool = False

    def meant(self) -> literals.Literal:
        """Return what the value is to the engine: that of a literal expression, where it is one. Raises NotLiteralError."""
        if self.type in _SOURCE_TEXT_TYPES and isinstance(self.value, str):
            return literals.parse(self.value)
        return literals.from_json(self.value)


class Opener:
    """Opens envelopes with the runner's key. Without a key, in single-run mode, values are in clear already."""

    def __init__(self, private_key: RSAPrivateKey | None, place: DocumentPlace, *, in_clear: bool) -> None:
        self._private_key = private_key
        self._place = place
        self._in_clear = in_clear and private_key is None

    @classmethod
    def of(cls, document: RunDocument, private_key: RSAPrivateKey | None, *, in_clear: bool) -> Self:
        """Return what opens the secrets of a run, and those of no other."""
        block, definition = document.spec.building_block, document.spec.building_block_definition
        place = DocumentPlace.of(
            workspace=block.spec.workspace_identifier,
            block=block.uuid,
            provider=definition.spec.workspace_identifier,
            definition=definition.uuid,
        )
        return cls(private_key, place, in_clear=in_clear)

    @property
    def has_key(self) -> bool:
        """Whether this runner has a private key."""
        return self._private_key is not None

    def open_text(
        self, envelope: str, what: str, *, key: str, sealed_for: SealedFor | None, is_renamed: bool = False
    ) -> str:
        """Return the text in an envelope that stands in the member `key`. Raises StepFailed naming `what`."""
        if self._in_clear:
            return envelope
        if self._private_key is None:
            raise StepFailed(f"decryption failed for {what}", f"This runner has no private key. {_HINTS}")
        misfit = None if sealed_for is None else self._place.misfit(sealed_for, key, is_renamed=is_renamed)
        if misfit is not None:
            raise StepFailed(f"{what} does not belong to this run", f"The secret is not opened here: {misfit}.")
        try:
            return unseal(self._private_key, envelope, None if sealed_for is None else sealed_for.additional_data())
        except EnvelopeError as error:
            raise StepFailed(f"decryption failed for {what}", f"{error}. {_HINTS}") from error

    def open(self, sealed: RunInput, *, is_sensitive: bool) -> PlainInput:
        """Return the input in clear. Raises StepFailed."""
        value: Json = sealed.value
        if sealed.is_sealed and not self._in_clear:
            if not isinstance(value, str):
                raise StepFailed(f"input decryption failed for '{sealed.key}'", f"The value is not text. {_HINTS}")
            try:
                value = self.open_text(
                    value,
                    sealed.key,
                    key=input_key(sealed.key),
                    sealed_for=sealed.sealed_for,
                    is_renamed=bool(sealed.is_renamed),
                )
            except StepFailed as failure:
                message = f"input decryption failed for '{sealed.key}'"
                raise StepFailed(message, failure.system_message) from failure
        return PlainInput(sealed.key, value, sealed.type, sealed.is_environment, is_sensitive)


def echo(entry: RunInput) -> OutputValue:
    """Return an input as an output of the same name."""
    return OutputValue(value=entry.value, type=OUTPUT_TYPES[entry.type], is_sensitive=entry.is_sensitive)


def unique(inputs: Iterable[RunInput]) -> list[RunInput]:
    """Return the inputs, of equal keys the last one."""
    return list({given.key: given for given in inputs}.values())


def sensitive_keys(document: JsonObject) -> set[str]:
    """Return the keys that the run, as received, calls sensitive, also where their values are in clear already."""
    return {str(given.get("key")) for given in _inputs(document) if given.get("isSensitive") is True}


def secrets(opened: PlainInput) -> Iterator[str]:
    """Yield what must not be shown of a sensitive input: its text, what that means to the engine and a file's content.

    Literals are given as the engine prints them: in JSON, whose texts and numbers are masked by themselves, too.
    """
    if not opened.is_sensitive:
        return
    text = opened.value if isinstance(opened.value, str) else json.dumps(opened.value, ensure_ascii=False)
    yield text
    with contextlib.suppress(
        literals.NotLiteralError, RecursionError
    ):  # then it is nothing but a text to the engine, too
        yield literals.dumps(opened.meant(), sort_keys=True, ensure_ascii=False)
    if opened.type is InputType.FILE and ";base64," in text:
        payload = text.partition(";base64,")[2]
        yield payload
        with contextlib.suppress(ValueError):  # broken files fail later, where their step says so
            yield b64decode(payload).decode("utf-8", errors="ignore")


def run_json(document: JsonObject, opened: Iterable[PlainInput] | None) -> bytes:
    """Return the run for a script or a pipeline: as received, or with `opened` inputs in clear."""
    copy: JsonObject = json.loads(json.dumps(document))
    links = copy.setdefault("_links", {})
    if isinstance(links, dict):
        links.setdefault("planArtifact", {"href": ""})
    if opened is not None:
        values = {plain.key: plain.value for plain in opened}
        for given in _inputs(copy):
            key = given.get("key")
            if isinstance(key, str) and key in values:
                given["value"] = values[key]
    return json.dumps(copy, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def _inputs(document: JsonObject) -> Iterator[JsonObject]:
    node: Json = document
    for name in ("spec", "buildingBlock", "spec", "inputs"):
        node = node.get(name) if isinstance(node, dict) else None
    yield from (item for item in (node if isinstance(node, list) else []) if isinstance(item, dict))
