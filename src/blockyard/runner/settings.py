"""The settings of a runner: environment variables, or one TOML file with the same names in lower case.

Each executor has settings of its own, read from the same places; see its module `settings`.

Every setting below is `BLOCKYARD_RUNNER_<NAME>` in the environment, which goes before the file that
`BLOCKYARD_RUNNER_CONFIG_FILE` names. Lists are comma-separated in the environment, an empty list has nothing in it. Other empty
variables count as absent, unknown settings are refused.

| setting | default | meaning |
|---|---|---|
| `server_url` | required | base URL of the control plane |
| `runner_uuid` | required | the runner's own id, as registered |
| `client_id` | required | API key: client id |
| `client_secret` | none | API key: secret |
| `client_secret_file` | none | file that holds the secret; goes before `client_secret` |
| `private_key_file` | none | PEM of the RSA key whose public half is registered; opens sealed inputs |
| `work_dir` | `/tmp/blockyard-runner` | run directories, spool and lock; one runner process per directory |
| `concurrency` | 1 | runs executed at the same time, of the types that have no slots of their own |
| `slots` | none | runs at the same time of single types, such as `GITHUB_WORKFLOW=200,TERRAFORM=2` |
| `implementation_types` | `TERRAFORM,MANUAL` | what this runner claims, in the names of runs or of runners |
| `run_timeout_minutes` | 60 | limit of a whole run, at most 180 |
| `drain_seconds` | 600 | on SIGTERM: time for runs to end before they are interrupted and handed back |
| `interrupt_grace_seconds` | 60 | time between the interrupt of an engine and the kill of the whole run |
| `heartbeat_seconds` | 5 | silence after which a Blockyard server gets a sign of life |
| `update_seconds` | 10 | pause between status updates to any other server |
| `poll_seconds` | 10 | pause between claims where the server does not hold them |
| `health_host` | `127.0.0.1` | address of `/healthz`, `/readyz`, `/metrics` |
| `health_port` | 0 | port of them; 0 = none |
| `run_json_file` | none | execute the one run of this file and exit (single-run mode) |
| `log_level` | `auto` | `debug`, `info`, `warning` or `error`; `auto` is `warning` on a terminal, else `info` |
| `log_format` | `auto` | `console` for people, `json` for machines; `auto` is `console` on a terminal, else `json` |

`EXECUTION_MODE=single-run` with `RUN_JSON_FILE_PATH`, and `RUNNER_UUID`, `RUNNER_API_URL`, `RUNNER_API_CLIENT_ID`,
`RUNNER_API_CLIENT_SECRET` and `RUNNER_PRIVATE_KEY_FILE` of the official runner are understood where ours are absent.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, get_origin

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo

from blockyard.diagnosis.settings import explain
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.live import HEARTBEAT_SECONDS
from blockyard.protocol.names import TYPES_BY_NAME
from blockyard.protocol.run import ImplementationType
from blockyard.runner.frame.settings import CEILING_MINUTES, SharedSettings

PREFIX = "BLOCKYARD_RUNNER_"
CONFIG_FILE = f"{PREFIX}CONFIG_FILE"

MOST_SLOTS = 1024
"""Of one type; runs that wait outside need little."""

_OFFICIAL_NAMES = {
    "RUNNER_UUID": "runner_uuid",
    "RUNNER_API_URL": "server_url",
    "RUNNER_API_CLIENT_ID": "client_id",
    "RUNNER_API_CLIENT_SECRET": "client_secret",
    "RUNNER_PRIVATE_KEY_FILE": "private_key_file",
}


class SettingsError(ValueError):
    """The settings cannot be used; the message names each setting, never a value."""


_Type = Annotated[ImplementationType, BeforeValidator(lambda name: TYPES_BY_NAME.get(name, name))]
"""A type by the name of runs, `GITLAB_CICD`, or of runners, `GITLAB_PIPELINE`."""


class RunnerSettings(SharedSettings):
    """The settings of one runner process; the module's table explains them."""

    server_url: str = Field(
        pattern=r"^https?://[^/\s]+", description="an address such as https://blockyard.example.org"
    )
    runner_uuid: str = Field(min_length=1)
    client_id: str | None = None
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    private_key_file: Path | None = None
    concurrency: int = Field(default=1, ge=1, le=256)
    implementation_types: tuple[_Type, ...] = (ImplementationType.TERRAFORM, ImplementationType.MANUAL)
    slots: dict[_Type, Annotated[int, Field(ge=1, le=MOST_SLOTS)]] = Field(default_factory=dict)
    run_timeout_minutes: float = Field(default=60, gt=0, le=CEILING_MINUTES)
    drain_seconds: float = Field(default=600, ge=0)
    interrupt_grace_seconds: float = Field(default=60, ge=0)
    heartbeat_seconds: float = Field(default=HEARTBEAT_SECONDS, gt=0)
    update_seconds: float = Field(default=10, gt=0)
    poll_seconds: float = Field(default=10, gt=0)
    health_host: str = "127.0.0.1"
    health_port: int = Field(default=0, ge=0, le=65535)
    run_json_file: Path | None = None
    log_level: Literal["auto", "debug", "info", "warning", "error"] = "auto"
    log_format: Literal["auto", "console", "json"] = "auto"

    @field_validator("server_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("slots", mode="before")
    @classmethod
    def _has_one_number_for_each_type(cls, value: object) -> object:
        names = [TYPES_BY_NAME.get(name, name) for name in value] if isinstance(value, dict) else []
        if twice := sorted({str(name) for name in names if names.count(name) > 1}):
            raise ValueError(f"names {', '.join(twice)} twice")
        return value

    @model_validator(mode="after")
    def _has_slots_for_its_types(self) -> "RunnerSettings":
        if others := sorted(self.slots.keys() - set(self.implementation_types)):
            raise ValueError(
                f"{PREFIX}SLOTS names {', '.join(others)}, which this runner does not claim; "
                f"{PREFIX}IMPLEMENTATION_TYPES says what it does"
            )
        return self

    @model_validator(mode="after")
    def _has_credentials(self) -> "RunnerSettings":
        complete = self.client_id and (self.client_secret or self.client_secret_file)
        if not complete and self.run_json_file is None:
            raise ValueError(
                f"{PREFIX}CLIENT_ID and {PREFIX}CLIENT_SECRET_FILE (or {PREFIX}CLIENT_SECRET) are needed to claim runs"
            )
        return self

    def read_client_secret(self) -> str:
        """Return the API key's secret; its file is read anew each time, so that it can be rotated.

        Raises:
            SettingsError: there is none, or its file cannot be read.
        """
        if self.client_secret_file is not None:
            try:
                return self.client_secret_file.read_text().strip()
            except OSError as error:
                raise SettingsError(f"client_secret_file: {error.strerror}") from error
        if self.client_secret is None:
            raise SettingsError("client_secret: missing")
        return self.client_secret.get_secret_value()


def read_values(environ: Mapping[str, str], models: Sequence[type[SharedSettings]]) -> JsonObject:
    """Return what the environment and its configuration file say to the settings of `models`. Raises SettingsError."""
    known = {name: field for model in models for name, field in model.model_fields.items()}
    may_be_empty = frozenset[str]().union(*(model.MAY_BE_EMPTY for model in models))
    values: JsonObject = dict(_official(environ))
    if config_file := environ.get(CONFIG_FILE):
        values |= _read_file(Path(config_file))
    for name, text in environ.items():
        key = name.removeprefix(PREFIX).lower()
        if not name.startswith(PREFIX) or name == CONFIG_FILE or not (text or key in may_be_empty):
            continue
        values[key] = _parsed(text, known[key], name) if key in known else text
    if unknown := [f"{PREFIX}{name.upper()}" for name in values if name not in known]:
        raise SettingsError(f"unknown setting {unknown[0]}; docs/operating.md lists all settings")
    return values


def taken_by(model: type[SharedSettings], values: JsonObject) -> JsonObject:
    """Return those values that a model takes."""
    return {name: value for name, value in values.items() if name in model.model_fields}


def problem_with(model: type[SharedSettings], values: JsonObject) -> str | None:
    """Return what is wrong with the settings of a model, in words."""
    try:
        model.model_validate(taken_by(model, values))
    except ValidationError as error:
        return explain(error, model, PREFIX)
    return None


def _parsed(text: str, field: FieldInfo, variable: str) -> Json:
    """Return a variable as JSON: lists are separated by commas, so are the pairs `NAME=NUMBER` of tables."""
    kind = get_origin(field.annotation)
    if kind is dict:
        return _table(_split(text), variable)
    return [*_split(text)] if kind is tuple else text


def _table(pairs: Sequence[str], variable: str) -> JsonObject:
    """Return the table that pairs make. Raises SettingsError: one is no pair, or a name comes twice."""
    table: JsonObject = {}
    for pair in pairs:
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not (name and equals and value):
            raise SettingsError(f"{variable}: '{pair}' is not NAME=NUMBER, such as TERRAFORM=2")
        if name in table:
            raise SettingsError(f"{variable} names {name} twice")
        table[name] = value
    return table


def _official(environ: Mapping[str, str]) -> dict[str, Json]:
    values: dict[str, Json] = {ours: environ[theirs] for theirs, ours in _OFFICIAL_NAMES.items() if environ.get(theirs)}
    if environ.get("EXECUTION_MODE") == "single-run":
        values["run_json_file"] = environ.get("RUN_JSON_FILE_PATH") or "run.json"
    return values


def _read_file(path: Path) -> JsonObject:
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise SettingsError(f"{CONFIG_FILE}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{CONFIG_FILE}: not TOML: {error}") from error


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
