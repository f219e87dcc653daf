"""Workspaces, and who is bound to them in which role.

A workspace's name is its id everywhere and is never given away again, not even after its deletion. A workspace has at most
two owners; an owner never disappears through somebody who could not appoint one. Deleting a workspace is refused while
it still has something, and ends its bindings and API keys.
"""
