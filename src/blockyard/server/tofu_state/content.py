"""The bytes of a state: reading what matters of them, sealing and opening. Slow for large ones: call it in a thread."""

import binascii
import hashlib
import re
import zlib
from base64 import b64decode
from uuid import UUID

from blockyard.server.kit.errors import Invalid, Unavailable
from blockyard.server.kit.json_reader import load_json, load_large_json
from blockyard.server.kit.sealed import MasterKey, Undecryptable
from blockyard.server.tofu_state.model import NewState
from blockyard.server.tofu_state.resources import count_in

MAX_SERIAL = 2**63 - 1
MAX_LINEAGE_LENGTH = 255
STATE_VERSION = 4
"""The format of states since Terraform 0.12; engines upgrade older ones before they write. Encrypted ones hide theirs."""

_LARGE_BYTES = 256 * 1024
"""Larger states that begin as engines write them are not parsed as a whole, others slowly: it would hold up everybody else."""

_WHOLE = re.compile(r"\d{1,19}", re.ASCII)
_HEAD_BYTES = 4096
_HEAD = re.compile(
    rb'\s*\{\s*"version"\s*:\s*(\d{1,9})\s*,\s*"terraform_version"\s*:\s*"[^"\\]*"\s*,'
    rb'\s*"serial"\s*:\s*(\d{1,19})\s*,\s*"lineage"\s*:\s*"([0-9A-Za-z-]{1,255})"\s*,'
)
"""How engines begin a state."""


def seal_state(master_key: MasterKey, block_id: UUID, body: bytes, content_md5: str | None) -> NewState:
    """Return the state of a request body, ready to be stored. Raises Invalid."""
    digest = hashlib.md5(body, usedforsecurity=False)
    if content_md5 is not None and _decoded(content_md5) != digest.digest():
        raise Invalid(
            "the body does not match its Content-MD5", code="ContentMd5", remedy="Send the state again: it was damaged."
        )
    serial, lineage, resource_count = _head(body)
    return NewState(
        serial=serial,
        lineage=lineage,
        md5=digest.hexdigest(),
        size_bytes=len(body),
        sealed=master_key.encrypt(zlib.compress(body, 1), context=_context(block_id)),
        resource_count=resource_count,
    )


def open_state(master_key: MasterKey, block_id: UUID, sealed: bytes) -> bytes:
    """Return the body of a stored state. Raises Unavailable when the master key does not fit."""
    try:
        return zlib.decompress(master_key.decrypt(sealed, context=_context(block_id)))
    except Undecryptable as error:
        raise Unavailable(
            "the stored state cannot be decrypted with the server's master key",
            code="StateUndecryptable",
            remedy="Give the server the master key the state was written with.",
        ) from error


def _context(block_id: UUID) -> str:
    return f"state of block {block_id}"


def _decoded(content_md5: str) -> bytes:
    try:
        return b64decode(content_md5, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(
            "Content-MD5 is not base64",
            code="ContentMd5",
            remedy="Send the MD5 of the body in Base64, or no such header.",
        ) from error


def _head(body: bytes) -> tuple[int, str, int | None]:
    """Return serial and lineage, and how many things exist, unless that takes long."""
    if len(body) > _LARGE_BYTES and (found := _HEAD.match(body[:_HEAD_BYTES])) and body.rstrip().endswith(b"}"):
        version, serial, lineage = (group.decode() for group in found.groups())
        return (*_checked(_Digits(version), _Digits(serial), lineage), None)
    try:
        state: object = _parsed(body)
    except (ValueError, RecursionError) as error:
        raise _not_a_state() from error
    if not isinstance(state, dict):
        raise _not_a_state()
    is_encrypted = "encrypted_data" in state
    if not is_encrypted and not _lists_resources(state.get("resources", [])):
        raise Invalid(
            "the resources of the state are not a list of objects",
            code="NotAState",
            field="/resources",
            remedy="Send a state as the engine writes it.",
        )
    version = _Digits(STATE_VERSION) if is_encrypted else state.get("version")
    return (*_checked(version, state.get("serial"), state.get("lineage")), None if is_encrypted else count_in(state))


def _lists_resources(value: object) -> bool:
    """Whether that is what a state says exists; some tools write null for nothing."""
    return value is None or (isinstance(value, list) and all(isinstance(one, dict) for one in value))


class _Digits(str):
    """A number as it is written: no other number of a state is looked at, however long it is."""

    __slots__ = ()


def _parsed(body: bytes) -> object:
    load = load_large_json if len(body) > _LARGE_BYTES else load_json
    return load(body, number=_Digits)


def _whole(value: object) -> int:
    """Return a number that is one of a state's own; -1 for anything else."""
    return int(value) if isinstance(value, _Digits) and _WHOLE.fullmatch(value) else -1


def _checked(version: object, serial: object, lineage: object) -> tuple[int, str]:
    if _whole(version) != STATE_VERSION:
        raise Invalid(
            "the state has a format that no engine could read back",
            code="NotAState",
            field="/version",
            remedy=f"Send a state of format version {STATE_VERSION}, as OpenTofu and Terraform from 0.12 on write it.",
        )
    number = _whole(serial)
    if not 0 <= number <= MAX_SERIAL:
        raise Invalid(
            "the state has no usable serial",
            code="NotAState",
            field="/serial",
            remedy="Send a state as the engine writes it: serial is a whole number.",
        )
    if (
        not isinstance(lineage, str)
        or isinstance(lineage, _Digits)
        or not 0 < len(lineage) <= MAX_LINEAGE_LENGTH
        or not lineage.isprintable()
    ):
        raise Invalid(
            "the state has no usable lineage",
            code="NotAState",
            field="/lineage",
            remedy="Send a state as the engine writes it: lineage is a text.",
        )
    return number, lineage


def _not_a_state() -> Invalid:
    return Invalid(
        "the body is not an OpenTofu state",
        code="NotAState",
        remedy="Send the JSON of a state, as the engine writes it.",
    )
