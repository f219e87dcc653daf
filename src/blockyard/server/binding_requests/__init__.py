"""Requests for bindings: who shall get a role in a workspace is decided by more than one person, if the operator wants that.

A request counts as the approval of whoever makes it. It is decided once: by the approval that completes the count, by the first
refusal, or by whoever takes it back. The binding is made in the transaction of the approval.
"""
