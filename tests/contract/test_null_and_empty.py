"""Null and empty members of all kinds, row by row; those of definitions have a file of their own. Source: api.md 2.4.

Each row is a member that is not configured: what clients send, and what they have to get back from POST, GET, PUT and list.
"""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import pytest

from blockyard.protocol import kinds
from blockyard.protocol.kinds import Kind
from tests.support.echo import ABSENT, Row, found, put
from tests.support.matrix_bodies import a_binding, a_runner, a_tag, an_integration
from tests.support.places import a_landing_zone, a_platform, a_platform_type, a_tenant, properties
from tests.support.platform_configs import CONFIGS
from tests.support.whole_server import Request, Tenancy, WholeServer, a_workspace, an_order

pytestmark = pytest.mark.one_database

_numbers = count()

Body = Callable[[Tenancy, str], Any]
"""Makes a document of a name."""


def _owned(spec: Mapping[str, Any]) -> Body:
    return lambda _tenancy, name: {
        "metadata": {"name": name, "ownedByWorkspace": "shop"},
        "spec": {"displayName": name, **spec},
    }


def _zone(type_: str) -> Body:
    return lambda tenancy, name: a_landing_zone(
        tenancy.platform, name, "platform", platformProperties=properties(type_)
    )


def _on(config: str) -> Body:
    return lambda _tenancy, name: a_platform(name, "platform", config=CONFIGS[config])


_PLATFORM = "spec/config"
_METERED: list[Row] = [("spec/config/{}/metering", sent, ABSENT) for sent in (ABSENT, None)]
_WITHOUT_SETS = [
    {
        "projectRoleRef": {"kind": "meshProjectRole", "name": "Project Admin"},
        "awsRole": "admin",
        "permissionSetArns": None,
    }
]


def _trusted(cloud: str) -> Body:
    federation = {
        "issuer": "https://issuer.test",
        "subjectTemplate": "one",
        cloud: {"audience": "a", "tokenPath": "/t"},
    }
    return lambda _tenancy, _name: put(a_runner(), "spec/workloadIdentityFederation", federation)


ROWS: list[tuple[Kind, Body, list[Row]]] = [
    (
        kinds.TENANT,
        lambda tenancy, _: a_tenant(tenancy.platform, "dev", "shop"),
        [("status/appliedQuotas", ABSENT, {}), ("status/tags", ABSENT, {})],
    ),
    (kinds.WORKSPACE, lambda _, name: a_workspace(name), [("metadata/tags", {}, {}), ("metadata/tags", ABSENT, {})]),
    (
        kinds.PROJECT,
        _owned({"tags": {}}),
        [
            ("spec/tags", {}, {}),
            ("spec/paymentMethodIdentifier", None, ABSENT),
            ("spec/substitutePaymentMethodIdentifier", None, ABSENT),
        ],
    ),
    (
        kinds.PAYMENT_METHOD,
        _owned({}),
        [
            ("spec/tags", ABSENT, {}),
            ("spec/tags", {}, {}),
            ("spec/expirationDate", ABSENT, ABSENT),
            ("spec/amount", ABSENT, ABSENT),
        ],
    ),
    (
        kinds.PLATFORM,
        _on("kubernetes"),
        [
            ("spec/contributingWorkspaces", [], []),
            ("spec/quotaDefinitions", [], []),
            ("spec/availability/restrictedToWorkspaces", ABSENT, []),
            *((path.format("kubernetes"), sent, expected) for path, sent, expected in _METERED),
        ],
    ),
    (
        kinds.PLATFORM,
        _on("azure"),
        [
            (f"{_PLATFORM}/azure/replication/azureRoleMappings", [], []),
            (f"{_PLATFORM}/azure/replication/tenantTags/tagMappers", [], []),
            (f"{_PLATFORM}/azure/replication/tenantTags", ABSENT, ABSENT),
            (f"{_PLATFORM}/azure/replication/b2bUserInvitation", ABSENT, ABSENT),
            (f"{_PLATFORM}/azure/replication/provisioning/subscriptionOwnerObjectIds", None, ABSENT),
        ],
    ),
    (
        kinds.PLATFORM,
        _on("aws"),
        [
            (f"{_PLATFORM}/aws/replication/awsSso/awsRoleMappings", None, ABSENT),
            (f"{_PLATFORM}/aws/replication/awsSso/awsRoleMappings", _WITHOUT_SETS, _WITHOUT_SETS),
            (f"{_PLATFORM}/aws/replication/awsSso", ABSENT, ABSENT),
        ],
    ),
    (kinds.PLATFORM, _on("openshift"), [(f"{_PLATFORM}/openshift/replication/openshiftRoleMappings", None, ABSENT)]),
    (
        kinds.LANDING_ZONE,
        _zone("kubernetes"),
        [
            ("metadata/tags", {}, {}),
            ("spec/quotas", [], []),
            ("spec/mandatoryBuildingBlockRefs", [], []),
            ("spec/recommendedBuildingBlockRefs", [], []),
            ("spec/platformProperties/aws", None, ABSENT),
            ("spec/platformProperties/aws", ABSENT, ABSENT),
        ],
    ),
    (
        kinds.WORKSPACE_USER_BINDING,
        lambda _, name: a_binding(name, "Workspace Member", "shop", "admin"),
        [
            ("expiryDate", ABSENT, ABSENT),
            ("expiryDate", None, ABSENT),
        ],
    ),
    (
        kinds.RUNNER,
        lambda _, __: a_runner(),
        [("spec/workloadIdentityFederation", sent, ABSENT) for sent in (ABSENT, None)],
    ),
    *(
        (
            kinds.RUNNER,
            _trusted(cloud),
            [
                (f"spec/workloadIdentityFederation/{other}", sent, ABSENT)
                for other in ("gcp", "aws", "azure")
                if other != cloud
                for sent in (ABSENT, None)
            ],
        )
        for cloud in ("gcp", "aws")
    ),
    (kinds.INTEGRATION, lambda _, __: an_integration(), [("status/workloadIdentityFederation", ABSENT, ABSENT)]),
    (
        kinds.TAG_DEFINITION,
        lambda _, name: put(a_tag(f"meshProject.{name}"), "spec/valueType", {"string": {}}),
        [
            ("spec/replicationKey", ABSENT, ABSENT),
            ("spec/valueType/string/defaultValue", ABSENT, ABSENT),
            ("spec/valueType/string/validationRegex", ABSENT, ABSENT),
            *(
                (f"spec/valueType/{member}", ABSENT, ABSENT)
                for member in ("email", "integer", "number", "singleSelect")
            ),
        ],
    ),
    (
        kinds.BLOCK_V2,
        lambda tenancy, _: an_order(tenancy.version),
        [("spec/parentBuildingBlockRefs", [], []), ("status/outputs", ABSENT, {})],
    ),
]

