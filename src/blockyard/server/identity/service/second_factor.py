"""Second factors: an app that shows codes, recovery codes, and the list of all ways a person can sign in.

Source: RFC 6238; NIST SP 800-63B-4 §3.1.4, §3.1.2.
"""

import secrets
from collections.abc import Sequence

import pyotp
import structlog

from blockyard.server.events.basics import Basics
from blockyard.server.events.model import Author
from blockyard.server.identity.model import FRESH, Principal, User, UserId
from blockyard.server.identity.model.factors import (
    RECOVERY_CODES,
    STEP_SECONDS,
    CodeApp,
    Methods,
    NotForPrograms,
    SignInAgain,
    wrong_code,
)
from blockyard.server.identity.service.news import tell_of_sign_in
from blockyard.server.identity.service.sessions import require_person
from blockyard.server.identity.service.users import UserService
from blockyard.server.identity.store import FactorStore
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid
from blockyard.server.kit.sealed import MasterKey

log = structlog.get_logger(__name__)

_ISSUER = "Blockyard"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of recovery codes: nothing that looks like something else. Two times five of them are 49 bits."""

_WINDOW = (0, -1, 1)
"""Steps whose code is taken: that of now, and its neighbours, as clocks differ."""

_LONGEST = 40


class SecondFactors:
    """Use cases of second factors."""

    def __init__(self, basics: Basics, *, master_key: MasterKey, users: UserService) -> None:
        self._basics = basics
        self._master_key = master_key
        self._users = users

    def methods(self, tx: Transaction, principal: Principal) -> Methods:
        """Return how somebody can sign in. Raises NotFound for machines."""
        return self.of_user(tx, self.person(tx, principal))

    def of_user(self, tx: Transaction, user: User) -> Methods:
        """Return how a person can sign in. For the sign-in itself: no principal is asked."""
        factors = FactorStore(tx)
        return Methods(
            has_password=user.has_password,
            own_password=user.own_password,
            passkeys=tuple(factors.passkeys(user.id)),
            code_app=factors.code_app(user.id),
            recovery_codes=factors.count_codes(user.id),
        )

    def person(self, tx: Transaction, principal: Principal) -> User:
        """Return one's own account. Raises NotFound for machines."""
        return require_person(tx, principal, "only people sign in with passkeys and codes")

    def changing(self, tx: Transaction, principal: Principal) -> User:
        """Return one's own account to somebody who signed in recently. Raises NotFound, Denied."""
        user = self.person(tx, principal)
        if principal.signed_in_at is None:
            raise NotForPrograms
        if self._basics.clock() - principal.signed_in_at >= FRESH:
            raise SignInAgain
        return user

    # The app

    def draw_secret(self, tx: Transaction, principal: Principal) -> tuple[str, str]:
        """Return a secret for an app, and the address that a picture of it shows; nothing is kept. Raises NotFound, Denied."""
        user = self.changing(tx, principal)
        secret = pyotp.random_base32()
        return secret, self.address_of(user.username, secret)

    @staticmethod
    def address_of(username: str, secret: str) -> str:
        """Return the address that sets an app up."""
        return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=_ISSUER)

    def add_code_app(self, tx: Transaction, principal: Principal, secret: str, code: str) -> Sequence[str]:
        """Ask for codes of an app from now on; return new recovery codes, which are shown once.

        Raises NotFound, Denied, Invalid: `code` is not what the app with this secret shows.
        """
        user = self.changing(tx, principal)
        step = self._step_of(secret, code)
        if step is None:
            raise Invalid(
                "the code is not the one of this app",
                code="WrongCode",
                field="/code",
                remedy="Enter the code that the app shows now; check the clock of the phone.",
            )
        sealed = self._master_key.encrypt(secret.encode(), context=_context(user.id))
        now = self._basics.clock()
        FactorStore(tx).add_code_app(CodeApp(user_id=user.id, secret=sealed, created_at=now, last_step=step))
        self._tell(tx, principal.author, user, "Authenticator App Added")
        return self._draw_codes(tx, user)

    def remove_code_app(self, tx: Transaction, principal: Principal) -> None:
        """Ask for no codes any more; doing it again changes nothing. Raises NotFound, Denied."""
        user = self.changing(tx, principal)
        factors = FactorStore(tx)
        if factors.remove_code_app(user.id):
            factors.put_codes(user.id, ())
            self._tell(tx, principal.author, user, "Authenticator App Removed")

    def new_recovery_codes(self, tx: Transaction, principal: Principal) -> Sequence[str]:
        """Return new recovery codes; the ones before are void. Raises NotFound, Denied, Conflict."""
        user = self.changing(tx, principal)
        if FactorStore(tx).code_app(user.id) is None:
            raise Conflict(
                "recovery codes stand in for an authenticator app, and you have none",
                code="NoAuthenticatorApp",
                remedy="Add an app first.",
            )
        self._tell(tx, principal.author, user, "Recovery Codes Renewed")
        return self._draw_codes(tx, user)

    # At the sign-in: no principal is asked

    def is_needed(self, tx: Transaction, user_id: UserId) -> bool:
        """Whether a password is not enough for this person."""
        return FactorStore(tx).code_app(user_id) is not None

    def check(self, tx: Transaction, user: User, code: str) -> None:
        """Take a code of the person's app, or a recovery code; each counts once. Raises Unauthenticated."""
        factors, entered = FactorStore(tx), "".join(code.split())[:_LONGEST]
        code_app = factors.code_app(user.id)
        if code_app is None:
            raise wrong_code()
        secret = self._master_key.decrypt(code_app.secret, context=_context(user.id)).decode()
        step = self._step_of(secret, entered)
        if step is not None and factors.take_step(user.id, step):
            return
        if factors.take_code(user.id, self._hash(user.id, entered.lower())):
            self._tell(tx, user.author, user, "Recovery Code Used")
            return
        raise wrong_code()

    # For administrators

    def forget(self, tx: Transaction, principal: Principal, user_id: UserId) -> None:
        """Remove all passkeys, the app and the recovery codes of somebody who lost them; their sessions end.

        Raises Denied, NotFound.
        """
        user = self._users.may_reset(tx, principal, user_id)
        factors = FactorStore(tx)
        for passkey in factors.passkeys(user.id):
            factors.remove_passkey(user.id, passkey.id)
        factors.remove_code_app(user.id)
        factors.put_codes(user.id, ())
        self._users.end_everything(tx, user)
        self._tell(tx, principal.author, user, "Sign-In Methods Removed")

    def _tell(self, tx: Transaction, author: Author, user: User, title: str) -> None:
        tell_of_sign_in(self._basics.event_log, tx, author, user, title)

    def _draw_codes(self, tx: Transaction, user: User) -> Sequence[str]:
        codes = [f"{_word()}-{_word()}" for _ in range(RECOVERY_CODES)]
        FactorStore(tx).put_codes(user.id, [self._hash(user.id, code) for code in codes])
        return codes

    def _step_of(self, secret: str, code: str) -> int | None:
        now = int(self._basics.clock().timestamp()) // STEP_SECONDS
        app = pyotp.TOTP(secret)
        return next((now + n for n in _WINDOW if pyotp.utils.strings_equal(app.generate_otp(now + n), code)), None)

    def _hash(self, user_id: UserId, code: str) -> str:
        return self._master_key.digest(code, context=f"recovery code of {user_id}")


def _word() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(5))


def _context(user_id: UserId) -> str:
    return f"authenticator of {user_id}"
