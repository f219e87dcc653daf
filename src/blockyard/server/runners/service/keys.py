"""Own keys of runners: each works for one runner, so that a runner that is taken over gives away its own runs only."""

from datetime import date

from blockyard.server.identity.model import KeySettings, Principal, ServedRunner
from blockyard.server.identity.service import ApiKeyService, IssuedKey
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Denied
from blockyard.server.runners.model import Restriction, RunnerId
from blockyard.server.runners.service.runners import RunnerService


class RunnerKeys:
    """Makes them; everything else about them is as with all API keys."""

    def __init__(self, *, runners: RunnerService, keys: ApiKeyService) -> None:
        self._runners = runners
        self._keys = keys

    def create(
        self, tx: Transaction, principal: Principal, runner_id: RunnerId, name: str, expires_at: date | None
    ) -> IssuedKey:
        """Make a key of a runner. Raises NotFound, Denied, Conflict (too many keys of the workspace)."""
        runner = self._runners.get(tx, principal, runner_id)
        principal.require("BUILDINGBLOCKRUNNER_SAVE", workspace=runner.workspace)
        self._runners.keep(tx, runner.id)
        is_public = runner.restriction is Restriction.PUBLIC
        if is_public and "BUILDINGBLOCKRUNNER_SAVE" not in principal.everywhere:
            raise Denied(
                "you don't have sufficient permissions: this runner serves all workspaces, so only administrators make its keys",
                code="MissingPermission",
                remedy="Ask an administrator.",
            )
        settings = KeySettings(display_name=name, permissions=(), expires_at=expires_at)
        served = ServedRunner(id=runner.id, is_public=is_public)
        return self._keys.create(tx, principal, runner.workspace, settings, runner=served)
