"""The page of a run: its steps with their logs."""
