"""The public conformance tester of SCIM finds nothing that fails, on a server behind a real socket. Source: RFC 7643, RFC 7644."""

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server
from scim2_tester.utils import CheckResult, Status

from tests.support.http_server import served
from tests.support.tenancy import Tenancy

SCIM = "/api/blockyard/scim/v2"

GOOD = {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE}
"""What a check says of behaviour that the standard asks for, recommends or allows."""


def test_no_check_of_the_public_tester_fails(tenancy: Tenancy) -> None:
    headers = dict(tenancy.key("admin", "ADM_USER_LIST", "ADM_USER_SAVE", "ADM_USER_DELETE").headers)
    with served(tenancy.app) as server, httpx2.Client(base_url=f"{server.url}{SCIM}", headers=headers) as client:
        results = check_server(SyncSCIMClient(client))

    wrong = [_words(result) for result in results if result.status not in GOOD]
    assert not wrong, "\n".join(wrong)
    assert {result.resource_type for result in results} >= {"User", "Group"}
    assert len(results) > 60


def _words(result: CheckResult) -> str:
    return f"{result.status.name} {result.resource_type or ''} {result.title}: {result.reason}"
