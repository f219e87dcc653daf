"""Versions under requests that come at once, and under bodies nobody would send."""

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blockyard.protocol.kinds import DEFINITION, VERSION
from tests.support.definitions import (
    DEFINITIONS,
    VERSIONS,
    Catalogue,
    a_definition,
    an_input,
    an_output,
    changed,
    definition_ref,
    next_draft,
    terraform,
)
from tests.support.http import client_for

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda items: st.lists(items, max_size=3) | st.dictionaries(st.text(max_size=8), items, max_size=3),
    max_leaves=5,
)
HEADERS = {"Accept": VERSION.media, "Content-Type": VERSION.media}


def _headers(path: str) -> dict[str, str]:
    return HEADERS if path.startswith(VERSIONS) else {"Accept": DEFINITION.media, "Content-Type": DEFINITION.media}


def together(catalogue: Catalogue, *requests: tuple[str, str, Any]) -> list[int]:
    """Send requests at once and return their statuses, in order of size."""

    async def send() -> list[int]:
        async with client_for(catalogue.http.app) as client:
            answers = [
                client.request(method, path, json=body, headers=_headers(path)) for method, path, body in requests
            ]
            return sorted(answer.status_code for answer in await asyncio.gather(*answers))

    return asyncio.run(send())


def test_of_two_drafts_made_at_once_one_is_refused(catalogue: Catalogue) -> None:
    _definition, version = catalogue.released()
    request = ("POST", VERSIONS, next_draft(version))

    assert together(catalogue, request, request, request) == [201, 409, 409]


def test_edits_made_at_once_all_succeed_and_leave_one_of_them(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"
    bodies = [
        changed(draft, implementation=terraform(), inputs={f"k{index}": an_input()}, outputs={}) for index in range(4)
    ]

    assert together(catalogue, *[("PUT", path, body) for body in bodies]) == [200] * 4
    assert len(catalogue.ok("GET", path)["spec"]["inputs"]) == 1


def test_nothing_depends_on_a_definition_that_is_deleted_meanwhile(catalogue: Catalogue) -> None:
    drafts = [catalogue.draft(catalogue.define()) for _ in range(4)]
    for _ in range(4):
        parent, _version = catalogue.released()
        uuid = parent["metadata"]["uuid"]
        depending = [changed(draft, dependencyDefinitionRefs=[definition_ref(parent)]) for draft in drafts]

        statuses = together(
            catalogue,
            *[("PUT", f"{VERSIONS}/{draft['metadata']['uuid']}", draft) for draft in depending],
            ("DELETE", f"{DEFINITIONS}/{uuid}", None),
        )

        named = [uuid in str(catalogue.ok("GET", f"{VERSIONS}/{draft['metadata']['uuid']}")) for draft in drafts]
        assert (204 in statuses, any(named)) in {(True, False), (False, True)}


def test_of_a_release_and_an_edit_at_once_the_release_holds(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"
    release, edit = changed(draft, state="RELEASED"), changed(draft, onlyApplyOncePerTenant=True)

    statuses = together(catalogue, ("PUT", path, release), ("PUT", path, edit))

    assert statuses in ([200, 200], [200, 409])
    assert catalogue.ok("GET", path)["spec"]["state"] == "RELEASED"


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_is_a_defect(catalogue: Catalogue, data: st.DataObject) -> None:
    draft = catalogue.draft(catalogue.define())
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"
    body = changed(
        draft,
        implementation=terraform(sshKnownHost={"host": "h", "keyType": "t", "keyValue": "v"}),
        inputs={data.draw(st.text(max_size=5)): an_input(selectableValues=["a"])},
        outputs={"o": an_output()},
        permissions=["TENANT_LIST"],
    )
    place = data.draw(st.sampled_from(list(places(body))))
    replace_at(body, place, data.draw(ANY_JSON))

    answer = catalogue.http.send("PUT", path, body, media=VERSION.media)

    assert answer.status_code in {200, 400, 409}, (place, answer.text)
    if answer.status_code == 200:
        assert catalogue.ok("GET", path) == answer.json()


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_definition_is_a_defect(catalogue: Catalogue, data: st.DataObject) -> None:
    body = a_definition(tags={"a": ["b"]}, symbol="https://a.b/c.png", supportUrl="https://a.b", readme="x")
    replace_at(body, data.draw(st.sampled_from(list(places(body)))), data.draw(ANY_JSON))

    answer = catalogue.http.send("POST", DEFINITIONS, body, media=DEFINITION.media)

    assert answer.status_code in {201, 400, 403}, answer.text


def places(document: Any, path: tuple[Any, ...] = ()) -> Any:
    """Return the path of every value inside a document."""
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def replace_at(document: Any, path: tuple[Any, ...], value: Any) -> None:
    """Put another value at a path."""
    for key in path[:-1]:
        document = document[key]
    document[path[-1]] = value
