"""`/healthz`, `/readyz` and `/metrics`, without login."""

from collections.abc import Callable
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy import text
from starlette.types import Scope

from blockyard.server.app import migrate
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.http import answers

QueueNumbers = Callable[[Transaction], dict[str, int]]
"""Returns how many runs are in each unfinished state."""


class Metrics:
    """What `/metrics` shows: requests, their durations, and the queue of runs."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "blockyard_http_requests", "HTTP requests answered", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "blockyard_http_request_seconds",
            "Time to answer an HTTP request",
            ["method", "route"],
            registry=self.registry,
        )
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        """Counter and durations by method, route and status: looking them up in the registry takes longer."""

    def observe(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one answered request by method and route template, so that ids make no new time series."""
        method, route = scope["method"], getattr(scope.get("route"), "path", "unknown")
        series = self._series.get((method, route, status))
        if series is None:
            series = self._requests.labels(method, route, str(status)), self._seconds.labels(method, route)
            self._series[method, route, status] = series
        requests, durations = series
        requests.inc()
        durations.observe(seconds)


class _Queue(Collector):
    """Shows the queue's numbers at the moment of a scrape."""

    def __init__(self, numbers: dict[str, int]) -> None:
        self._numbers = numbers

    def collect(self) -> list[GaugeMetricFamily]:
        """Return one gauge with a sample per state."""
        family = GaugeMetricFamily("blockyard_runs", "Unfinished runs", labels=["status"])
        for status, count in self._numbers.items():
            family.add_metric([status], count)
        return [family]


def routes(
    db: Database, metrics: Metrics, queue: QueueNumbers, *, installation: str, attempt_minutes: float
) -> APIRouter:
    """Return the routes operators and load balancers ask.

    `installation` tells one Blockyard from another, `attempt_minutes` is what runners have to end their runs before.
    """
    router = APIRouter(tags=["operations"])
    expected = migrate.head()

    @router.get("/healthz", summary="Whether the process answers")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get(
        "/readyz",
        summary="Whether the server can do its work: database reachable, tables current",
        responses={503: {"description": "It cannot.", "content": {"application/json": {}}}},
    )
    async def readyz(request: Request) -> JSONResponse:
        del request
        try:
            found = await db.read(_revision)
        except Exception as error:  # noqa: BLE001  any failure of the database means "not ready"
            return JSONResponse(
                {"status": "unavailable", "database": type(error).__name__}, HTTPStatus.SERVICE_UNAVAILABLE
            )
        if found != expected:
            content = {"status": "unavailable", "database": f"revision {found} instead of {expected}"}
            return JSONResponse(content, HTTPStatus.SERVICE_UNAVAILABLE)
        limits = {"attemptMinutes": attempt_minutes}
        return JSONResponse({"status": "ok", "database": "ok", "installation": installation, **limits})

    @router.get("/metrics", summary="Prometheus metrics", response_class=Response, responses=answers("text/plain"))
    async def show_metrics() -> Response:
        scrape = CollectorRegistry()
        scrape.register(_Queue(await db.read(queue)))
        return Response(generate_latest(metrics.registry) + generate_latest(scrape), media_type=CONTENT_TYPE_LATEST)

    return router


def _revision(tx: Transaction) -> str | None:
    row = tx.execute(text("SELECT version_num FROM alembic_version")).first()
    return str(row[0]) if row else None
