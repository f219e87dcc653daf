"""What operators may say about runs of modules; read like all settings of the runner, see `runner/settings.py`.

| setting | default | meaning |
|---|---|---|
| `clone_timeout_minutes` | 10 | limit of fetching the module from its repository |
| `init_timeout_minutes` | 10 | limit of the engine's `init` |
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
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from blockyard.runner.frame.settings import CEILING_MINUTES, SharedSettings

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


class EngineFallback(StrEnum):
    """What to do when only an engine of another version is there."""

    WARN = "warn"
    STRICT = "strict"


class OpenTofuSettings(SharedSettings):
    """The settings of the executor; the module's table explains them."""

    MAY_BE_EMPTY = frozenset({"pass_environment"})

    clone_timeout_minutes: float = Field(default=10, gt=0, le=CEILING_MINUTES)
    init_timeout_minutes: float = Field(default=10, gt=0, le=CEILING_MINUTES)
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
