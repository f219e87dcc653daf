"""What a runner counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_DURATION_BUCKETS = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)


class Metrics:
    """The metrics of one runner process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.claims = Counter(
            "blockyard_runner_claims", "Claims by answer: run, none, error", ["answer"], registry=self.registry
        )
        self.runs = Counter("blockyard_runner_runs", "Finished runs", ["type", "outcome"], registry=self.registry)
        self.active = Gauge("blockyard_runner_active_runs", "Runs being executed", ["type"], registry=self.registry)
        self.slots = Gauge(
            "blockyard_runner_slots",
            "Runs that can be executed at once, of which types",
            ["types"],
            registry=self.registry,
        )
        self.spooled = Gauge(
            "blockyard_runner_spooled_reports", "Final reports not yet delivered", registry=self.registry
        )
        self.adopted = Counter(
            "blockyard_runner_adopted_runs", "Runs gone on with after a restart", registry=self.registry
        )
        self.duration = Histogram(
            "blockyard_runner_run_seconds",
            "Duration of runs",
            ["type"],
            buckets=_DURATION_BUCKETS,
            registry=self.registry,
        )
