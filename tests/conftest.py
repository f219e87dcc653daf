"""Fixtures every test may use. Tests with `database` run on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from tests.support.clock import FixedClock

from blockyard.server.kit.database import Database, metadata


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests on asyncio."""
    return "asyncio"


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at noon."""
    return FixedClock()


@pytest.fixture
def ids() -> Callable[[], UUID]:
    """Ids that count up: 00000000-0000-4000-8000-000000000001 and on."""
    count = 0

    def draw() -> UUID:
        nonlocal count
        count += 1
        return UUID(int=0x40008000000000000000 + count)

    return draw


@pytest.fixture(params=["sqlite"])
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database with all tables."""
    with Database.open(f"sqlite:///{tmp_path / 'blockyard.sqlite3'}") as db:
        metadata.create_all(db.engine)
        yield db
