"""The command line: a client of the public HTTP API."""
