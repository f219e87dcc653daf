"""What belongs to a run and is large: its document, its outputs, its saved plan."""

from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import bindparam, delete, select

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.status import OutputValue
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.upsert import upsert
from blockyard.server.runs.model import RunId
from blockyard.server.runs.store.memory import known
from blockyard.server.runs.store.tables import artifacts as _artifacts
from blockyard.server.runs.store.tables import documents as _documents
from blockyard.server.runs.store.tables import outputs as _outputs
from blockyard.server.runs.store.tables import runs as _runs

_OUTPUTS = select(_outputs.c.outputs).where(
    _outputs.c.run_id == bindparam("of_run"), _outputs.c.attempt == bindparam("of_attempt")
)

_VALUES = TypeAdapter(dict[str, OutputValue])


class FileStore:
    """Reads and writes documents, outputs and artifacts."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def document(self, run_id: RunId) -> JsonObject | None:
        """Return the document of the newest claim."""
        row = self._tx.execute(select(_documents.c.document).where(_documents.c.run_id == run_id)).one_or_none()
        return None if row is None else row.document

    def put_document(self, run_id: RunId, document: JsonObject) -> None:
        """Keep the document of a claim instead of that of an earlier one."""
        upsert(self._tx, _documents, {"run_id": run_id}, {"document": document})

    def outputs(self, run_id: RunId, attempt: int) -> JsonObject:
        """Return what an attempt reported so far, by name."""
        outputs = known(self._tx).outputs
        if (run_id, attempt) not in outputs:
            row = self._tx.execute(_OUTPUTS, {"of_run": run_id, "of_attempt": attempt}).one_or_none()
            outputs[run_id, attempt] = {} if row is None else row.outputs
        return outputs[run_id, attempt]

    def reported(self, run_id: RunId, attempt: int) -> dict[str, OutputValue]:
        """Return the same as values; sensitive ones have none."""
        return _VALUES.validate_python(self.outputs(run_id, attempt))

    def put_outputs(self, run_id: RunId, attempt: int, outputs: JsonObject) -> None:
        """Keep the outputs of an attempt."""
        upsert(self._tx, _outputs, {"run_id": run_id, "attempt": attempt}, {"outputs": outputs})
        known(self._tx).outputs[run_id, attempt] = outputs

    def artifact(self, run_id: RunId) -> bytes | None:
        """Return the encrypted plan of a run."""
        row = self._tx.execute(select(_artifacts.c.data).where(_artifacts.c.run_id == run_id)).one_or_none()
        return None if row is None else bytes(row.data)

    def has_artifact(self, run_id: RunId) -> bool:
        """Return whether there is a plan of a run, without reading it."""
        found = self._tx.execute(select(_artifacts.c.run_id).where(_artifacts.c.run_id == run_id)).one_or_none()
        return found is not None

    def artifact_digest(self, run_id: RunId) -> str | None:
        """Return the SHA-256 of the plan of a run; None if there is none, or it was kept before such digests were."""
        row = self._tx.execute(select(_artifacts.c.sha256).where(_artifacts.c.run_id == run_id)).one_or_none()
        return None if row is None else row.sha256

    def put_artifact(self, run_id: RunId, data: bytes, *, digest: str, at: datetime) -> None:
        """Keep the encrypted plan of a run; `digest` is the SHA-256 of the plan itself."""
        upsert(self._tx, _artifacts, {"run_id": run_id}, {"data": data, "sha256": digest, "created_at": at})

    def remove_artifacts(self, before: datetime) -> int:
        """Remove plans made before an instant that no run is still to apply, and return how many."""
        wanted = select(_runs.c.plan_run_id).where(_runs.c.finished_at.is_(None), _runs.c.plan_run_id.is_not(None))
        old = delete(_artifacts).where(_artifacts.c.created_at < before, _artifacts.c.run_id.not_in(wanted))
        return self._tx.execute(old).rowcount
