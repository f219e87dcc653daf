"""The settings of a runner: environment variables, or one TOML file with the same names in lower case.

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
| `concurrency` | 1 | runs executed at the same time |
| `implementation_types` | `TERRAFORM,MANUAL` | what this runner claims, in the names of runs |
| `run_timeout_minutes` | 60 | limit of a whole run, at most 180 |
| `clone_timeout_minutes` | 10 | limit of fetching the module from its repository |
| `init_timeout_minutes` | 10 | limit of the engine's `init` |
| `drain_seconds` | 600 | on SIGTERM: time for runs to end before they are interrupted and handed back |
| `interrupt_grace_seconds` | 60 | time between the interrupt of an engine and the kill of the whole run |
| `heartbeat_seconds` | 5 | silence after which a Blockyard server gets a sign of life |
| `update_seconds` | 10 | pause between status updates to any other server |
| `poll_seconds` | 10 | pause between claims where the server does not hold them |
| `health_host` | `127.0.0.1` | address of `/healthz`, `/readyz`, `/metrics` |
| `health_port` | 0 | port of them; 0 = none |
| `engine_dir` | `<work_dir>/engines` | managed or pre-placed engines: `<engine_dir>/<version>/tofu` or `terraform` |
| `engine_fallback` | `strict` | an engine on PATH of another version: `warn` uses it, `strict` fails the run |
| `engine_mirror_url` | none | base URL engines are downloaded from instead of the official releases; without https it must sign |
| `engine_key_file` | none | OpenPGP public key the engine's checksum file must be signed with |
| `offline` | false | never download an engine |
| `provider_mirror_dir` | none | filesystem mirror of providers |
| `plugin_cache_dir` | `<work_dir>/plugins` | provider plugin caches, one per workspace that owns definitions; `none` = no cache |
| `prepared_dir` | `<work_dir>/prepared` | folders that spare a workspace's later runs of the same sources clone and `init`; `none` = none |
| `allow_file_repositories` | false | accept `file://` and path repositories |
| `known_hosts_file` | none | SSH host keys for git, beside the ones a definition brings |
| `insecure_host_keys` | false | skip SSH host key checks |
| `pass_environment` | proxies | names of variables that modules and scripts inherit; empty = none |
| `run_json_file` | none | execute the one run of this file and exit (single-run mode) |
| `log_level` | `auto` | `debug`, `info`, `warning` or `error`; `auto` is `warning` on a terminal, else `info` |
| `log_format` | `auto` | `console` for people, `json` for machines; `auto` is `console` on a terminal, else `json` |

`EXECUTION_MODE=single-run` with `RUN_JSON_FILE_PATH`, and `RUNNER_UUID`, `RUNNER_API_URL`, `RUNNER_API_CLIENT_ID`,
`RUNNER_API_CLIENT_SECRET` and `RUNNER_PRIVATE_KEY_FILE` of the official runner are understood where ours are absent.
"""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from blockyard.diagnosis.settings import explain
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.live import HEARTBEAT_SECONDS
from blockyard.protocol.run import ImplementationType

PREFIX = "BLOCKYARD_RUNNER_"
CONFIG_FILE = f"{PREFIX}CONFIG_FILE"

CEILING_MINUTES = 180
"""The ceiling of any attempt. Source: architecture.md 4."""

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
"""The way out; what a run's environment inherits by default."""

TRUST = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NIX_SSL_CERT_FILE",
)
"""Whom git and `init` trust besides; modules and scripts see these only if the operator names them."""

_OFFICIAL_NAMES = {
    "RUNNER_UUID": "runner_uuid",
    "RUNNER_API_URL": "server_url",
    "RUNNER_API_CLIENT_ID": "client_id",
    "RUNNER_API_CLIENT_SECRET": "client_secret",
    "RUNNER_PRIVATE_KEY_FILE": "private_key_file",
}
_MAY_BE_EMPTY = "pass_environment"
_LISTS = ("implementation_types", "pass_environment")


