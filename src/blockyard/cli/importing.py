"""Makes a building block definition out of what a module suggests and what its importer wants otherwise. Pure."""

import base64
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from blockyard.cli.checkout import Source
from blockyard.cli.documents import flag, member, members, objects, text
from blockyard.cli.engine_version import Chosen, choose_engine_version, is_engine_version
from blockyard.cli.exits import usage
from blockyard.cli.overrides import Overrides, excluded, static_value
from blockyard.cli.platform_names import type_name
from blockyard.cli.resources import SHARED_RUNNER
from blockyard.modules import literals
from blockyard.modules.importing import OWN_VARIABLES, Proposal, ProposedInput, ProposedOutput
from blockyard.protocol.jsontypes import Json, JsonObject

WORKSPACE_LEVEL, TENANT_LEVEL = "WORKSPACE_LEVEL", "TENANT_LEVEL"
MAX_DESCRIPTION = 255
MAX_SYMBOL_BYTES = 100 * 1024
_LOGO_MEDIA = {"svg": "image/svg+xml", "png": "image/png"}

NOTHING = Proposal(
    name=None,
    description=None,
    readme=None,
    supported_platforms=(),
    inputs=(),
    outputs=(),
    has_backend=False,
    required_versions=(),
    warnings=(),
)
"""What is suggested where there is no module: a manual definition is made of its file alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A definition and the content of its version, ready to be sent."""

    definition: JsonObject
    version: JsonObject
    warnings: tuple[str, ...]

    @property
    def name(self) -> str:
        """The definition's display name."""
        return text(self.definition, "spec", "displayName")

    def shown(self) -> tuple[JsonObject, JsonObject]:
        """Return definition and version as they may be printed: without the secrets."""
        inputs: JsonObject = {}
        for key, item in members(self.version, "inputs").items():
            hidden = {name: _hidden(member(item, name)) for name in ("argument", "defaultValue")}
            inputs[key] = members(item) | (hidden if flag(item, "isSensitive") else {})
        return self.definition, self.version | {"inputs": inputs}

    def with_warnings(self, warnings: Iterable[str]) -> "Plan":
        """Return the same plan with more to look at."""
        return replace(self, warnings=(*warnings, *self.warnings))

    def on_platform_types(self, known: Collection[str]) -> "Plan":
        """Return the same plan with the platform types of a server. Raises Failure (usage) where it has none that is meant."""
        spec = members(self.definition, "spec")
        named = [text(one, "name") for one in objects(spec, "supportedPlatforms")]
        meant = [type_name(name, known) for name in named]
        if lacking := [name for name in meant if name not in known]:
            raise usage(
                f"there is no platform type '{lacking[0]}'; there are {', '.join(sorted(known))}",
                f"Make it ('blockyard platform-types create {lacking[0]}'), or name others in the --file: supported_platforms = […].",
            )
        platforms: list[Json] = [{"name": name, "kind": "meshPlatformType"} for name in meant]
        return replace(self, definition=self.definition | {"spec": spec | {"supportedPlatforms": platforms}})

    def version_document(self, *, definition_id: str, version_id: str, number: int, state: str) -> JsonObject:
        """Return the wire document of the version as a version of that definition."""
        spec: JsonObject = {
            "buildingBlockDefinitionRef": {"uuid": definition_id, "kind": "meshBuildingBlockDefinition"},
            "versionNumber": number,
            "state": state,
        }
        metadata: JsonObject = {
            "uuid": version_id,
            "ownedByWorkspace": text(self.definition, "metadata", "ownedByWorkspace"),
            "createdOn": "",
        }
        return {"metadata": metadata, "spec": spec | self.version}


