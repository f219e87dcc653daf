"""The server: HTTP API, web pages, background loops. Packages import only packages below them (pyproject.toml)."""
