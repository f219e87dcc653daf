"""Brings the module of a run: repositories, what git needs to reach them, and folders that earlier runs prepared."""
