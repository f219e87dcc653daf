"""Project roles: what somebody can be in a project, such as its administrator or a reader.

Administrators name them. They grant nothing here but to see the project: platforms map them to rights of their own. A role that
a binding has is not deleted, and its name, which building blocks read, never changes.
"""
