"""The environment of a run's processes: it starts empty. Source: runner.md 3.8.

Beyond the official allow-list a run sees what the operator names in `pass_environment` (proxies and CA bundles by
default), and the engine alone `TF_CLI_CONFIG_FILE` (with a provider mirror), `TF_PLUGIN_CACHE_DIR` and
`TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE` (modules that need providers), `CHECKPOINT_DISABLE` and the
`TF_HTTP_…` variables of an injected backend, which the pre-run script sees too. It is also told to collect its garbage
half as often, which spares it a sixth of its start; an input `GOGC` says otherwise.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from blockyard.protocol.jsontypes import Json
from blockyard.runner.executors.opentofu.failures import StepFailed
from blockyard.runner.executors.opentofu.inputs import PlainInput

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
    return {name: own[name] for name in names if name in own} | {"HOME": str(home), "PWD": str(run_dir)}


def engine_environment(own: Mapping[str, str], log_file: Path) -> dict[str, str]:
    """Return what the engine sees besides. Debug logs, if the operator wants some, go to a file."""
    logging = {name: own[name] for name in ENGINE_LOGGING if own.get(name)}
    if logging:
        logging.setdefault("TF_LOG_PATH", str(log_file))
    return {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "GOGC": _GARBAGE_PERCENT, **logging}


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


def is_encodable(text: str) -> bool:
    """Tell whether the operating system takes a text: it holds no NUL and no half of a character."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def format_value(value: Json) -> str | None:
    """Return the text of a value: strings verbatim, the rest as JSON, numbers with all digits; None for null."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
