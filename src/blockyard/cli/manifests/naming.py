"""What files call the objects of each kind, and what they say of them besides their specification."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from blockyard.cli.documents import member, members, text
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import (
    DEFINITION,
    INTEGRATION,
    LANDING_ZONE,
    LOCATION,
    PLATFORM,
    PLATFORM_TYPE,
    POLICY,
    RUNNER,
    TAG_DEFINITION,
    VERSION,
    Kind,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """How files call the objects of a kind.

    Attributes:
        name: the name of an object, of the server or of a file.
        by_id: whether URLs and references have an id, so that names stand for it in files only.
        is_owned: whether a name is one of its workspace, not of the whole installation.
        filters: those of the list that has every object one may refer to.
    """

    kind: Kind
    name: Callable[[JsonObject], str]
    by_id: bool = True
    is_owned: bool = False
    filters: Mapping[str, str] = field(default_factory=dict)

    def address(self, document: JsonObject) -> str:
        """Return what URLs call an object of the server."""
        return text(document, "metadata", "uuid") if self.by_id else text(document, "metadata", "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """How objects are switched off and on again: in files it is the member `disabled`, which a file may leave out."""

    path: str
    off: str
    on: str
    is_off: Callable[[JsonObject], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(Naming):
    """How files say an object of a kind.

    Attributes:
        word: what people call one.
        folder: where an export writes them.
        metadata: the members of the metadata that files have.
        required: how the name is given, for the refusal of a file without one.
        defaults: what a member is that a file leaves out.
        switch: how one is switched off; None where nothing of the kind is.
    """

    word: str
    folder: str
    metadata: frozenset[str]
    required: str = "metadata.name"
    defaults: Mapping[str, Json] = field(default_factory=dict)
    switch: Switch | None = None

    @property
    def is_of_workspace(self) -> bool:
        """Whether an object belongs to a workspace."""
        return "ownedByWorkspace" in self.metadata


def _display_name(document: JsonObject) -> str:
    return text(document, "spec", "displayName")


def _metadata_name(document: JsonObject) -> str:
    return text(document, "metadata", "name")


def _platform(document: JsonObject) -> str:
    name, location = _metadata_name(document), text(document, "spec", "locationRef", "name")
    return f"{name}.{location}" if name and location else ""


def _tag(document: JsonObject) -> str:
    kind, key = text(document, "spec", "targetKind"), text(document, "spec", "key")
    return f"{kind}.{key}" if kind and key else ""


DISABLED = "disabled"
"""The member of a specification in files that says whether its object is switched off."""

_NAMED = frozenset({"name", "ownedByWorkspace"})

PLAIN: Mapping[str, Form] = {
    form.kind.name: form
    for form in (
        Form(
            kind=TAG_DEFINITION,
            word="tag definition",
            folder="tag-definitions",
            name=_tag,
            by_id=False,
            metadata=frozenset({"name"}),
            required="spec.targetKind or spec.key",
            defaults={
                "description": "",
                "sortOrder": 0,
                "mandatory": False,
                "immutable": False,
                "restricted": False,
            },
        ),
        Form(
            kind=LOCATION,
            word="location",
            folder="locations",
            name=_metadata_name,
            by_id=False,
            metadata=_NAMED,
            defaults={"description": ""},
        ),
        Form(
            kind=PLATFORM_TYPE,
            word="platform type",
            folder="platform-types",
            name=_metadata_name,
            by_id=False,
            metadata=_NAMED,
            defaults={"category": "CUSTOM"},
            switch=Switch(
                path="platformtypes",
                off="deactivate",
                on="activate",
                is_off=lambda document: text(document, "status", "lifecycle", "state") == "DEACTIVATED",
            ),
        ),
        Form(
            kind=PLATFORM,
            word="platform",
            folder="platforms",
            name=_platform,
            metadata=_NAMED,
            required="metadata.name or spec.locationRef.name",
            defaults={
                "description": "",
                "contributingWorkspaces": [],
                "availability": {"restriction": "PRIVATE", "publicationState": "UNPUBLISHED"},
                "quotaDefinitions": [],
            },
        ),
        Form(
            kind=LANDING_ZONE,
            word="landing zone",
            folder="landing-zones",
            name=_metadata_name,
            by_id=False,
            metadata=_NAMED | {"tags"},
            defaults={
                "description": "",
                "automateDeletionApproval": False,
                "automateDeletionReplication": False,
                "restricted": False,
                "quotas": [],
                "mandatoryBuildingBlockRefs": [],
                "recommendedBuildingBlockRefs": [],
            },
            switch=Switch(
                path="landingzones",
                off="disable",
                on="enable",
                is_off=lambda document: member(document, "status", "disabled") is True,
            ),
        ),
        Form(
            kind=POLICY,
            word="policy",
            folder="policies",
            name=lambda document: text(document, "spec", "name"),
            metadata=frozenset({"uuid"}),
            required="spec.name",
            defaults={"description": "", "hint": ""},
        ),
    )
}
"""The kinds whose objects have no versions, in the order in which one may need the other; definitions come before landing zones."""

DEFINITIONS = Naming(kind=DEFINITION, name=_display_name, is_owned=True, filters={"includeAllPublished": "true"})

NAMINGS: Mapping[str, Naming] = {
    **PLAIN,
    DEFINITION.name: DEFINITIONS,
    RUNNER.name: Naming(kind=RUNNER, name=_display_name, is_owned=True),
    INTEGRATION.name: Naming(kind=INTEGRATION, name=_display_name, is_owned=True),
}
"""Everything that files name."""

KINDS = (*PLAIN, DEFINITION.name, VERSION.name)
"""The kinds that files may have."""


def metadata_of(kind: str) -> frozenset[str]:
    """Return the members of the metadata that objects of a kind have in files."""
    return PLAIN[kind].metadata if kind in PLAIN else frozenset({"ownedByWorkspace", "tags", "uuid"})


def came_built_in(document: JsonObject) -> bool:
    """Whether an object of the server is in every installation, so that no file has it."""
    category = text(document, "spec", "category") or "CUSTOM"
    return category != "CUSTOM" or member(document, "status", "isPublic") is True


def filled(form: Form, spec: JsonObject) -> JsonObject:
    """Return a specification with the defaults of its kind; objects among them are filled, too."""
    result: JsonObject = {**form.defaults, **spec}
    for name, value in form.defaults.items():
        if isinstance(value, dict) and isinstance(spec.get(name), dict):
            result[name] = value | members(spec, name)
    return result
