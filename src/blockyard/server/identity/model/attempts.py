"""How many sign-ins may fail, and which attempts are counted together. Plain rules; the counts are rows."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from blockyard.server.identity.model.users import folded

PERIOD = timedelta(minutes=1)
"""How long attempts count, from the first of them."""

PLACE_LIFE = timedelta(days=90)
"""How long an address or a browser that somebody signed in from is known."""

_SHOWN_CHARACTERS = 64
_IPV6_NETWORK_BITS = 64
"""Whoever has one IPv6 address has its whole /64."""


class Way(StrEnum):
    """How somebody signs in; each way has counts of its own, so that a runner with a wrong key locks no person out."""

    PERSON = "person"
    KEY = "API key"
    CODE = "code"
    PASSKEY = "passkey"


class Scope(StrEnum):
    """What attempts have in common that are counted together."""

    PLACE = "place"
    NAME = "name"
    ADDRESS = "address"
    ALL = "all"


LIMITS: Mapping[Scope, int] = {Scope.PLACE: 10, Scope.NAME: 10, Scope.ADDRESS: 30, Scope.ALL: 300}
"""How many attempts of one scope may fail in a period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Somebody who wants to sign in.

    Attributes:
        name: the username or the client id, as it was sent.
        address: where the request comes from; empty if that is not known.
        device: what an earlier sign-in left in the browser; empty if nothing.
    """

    way: Way
    name: str
    address: str
    device: str = field(default="", repr=False)

    @property
    def shown_name(self) -> str:
        """The name as logs and events may show it."""
        cleaned = "".join(
            character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in self.name
        )
        return cleaned[:_SHOWN_CHARACTERS]

    @property
    def network(self) -> str:
        """The address, of IPv6 the network that its holder has."""
        try:
            address = ipaddress.ip_address(self.address.partition("%")[0])
        except ValueError:
            return self.address
        if isinstance(address, ipaddress.IPv4Address):
            return str(address)
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((address, _IPV6_NETWORK_BITS), strict=False))

    def counted_in(self, place: str | None) -> Mapping[Scope, str]:
        """Return what this attempt is counted by, in this order.

        Who comes from a place they signed in from before is counted there alone, so others' failures do not lock them out.
        The others are counted by address first: what one address may not try any more locks no name and uses up nothing.
        """
        if place is not None:
            return {Scope.PLACE: place}
        return {Scope.ADDRESS: self.network, Scope.NAME: folded(self.name), Scope.ALL: ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A scope that has no attempts left for now; `is_new` if this attempt was the first over the limit."""

    scope: Scope
    seconds: int
    is_new: bool
