"""A run token lists nothing: it is for one run and one state, and is told so instead of being shown an empty list."""

import json
from pathlib import Path

from tests.support.whole_server import Request, Tenancy, WholeServer

ROOT = Path(__file__).parents[2]
FOR_EVERYBODY = {
    "/mesh/info",
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/blockyard/v1/me",
    "/api/meshobjects/meshapikeys/self",
}
"""What tells of the installation, or of the caller."""

OF_PEOPLE = {
    "/api/blockyard/v1/me/client-sessions",
    "/api/blockyard/v1/me/identities",
    "/api/blockyard/v1/me/sessions",
    "/api/blockyard/v1/me/sign-in-methods",
}
"""What only people have: for all others it is not there."""


def test_every_list_refuses_a_run_token(server: WholeServer, tenancy: Tenancy) -> None:
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    lists = {path: item["get"] for path, item in paths.items() if "get" in item and "{" not in path}
    answers: dict[str, int] = {}
    for path in lists.keys() - FOR_EVERYBODY:
        content = lists[path]["responses"]["200"]["content"]
        request = Request("GET", path, media=next(iter(content)), token=tenancy.run_token)
        answers[path] = server.send(request).status_code

    assert len(answers) > 10
    assert {path: status for path, status in answers.items() if status != 403} == dict.fromkeys(OF_PEOPLE, 404)
