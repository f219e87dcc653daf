"""Groups: which exist, who is in them."""

from collections.abc import Mapping, Sequence

from blockyard.server.identity.model import Group
from blockyard.server.identity.store import GroupStore, UserStore
from blockyard.server.kit.database import Transaction


class GroupService:
    """Answers other services about groups; none of them asks a principal."""

    def exists(self, tx: Transaction, name: str) -> bool:
        """Whether there is a group of this name."""
        return GroupStore(tx).exists(name)

    def of_user(self, tx: Transaction, username: str) -> Sequence[str]:
        """Return the names of the groups a person is in."""
        return GroupStore(tx).of_user(username)

    def usernames(self, tx: Transaction, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return the usernames in each of the groups `names`."""
        return GroupStore(tx).usernames(names) if names else {}

    def seed(self, tx: Transaction, name: str, display_name: str, usernames: Sequence[str]) -> None:
        """Make sure there is a group with exactly these people; unknown usernames are left out."""
        members = {user.id: user.username for user in UserStore(tx).by_usernames(usernames)}
        GroupStore(tx).put(Group(name, display_name), members)