def plan(
    proposal: Proposal,
    overrides: Overrides,
    environ: Mapping[str, str] | None,
    *,
    source: Source | None,
    workspace: str,
    runner: str = SHARED_RUNNER,
    name: str | None = None,
    target: str | None = None,
    engine_version: str | None = None,
    logo: tuple[str, bytes] | None = None,
) -> Plan:
    """Return the definition to store; without a source it is a manual one. Raises Failure (usage).

    Without an environment, values that come from it or from files are not read: what is returned is for showing only.
    """
    inputs, input_warnings = _inputs(proposal, overrides, environ)
    outputs, output_warnings = _outputs(proposal, overrides, manual=source is None)
    unknown_warnings = [] if source is None else _unknown(proposal, overrides)
    definition, warnings = _definition(
        proposal, overrides, source=source, workspace=workspace, name=name, target=target, logo=logo
    )
    implementation, engine_warnings = _implementation(proposal, overrides, source, engine_version)
    version: JsonObject = {
        "runnerRef": {"uuid": runner, "kind": "meshBuildingBlockRunner"},
        "onlyApplyOncePerTenant": False,
        "deletionMode": overrides.text("deletion_mode") or ("PURGE" if source is None else "DELETE"),
        "permissions": overrides.texts("permissions") or [],
        "dependencyDefinitionRefs": [
            {"uuid": uuid, "kind": "meshBuildingBlockDefinition"} for uuid in _dependencies(overrides, inputs)
        ],
        "inputs": inputs,
        "outputs": outputs,
        "implementation": implementation,
    }
    checks = [_renamed(item, input="inputKey") for item in objects(dict(overrides.members), "input_checks")]
    version |= {"inputChecks": [*checks]} if checks else {}
    return Plan(
        definition=definition,
        version=version,
        warnings=(
            *proposal.warnings,
            *warnings,
            *engine_warnings,
            *unknown_warnings,
            *input_warnings,
            *output_warnings,
        ),
    )


def _unknown(proposal: Proposal, overrides: Overrides) -> list[str]:
    """Refuse what a typing error in a key would make: an output, or an input people fill in, that the module does not have.

    Inputs that reach the environment or the module's folder, or that a script may read, need no variable; others that
    nobody fills in are warned of. Raises Failure.
    """
    variables, outputs = [item.key for item in proposal.inputs], [item.key for item in proposal.outputs]
    warnings: list[str] = []
    for key, table in overrides.inputs.items():
        is_apart = flag(table, "environment") or text(table, "type") == "FILE" or excluded(table)
        if key in variables or key in OWN_VARIABLES or is_apart or overrides.text("pre_run_script"):
            continue
        message = f"inputs.{key}: the module has no variable '{key}'{_did_you_mean(key, variables)}"
        if (text(table, "assignment_type") or "USER_INPUT") in _WITH_DEFAULT:
            raise usage(message, "Correct the key, or set environment = true if the module reads its environment.")
        warnings.append(message)
    for key, table in overrides.outputs.items():
        if key not in outputs and not excluded(table):
            raise usage(
                f"outputs.{key}: the module has no output '{key}'{_did_you_mean(key, outputs)}", "Correct the key."
            )
    return warnings


