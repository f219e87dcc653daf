"""Links that sign somebody in once: what a start prints for the person in front of the terminal."""

from blockyard.server.identity.model import LINK_LIFE, Beginning, SignInLink, SignInWay, User
from blockyard.server.identity.service.sessions import SessionService
from blockyard.server.identity.service.users import UserService
from blockyard.server.identity.store import SignInLinkStore, UserStore
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Unauthenticated
from blockyard.server.kit.ids import new_secret
from blockyard.server.kit.sealed import MasterKey

_TOKEN_LENGTH = 43


class SignInLinks:
    """Makes and takes them. Only a keyed hash of the token in a link is kept."""

    def __init__(self, *, clock: Clock, master_key: MasterKey, users: UserService, sessions: SessionService) -> None:
        self._clock = clock
        self._master_key = master_key
        self._users = users
        self._sessions = sessions

    def make(self, tx: Transaction, username: str) -> str | None:
        """Return the token of a new link for a person, the only one from now on; None if they cannot sign in.

        For the application's start and its operator: no principal is asked.
        """
        user = self._users.by_username(tx, username)
        if user is None or user.disabled:
            return None
        token, now = new_secret(_TOKEN_LENGTH), self._clock()
        links = SignInLinkStore(tx)
        links.remove_old(user.id, now)
        links.add(
            SignInLink(token_hash=self._hash(token), user_id=user.id, epoch=user.epoch, expires_at=now + LINK_LIFE)
        )
        return token

    def owner(self, tx: Transaction, token: str) -> User:
        """Return whom a link signs in, without using it. Raises Unauthenticated."""
        link = SignInLinkStore(tx).get(self._hash(token))
        user = UserStore(tx).get(link.user_id) if link is not None else None
        if link is None or user is None or not link.is_valid_for(user, self._clock()):
            raise _ended()
        return user

    def sign_in(self, tx: Transaction, token: str, *, address: str = "", device: str = "", instead_of: str = "") -> str:
        """Use a link up and begin a session; return the text for its cookie. Raises Unauthenticated."""
        user = self.owner(tx, token)
        if not SignInLinkStore(tx).take(self._hash(token)):
            raise _ended()
        began = Beginning(way=SignInWay.LINK, address=address, device=device)
        return self._sessions.begin(tx, user, began, instead_of=instead_of)

    def _hash(self, token: str) -> str:
        return self._master_key.digest(token, context="sign-in link")


def _ended() -> Unauthenticated:
    return Unauthenticated(
        "this link has been used already, or it is older than 15 minutes",
        code="SignInLinkEnded",
        remedy="Sign in with your password, or print a new link with `blockyard sign-in-link`.",
    )
