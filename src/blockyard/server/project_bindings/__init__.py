"""Bindings of projects: which people and groups have which role in a project.

Who is bound to a project has to belong to its workspace; who does not any more has no part in the project, though the binding
stays until somebody takes it away. A project's bindings go with it.
"""
