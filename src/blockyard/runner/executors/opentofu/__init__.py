"""Executes OpenTofu and Terraform modules from git. Source: runner.md 3.

Pure parts (`argv`, `environment`, `variables`, `backend`, `outputs`, `diagnostics`, `steps`) say what to do; `sources`,
`engine`, `files`, `prerun`, `workspaces`, `state` and `executor` do it. Commands of the engine run under names in the
frame's `ProcessRunner`, so that a restarted runner goes on where the last one stopped.
"""
