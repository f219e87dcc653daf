"""The order in which objects are taken: what is named comes before what names it."""

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from blockyard.cli.exits import usage
from blockyard.cli.manifests.files import Document
from blockyard.cli.manifests.known import references
from blockyard.cli.manifests.naming import PLAIN
from blockyard.protocol.kinds import DEFINITION, LANDING_ZONE, POLICY, TAG_DEFINITION, Kind

Name = tuple[str, str]
"""Workspace and name of an object; the workspace is empty where it has none."""

_ZONES = LANDING_ZONE.name


class Unit(NamedTuple):
    """What is taken at once: one object, or a definition with its version."""

    kind: str
    owner: str
    name: str


def in_order(
    definitions: Mapping[Name, Document], versions: Mapping[Name, Document], others: Mapping[Unit, Document]
) -> list[Unit]:
    """Return all units: tag definitions before what has tags, what is named before what names it, policies at the end."""
    wanted = {Unit(DEFINITION.name, *name): _needs_of(definitions.get(name), versions.get(name)) for name in versions}
    wanted |= {Unit(DEFINITION.name, *name): _needs_of(definitions[name], versions.get(name)) for name in definitions}
    wanted |= {unit: _needs_of(document) for unit, document in others.items()}
    by_kind = [kind for kind in PLAIN if kind not in {_ZONES, POLICY.name}] + [DEFINITION.name, _ZONES, POLICY.name]
    units = sorted(wanted, key=lambda unit: by_kind.index(unit.kind))  # stable: otherwise in the order of the files
    sorter: TopologicalSorter[Unit] = TopologicalSorter()
    for unit in units:
        first = {TAG_DEFINITION.name} if unit.kind != POLICY.name else {kind for kind in by_kind if kind != unit.kind}
        before = [one for one in units if one.kind in first and one.kind != unit.kind]
        sorter.add(unit, *before, *(one for one in wanted[unit] if one in wanted and one != unit))
    try:
        return list(sorter.static_order())
    except CycleError as error:
        circle = " -> ".join(unit.name for unit in error.args[1])
        raise usage(f"objects depend on each other in a circle: {circle}") from None


def _needs_of(*documents: Document | None) -> list[Unit]:
    found = (reference for document in documents if document is not None for reference in _named_in(document))
    return [Unit(kind.name, owner, name) for kind, owner, name in found]


def _named_in(document: Document) -> Iterator[tuple[Kind, str, str]]:
    content = {name: value for name, value in document.spec.items() if name != "buildingBlockDefinitionRef"}
    return references(content, document.owner)
