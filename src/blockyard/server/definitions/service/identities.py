"""Who the runs of versions are to clouds. Source: concepts.md 14."""

from collections.abc import Collection

from blockyard.protocol.names import Cloud, ImplementationType
from blockyard.server.definitions.model import Version, VersionId
from blockyard.server.definitions.model.identities import VersionIdentity, identity_of, used_clouds
from blockyard.server.definitions.service.access import LIST, own_version
from blockyard.server.definitions.store import DefinitionStore, VersionStore
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.runners.model import RunnerId
from blockyard.server.runners.service import RunnerService


class IdentityService:
    """Use cases of the identities of versions."""

    def __init__(self, *, runners: RunnerService) -> None:
        self._runners = runners

    def get(self, tx: Transaction, principal: Principal, version_id: VersionId) -> VersionIdentity | None:
        """Return who the runs of a version of an own definition are; None if they have no identity. Raises NotFound, Denied."""
        return self.of(tx, own_version(tx, principal, LIST, version_id)[1])

    def of(self, tx: Transaction, version: Version) -> VersionIdentity | None:
        """Return who the runs of a version are, for other services: nobody is asked; None if they have no identity."""
        if version.implementation_type is not ImplementationType.TERRAFORM:
            return None
        runner = self._runners.identities.of(self._runners.get_by_id(tx, version.runner_id))
        return None if runner is None else identity_of(version, runner)

    def of_runner(self, tx: Transaction, runner_id: RunnerId) -> list[str]:
        """Return one phrase for each version whose runs use identity tokens, for changes of a runner's subjects."""
        using = [(version, used_clouds(version)) for version in VersionStore(tx).with_runner(runner_id)]
        found = [(version, clouds) for version, clouds in using if clouds]
        names = DefinitionStore(tx).many([version.definition_id for version, _ in found])
        return [_phrase(version, names[version.definition_id].display_name, clouds) for version, clouds in found]


def _phrase(version: Version, name: str, clouds: Collection[Cloud]) -> str:
    return f"version {version.number} of '{name}' ({', '.join(clouds)})"
