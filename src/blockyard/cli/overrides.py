"""The file that says how an imported definition shall differ from what its module suggests: TOML or JSON.

| member | meaning |
|---|---|
| `name`, `description`, `readme` | texts of the definition |
| `target_type` | `WORKSPACE_LEVEL` or `TENANT_LEVEL` |
| `supported_platforms` | list of platform types, for `TENANT_LEVEL` |
| `run_transparency` | whether consumers may read runs and logs |
| `support_url`, `documentation_url`, `symbol` | links; `symbol` may be a data URI |
| `tags` | table of lists of texts |
| `engine_version` | version of OpenTofu |
| `deletion_mode` | `DELETE` or `PURGE` |
| `permissions` | list of permission codes a run gets |
| `dependencies` | list of ids of definitions whose blocks must exist before |
| `pre_run_script` | script that runs before the engine |
| `input_checks` | list of tables: `condition`, `message`, `input`; what has to hold between inputs |
| `inputs.<key>` | table: `display_name`, `description`, `type`, `assignment_type`, `sensitive`, `environment`, `updateable`, |
| | `optional`, `condition`, `default`, `dependent_defaults`, `value`, `value_env`, `value_file`, `options`, |
| | `option_sources`, `regex`, `regex_message`, `exclude` |
| `outputs.<key>` | table: `display_name`, `type`, `assignment_type`, `optional`, `exclude` |

`value` is that of a STATIC input, or the parent's output of a BUILDING_BLOCK_OUTPUT. The `value_file` of a FILE input is the
file itself. Secrets belong into the environment (`value_env`) or a file of their own (`value_file`), not into this file. Inputs and
outputs the module does not have are added.
"""

import base64
import json
import mimetypes
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from blockyard.cli.documents import flag, text
from blockyard.cli.exits import Failure, usage
from blockyard.protocol.jsontypes import Json, JsonObject

_TEXTS = frozenset({"name", "description", "readme", "target_type", "support_url", "documentation_url", "symbol"})
_VERSION_TEXTS = frozenset({"engine_version", "deletion_mode", "pre_run_script"})
_LISTS = frozenset({"supported_platforms", "permissions", "dependencies"})
_CHECKS = "input_checks"
_RECORDS: Mapping[str, frozenset[str]] = {
    _CHECKS: frozenset({"condition", "message", "input"}),
    "option_sources": frozenset({"condition", "values", "tag", "output", "block"}),
    "dependent_defaults": frozenset({"condition", "value"}),
}
"""Lists of tables, and what these have; what they say is checked by the server."""
_TABLES = frozenset({"tags", "inputs", "outputs"})
_MEMBERS = _TEXTS | _VERSION_TEXTS | _LISTS | _TABLES | {"run_transparency", _CHECKS}

