"""What the settings of a runner and of its executors have in common. How they are read is in `runner/settings.py`."""

from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

CEILING_MINUTES = 180
"""The ceiling of any attempt. Source: architecture.md 4."""


class SharedSettings(BaseModel):
    """Settings that have the directory of the runner. Each executor takes its own beside it, and none of another's."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    MAY_BE_EMPTY: ClassVar[frozenset[str]] = frozenset()
    """Lists of which an empty one differs from an absent one."""

    work_dir: Path = Path("/tmp/blockyard-runner")  # noqa: S108  its mode and owner are checked before use
