"""HTTP clients that talk to an application in this process."""

import httpx
from fastapi import FastAPI


def client_for(app: FastAPI, base_url: str = "http://blockyard.test") -> httpx.AsyncClient:
    """Return a client whose requests are handled by `app` directly."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url=base_url)