_INPUT_TEXTS = frozenset(
    {"display_name", "description", "type", "assignment_type", "condition", "regex", "regex_message"}
)
_INPUT_FLAGS = frozenset({"sensitive", "environment", "updateable", "optional", "exclude"})
_INPUT_MEMBERS = _INPUT_TEXTS | _INPUT_FLAGS | {"default", "value", "value_env", "value_file", "options"}
_INPUT_MEMBERS |= _RECORDS.keys() - {_CHECKS}
_OUTPUT_MEMBERS = frozenset({"display_name", "type", "assignment_type", "optional", "exclude"})


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the file says; its tables of inputs and outputs apart."""

    members: Mapping[str, Json] = field(default_factory=dict)
    inputs: Mapping[str, JsonObject] = field(default_factory=dict)
    outputs: Mapping[str, JsonObject] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """Return a text member; None if the file does not have it."""
        value = self.members.get(name)
        return value if isinstance(value, str) else None

    def texts(self, name: str) -> list[Json] | None:
        """Return a list member; None if the file does not have it."""
        value = self.members.get(name)
        return value if isinstance(value, list) else None


_FORMS = "Write TOML, or JSON in a file whose name ends in .json."


def read_overrides(path: Path) -> Overrides:
    """Return what a file says. Raises Failure (usage): it cannot be read, or has members nobody knows."""
    try:
        content = path.expanduser().read_text(encoding="utf-8")
        document: Json = json.loads(content) if path.suffix == ".json" else tomllib.loads(content)
    except OSError as error:
        raise usage(f"'{path}' cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise usage(f"'{path}' is not a text file in UTF-8", _FORMS) from None
    except ValueError as error:
        raise usage(f"'{path}' cannot be read: {error}", _FORMS) from None
    if not isinstance(document, dict):
        raise usage(f"'{path}' must hold a table")
    _check_records(document, "")
    _only_known(document, _MEMBERS, str(path))
    _check_types(document)
    return Overrides(
        members=document,
        inputs=_tables(document, "inputs", _INPUT_MEMBERS),
        outputs=_tables(document, "outputs", _OUTPUT_MEMBERS),
    )


def _check_types(document: JsonObject) -> None:
    for name, value in document.items():
        if name in _TEXTS | _VERSION_TEXTS and not isinstance(value, str):
            raise usage(f"{name} must be a text")
        if name in _LISTS and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            raise usage(f"{name} must be a list of texts")
        if name in _TABLES and not isinstance(value, dict):
            raise usage(f"{name} must be a table")
        if name == "run_transparency" and not isinstance(value, bool):
            raise usage("run_transparency must be true or false")


def _tables(document: JsonObject, name: str, known: frozenset[str]) -> dict[str, JsonObject]:
    tables: dict[str, JsonObject] = {}
    found = document.get(name, {})
    for key, table in found.items() if isinstance(found, dict) else ():
        if not isinstance(table, dict):
            raise usage(f"{name}.{key} must be a table")
        _only_known(table, known, f"{name}.{key}")
        _check_records(table, f"{name}.{key}.")
        for member, value in table.items():
            if member in _INPUT_TEXTS and not isinstance(value, str):
                raise usage(f"{name}.{key}.{member} must be a text")
            if member in _INPUT_FLAGS | {"optional"} and not isinstance(value, bool):
                raise usage(f"{name}.{key}.{member} must be true or false")
        tables[key] = table
    return tables


def _check_records(document: JsonObject, where: str) -> None:
    for name in _RECORDS.keys() & document.keys():
        records = document[name]
        for record in records if isinstance(records, list) else [None]:
            if not isinstance(record, dict):
                raise usage(f"{where}{name} must be a list of tables")
            _only_known(record, _RECORDS[name], f"{where}{name}")


def _only_known(document: JsonObject, known: frozenset[str], where: str) -> None:
    if unknown := sorted(set(document) - known):
        names = ", ".join(f"'{name}'" for name in unknown)
        raise usage(
            f"{where}: unknown {'member' if len(unknown) == 1 else 'members'} {names}",
            f"Known members: {', '.join(sorted(known))}.",
        )


def static_value(key: str, table: JsonObject, environ: Mapping[str, str] | None) -> Json:
    """Return the fixed value a table gives: itself, from the environment, or from a file. Raises Failure (usage).

    Without an environment nothing is read, and the answer says where the value would come from.
    """
    sources = [name for name in ("value", "value_env", "value_file") if name in table]
    if len(sources) > 1:
        raise usage(f"inputs.{key}: give only one of {', '.join(sources)}")
    if environ is None and (place := text(table, "value_env") or text(table, "value_file")):
        return f"(from {place})"
    if environ is not None and (name := text(table, "value_env")):
        if name not in environ:
            raise usage(f"inputs.{key}: the variable {name} is not set")
        return environ[name]
    if path := text(table, "value_file"):
        is_file = text(table, "type") == "FILE"
        try:
            content = Path(path).expanduser().read_bytes()
            return _as_data(path, content) if is_file else content.decode()
        except (OSError, UnicodeDecodeError) as error:
            raise Failure(f"inputs.{key}: '{path}' cannot be read{'' if is_file else ' as text'}") from error
    return table.get("value")


def _as_data(path: str, content: bytes) -> str:
    """Return a file as the value of a FILE input; one that holds such a value already is that value."""
    if content.startswith(b"data:") and b";base64," in content:
        return content.decode().strip()
    media = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return f"data:{media};base64,{base64.b64encode(content).decode()}"


def excluded(table: JsonObject) -> bool:
    """Return whether a table leaves its input or output out."""
    return flag(table, "exclude")


def files_of_inputs(overrides: Overrides, environ: Mapping[str, str] | None) -> dict[str, bytes]:
    """Return the files that runs get from inputs: name to content, empty where it is not fixed. Raises Failure (usage)."""
    return {
        key: _content(static_value(key, table, environ))
        for key, table in overrides.inputs.items()
        if text(table, "type") == "FILE" and not excluded(table)
    }


def _content(value: Json) -> bytes:
    head, _, encoded = value.partition(";base64,") if isinstance(value, str) else ("", "", "")
    try:
        return base64.b64decode(encoded, validate=True) if head.startswith("data:") else b""
    except ValueError:  # the server says what is wrong with it
        return b""
