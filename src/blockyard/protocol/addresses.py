"""Addresses (URLs), taken apart so that nothing which looks like one can raise an error.

The standard library raises ValueError for brackets without an IPv6 address, for letters that become a separator once they are
normalized, and for ports that are none; the last only when the port is asked for. Nothing else may call it (see the tests).
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import urlsplit

_NAME = re.compile(r"\w[\w.-]*\Z")
_PORTS = {"http": 80, "https": 443, "ssh": 22}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address, taken apart; scheme and host are in lower case, the host has no brackets."""

    scheme: str
    user: str | None
    password: str | None
    host: str
    port: int | None
    path: str
    query: str
    fragment: str
    place: str
    """Host and port as they are written, without a user."""

    @property
    def has_host(self) -> bool:
        """Whether the host consists of what hosts consist of: letters, digits, dots, hyphens, underscores, or an IPv6 address."""
        return bool(_NAME.match(self.host)) if ":" not in self.host else _is_ipv6(self.host)

    @property
    def effective_port(self) -> int | None:
        """The port, that of the scheme if none is written; None if the scheme has none either."""
        return self.port or _PORTS.get(self.scheme)


def split(text: str) -> Address | None:
    """Return an address taken apart; None if it is malformed."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    return Address(
        scheme=parts.scheme,
        user=parts.username,
        password=parts.password,
        host=host,
        port=port,
        path=parts.path,
        query=parts.query,
        fragment=parts.fragment,
        place=parts.netloc.rpartition("@")[2],
    )


def _is_ipv6(host: str) -> bool:
    try:
        return IPv6Address(host).scope_id is None
    except AddressValueError:
        return False
