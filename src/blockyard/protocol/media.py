"""Media types of the meshObject API. Source: api.md 1.4, runner.md 1.2."""

from collections.abc import Mapping

VERSIONS: Mapping[str, tuple[str, ...]] = {
    "meshWorkspace": ("v2",),
    "meshWorkspaceUserBinding": ("v2",),
    "meshWorkspaceGroupBinding": ("v2",),
    "meshProject": ("v2",),
    "meshProjectUserBinding": ("v3",),
    "meshProjectGroupBinding": ("v3",),
    "meshPaymentMethod": ("v2",),
    "meshLocation": ("v1",),
    "meshTagDefinition": ("v1",),
    "meshPlatformType": ("v1",),
    "meshPlatform": ("v2",),
    "meshLandingZone": ("v1",),
    "meshTenant": ("v4",),
    "meshServiceInstance": ("v2",),
    "meshApiKey": ("v1-preview",),
    "meshIntegration": ("v1",),
    "meshBuildingBlockRunner": ("v1-preview",),
    "meshBuildingBlockDefinition": ("v1-preview", "v1"),
    "meshBuildingBlockDefinitionVersion": ("v1-preview", "v1"),
    "meshBuildingBlock": ("v1", "v2-preview", "v2"),
    "meshBuildingBlockRun": ("v1",),
}
"""The versions each kind is served in. A preview and the version without that word are one and the same."""


def media_type(kind: str, version: str) -> str:
    """Return the media type of a kind in one version, spelled as clients send it."""
    return f"application/vnd.meshcloud.api.{kind}.{version}.hal+json"


def version_of(media: str) -> str:
    """Return the version in a media type of `media_type`."""
    return media.removesuffix(".hal+json").rpartition(".")[2]


def bare(header: str) -> str:
    """Return a media type without its parameters, in lower case."""
    return header.partition(";")[0].strip().lower()


def matches(header: str, expected: str) -> bool:
    """Tell whether a `Content-Type`, or any part of an `Accept`, names `expected`; case and parameters do not count."""
    return any(bare(part) == expected.lower() for part in header.split(","))


WORKSPACE = media_type("meshWorkspace", "v2")
WORKSPACE_USER_BINDING = media_type("meshWorkspaceUserBinding", "v2")
WORKSPACE_GROUP_BINDING = media_type("meshWorkspaceGroupBinding", "v2")
PROJECT_USER_BINDING = media_type("meshProjectUserBinding", "v3")
PROJECT_GROUP_BINDING = media_type("meshProjectGroupBinding", "v3")
LOCATION = media_type("meshLocation", "v1")
TAG_DEFINITION = media_type("meshTagDefinition", "v1")
PLATFORM_TYPE = media_type("meshPlatformType", "v1")
PLATFORM = media_type("meshPlatform", "v2")
LANDING_ZONE = media_type("meshLandingZone", "v1")
TENANT = media_type("meshTenant", "v4")
SERVICE_INSTANCE = media_type("meshServiceInstance", "v2")
API_KEY = media_type("meshApiKey", "v1-preview")
INTEGRATION = media_type("meshIntegration", "v1")
RUNNER = media_type("meshBuildingBlockRunner", "v1-preview")
DEFINITION = media_type("meshBuildingBlockDefinition", "v1-preview")
DEFINITION_V1 = media_type("meshBuildingBlockDefinition", "v1")
DEFINITION_VERSION = media_type("meshBuildingBlockDefinitionVersion", "v1-preview")
DEFINITION_VERSION_V1 = media_type("meshBuildingBlockDefinitionVersion", "v1")
BLOCK_V1 = media_type("meshBuildingBlock", "v1")
BLOCK_V2 = media_type("meshBuildingBlock", "v2-preview")
BLOCK_V2_FINAL = media_type("meshBuildingBlock", "v2")
RUN = media_type("meshBuildingBlockRun", "v1")
