"""Names in the directory of a run that belong to the run, never to its module.

Repositories hold such files by accident: a state, the data folder of an engine, what an earlier runner left. Whoever takes a
file that is there for one of its own would work on them. So each name that the runner or the engine uses is listed here; a
module's file of this name stays behind, with a line in the log, and no FILE input can have it.
"""

import re
from collections.abc import Iterable

KEY_FILE = "ssh_cert"
KNOWN_HOSTS_FILE = "known_hosts_tmp"
CLONE_DIR = "tmp-clone-meshstack"
CREDENTIALS_FILE = "tmp-git-credentials"
FETCHING = frozenset({KEY_FILE, KNOWN_HOSTS_FILE, CLONE_DIR, CREDENTIALS_FILE})
"""What is there before the module is."""

VARIABLE_FILE = "aaaaaa_meshstack-e48f8924-a6c0-4ff0-9528-ff3c1f6f94d8.auto.tfvars.json"
"""Sorts first, so that any other variable file of the module goes before."""

DECLARATION_FILE = "meshStack_run_vars.tf"
"""The one name a module may use, too: then it is left alone. Source: runner.md 3.4."""

MORE_DECLARATIONS_FILE = "meshStack_run_vars_of_run.tf"
"""What a module with such a file does not declare is declared here: the engine would warn of each value without a variable."""

BACKEND_STEM = "meshStack_httpbackend-"
BACKEND_OVERRIDE_FILE = "zzzzzz_meshStack_httpbackend_override.tf"
"""Replaces a backend of the module; of several override files the engine takes the last one."""

SCRIPT_FILE = "meshstack-pre-run.sh"
MESSAGE_STEM = "meshstack-user-message-"
OUTPUTS_FILE = "meshStack_outputs.json"
PLAN_FILE = "plan.tfplan"
PLAN_JSON_FILE = "meshStack_plan.json"
ERRORED_STATE = "errored.tfstate"
DATA_DIR = ".terraform"
"""Where the engine keeps what `init` made. Prepared folders keep it."""

_OWN = re.compile(
    "|".join(
        (
            *map(
                re.escape,
                (
                    *sorted(FETCHING),
                    SCRIPT_FILE,
                    OUTPUTS_FILE,
                    PLAN_FILE,
                    PLAN_JSON_FILE,
                    BACKEND_OVERRIDE_FILE,
                    DATA_DIR,
                ),
            ),
            re.escape(MORE_DECLARATIONS_FILE),
            re.escape(VARIABLE_FILE.removesuffix(".json")) + r"(?:\.json)?",
            re.escape(BACKEND_STEM) + ".*",
            re.escape(MESSAGE_STEM) + ".*",
            r"errored\.tfstate.*",
            r"\.?terraform\.tfstate.*",
        )
    )
)


def belongs_to_run(name: str) -> bool:
    """Tell whether a name in the directory of a run is never the module's."""
    return _OWN.fullmatch(name) is not None


_TEST_NAME = re.compile(r".*\.(?:tftest|tofutest)\.(?:hcl|json)")


def is_test(name: str) -> bool:
    """Tell whether a file is a test of the module: `init` would install what it needs, too."""
    return _TEST_NAME.fullmatch(name) is not None


def left_behind(names: Iterable[str]) -> list[str]:
    """Return those names that belong to the run, in order."""
    return sorted(filter(belongs_to_run, names))
