"""The identity providers that somebody can sign in with, or could."""

from collections.abc import Sequence
from dataclasses import dataclass

from blockyard.server.identity.model import Principal
from blockyard.server.identity_providers.model import Identity
from blockyard.server.kit.database import Transaction
from blockyard.server.services import Services
from blockyard.server.ui.frame.dialogs import Question


@dataclass(frozen=True, slots=True)
class Connection:
    """A provider, and who the person is there; `offered` while people can sign in with it."""

    alias: str
    name: str
    offered: bool
    identity: Identity | None


def connections_of(tx: Transaction, services: Services, principal: Principal) -> Sequence[Connection]:
    """Return the providers that a person is connected with, or can be, oldest first; a name is told of offered ones only."""
    known = {one.provider: one for one in services.identity_providers.own(tx, principal)}
    offered = services.identity_providers.offered(tx)
    names = {one.alias for one in offered}
    return [
        *(Connection(one.alias, one.display_name, offered=True, identity=known.get(one.alias)) for one in offered),
        *(Connection(alias, alias, offered=False, identity=one) for alias, one in known.items() if alias not in names),
    ]


def disconnection_of(connection: Connection) -> Question:
    """Return the question before a person is disconnected."""
    return Question(
        id=f"disconnect-{connection.alias}",
        act="Disconnect an identity provider",
        title=f"Disconnect '{connection.name}'?",
        text="You can no longer sign in here with it. Your account, its groups and its roles stay, and so do your sessions.",
        action=f"/account/providers/{connection.alias}/disconnect",
        yes="Disconnect",
        icon="x",
        back="/account",
    )
