"""All tables: importing this module has every store add its own to `metadata`."""

from blockyard.server.app import wiring
from blockyard.server.kit import idempotency, key_check
from blockyard.server.kit.database import metadata

__all__ = ["idempotency", "key_check", "metadata", "wiring"]
