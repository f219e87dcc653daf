"""The settings of a server: environment variables, or one TOML file with the same names in lower case.

Every setting below is `BLOCKYARD_<NAME>` in the environment, which goes before the file that `BLOCKYARD_CONFIG_FILE` names.
Empty variables count as absent, unknown settings are refused. Names that begin with `BLOCKYARD_RUNNER_`, `BLOCKYARD_API_` or
`BLOCKYARD_TEST_`, and `BLOCKYARD_URL`, belong to the runner, the client and the tests.

| setting | default | meaning |
|---|---|---|
| `data_dir` | `$XDG_DATA_HOME/blockyard` | what `up` keeps: database, keys, the embedded runner's directories; mode 0700 |
| `database_url` | SQLite in `data_dir` | `sqlite:////absolute/path` or `postgresql://user:password@host/name` |
| `host` | `127.0.0.1` | address to listen on |
| `port` | 8500 | port to listen on; 0 = any free one |
| `public_url` | `http://<host>:<port>` | how people, runners and pipelines reach the server; goes into links |
| `workload_issuer_url` | `public_url` | whom identity tokens of runs name as their issuer, where clouds cannot reach the server |
| `workload_signing_algorithm` | `RS256` | `RS256` or `ES256`, for identity tokens of runs; Azure always gets RS256 |
| `trusted_proxies` | none | addresses and networks of reverse proxies, with commas between; their `X-Forwarded-For` is believed |
| `master_key_file` | `<data_dir>/master.key` | 32 bytes, as 64 hex digits; encrypts state and keys hashes; part of every backup |
| `admin_workspace` | `admin` | identifier of the workspace that runs the installation |
| `announced_version` | 2026.38.0 | version of the public API in `/mesh/info`; clients refuse to start below their minimum |
| `admin_key_file` | `<data_dir>/admin-key.json` | the administrator's API key as `{"clientId", "clientSecret"}`; made by `up` if absent |
| `shared_runner_public_key_file` | made by `up` | PEM of the shared runner's public key or certificate; `serve` needs it |
| `embedded_runner` | true | whether `up` starts the shared runner beside the server |
| `allow_file_repositories` | false; true in `up` | accept `file://` and path repositories in definitions |
| `repository_hosts` | any | hosts of repositories, with commas between, such as `*.example.org`; `http://host` allows plain HTTP |
| `publication_review` | false | whether others see and order a definition only after a reviewer approved its publication |
| `state_versions` | 20 | how many versions of a state are kept |
| `attempt_ceiling_minutes` | 180 | no attempt of a run lasts longer; more than the `run_timeout_minutes` of its runners |
| `run_attempts` | 0 | a run fails when so many of its attempts were lost; 0 = it is offered again without end |
| `run_retries` | 3 | so often a run is tried again after a failure that may pass by itself; 0 = never |
| `cascade_limit` | 10000 | so many building blocks may run again because of one run; where it is more, they are held; 0 = any number |
| `cascade_stops_at_failure` | false | whether the first failed run stops the cascade that it belongs to |
| `bulk_job_days` | 30 | how long bulk jobs that are over, or were never started, are kept, and why cascades were stopped |
| `api_keys_per_workspace` | 10 | how many API keys a workspace may have unless an administrator adds more |
| `api_key_max_days` | 0 | API keys must end within so many days; 0 = they need no end. Keys that are there keep theirs |
| `min_approval_count` | 1 | how many people have to want a role in a workspace or a project before it is given; 1 = nobody else is asked |
| `workspace_self_service` | false | whether everybody with an account may make workspaces, which they own then |
| `admin_second_factor` | false | whether people with an admin role must sign in with a passkey, or with a code beside the password |
| `style_page` | false | whether `/style` shows every part of the pages, in both themes; for those who work on pages |
| `log_level` | `auto` | `debug`, `info`, `warning` or `error`; `auto` is `warning` on a terminal, else `info` |
| `log_format` | `auto` | `console` for people, `json` for machines; `auto` is `console` on a terminal, else `json` |
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from blockyard.diagnosis.settings import explain
from blockyard.protocol.jsontypes import Json

PREFIX = "BLOCKYARD_"
SQLITE_FILE = "blockyard.sqlite3"
"""The database in the data directory."""

MASTER_KEY = "master.key"
RUNNER_KEY = "runner-key.pem"
RUNNER_API_KEY = "runner-api-key.json"
ADMIN_KEY = "admin-key.json"
RUNNER_PUBLIC_KEY = "runner-public.pem"
"""The key files in the data directory, and in archives."""

CONFIG_FILE = f"{PREFIX}CONFIG_FILE"
_OTHERS = ("BLOCKYARD_RUNNER_", "BLOCKYARD_API_", "BLOCKYARD_TEST_", "BLOCKYARD_URL", CONFIG_FILE)


class SettingsError(ValueError):
    """The settings cannot be used; the message names each setting, never a value."""


def _proxies(value: object) -> object:
    """Return the addresses and networks in a text such as `10.0.0.1, 10.1.0.0/16`. Raises ValueError."""
    if not isinstance(value, str):
        return value
    found = tuple(part.strip() for part in value.split(",") if part.strip())
    for part in found:
        ipaddress.ip_network(part, strict=False)
    return found


def _hosts(value: object) -> object:
    """Return the hosts in a text such as `git.example.org, http://git.local`. Raises ValueError."""
    if not isinstance(value, str):
        return value
    found = tuple(part.strip().lower() for part in value.split(",") if part.strip())
    for part in found:
        if not _HOST.fullmatch(part):
            raise ValueError("not a host")
    return found


_HOST = re.compile(r"((https?|ssh)://)?(\*\.)?([a-z0-9_-]+\.)*[a-z0-9_-]+")
RepositoryHosts = Annotated[tuple[str, ...], BeforeValidator(_hosts)]
"""Names of hosts, each with a scheme or without, `*.` for all below."""

TrustedProxies = Annotated[tuple[str, ...], BeforeValidator(_proxies)]
"""Addresses and networks, as text."""


class Settings(BaseModel):
    """The settings of one server process; the module's table explains them."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    data_dir: Path = Path("~/.local/share/blockyard")
    database_url: str = Field(
        default="",
        pattern=r"^((sqlite|postgresql)://\S*)?$",
        repr=False,
        description="sqlite:////absolute/path or postgresql://user:password@host/name",
    )
    host: str = "127.0.0.1"
    port: int = Field(default=8500, ge=0, le=65535)
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/\s]+(/\S*)?)?$",
        description="an address such as https://blockyard.example.org",
    )
    workload_issuer_url: str = Field(
        default="",
        pattern=r"^(https?://[^/?#\s]+(/[^?#\s]*[^?#\s/])?)?$",
        description="an address such as https://identity.example.org, without a slash at its end",
    )
    workload_signing_algorithm: Literal["RS256", "ES256"] = "RS256"
    trusted_proxies: TrustedProxies = Field(
        default=(), description="addresses and networks such as 10.0.0.1, 10.1.0.0/16"
    )
    master_key_file: Path = Path()
    admin_workspace: str = Field(
        default="admin",
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        description="lower-case letters, digits and single hyphens",
    )
    announced_version: str = Field(
        default="2026.38.0", pattern=r"^[0-9]{4}\.[0-9]{1,3}\.[0-9]{1,3}$", description="a version such as 2026.38.0"
    )
    admin_key_file: Path | None = None
    shared_runner_public_key_file: Path | None = None
    embedded_runner: bool = True
    allow_file_repositories: bool = False
    repository_hosts: RepositoryHosts = Field(default=(), description="hosts such as git.example.org, *.example.org")
    publication_review: bool = False
    state_versions: int = Field(default=20, ge=1, le=1000)
    attempt_ceiling_minutes: float = Field(default=180, gt=0, le=7 * 24 * 60)
    run_attempts: int = Field(default=0, ge=0, le=10_000)
    run_retries: int = Field(default=3, ge=0, le=100)
    cascade_limit: int = Field(default=10_000, ge=0, le=10_000_000)
    cascade_stops_at_failure: bool = False
    bulk_job_days: int = Field(default=30, ge=1, le=3650)
    api_keys_per_workspace: int = Field(default=10, ge=0, le=10_000)
    api_key_max_days: int = Field(default=0, ge=0, le=36_500)
    min_approval_count: int = Field(default=1, ge=1, le=10)
    workspace_self_service: bool = False
    admin_second_factor: bool = False
    style_page: bool = False
    log_level: Literal["auto", "debug", "info", "warning", "error"] = "auto"
    log_format: Literal["auto", "console", "json"] = "auto"

    @property
    def effective_public_url(self) -> str:
        """How others reach this server, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def effective_database_url(self) -> str:
        """The database: as set, or SQLite in the data directory."""
        return self.database_url or f"sqlite:///{self.data_dir / SQLITE_FILE}"


def load_settings(environment: Mapping[str, str], overrides: Mapping[str, Json] | None = None) -> Settings:
    """Return the settings of the file, the environment and `overrides` (command line), the last one winning.

    Raises:
        SettingsError: a setting is unknown or unusable, or the file cannot be read.
    """
    values: dict[str, Json] = {}
    if path := environment.get(CONFIG_FILE):
        values |= _read_file(Path(path))
    values |= {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and not name.startswith(_OTHERS) and value
    }
    values |= {name: value for name, value in (overrides or {}).items() if value is not None}
    values.setdefault("data_dir", str(_default_data_dir(environment)))
    data_dir = Path(str(values["data_dir"])).expanduser()
    values["data_dir"] = str(data_dir if data_dir.is_absolute() else Path.cwd() / data_dir)
    values.setdefault("master_key_file", str(Path(str(values["data_dir"])) / MASTER_KEY))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(explain(error, Settings, PREFIX)) from None


def _read_file(path: Path) -> dict[str, Json]:
    try:
        return tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error}") from error


def _default_data_dir(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base) / "blockyard"


def environment() -> Mapping[str, str]:
    """Return the process environment: the only place of the server that reads it."""
    return os.environ
