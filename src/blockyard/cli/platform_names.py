"""Which platform types are meant by what modules call their platforms. Pure."""

from collections.abc import Iterable

_SHORT = {"aks": "AZURE_KUBERNETES_SERVICE", "azurerg": "AZURE_RESOURCE_GROUP"}
"""Short names of built-in platform types: those that configurations of platforms have."""


def type_name(name: str, known: Iterable[str] = ()) -> str:
    """Return the name of the platform type that `name` means, one of `known` if any of these may be meant.

    Case, hyphens, underscores and blanks make no difference.
    """
    meant = _SHORT.get(_letters(name), name)
    found = (one for one in known if _letters(one) == _letters(meant))
    return next(found, meant.upper())


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
