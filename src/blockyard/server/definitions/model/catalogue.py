"""What people look for in the marketplace, and what they find. Source: concepts.md 17 and 27.5."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from blockyard.server.definitions.model.definition import Definition, TargetType, Version

_WORD = re.compile(r"\w+")
_LENGTH = 3
_MAX_SEARCHED = 2_000
"""Characters of a text that is searched."""

NAME_WEIGHT, TEXT_WEIGHT = 4, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueQuery:
    """Which definitions are looked for; None means any.

    Attributes:
        search: words, which may be misspelled.
        tag: a key and one of its values.
    """

    search: str = ""
    target_type: TargetType | None = None
    platform_type: str | None = None
    owner: str | None = None
    tag: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What there is to choose from: owners, platform types, and tags with their values."""

    owners: Sequence[str] = ()
    platform_types: Sequence[str] = ()
    tags: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A definition for those who may order it.

    Attributes:
        version: what new blocks get; None if there is nothing to order.
        versions: those that may be known, newest first.
        parents: the definitions that `version` depends on, as far as they may be known.
        workspaces: those for which the principal may order it.
    """

    definition: Definition
    version: Version | None
    versions: Sequence[Version]
    parents: Sequence[Definition]
    workspaces: Sequence[str]


def grams(text: str) -> frozenset[str]:
    """Return the groups of three letters that the words of a text have, with what is before and behind them.

    A misspelled word has most of them in common with the right one.
    """
    words = _WORD.findall(text[:_MAX_SEARCHED].casefold().replace("_", " "))
    padded = [f"  {word} " for word in words]
    return frozenset(word[at : at + _LENGTH] for word in padded for at in range(len(word) - _LENGTH + 1))


def weighed_grams(definition: Definition) -> dict[str, int]:
    """Return the groups of letters that a definition is found by; those of its name weigh more."""
    found = dict.fromkeys(grams(f"{definition.description} {definition.workspace}"), TEXT_WEIGHT)
    return found | dict.fromkeys(grams(definition.display_name), NAME_WEIGHT)
