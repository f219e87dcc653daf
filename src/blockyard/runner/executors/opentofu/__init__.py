"""Executes OpenTofu and Terraform modules from git. Source: runner.md 3.

`executor` goes through the stages of a run, `preparation`, `initialization` and `rescue` do the larger ones. Below them
`sources` brings the module, `engine` knows the engine, `state` where its state is kept, `given` what the run is given. Commands of
the engine run under names in the frame's `ProcessRunner`, so that a restarted runner goes on where the last one stopped.
"""
