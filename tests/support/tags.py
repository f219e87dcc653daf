"""Short ways to declare tags."""

from collections.abc import Sequence
from typing import Any

from blockyard.protocol.kinds import TAG_DEFINITION
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.tags.model import TagSpec, TargetKind, ValueType, ValueTypeName
from blockyard.server.tags.service import TagDefinitionService
from tests.support.principals import ADMINISTRATOR

TAGS = TAG_DEFINITION.collection


def a_tag(kind: str = "meshProject", key: str = "env", **spec: Any) -> Any:
    """Return a tag definition as clients send it."""
    return {
        "apiVersion": "v1",
        "kind": "meshTagDefinition",
        "metadata": {"name": f"{kind}.{key}"},
        "spec": {
            "targetKind": kind,
            "key": key,
            "displayName": key.title(),
            "description": "",
            "sortOrder": 0,
            "mandatory": False,
            "immutable": False,
            "restricted": False,
            "valueType": {"multiSelect": {"options": ["dev", "test", "prod"]}},
        }
        | spec,
    }


def declare(
    db: Database, definitions: TagDefinitionService, kind: TargetKind, *keys: str, options: Sequence[str] = ()
) -> None:
    """Let things of a kind have any text by these keys; with options, any of these."""
    value_type = ValueType(ValueTypeName.STRING, {})
    if options:
        value_type = ValueType(ValueTypeName.MULTI_SELECT, {"options": [*options]})

    def make(tx: Transaction) -> None:
        for key in keys:
            _declare(tx, definitions, kind, key, value_type)

    db.write_now(make)


def _declare(
    tx: Transaction, definitions: TagDefinitionService, kind: TargetKind, key: str, value_type: ValueType
) -> None:
    spec = TagSpec(
        target_kind=kind,
        tag=key,
        value_type=value_type,
        display_name=key,
        description="",
        sort_order=0,
        mandatory=False,
        immutable=False,
        restricted=False,
        replication_key=None,
    )
    definitions.create(tx, ADMINISTRATOR, f"{kind}.{key}", spec)
