"""Passwords of tests cost nothing to hash: accounts are made in every second test, and a hash is slow on purpose.

What the product does stays in `REAL` and `REAL_NOBODY`, and is tested with them.
"""

from argon2 import PasswordHasher, Type

from blockyard.server.identity.service import passwords

REAL, REAL_NOBODY = passwords._HASHER, passwords._NOBODY


def hash_quickly() -> None:
    """Let this process hash passwords as the product does, but with the least memory and in one pass."""
    passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, type=Type.ID)
    passwords._NOBODY = passwords._HASHER.hash("nobody's")
