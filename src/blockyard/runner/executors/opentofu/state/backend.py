"""Where the state of a run is kept. Source: runner.md 3.11, architecture.md 5, hub-usage.md B1.

On a Blockyard server an empty `http` backend is put beside the module, so that a prepared folder and a saved plan stay usable
under another token, and states are locked. User and token are environment. The rest is put into the engine's data folder after
`init`, where it looks for what its files leave open: the module and its scripts then see no name that they would not see on
an official server. Where a plan is saved or applied the rest is environment, too: the engine writes what is in its data folder
into the plan, and the next run may reach the server under another address. On an official server it is the official
literal file. A module's own backend is left alone.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from blockyard.modules.module import Module
from blockyard.runner.executors.opentofu.own_names import BACKEND_OVERRIDE_FILE, BACKEND_STEM
from blockyard.runner.frame.failures import StepFailed

USER = "x"
RETRY_MAX = 8
RETRY_WAIT_MAX_SECONDS = 4
"""The client's own window is about 3 s; this one outlives a restart of the server. Source: hub-usage.md B5."""

_EMPTY = 'terraform {\n  backend "http" {}\n}\n'
_LITERAL = 'terraform {{\n  backend "http" {{\n    address = {address}\n  }}\n}}\n'


@dataclass(frozen=True, slots=True)
class Backend:
    """How a run keeps its state."""

    file_text: str | None = None
    """Content of the file to put beside the module."""
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    """For the environment of the engine and of the pre-run script."""
    settings: Mapping[str, str | int] = field(default_factory=dict)
    """What the file leaves open: it goes into the engine's data folder, or into the environment."""
    declared: str | None = None
    """The backend that the module declares; replaced if another one is injected."""

    @property
    def injected(self) -> bool:
        """Whether state is kept by the control plane."""
        return self.file_text is not None

    @property
    def environment(self) -> dict[str, str]:
        """The settings and the credentials as variables, for an engine that finds no settings in its data folder."""
        return {f"TF_HTTP_{name.upper()}": str(value) for name, value in self.settings.items()} | dict(self.credentials)


def state_address(base_url: str, workspace: str, block: str) -> str:
    """Return the address of a building block's state."""
    return f"{base_url.rstrip('/')}/api/terraform/state/workspace/{workspace}/buildingBlock/{block}"


def backend_file(backend: Backend, seconds: int) -> str:
    """Return the name of the file for an injected backend, made `seconds` after the epoch."""
    if backend.declared is not None:
        return BACKEND_OVERRIDE_FILE
    return f"{BACKEND_STEM}{seconds}.tf"


def is_backend_file(name: str) -> bool:
    """Tell whether a file was made for an injected backend."""
    return name == BACKEND_OVERRIDE_FILE or name.startswith(BACKEND_STEM)


def choose_backend(
    module: Module, *, fallback: bool, address: str, run_token: str | None, blockyard: bool, is_addressed: bool = False
) -> Backend:
    """Return where the state goes; `is_addressed` says that the environment has an address for an `http` backend.

    Raises StepFailed without a token to keep it under.
    """
    own = module.backend if is_addressed and module.backend == "http" else module.own_backend
    if not fallback or own is not None:
        return Backend(declared=module.backend)
    if not run_token:
        raise StepFailed("the backend cannot be configured: the run token is empty")
    credentials = {"TF_HTTP_USERNAME": USER, "TF_HTTP_PASSWORD": run_token}
    if not blockyard:
        return Backend(_LITERAL.format(address=json.dumps(address)), credentials, declared=module.backend)
    settings: dict[str, str | int] = {
        "address": address,
        "lock_address": address,
        "unlock_address": address,
        "retry_max": RETRY_MAX,
        "retry_wait_max": RETRY_WAIT_MAX_SECONDS,
    }
    return Backend(_EMPTY, credentials, settings, module.backend)
