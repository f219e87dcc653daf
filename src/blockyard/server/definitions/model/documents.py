"""Content of versions as JSON: as the API shows it (secrets as hashes) and as it is stored (secrets sealed)."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import DEFINITION, RUNNER
from blockyard.protocol.names import ImplementationType
from blockyard.server.definitions.model.adaptive import read_check, read_default, read_source
from blockyard.server.definitions.model.definition import (
    AssignmentType,
    DeclaredType,
    DefinitionId,
    DeletionMode,
    InputKind,
    InputSpec,
    OutputAssignment,
    OutputSpec,
    Value,
    VersionContent,
)
from blockyard.server.definitions.model.identities import options_document, read_options
from blockyard.server.definitions.model.implementation import Implementation
from blockyard.server.definitions.model.migrations import read_migration
from blockyard.server.issuer.model.workload import NO_OPTIONS
from blockyard.server.runners.model import RunnerId, StoredSecret, stored_secret


def shown_content(content: VersionContent) -> JsonObject:
    """Return the members of `spec` that the author wrote, secrets as hashes. Source: api.md 3.17 and 2.4."""
    return _content(content, lambda secret: secret.wire(), content.implementation.wire())


def shown_inputs(specs: Iterable[InputSpec]) -> dict[str, JsonObject]:
    """Return inputs as the API shows those of a version, by their keys."""
    return {spec.key: _input(spec, lambda secret: secret.wire()) for spec in specs}


def without_sources(content: VersionContent) -> VersionContent:
    """Return a content without what its owner alone is told: where options come from, and how its runs are trusted."""
    inputs = {key: replace(spec, option_sources=()) for key, spec in content.inputs.items()}
    return replace(content, inputs=inputs, identity=NO_OPTIONS)


def stored_content(content: VersionContent) -> JsonObject:
    """Return what the database keeps: the same with sealed secrets."""
    implementation = content.implementation
    secrets: JsonObject = {member: secret.document() for member, secret in implementation.secrets.items()}
    kept: JsonObject = {
        "type": implementation.type.value,
        "settings": dict(implementation.settings),
        "secrets": secrets,
    }
    return _content(content, lambda secret: secret.document(), kept)


def content_hash(content: VersionContent) -> str:
    """Return a hash that changes with the content: members without a value and the order of sets do not count."""
    canonical = json.dumps(_without_empty(shown_content(content)), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_content(stored: JsonObject) -> VersionContent:
    """Return the content the database keeps."""
    inputs, outputs = _object(stored["inputs"]), _object(stored["outputs"])
    return VersionContent(
        runner_id=RunnerId(UUID(str(_object(stored["runnerRef"])["uuid"]))),
        deletion_mode=DeletionMode(str(stored["deletionMode"])),
        only_apply_once_per_tenant=stored["onlyApplyOncePerTenant"] is True,
        permissions=tuple(str(code) for code in _list(stored["permissions"])),
        dependencies=tuple(
            DefinitionId(UUID(str(_object(ref)["uuid"]))) for ref in _list(stored["dependencyDefinitionRefs"])
        ),
        inputs={key: _read_input(key, _object(value)) for key, value in inputs.items()},
        outputs={key: _read_output(key, _object(value)) for key, value in outputs.items()},
        implementation=_read_implementation(_object(stored["implementation"])),
        input_migrations=tuple(read_migration(_object(step)) for step in _list(stored.get("inputMigrations", []))),
        input_checks=tuple(read_check(_object(item)) for item in _list(stored.get("inputChecks", []))),
        identity=read_options(_object(stored.get("workloadIdentity", {}))),
    )


def _content(
    content: VersionContent, secret: Callable[[StoredSecret], JsonObject], implementation: JsonObject
) -> JsonObject:
    checks: list[Json] = [check.document() for check in content.input_checks]
    document: JsonObject = {
        "runnerRef": RUNNER.ref(content.runner_id),
        "onlyApplyOncePerTenant": content.only_apply_once_per_tenant,
        "deletionMode": content.deletion_mode.value,
        "permissions": list(content.permissions),
        "dependencyDefinitionRefs": [DEFINITION.ref(definition) for definition in content.dependencies],
        "inputs": {key: _input(spec, secret) for key, spec in content.inputs.items()},
        "outputs": {key: _output(spec) for key, spec in content.outputs.items()},
        "implementation": implementation,
    }
    # A member of ours: clients that do not know it find only what they sent. Source: api.md 3.17, content hash.
    migrations: JsonObject = {"inputMigrations": [step.document() for step in content.input_migrations]}
    ours: JsonObject = (migrations if content.input_migrations else {}) | ({"inputChecks": checks} if checks else {})
    if content.identity != NO_OPTIONS:
        ours["workloadIdentity"] = options_document(content.identity)
    return document | ours


def _input(spec: InputSpec, secret: Callable[[StoredSecret], JsonObject]) -> JsonObject:
    def shown(value: Value) -> Json:
        return secret(value) if isinstance(value, StoredSecret) else value

    # Left out when unset: clients that do not know them find only what they sent. Source: api.md 3.17, content hash.
    lately: JsonObject = {"jsonSchema": spec.json_schema, "isOptional": spec.is_optional, "condition": spec.condition}
    lately |= {
        "optionSources": [source.document() for source in spec.option_sources],
        "dependentDefaults": [default.document() for default in spec.dependent_defaults],
    }
    return {
        **{member: value for member, value in lately.items() if value},
        "displayName": spec.display_name,
        "type": spec.kind.value,
        "assignmentType": spec.assignment_type.value,
        "isEnvironment": spec.is_environment,
        "isSensitive": spec.is_sensitive,
        "argument": shown(spec.argument),
        "defaultValue": shown(spec.default_value),
        "updateableByConsumer": spec.updateable_by_consumer,
        "selectableValues": None if spec.selectable_values is None else list(spec.selectable_values),
        "description": spec.description,
        "valueValidationRegex": spec.value_validation_regex,
        "validationRegexErrorMessage": spec.validation_regex_error_message,
        "displayOrder": spec.display_order,
    }


def _output(spec: OutputSpec) -> JsonObject:
    document: JsonObject = {
        "displayName": spec.display_name,
        "type": spec.type.value,
        "assignmentType": spec.assignment_type.value,
        "displayOrder": spec.display_order,
    }
    # A member of ours: clients that do not know it find only what they sent. Source: api.md 3.17, content hash.
    return document | {"isOptional": True} if spec.is_optional else document


def _read_input(key: str, stored: JsonObject) -> InputSpec:
    sensitive = stored["isSensitive"] is True
    options = stored["selectableValues"]
    kind = InputKind(str(stored["type"]))
    return InputSpec(
        key=key,
        display_name=str(stored["displayName"]),
        type=kind.run_type,
        assignment_type=AssignmentType(str(stored["assignmentType"])),
        is_environment=stored["isEnvironment"] is True,
        is_sensitive=sensitive,
        argument=_read_value(stored["argument"], sensitive=sensitive),
        default_value=_read_value(stored["defaultValue"], sensitive=sensitive),
        updateable_by_consumer=stored["updateableByConsumer"] is True,
        selectable_values=None if options is None else tuple(str(option) for option in _list(options)),
        description=_text(stored["description"]),
        value_validation_regex=_text(stored["valueValidationRegex"]),
        validation_regex_error_message=_text(stored["validationRegexErrorMessage"]),
        is_json=kind is InputKind.JSON,
        json_schema=_text(stored.get("jsonSchema")),
        is_optional=stored.get("isOptional") is True,
        condition=_text(stored.get("condition")),
        display_order=_integer(stored["displayOrder"]),
        option_sources=tuple(read_source(_object(item)) for item in _list(stored.get("optionSources", []))),
        dependent_defaults=tuple(read_default(_object(item)) for item in _list(stored.get("dependentDefaults", []))),
    )


def _read_output(key: str, stored: JsonObject) -> OutputSpec:
    return OutputSpec(
        key=key,
        display_name=str(stored["displayName"]),
        type=DeclaredType(str(stored["type"])),
        assignment_type=OutputAssignment(str(stored["assignmentType"])),
        display_order=_integer(stored["displayOrder"]),
        is_optional=stored.get("isOptional") is True,
    )


def _read_implementation(stored: JsonObject) -> Implementation:
    return Implementation(
        type=ImplementationType(str(stored["type"])),
        settings=_object(stored["settings"]),
        secrets={member: stored_secret(secret) for member, secret in _object(stored["secrets"]).items()},
    )


def _read_value(stored: Json, *, sensitive: bool) -> Value:
    return stored_secret(stored) if sensitive and stored is not None else stored


def _without_empty(value: Json) -> Json:
    if isinstance(value, Mapping):
        ordered = value.get("dependentDefaults")  # the first that counts is taken
        if isinstance(ordered, list):
            numbered: JsonObject = {str(at): item for at, item in enumerate(ordered)}
            value = {**value, "dependentDefaults": numbered}
        kept = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in (None, [], {}, "")}
    if isinstance(value, list):
        items = [_without_empty(item) for item in value]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    return value


def _object(value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise ValueError("a stored version is damaged")  # noqa: TRY004  bad data, not a wrong call
    return value


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise ValueError("a stored version is damaged")  # noqa: TRY004  bad data, not a wrong call
    return value


def _text(value: Json) -> str | None:
    return None if value is None else str(value)


def _integer(value: Json) -> int:
    return int(str(value))
