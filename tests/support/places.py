"""Locations, platform types, platforms, landing zones and tenants for tests: documents as clients send them."""

from typing import Any

ICON = "data:image/svg+xml;base64,PHN2Zy8+"
QUOTA: dict[str, Any] = {
    "quotaKey": "limits.cpu",
    "label": "CPU",
    "description": "vCPU",
    "unit": "cores",
    "minValue": 1,
    "maxValue": 64,
    "autoApprovalThreshold": 16,
}
"""A quota definition."""


KUBERNETES: dict[str, Any] = {
    "type": "kubernetes",
    "kubernetes": {"baseUrl": "https://k8s.example.test:6443", "disableSslValidation": False},
}
"""The configuration of a platform of a built-in type, without secrets."""


def named(name: str, workspace: str, **more: Any) -> dict[str, Any]:
    """Return the metadata of an object."""
    return {"name": name, "ownedByWorkspace": workspace, **more}


def a_location(name: str = "fra-dc1", workspace: str = "team", **spec: Any) -> dict[str, Any]:
    """Return a request for a location."""
    return {
        "apiVersion": "v1",
        "kind": "meshLocation",
        "metadata": named(name, workspace),
        "spec": {"displayName": "Frankfurt DC 1", "description": "Colo room 3", **spec},
    }


def a_platform_type(name: str = "MAINFRAME", workspace: str = "team", **spec: Any) -> dict[str, Any]:
    """Return a request for a platform type."""
    return {
        "apiVersion": "v1",
        "kind": "meshPlatformType",
        "metadata": named(name, workspace),
        "spec": {
            "displayName": "Mainframe",
            "category": "CUSTOM",
            "defaultEndpoint": "https://mf.example.org",
            "icon": ICON,
            **spec,
        },
    }


def a_custom_config(type_name: str = "MAINFRAME") -> dict[str, Any]:
    """Return the configuration of a platform of a self-made type."""
    return {"type": "custom", "custom": {"platformTypeRef": {"name": type_name, "kind": "meshPlatformType"}}}


def a_platform(name: str = "mf-prod", workspace: str = "team", **spec: Any) -> dict[str, Any]:
    """Return a request for a platform that everybody may use, at a location called `global`."""
    return {
        "apiVersion": "v2",
        "kind": "meshPlatform",
        "metadata": named(name, workspace),
        "spec": {
            "displayName": "Mainframe Prod",
            "description": "z/OS",
            "endpoint": "https://mf.example.org",
            "locationRef": {"name": "global", "kind": "meshLocation"},
            "contributingWorkspaces": [],
            "availability": {"restriction": "PUBLIC", "publicationState": "PUBLISHED"},
            "quotaDefinitions": [QUOTA],
            "config": a_custom_config(),
            **spec,
        },
    }


def an_availability(restriction: str, state: str = "PUBLISHED", *workspaces: str) -> dict[str, Any]:
    """Return who may use a platform."""
    named_ones = {"restrictedToWorkspaces": list(workspaces)} if workspaces else {}
    return {"restriction": restriction, "publicationState": state, **named_ones}


def properties(type_: str = "custom", **members: Any) -> dict[str, Any]:
    """Return the properties of a landing zone: all members, as the client sends them."""
    types = ("aws", "aks", "azure", "azurerg", "custom", "gcp", "kubernetes", "openshift")
    return {"type": type_} | {name: members if name == type_ else None for name in types}


def a_landing_zone(
    platform: str, name: str = "mf-default", workspace: str = "team", tags: Any = None, **spec: Any
) -> dict[str, Any]:
    """Return a request for a landing zone of the platform with this id."""
    return {
        "apiVersion": "v1",
        "kind": "meshLandingZone",
        "metadata": named(name, workspace, tags=tags or {}),
        "spec": {
            "displayName": "Default",
            "description": "Default zone",
            "automateDeletionApproval": False,
            "automateDeletionReplication": False,
            "restricted": False,
            "platformRef": {"uuid": platform, "kind": "meshPlatform"},
            "platformProperties": properties(),
            "quotas": [],
            "mandatoryBuildingBlockRefs": [],
            "recommendedBuildingBlockRefs": [],
            **spec,
        },
    }


def a_tenant(platform: str, project: str = "dev", workspace: str = "team", **spec: Any) -> dict[str, Any]:
    """Return a request for a tenant on the platform with this id."""
    return {
        "apiVersion": "v4",
        "kind": "meshTenant",
        "metadata": {"ownedByWorkspace": workspace, "ownedByProject": project},
        "spec": {
            "platformRef": {"uuid": platform, "kind": "meshPlatform"},
            "landingZoneRef": None,
            "platformTenantId": None,
            **spec,
        },
    }
