"""Which versions refer to a runner."""

from blockyard.server.definitions.store import DefinitionStore, VersionStore
from blockyard.server.kit.database import Transaction
from blockyard.server.runners.model import RunnerId


class DefinitionRunnerUsage:
    """Tells the runners feature which versions name a runner (`runners.service.RunnerUsage`)."""

    def used_by(self, tx: Transaction, runner_id: RunnerId) -> list[str]:
        """Return one phrase for each version that names the runner."""
        versions = VersionStore(tx).with_runner(runner_id)
        names = DefinitionStore(tx).many([version.definition_id for version in versions])
        return [f"version {version.number} of '{names[version.definition_id].display_name}'" for version in versions]