def _did_you_mean(key: str, known: list[str]) -> str:
    near = get_close_matches(key, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def _definition(
    proposal: Proposal,
    overrides: Overrides,
    *,
    source: Source | None,
    workspace: str,
    name: str | None,
    target: str | None,
    logo: tuple[str, bytes] | None,
) -> tuple[JsonObject, list[str]]:
    display_name = name or overrides.text("name") or proposal.name or _name_of(source)
    if not display_name:
        raise usage("the definition needs a name", "Give --name, or name in the --file.")
    described = overrides.text("description") or proposal.description or display_name
    target_type = target or overrides.text("target_type") or WORKSPACE_LEVEL
    spec: JsonObject = {
        "displayName": display_name,
        "description": described[:MAX_DESCRIPTION],
        "targetType": target_type,
        "runTransparency": overrides.members.get("run_transparency", False),
        "useInLandingZonesOnly": False,
        "supportedPlatforms": _platforms(proposal, overrides) if target_type == TENANT_LEVEL else None,
    }
    warnings = ["the description is longer than 255 characters and was cut"] if len(described) > MAX_DESCRIPTION else []
    if proposal.supported_platforms and not (target or overrides.text("target_type")):
        platforms = ", ".join(proposal.supported_platforms)
        warnings.append(
            f"the readme names {platforms}; blocks will belong to workspaces. "
            f"If they belong to tenants, give --target tenant"
        )
    symbol, symbol_warnings = _symbol(overrides, logo)
    optional: Mapping[str, str | None] = {
        "readme": overrides.text("readme") or proposal.readme,
        "symbol": symbol,
        "supportUrl": overrides.text("support_url"),
        "documentationUrl": overrides.text("documentation_url"),
    }
    spec |= {key: value for key, value in optional.items() if value}
    tags = overrides.members.get("tags", {})
    return {"metadata": {"ownedByWorkspace": workspace, "tags": tags}, "spec": spec}, warnings + symbol_warnings


def _name_of(source: Source | None) -> str | None:
    if source is None:
        return None
    last = (source.path or source.url).rstrip("/").rpartition("/")[2].rpartition(":")[2].removesuffix(".git")
    words = re.sub(r"[-_]+", " ", last).strip()
    return words[:1].upper() + words[1:] or None


def _platforms(proposal: Proposal, overrides: Overrides) -> list[Json]:
    names = overrides.texts("supported_platforms") or [type_name(name) for name in proposal.supported_platforms]
    return [{"name": name, "kind": "meshPlatformType"} for name in names]


def _symbol(overrides: Overrides, logo: tuple[str, bytes] | None) -> tuple[str | None, list[str]]:
    if (given := overrides.text("symbol")) or logo is None:
        return given, []
    name, content = logo
    if len(content) > MAX_SYMBOL_BYTES:
        return None, [f"{name} is larger than 100 KiB and was left out"]
    media = _LOGO_MEDIA[name.rpartition(".")[2]]
    return f"data:{media};base64,{base64.b64encode(content).decode()}", []


def _dependencies(overrides: Overrides, inputs: JsonObject) -> list[str]:
    """Return the definitions whose blocks must be there before: those the file names, and those that inputs take outputs of."""
    parents = [
        text(item, "argument").rpartition(".")[0]
        for item in inputs.values()
        if text(item, "assignmentType") == "BUILDING_BLOCK_OUTPUT"
    ]
    named = [str(uuid) for uuid in overrides.texts("dependencies") or []]
    return [uuid for uuid in dict.fromkeys([*named, *parents]) if uuid]


def _implementation(
    proposal: Proposal, overrides: Overrides, source: Source | None, engine_version: str | None
) -> tuple[JsonObject, list[str]]:
    if source is None:
        return {"type": "manual", "manual": {}}, []
    given = engine_version or overrides.text("engine_version")
    chosen = Chosen(given) if given else choose_engine_version(proposal.required_versions)
    version = chosen.version
    if not is_engine_version(version):
        raise usage(f"'{version}' is not an engine version", "Give all three numbers, such as 1.11.4.")
    settings: JsonObject = {
        "terraformVersion": version,
        "repositoryUrl": source.url,
        "async": False,
        "useMeshHttpBackendFallback": not proposal.has_backend,
    }
    optional = {
        "repositoryPath": source.path,
        "refName": source.ref,
        "preRunScript": overrides.text("pre_run_script"),
    }
    terraform = settings | {key: value for key, value in optional.items() if value}
    return {"type": "terraform", "terraform": terraform}, [chosen.warning] if chosen.warning else []


def _inputs(
    proposal: Proposal, overrides: Overrides, environ: Mapping[str, str] | None
) -> tuple[dict[str, Json], list[str]]:
    documents: dict[str, Json] = {}
    warnings: list[str] = []
    proposed = {item.key: item for item in proposal.inputs}
    for key in [*proposed, *(key for key in overrides.inputs if key not in proposed)]:
        item, table = proposed.get(key), overrides.inputs.get(key)
        if table is not None and excluded(table):
            continue
        if item is not None and table is None and _keeps_own_default(item):
            warnings.append(f"variable '{key}' is left out: it has a default of its own that cannot be shown to people")
            continue
        documents[key] = _input(key, item, table or {}, environ, order=len(documents))
    return documents, warnings


def _keeps_own_default(item: ProposedInput) -> bool:
    """Whether the variable may be left out, while as an input it would have to be given with every order."""
    may_be_optional = item.nullable and item.type != "BOOLEAN"
    return not item.required and item.default is None and item.assignment_type == "USER_INPUT" and not may_be_optional


def _input(
    key: str, item: ProposedInput | None, table: JsonObject, environ: Mapping[str, str] | None, *, order: int
) -> JsonObject:
    type_ = text(table, "type") or (item.type if item else "STRING")
    default = table.get("default", _default(item, type_) if item else None)
    assignment = text(table, "assignment_type") or (item.assignment_type if item else "USER_INPUT")
    value = static_value(key, table, environ)
    if assignment == "STATIC" and value is None:
        raise usage(f"inputs.{key}: a STATIC input needs a value", "Give value, value_env or value_file.")
    sensitive = flag(table, "sensitive") if "sensitive" in table else bool(item and item.sensitive)
    document: JsonObject = {
        "displayName": text(table, "display_name") or (item.display_name if item else key),
        "type": type_,
        "assignmentType": assignment,
        "isEnvironment": flag(table, "environment"),
        "isSensitive": sensitive,
        "argument": _secret(value, sensitive=sensitive),
        "defaultValue": _secret(default, sensitive=sensitive) if assignment in _WITH_DEFAULT else None,
        "updateableByConsumer": assignment == "USER_INPUT" and table.get("updateable", True) is True,
        "displayOrder": order,
    }
    described = text(table, "description") or (item.description if item else "")
    told = text(table, "regex_message") or (item.regex_message if item else None) or ""
    optional: dict[str, Json] = {
        "description": described[:MAX_DESCRIPTION],
        "selectableValues": table.get("options") or (list(item.options) if item else None),
        "valueValidationRegex": text(table, "regex") or (item.regex if item else None),
        "validationRegexErrorMessage": told[:MAX_DESCRIPTION],
        "isOptional": _is_optional(item, table, document),
        "condition": text(table, "condition"),
        "optionSources": table.get("option_sources"),
        "dependentDefaults": table.get("dependent_defaults"),
    }
    return document | {name: member for name, member in optional.items() if member}


def _renamed(table: JsonObject, **names: str) -> JsonObject:
    return {names.get(name, name): value for name, value in table.items()}


def _is_optional(item: ProposedInput | None, table: JsonObject, document: JsonObject) -> bool:
    """Whether an order may leave an input out: as the file says, else where the module's default is null. Source: api.md 3.17."""
    if "optional" in table:
        return flag(table, "optional")
    may_be = document["assignmentType"] in _WITH_DEFAULT and document["type"] != "BOOLEAN"
    return may_be and document["defaultValue"] is None and bool(item and item.nullable)


def _default(item: ProposedInput, type_: str) -> Json:
    """Return the default of a variable as an input of this type holds it; the options of a list are its texts."""
    if type_ != "MULTI_SELECT" or not isinstance(item.default, str):
        return item.default
    try:
        chosen = literals.to_json(literals.parse(item.default))
    except literals.NotLiteralError:
        return item.default
    return chosen if isinstance(chosen, list) else item.default


_WITH_DEFAULT = frozenset({"USER_INPUT", "PLATFORM_OPERATOR_MANUAL_INPUT"})


def _secret(value: Json, *, sensitive: bool) -> Json:
    return {"plaintext": value if isinstance(value, str) else str(value)} if sensitive and value is not None else value


def _hidden(value: Json) -> Json:
    return None if value is None else "(secret)"


def _outputs(proposal: Proposal, overrides: Overrides, *, manual: bool) -> tuple[dict[str, Json], list[str]]:
    documents: dict[str, Json] = {}
    warnings: list[str] = []
    proposed = {item.key: item for item in proposal.outputs}
    for key in [*proposed, *(key for key in overrides.outputs if key not in proposed)]:
        item, table = proposed.get(key), overrides.outputs.get(key)
        if table is not None and excluded(table):
            continue
        if item is not None and item.sensitive:
            warnings.append(
                f"output '{key}' is left out: it is sensitive, and values of sensitive outputs are never sent"
            )
            continue
        documents[key] = _output(key, item, table or {}, order=len(documents))
    return ({} if manual and not overrides.outputs else documents), warnings


def _output(key: str, item: ProposedOutput | None, table: JsonObject, *, order: int) -> JsonObject:
    optional = flag(table, "optional") if "optional" in table else bool(item and item.optional)
    document: JsonObject = {
        "displayName": text(table, "display_name") or (item.display_name if item else key),
        "type": text(table, "type") or (item.type if item else "STRING"),
        "assignmentType": text(table, "assignment_type") or (item.assignment_type if item else "NONE"),
        "displayOrder": order,
    }
    return document | {"isOptional": True} if optional else document
