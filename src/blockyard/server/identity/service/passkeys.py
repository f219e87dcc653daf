"""Passkeys: adding one, signing in with one. Source: WebAuthn level 2 §7.1, §7.2."""

import json
from dataclasses import dataclass

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from blockyard.protocol import addresses
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.events.basics import Basics
from blockyard.server.identity.model import Principal, User
from blockyard.server.identity.model.factors import MAX_PASSKEYS, Passkey, PasskeyId
from blockyard.server.identity.service.news import tell_of_sign_in
from blockyard.server.identity.service.second_factor import SecondFactors
from blockyard.server.identity.store import FactorStore, UserStore
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid, NotFound, Unauthenticated

_NAME = "Blockyard"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where passkeys are made and used: `host` is what they are bound to, `origin` the address of the pages."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser hands to the device, and the challenge in it."""

    options: JsonObject
    challenge: str


class PasskeyService:
    """Use cases of passkeys."""

    def __init__(self, basics: Basics, *, factors: SecondFactors, public_url: str) -> None:
        self._basics = basics
        self._factors = factors
        self._public = addresses.split(public_url)

    def place(self, host: str) -> Place | None:
        """Return where somebody is who asked for a page of `host` (with its port); None where no passkeys work.

        They are bound to the name of a host, never to an IP address. What is reached at the address of this machine can be reached
        as `localhost` as well.
        """
        public = self._public
        if public is None:
            return None
        asked = addresses.split(f"{public.scheme}://{host}")
        if asked is not None and asked.host == "localhost" and public.host in _LOOPBACK:
            return Place("localhost", f"{public.scheme}://{asked.place}")
        if public.host.replace(".", "").isdigit() or ":" in public.host:
            return None
        return Place(public.host, f"{public.scheme}://{public.place}")

    def named_place(self, host: str) -> str | None:
        """Return the address at which passkeys would work, if `host` is an IP address of this machine."""
        public, asked = self._public, addresses.split(f"http://{host}")
        if public is None or asked is None or public.host not in _LOOPBACK or asked.host not in _LOOPBACK:
            return None
        return f"{public.scheme}://localhost" + (f":{asked.port}" if asked.port else "")

    def require_changing(self, tx: Transaction, principal: Principal) -> None:
        """Refuse whoever cannot have passkeys, or signed in too long ago. Raises NotFound, Denied."""
        self._factors.changing(tx, principal)

    def asked_to_add(self, tx: Transaction, principal: Principal, place: Place) -> Asked:
        """Return what a device needs to make a passkey. Raises NotFound for machines, Denied (signed in long ago)."""
        user = self._factors.changing(tx, principal)
        known = FactorStore(tx).passkeys(user.id)
        options = generate_registration_options(
            rp_id=place.host,
            rp_name=_NAME,
            user_id=user.id.bytes,
            user_name=user.username,
            user_display_name=user.author.display_name,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.credential)) for one in known],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
        )
        return Asked(json.loads(options_to_json(options)), bytes_to_base64url(options.challenge))

    def add(
        self, tx: Transaction, principal: Principal, place: Place, *, name: str, challenge: str, credential: JsonObject
    ) -> Passkey:
        """Let somebody sign in with a new passkey. Raises NotFound, Denied, Invalid, Conflict (too many, known already)."""
        user = self._factors.changing(tx, principal)
        factors = FactorStore(tx)
        if len(factors.passkeys(user.id)) >= MAX_PASSKEYS:
            raise Conflict(f"you have {MAX_PASSKEYS} passkeys already", remedy="Remove one that you no longer use.")
        try:
            made = verify_registration_response(
                credential=dict(credential),
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=place.host,
                expected_origin=place.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise Invalid(
                "the passkey cannot be used here", code="UnusablePasskey", field="/credential", remedy="Try it again."
            ) from error
        text = bytes_to_base64url(made.credential_id)
        if factors.passkey(text) is not None:
            raise Conflict("this passkey is there already", remedy="Use another device.")
        passkey = Passkey(
            id=PasskeyId(self._basics.new_id()),
            user_id=user.id,
            credential=text,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name=name,
            created_at=self._basics.clock(),
        )
        factors.add_passkey(passkey)
        tell_of_sign_in(self._basics.event_log, tx, principal.author, user, "Passkey Added")
        return passkey

    def rename(self, tx: Transaction, principal: Principal, passkey_id: PasskeyId, name: str) -> None:
        """Call a passkey otherwise. Raises NotFound."""
        user = self._factors.person(tx, principal)
        if not FactorStore(tx).rename_passkey(user.id, passkey_id, name):
            raise _unknown(passkey_id)

    def remove(self, tx: Transaction, principal: Principal, passkey_id: PasskeyId) -> None:
        """Let a passkey open nothing any more. Raises NotFound, Denied, Conflict (no other way to sign in is left)."""
        user = self._factors.changing(tx, principal)
        methods = self._factors.of_user(tx, user)
        if passkey_id not in {one.id for one in methods.passkeys}:
            raise _unknown(passkey_id)
        if len(methods.passkeys) == 1 and not methods.has_password:
            raise Conflict("you could not sign in any more", remedy="Choose a password, or add another passkey, first.")
        FactorStore(tx).remove_passkey(user.id, passkey_id)
        tell_of_sign_in(self._basics.event_log, tx, principal.author, user, "Passkey Removed")

    # At the sign-in: no principal is asked

    def asked_to_sign_in(self, place: Place) -> Asked:
        """Return what a device needs to show who somebody is: it offers the passkeys it has for this place."""
        options = generate_authentication_options(
            rp_id=place.host, user_verification=UserVerificationRequirement.REQUIRED
        )
        return Asked(json.loads(options_to_json(options)), bytes_to_base64url(options.challenge))

    def signed_in(self, tx: Transaction, place: Place, *, challenge: str, credential: Json) -> User:
        """Return whose passkey answered the challenge. Raises Unauthenticated."""
        text = credential.get("id") if isinstance(credential, dict) else None
        factors = FactorStore(tx)
        passkey = factors.passkey(text) if isinstance(text, str) and "\0" not in text else None
        user = UserStore(tx).get(passkey.user_id) if passkey is not None else None
        if passkey is None or user is None or user.disabled or not isinstance(credential, dict):
            raise _wrong()
        try:
            shown = verify_authentication_response(
                credential=dict(credential),
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=place.host,
                expected_origin=place.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise _wrong() from error
        factors.note_use(passkey.id, shown.new_sign_count, self._basics.clock())
        return user


def _unknown(passkey_id: PasskeyId) -> NotFound:
    return NotFound(f"you have no passkey {passkey_id}")


def _wrong() -> Unauthenticated:
    return Unauthenticated(
        "this passkey is not known here",
        code="WrongCredentials",
        remedy="Use another one, or sign in with your password.",
    )
