"""One run of a module in progress: what its stages share."""

import hashlib
import re
from collections.abc import Sequence

import httpx2

from blockyard.protocol.run import Behavior, Link, TerraformImplementation
from blockyard.runner.executors.opentofu.engine.conclusions import conclusion
from blockyard.runner.executors.opentofu.settings import OpenTofuSettings
from blockyard.runner.executors.opentofu.state.client import StateClient
from blockyard.runner.executors.opentofu.steps import plan_steps
from blockyard.runner.frame.executor import Conclude, Reporter, RunContext
from blockyard.runner.frame.work import Work

_PLAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class ModuleWork(Work):
    """The work on a module: what the definition and the runner's settings say about it, and its state."""

    def __init__(
        self,
        context: RunContext,
        reporter: Reporter,
        *,
        implementation: TerraformImplementation,
        settings: OpenTofuSettings,
        http: httpx2.Client,
    ) -> None:
        super().__init__(context, reporter)
        self.implementation = implementation
        self.settings = settings
        self._http = http

    @property
    def owner_folder(self) -> str | None:
        """The name of the folder for what runs of one workspace share: the one that owns the definition; None if unknown."""
        owner = self.context.document.spec.building_block_definition.spec.workspace_identifier
        if not owner:
            return None
        return owner if _PLAIN.fullmatch(owner) else f"_{hashlib.sha256(owner.encode()).hexdigest()[:32]}"

    @property
    def plan_link(self) -> Link | None:
        """Where the saved plan is that shall be applied, if one shall."""
        link = self.context.document.links.plan_artifact
        return link if link is not None and link.href and self.behavior is Behavior.APPLY else None

    def state(self, address: str) -> StateClient:
        """Return the state at `address`, read and written with the run's token."""
        return StateClient(self._http, address, self.run_token)

    def begin_registration(self) -> None:
        """Announce the steps. What comes before the first command can be thrown away and is done meanwhile."""
        self.reporter.begin_registration(plan_steps(self.behavior, is_async=self.implementation.is_async))

    def conclusion(self, argv: Sequence[str]) -> Conclude:
        """Return what tells from the engine's words how it ended."""
        return conclusion(argv)
