"""What deleting a block does. Source: concepts.md 10.1."""

from enum import StrEnum

from blockyard.protocol.names import ImplementationType
from blockyard.server.definitions.model import DeletionMode, Version


class DeletionEffect(StrEnum):
    """What becomes of a block that is deleted, and of what it made."""

    DESTROYS = "destroys"
    """A run destroys what it made."""
    KEEPS = "keeps"
    """The block is forgotten, what it made stays."""
    REMOVES = "removes"
    """The block is removed at once: it made nothing."""


def deletion_effect(version: Version, *, has_begun: bool) -> DeletionEffect:
    """Return what deleting a block in a version would do now, whose runs a runner has ever had, or not (`has_begun`)."""
    if not has_begun or version.implementation_type is ImplementationType.MANUAL:
        return DeletionEffect.REMOVES
    return DeletionEffect.KEEPS if version.deletion_mode is DeletionMode.PURGE else DeletionEffect.DESTROYS