_BY_NAME = {
    kinds.WORKSPACE,
    kinds.PAYMENT_METHOD,
    kinds.LANDING_ZONE,
    kinds.WORKSPACE_USER_BINDING,
    kinds.TAG_DEFINITION,
}
_UNLISTED = {kinds.WORKSPACE, kinds.WORKSPACE_USER_BINDING}
_UNCHANGED = {kinds.WORKSPACE_USER_BINDING, kinds.TENANT, kinds.BLOCK_V2}
"""What cannot be changed, or not before its run has ended."""


@pytest.mark.parametrize(("kind", "body", "rows"), ROWS, ids=[f"{kind.name}-{rows[0][0]}" for kind, _, rows in ROWS])
def test_each_member_comes_back_as_its_row_says(
    server: WholeServer, tenancy: Tenancy, kind: Kind, body: Body, rows: list[Row]
) -> None:
    answers: list[Any] = []
    for path, sent, expected in rows:
        if not (answers and path.startswith("status")):  # which nobody sends
            named = body(tenancy, f"n{next(_numbers)}")
            answers = _answers(server, kind, named if path.startswith("status") else put(named, path, sent))

        assert [found(answer, path) for answer in answers] == [expected] * len(answers), path


@pytest.mark.usefixtures("tenancy")
@pytest.mark.parametrize("type_", ["custom", "openshift"])
def test_the_properties_of_a_landing_zone_are_empty_where_its_type_has_none(server: WholeServer, type_: str) -> None:
    if type_ == "custom":
        of_type = a_platform_type("MAINFRAME", "platform")
        server.ok(Request("POST", kinds.PLATFORM_TYPE.collection, of_type, kinds.PLATFORM_TYPE.media))
    platform = a_platform(f"of-{type_}", "platform", config=CONFIGS[type_])
    made: Any = server.ok(Request("POST", kinds.PLATFORM.collection, platform, kinds.PLATFORM.media))
    zone = a_landing_zone(made["metadata"]["uuid"], f"of-{type_}", "platform", platformProperties=properties(type_))

    for answer in _answers(server, kinds.LANDING_ZONE, zone):
        assert answer["spec"]["platformProperties"][type_] == {}


def _answers(server: WholeServer, kind: Kind, document: Any) -> list[Any]:
    """Make an object, and change nothing; return what is answered."""
    made = server.ok(Request("POST", kind.collection, document, kind.media))
    address = _address(kind, made)
    answers: list[Any] = [made, server.ok(Request("GET", address, media=kind.media))]
    if kind not in _UNCHANGED:
        answers.append(server.ok(Request("PUT", address, document, kind.media)))
        answers.append(server.ok(Request("PUT", address, answers[1], kind.media)))
    if kind not in _UNLISTED:
        answers.append(_listed(server, kind, address))
    return answers


def _address(kind: Kind, document: Any) -> str:
    metadata = document["metadata"]
    if kind is kinds.PROJECT:
        return f"{kind.collection}/{metadata['ownedByWorkspace']}.{metadata['name']}"
    return f"{kind.collection}/{metadata['name' if kind in _BY_NAME else 'uuid']}"


def _listed(server: WholeServer, kind: Kind, address: str) -> Any:
    params = {"size": "1", "sort": "createdAt,desc"}
    page: Any = server.ok(Request("GET", kind.collection, media=kind.media, params=params))
    (found_one,) = page["_embedded"][kind.plural]
    assert _address(kind, found_one) == address
    return found_one
