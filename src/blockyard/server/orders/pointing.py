"""Where refusals of the parts of an order point: to the members of the order, whatever they are called where a part is made alone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from blockyard.server.kit.errors import Denied, Refusal

TENANT_FIELDS = {
    "/metadata/name": "/newTenant/project",
    "/metadata/ownedByProject": "/newTenant/project",
    "/spec/displayName": "/newTenant/newProject",
    "/spec/platformRef/uuid": "/newTenant/platformUuid",
    "/spec/landingZoneRef": "/newTenant/landingZone",
    "/spec/landingZoneRef/name": "/newTenant/landingZone",
}
"""Members of a project or a tenant that are called otherwise in an order."""

_REMEDIES = {"WrongLevel": "Name a tenant with tenantUuid, or make one with newTenant."}
"""What to do about refusals, by their codes, where an order says it otherwise than one building block."""


def block_fields(at: int, *, has_version: bool, is_for_new_tenant: bool) -> Mapping[str, str]:
    """Return where members of one building block are in an order of it."""
    tenant = "/newTenant" if is_for_new_tenant else "/tenantUuid"
    return {
        "/spec/parentBuildingBlockRefs": f"/blocks/{at}/parents",
        "/spec/buildingBlockDefinitionVersionRef": f"/blocks/{at}/{'versionUuid' if has_version else 'definitionUuid'}",
        "/spec/targetRef/kind": tenant,
        "/spec/targetRef/uuid": tenant,
        "/spec/targetRef/name": "/workspace",
    }


@contextmanager
def pointing(
    part: str, fields: Mapping[str, str], *, otherwise: str | None = None, denied: str | None = None
) -> Iterator[None]:
    """Let refusals of a part of an order point at that part, or at what `fields` says of a member and all in it.

    What names no member points to `otherwise`, or to `denied` where the principal may not.
    """
    try:
        yield
    except Refusal as refusal:
        refusal.field = _pointer(refusal.field, part, fields) or _whole(refusal, part, otherwise, denied)
        refusal.remedy = _REMEDIES.get(refusal.code, refusal.remedy)
        raise


def _pointer(field: str | None, part: str, fields: Mapping[str, str]) -> str | None:
    if field is None or not field.startswith(("/spec", "/metadata")):
        return field if field is not None and field.startswith(part) else None
    known = [name for name in fields if field == name or field.startswith(f"{name}/")]
    if not known:
        return part + field.removeprefix("/spec")
    nearest = max(known, key=len)
    return fields[nearest] + field.removeprefix(nearest)


def _whole(refusal: Refusal, part: str, otherwise: str | None, denied: str | None) -> str:
    if denied is not None and isinstance(refusal, Denied):
        return denied
    return otherwise or part
