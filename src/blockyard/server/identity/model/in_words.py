"""Permission codes in plain words, for those who have to decide whether code may do that."""

from collections.abc import Iterable, Sequence

_THINGS = {
    "APIKEY": "API keys, which stay when the run is over",
    "BRAKE": "holds and stops",
    "BUILDINGBLOCK": "building blocks",
    "BUILDINGBLOCKDEFINITION": "definitions of building blocks",
    "BUILDINGBLOCKRUN": "runs",
    "BUILDINGBLOCKRUNSOURCE": "sources of runs",
    "BUILDINGBLOCKRUNNER": "runners",
    "COMMUNICATION": "messages",
    "COMMUNICATIONDEFINITION": "message templates",
    "EVENTLOG": "the event log",
    "INTEGRATION": "integrations",
    "LANDINGZONE": "landing zones",
    "PAYMENTMETHOD": "payment methods",
    "PLATFORMINSTANCE": "platforms",
    "PROJECT": "projects",
    "PROJECTPRINCIPALROLE": "who has which role in a project",
    "SERVICEINSTANCE": "service instances",
    "TENANT": "tenants",
    "TFSTATE": "the state of building blocks",
    "WORKSPACE": "the workspace itself",
    "WORKSPACEPRINCIPALBINDING": "who has which role in the workspace",
    "WORKSPACEUSERGROUP": "groups",
}
_VERBS = {
    "LIST": ("see",),
    "SAVE": ("create", "change"),
    "DELETE": ("delete",),
    "IMPORT": ("import",),
    "MAINTAIN": ("repair",),
    "RESTORE": ("send back",),
}
_MANAGED = "MANAGED_"


def permissions_in_words(codes: Iterable[str]) -> Sequence[str]:
    """Return what permission codes let a run do: one sentence for each kind of thing."""
    found: dict[tuple[bool, str], list[str]] = {}
    for code in sorted(codes, key=_place_of):
        is_managed = code.startswith(_MANAGED)
        thing, _, verb = code.removeprefix(_MANAGED).rpartition("_")
        found.setdefault((is_managed, thing), []).append(verb)
    return [_sentence(thing, verbs, is_managed=is_managed) for (is_managed, thing), verbs in found.items()]


def _place_of(code: str) -> tuple[bool, str, int]:
    thing, _, verb = code.removeprefix(_MANAGED).rpartition("_")
    return code.startswith(_MANAGED), thing, [*_VERBS].index(verb) if verb in _VERBS else len(_VERBS)


def _sentence(thing: str, verbs: Sequence[str], *, is_managed: bool) -> str:
    known = [text for verb in verbs for text in _VERBS.get(verb, (verb.lower(),))]
    listed = ", ".join(known[:-1]) + " and " + known[-1] if len(known) > 1 else known[0]
    whose = " of everybody who uses what your workspace offers" if is_managed else ""
    return f"{listed[:1].upper()}{listed[1:]} {_THINGS.get(thing, thing.lower())}{whose}"
