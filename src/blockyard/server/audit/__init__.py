"""Reading the event log: who did what, when, to which thing.

Administrators and auditors read everything, others what happened in workspaces where they may list events.
"""
