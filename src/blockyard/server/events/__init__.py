"""The event log: who did what, when, to which thing, in which workspace.

An event is appended in the transaction of the change it tells about, and never edited or removed by a use case.
"""
