"""Projects: one environment each inside a workspace.

A project's name is unique among the living projects of its workspace and fixed; `<workspace>.<project>` addresses it.
"""
