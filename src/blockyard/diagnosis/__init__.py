"""Examining an installation: what `blockyard doctor` of a server and of a runner have in common, and their log lines."""
