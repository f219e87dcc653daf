"""Secrets of a version: new ones are sealed to the version's runner, stored ones are kept by their hash.

A hash stands for a secret in the version that is edited, or in the one a new draft is derived from, at the same place. It cannot
be carried to a runner with another key: nobody but the old runner could open it. Source: api.md 2.2, concepts.md 13.
"""

from collections.abc import Mapping
from dataclasses import replace

from blockyard.protocol.binding import Owner, SealedFor, input_key, member_key
from blockyard.protocol.names import InputType
from blockyard.server.definitions.model import (
    DefinitionId,
    InputSpec,
    VersionContent,
    input_pointer,
)
from blockyard.server.definitions.model.implementation import Implementation
from blockyard.server.kit.errors import Invalid
from blockyard.server.runners.model import Runner, SealingKey, SecretChange, StoredSecret
from blockyard.server.runners.service import SecretSealer

SECRET_MEMBERS = ("argument", "default_value")
_WIRE = {"argument": "argument", "default_value": "defaultValue"}


def secrets_of(content: VersionContent) -> Mapping[str, StoredSecret]:
    """Return all secrets of a version by the JSON pointer of their place."""
    found: dict[str, StoredSecret] = {}
    for key, spec in content.inputs.items():
        for member in SECRET_MEMBERS:
            value = getattr(spec, member)
            if isinstance(value, StoredSecret):
                found[input_pointer(key, _WIRE[member])] = value
    for member, secret in content.implementation.secrets.items():
        found[content.implementation.pointer(member)] = secret
    return found


def with_secrets(content: VersionContent, secrets: Mapping[str, StoredSecret]) -> VersionContent:
    """Return `content` with `secrets` in their places."""
    implementation = content.implementation
    prefix = implementation.pointer("")
    own = {pointer.removeprefix(prefix): secret for pointer, secret in secrets.items() if pointer.startswith(prefix)}
    inputs = {key: _with_values(spec, secrets) for key, spec in content.inputs.items()}
    return replace(content, inputs=inputs, implementation=replace(implementation, secrets=own))


def resolve_secrets(
    changes: Mapping[str, SecretChange],
    *,
    content: VersionContent,
    before: VersionContent,
    definition_id: DefinitionId,
    workspace: str,
    runner: Runner,
    sealer: SecretSealer,
) -> VersionContent:
    """Return `content` with the secrets of `changes`, new ones sealed to the runner, kept ones taken from `before`.

    Raises:
        Invalid: a hash stands for no stored secret, for one that the runner cannot open, or for one of another address.
    """
    _require_same_targets(content.implementation, before.implementation, changes)
    stored = secrets_of(before)
    key = SealingKey.of(runner)
    resolved = {
        pointer: sealer.changed(
            change,
            old=stored.get(pointer),
            key=key,
            context=f"definition/{definition_id}{pointer}",
            place=SealedFor(
                workspace=workspace, owner=Owner.DEFINITION, uuid=str(definition_id), key=_bound_key(pointer)
            ),
            pointer=pointer,
            name=_name(pointer),
        )
        for pointer, change in changes.items()
    }
    _require_files_in_clear(content, before, changes)
    return with_secrets(content, resolved)


def _require_same_targets(
    implementation: Implementation, before: Implementation, changes: Mapping[str, SecretChange]
) -> None:
    """Refuse to use a kept secret at another address than the one it was entered for."""
    for member in before.secrets:
        pointer = implementation.pointer(member)
        change = changes.get(pointer)
        if change is None or change.plaintext is not None:
            continue
        if implementation.target_of(member) != before.target_of(member):
            raise Invalid(
                f"'{member}' was entered for another address and is not sent to this one",
                code="SecretOfAnotherTarget",
                field=f"{pointer}/hash",
                remedy=f"Send '{member}' again as {{\"plaintext\": …}}.",
            )


def _require_files_in_clear(
    content: VersionContent, before: VersionContent, changes: Mapping[str, SecretChange]
) -> None:
    """Refuse a kept text where a file is wanted now: nobody can look whether it is one."""
    for key, spec in content.inputs.items():
        was = before.inputs.get(key)
        if spec.type is not InputType.FILE or was is None or was.type is InputType.FILE:
            continue
        for member in _WIRE.values():
            change = changes.get(input_pointer(key, member))
            if change is not None and change.plaintext is None:
                raise Invalid(
                    f"the stored secret of input '{key}' is not a file",
                    code="SecretOfAnotherType",
                    field=f"{input_pointer(key, member)}/hash",
                    remedy=f"Send the file of input '{key}' as {{\"plaintext\": …}}.",
                )


def _with_values(spec: InputSpec, secrets: Mapping[str, StoredSecret]) -> InputSpec:
    if not spec.is_sensitive:
        return spec
    return replace(
        spec,
        argument=secrets.get(input_pointer(spec.key, "argument")),
        default_value=secrets.get(input_pointer(spec.key, "defaultValue")),
    )


def _name(pointer: str) -> str:
    key, member = _input_of(pointer), pointer.rpartition("/")[2]
    return f"'{member}'" if key is None else f"input '{key}'"


def _bound_key(pointer: str) -> str:
    """Return what a secret is bound to: a default is that of its input, as it is copied into the blocks that use it."""
    key, member = _input_of(pointer), pointer.rpartition("/")[2]
    return member_key(member) if key is None else input_key(key)


def _input_of(pointer: str) -> str | None:
    *_, owner, _member = pointer.split("/")
    return owner.replace("~1", "/").replace("~0", "~") if pointer.startswith("/spec/inputs/") else None
