"""The state of building blocks: an OpenTofu HTTP backend with locks and versions, encrypted at rest.

Only the newest attempt of the newest claimed run of a block may change its state, and nobody else while it works. A stored
version is never changed; writing the same state twice stores it once.
"""
