"""States that modules keep in PostgreSQL themselves."""

import psycopg


def workspaces_in(database: str) -> list[str]:
    """Return the names of the engine's workspaces in a database, but for the one that every backend has."""
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT name FROM terraform_remote_state.states ORDER BY name").fetchall()
    return [str(name) for (name,) in rows if name != "default"]