class SettingsError(ValueError):
    """The settings cannot be used; the message names each setting, never a value."""


class EngineFallback(StrEnum):
    """What to do when only an engine of another version is there."""

    WARN = "warn"
    STRICT = "strict"


class RunnerSettings(BaseModel):
    """The settings of one runner process; the module's table explains them."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    server_url: str = Field(
        pattern=r"^https?://[^/\s]+", description="an address such as https://blockyard.example.org"
    )
    runner_uuid: str = Field(min_length=1)
    client_id: str | None = None
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    private_key_file: Path | None = None
    work_dir: Path = Path("/tmp/blockyard-runner")  # noqa: S108  its mode and owner are checked before use
    concurrency: int = Field(default=1, ge=1, le=256)
    implementation_types: tuple[ImplementationType, ...] = (ImplementationType.TERRAFORM, ImplementationType.MANUAL)
    run_timeout_minutes: float = Field(default=60, gt=0, le=CEILING_MINUTES)
    clone_timeout_minutes: float = Field(default=10, gt=0, le=CEILING_MINUTES)
    init_timeout_minutes: float = Field(default=10, gt=0, le=CEILING_MINUTES)
    drain_seconds: float = Field(default=600, ge=0)
    interrupt_grace_seconds: float = Field(default=60, ge=0)
    heartbeat_seconds: float = Field(default=HEARTBEAT_SECONDS, gt=0)
    update_seconds: float = Field(default=10, gt=0)
    poll_seconds: float = Field(default=10, gt=0)
    health_host: str = "127.0.0.1"
    health_port: int = Field(default=0, ge=0, le=65535)
    engine_dir: Path = Path()
    engine_fallback: EngineFallback = EngineFallback.STRICT
    engine_mirror_url: str | None = None
    engine_key_file: Path | None = None
    offline: bool = False
    provider_mirror_dir: Path | None = None
    plugin_cache_dir: Path | None = Path()
    prepared_dir: Path | None = Path()
    allow_file_repositories: bool = False
    known_hosts_file: Path | None = None
    insecure_host_keys: bool = False
    pass_environment: tuple[str, ...] = PROXIES
    run_json_file: Path | None = None
    log_level: Literal["auto", "debug", "info", "warning", "error"] = "auto"
    log_format: Literal["auto", "console", "json"] = "auto"

    @field_validator("server_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("plugin_cache_dir", "prepared_dir", mode="before")
    @classmethod
    def _none_by_name(cls, value: object) -> object:
        return None if value == "none" else value

    @model_validator(mode="before")
    @classmethod
    def _fill_directories(cls, values: object) -> object:
        if not isinstance(values, Mapping):
            return values
        work_dir = Path(values.get("work_dir") or cls.model_fields["work_dir"].default)
        folders = {"engine_dir": "engines", "plugin_cache_dir": "plugins", "prepared_dir": "prepared"}
        return {setting: work_dir / name for setting, name in folders.items()} | dict(values)

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


def load_settings(environ: Mapping[str, str]) -> RunnerSettings:
    """Return the settings that the environment and its configuration file give. Raises SettingsError."""
    known = RunnerSettings.model_fields
    values: JsonObject = dict(_official(environ))
    if config_file := environ.get(CONFIG_FILE):
        values |= _read_file(Path(config_file))
    for name, text in environ.items():
        key = name.removeprefix(PREFIX).lower()
        if not name.startswith(PREFIX) or name == CONFIG_FILE or not (text or key == _MAY_BE_EMPTY):
            continue
        if key not in known:
            raise SettingsError(f"unknown setting {name}; docs/operating.md lists all settings")
        values[key] = _split(text) if key in _LISTS else text
    try:
        return RunnerSettings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(explain(error, RunnerSettings, PREFIX)) from None


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


def _split(text: str) -> list[Json]:
    return [part.strip() for part in text.split(",") if part.strip()]
