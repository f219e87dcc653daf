"""Ephemeral API keys: drawn at the claim, good as long as their attempt may go on. Source: concepts.md 15.

A key is no row of its own but a hash in that of its attempt: whatever ends the attempt ends the key, in the same transaction, and
nothing is left that had to be swept.
"""

from dataclasses import dataclass, field

from blockyard.server.identity.model import RunKey
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Unauthenticated
from blockyard.server.kit.ids import new_secret
from blockyard.server.runs.model import Run
from blockyard.server.runs.service.context import RunContext
from blockyard.server.runs.store import AttemptStore, RunStore

KEY_PREFIX = "bykey"
"""All ephemeral API keys begin so: others need no look-up."""

_CONTEXT = "ephemeral API key"
_LENGTH = 43
"""Letters and digits after the prefix: 256 bits."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """An ephemeral API key that was drawn just now: what the run gets, and what is kept of it."""

    text: str = field(repr=False)
    hash: str


class RunKeyring:
    """Draws and knows ephemeral API keys."""

    def __init__(self, context: RunContext) -> None:
        self._context = context

    def draw(self, run: Run) -> NewKey | None:
        """Return a key for the next attempt of a run; None if its version asks for no permissions."""
        if not run.target.permissions:
            return None
        text = KEY_PREFIX + new_secret(_LENGTH)
        return NewKey(text, self._hash(text))

    def key_of(self, tx: Transaction, token: str) -> RunKey | None:
        """Return what an ephemeral API key stands for; None if it is none. Raises Unauthenticated: it has ended."""
        if not token.startswith(KEY_PREFIX):
            return None
        attempt = AttemptStore(tx).by_key(self._hash(token))
        run = None if attempt is None else RunStore(tx).get(attempt.run_id)
        is_good = attempt is not None and attempt.has_key(self._context.clock())
        if run is None or attempt is None or not is_good or run.is_final or run.attempt != attempt.number:
            raise Unauthenticated(
                "this key was for one attempt of a run, which is over",
                code="RunKeyEnded",
                remedy="Use it while the run lasts, or make an API key that lasts longer.",
            )
        return RunKey(
            run_id=run.id,
            block_id=run.block_id,
            block_name=self._context.ports().content.name_of(tx, run),
            workspace=run.workspace,
            permissions=run.target.permissions,
        )

    def _hash(self, text: str) -> str:
        return self._context.master_key.digest(text, context=_CONTEXT)
