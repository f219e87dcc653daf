"""The runner: its own process that claims runs over HTTPS, executes them and reports."""
