"""The environment of a run's processes: it starts empty. Source: runner.md 3.8.

Modules and scripts see the official allow-list, what the operator names in `pass_environment`, and the environment inputs of
the definition. The engine adds `CHECKPOINT_DISABLE`, `TF_IN_AUTOMATION` and, with an injected backend, user and token of the
state. `init` alone, which runs nothing of a module, sees more: how to reach registries and whom to trust, the provider
cache, the settings of the backend, and a rarer collection of garbage, which spares it a sixth of its start.
"""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from blockyard.runner.executors.opentofu.settings import PROXIES, TRUST
from blockyard.runner.frame.failures import StepFailed
from blockyard.runner.frame.inputs import PlainInput
from blockyard.runner.frame.values import format_value, is_encodable

INHERITED = (
    "PATH",
    "TMPDIR",
    "TMP",
    "TEMP",
    "SSH_KNOWN_HOSTS",
    "NIX_CONFIG",
    "MESHSTACK_ENDPOINT",
    "MESHSTACK_SKIP_VERSION_CHECK",
    "CUSTOM_CA_CERTS_PATH",
    "CHECKPOINT_DISABLE",
)
"""What every process of a run takes over from the runner, if it is set there. `PWD` is the run directory, `HOME` one of the run's own."""

API_TOKEN = "MESHSTACK_API_TOKEN"  # noqa: S105  the name of a variable
"""Where a module, its providers and the pre-run script find the ephemeral API key of the run."""

ENGINE_LOGGING = ("TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER", "TF_LOG_PATH")
"""What the engine takes over besides; definitions must not set these."""

VARIABLE_PREFIX = "TF_VAR_"

_GARBAGE_PERCENT = "200"
"""Garbage may be as much as twice what is in use; 100 is the default of the engine's language, Go."""

_FORBIDDEN = re.compile(
    r"TF_CLI_ARGS(_.*)?|TF_INPUT|TF_IN_AUTOMATION|TF_LOG|TF_LOG_CORE|TF_LOG_PATH|TF_LOG_PROVIDER|TF_REATTACH_PROVIDERS"
    r"|TF_APPEND_USER_AGENT|TF_WORKSPACE|TF_DISABLE_PLUGIN_TLS|TF_SKIP_PROVIDER_VERIFY"
)


def base_environment(own: Mapping[str, str], extra: Iterable[str], *, run_dir: Path, home: Path) -> dict[str, str]:
    """Return what every process of the run sees: the allow-list and the operator's additions to it."""
    names = (*INHERITED, *extra)
    seen = {name: own[name] for name in names if name in own}
    if "PATH" in seen and own.get("HOME"):
        seen["PATH"] = _with_own_programs(seen["PATH"], Path(own["HOME"]), home)
    return seen | {"HOME": str(home), "PWD": str(run_dir)}


def _with_own_programs(path: str, theirs: Path, home: Path) -> str:
    """Return a search path on which a run finds what it installs in its HOME, where the runner finds what is in its own.

    So tools such as `nix profile` work that install below HOME and expect that place on the path.
    """
    places = [Path(place) for place in path.split(os.pathsep) if place]
    own = [
        str(home / place.relative_to(theirs)) for place in places if place.is_relative_to(theirs) and place != theirs
    ]
    return os.pathsep.join([*own, path])


def outbound_environment(own: Mapping[str, str]) -> dict[str, str]:
    """Return how the runner reaches others and whom it trusts, for what it starts on its own behalf."""
    return {name: own[name] for name in (*PROXIES, *TRUST) if name in own}


def init_environment(own: Mapping[str, str], seen: Mapping[str, str]) -> dict[str, str]:
    """Return what `init` sees, given what the other commands of the engine see."""
    return {**outbound_environment(own), "GOGC": _GARBAGE_PERCENT, **seen}


def engine_environment(own: Mapping[str, str], log_file: Path) -> dict[str, str]:
    """Return what the engine sees besides. Debug logs, if the operator wants some, go to a file."""
    logging = {name: own[name] for name in ENGINE_LOGGING if own.get(name)}
    if logging:
        logging.setdefault("TF_LOG_PATH", str(log_file))
    return {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", **logging}


def input_environment(inputs: Iterable[PlainInput]) -> dict[str, str]:
    """Return what environment inputs set; those for variables are left out. Raises StepFailed on names not allowed."""
    environment = {}
    for given in inputs:
        if not given.is_environment or given.key.startswith(VARIABLE_PREFIX):
            continue
        if _FORBIDDEN.fullmatch(given.key):
            raise StepFailed(f"manual setting of env var {given.key} detected", "Remove this input of the definition.")
        text = format_value(given.value)
        if not given.key or "=" in given.key or not is_encodable(given.key + (text or "")):
            raise StepFailed(
                f"input '{given.key}' cannot be an environment variable", "Its name or value has letters none can have."
            )
        if text is not None:
            environment[given.key] = text
    return environment
