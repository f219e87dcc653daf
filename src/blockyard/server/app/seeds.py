"""What a new installation begins with: admin workspace, administrator, admin key, shared runner, places and types of platforms.

Source: api.md appendix C. Seeding is idempotent: every start runs it, and only what is missing is made.
"""

from dataclasses import dataclass
from uuid import UUID

from blockyard.protocol.version import PROTOCOL_VERSION
from blockyard.server.app.keys import KeyFileError, KeyPair
from blockyard.server.identity.model import ServedRunner
from blockyard.server.identity.permissions import ALL
from blockyard.server.kit import key_check
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.ids import new_secret
from blockyard.server.services import Services

SHARED_RUNNER_UUID = UUID("98520496-627d-43e6-82da-ce499179ff3f")
"""Every definition and integration refers to this runner by default. Source: api.md 3.14."""

ADMIN_USER = "admin"
WRONG_MASTER_KEY = "the database was written with another master key; put that one back (it is part of every backup)"


@dataclass(frozen=True, slots=True)
class Seeds:
    """What an operator, or `up`, prepared in files."""

    admin_workspace: str
    admin_key: KeyPair | None
    runner_key: KeyPair | None
    runner_public_key: str


def seed(db: Database, services: Services, seeds: Seeds) -> str | None:
    """Make what is missing; return the administrator's generated password if the account was made just now.

    Raises:
        KeyFileError: the database was written with another master key.
    """
    password = new_secret(20)
    created = db.write_now(lambda tx: _seed(tx, services, seeds, password))
    return password if created else None


def _seed(tx: Transaction, services: Services, seeds: Seeds, password: str) -> bool:
    if not key_check.remember(tx, services.master_key):
        raise KeyFileError(WRONG_MASTER_KEY)
    services.workspaces.seed_admin(tx, seeds.admin_workspace)
    services.locations.seed(tx, seeds.admin_workspace)
    services.platform_types.seed(tx, seeds.admin_workspace)
    services.project_roles.seed(tx)
    created = services.users.seed_admin(tx, ADMIN_USER, password)
    if seeds.admin_key is not None:
        services.api_keys.seed(
            tx,
            client_id=UUID(seeds.admin_key.client_id),
            client_secret=seeds.admin_key.client_secret,
            workspace=seeds.admin_workspace,
            display_name="administrator",
            permissions=ALL,
        )
    services.runners.seed_shared(
        tx,
        runner_id=SHARED_RUNNER_UUID,
        workspace=seeds.admin_workspace,
        public_key=seeds.runner_public_key,
        protocol=0 if seeds.runner_key is None else PROTOCOL_VERSION,
    )
    services.integrations.seed(tx, seeds.admin_workspace)
    if seeds.runner_key is not None:
        services.api_keys.seed(
            tx,
            client_id=UUID(seeds.runner_key.client_id),
            client_secret=seeds.runner_key.client_secret,
            workspace=seeds.admin_workspace,
            display_name="shared runner",
            permissions=(),
            runner=ServedRunner(id=SHARED_RUNNER_UUID, is_public=True),
        )
    return created
