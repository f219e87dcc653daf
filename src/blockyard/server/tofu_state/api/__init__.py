"""HTTP of states: the backend of engines and tools, and our own endpoints."""

from fastapi import APIRouter

from blockyard.server.kit.database import Database
from blockyard.server.kit.http import joined
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.tofu_state.api.backend import backend_routes
from blockyard.server.tofu_state.api.difference import difference_routes
from blockyard.server.tofu_state.api.people import people_routes
from blockyard.server.tofu_state.service import StateService


def routes(db: Database, states: StateService, *, master_key: MasterKey) -> APIRouter:
    """Return the routes of states."""
    return joined(
        backend_routes(db, states, master_key),
        people_routes(db, states, master_key),
        difference_routes(db, states, master_key),
    )
