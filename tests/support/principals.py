"""Principals for tests: an administrator, a key of a workspace, the holder of a run token."""

from dataclasses import replace
from uuid import UUID, uuid4

from blockyard.server.events.model import Author
from blockyard.server.identity.model import Principal, RunGrant
from blockyard.server.identity.permissions import ADMIN, MANAGED, PLAIN, everywhere

ADMINISTRATOR = Principal(
    author=Author(type="ApiKey", identifier="admin-key", display_name="admin key"),
    everywhere=everywhere(ADMIN),
    grants={"admin": PLAIN | MANAGED},
)


def a_key(workspace: str, *codes: str) -> Principal:
    """Return an API key of `workspace` with `codes`; with all plain and managed codes if none are given."""
    granted = frozenset(codes) if codes else PLAIN | MANAGED
    return Principal(
        author=Author(type="ApiKey", identifier=f"key-of-{workspace}", display_name=f"key of {workspace}"),
        everywhere=everywhere(granted),
        grants={workspace: frozenset(code for code in granted if not code.startswith("ADM_"))},
    )


def a_person(name: str, like: Principal) -> Principal:
    """Return somebody who is signed in and may do what another principal may."""
    return replace(like, author=Author(type="User", identifier=name, display_name=name.title(), username=name))


def a_run_token(run_id: UUID, *, block_id: UUID | None = None, workspace: str = "shop", attempt: int = 1) -> Principal:
    """Return the holder of the token of one attempt."""
    return Principal(
        author=Author(type="ApiKey", identifier=f"run-{run_id}", display_name="run"),
        run=RunGrant(
            run_id=run_id, block_id=block_id or uuid4(), runner_id=uuid4(), workspace=workspace, attempt=attempt
        ),
    )
