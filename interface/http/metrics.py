"""The numbers of the service for Prometheus. No key is needed: nothing in them is about anybody."""

from collections.abc import Iterable, Iterator

import structlog
from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from application.audit.records import Verification
from application.bootstrap import Services
from application.metrics import Figures, ModelFigures, figures
from interface.http.contract import described
from interface.http.health_contract import METRICS

TEXT = "text/plain; version=0.0.4; charset=utf-8"
"""The text format as every version of Prometheus reads it."""

log = structlog.get_logger()


def metrics_blueprint(services: Services) -> Blueprint:
    """The route of the numbers."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    @described(METRICS)
    def metrics() -> Response:
        return Response(exposition(_found(services)), content_type=TEXT)

    return routes


def _found(services: Services) -> Figures | None:
    """The numbers; None while the store cannot be asked."""
    try:
        skew = services.store_clock.skew
        return figures(services.store, services.queries, services.clock(), skew)
    except Exception as error:  # noqa: BLE001 - whatever it says: that is what is to be seen
        log.warning("metrics_without_store", reason=f"{type(error).__name__}: {error}")
        return None


def exposition(found: Figures | None) -> bytes:
    """Numbers in the text format; without them only that the store is away."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(OneReading(found))
    return generate_latest(registry)


class OneReading(Collector):
    """What one reading found, as the client library takes it."""

    def __init__(self, found: Figures | None) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        """Every metric with its values."""
        found = self._found
        yield gauge("store_up", "1 while the database answers, else 0", float(found is not None))
        if found is None:
            return
        yield gauge(
            "clock_skew_seconds",
            "How far the clock of this process's machine is ahead of the one that decides",
            found.clock_skew,
        )
        yield gauge("log_position", "The log's last position", found.position)
        yield gauge(
            "log_went_back",
            "1 while the log lacks what was seen of it and nobody has acknowledged that, else 0",
            float(found.log_went_back),
        )
        yield from _models(found.models)
        yield gauge(
            "holds_due", "Holds that have ended and are not recorded as ended yet", found.holds_due
        )
        if found.wal_bytes is not None:
            yield gauge("wal_bytes", "Size of the write-ahead log", found.wal_bytes)
        if found.verification is not None:
            yield from _verification(found.verification)


def gauge(name: str, says: str, value: float) -> Metric:
    """A metric with one value."""
    return GaugeMetricFamily(f"orderlog_{name}", says, value=value)


def _models(models: Iterable[ModelFigures]) -> Iterator[Metric]:
    for name, says, values in (
        ("position", "Up to where it shows the log", [(m, m.position) for m in models]),
        ("lag_facts", "Positions of the log not shown yet", [(m, m.behind) for m in models]),
        (
            "lag_seconds",
            "How long the oldest fact that is not shown has waited",
            [(m, m.late) for m in models],
        ),
        ("stopped", "1 while it stands still before a fact", [(m, m.stopped) for m in models]),
        (
            "stopped_since_timestamp_seconds",
            "Since when it stands still",
            [(m, m.stopped_since and m.stopped_since / 1000) for m in models],
        ),
        ("rebuild_running", "1 while a rebuild runs", [(m, m.rebuilding) for m in models]),
    ):
        family = GaugeMetricFamily(f"orderlog_read_model_{name}", says, labels=["model"])
        for model, value in values:
            if value is not None:
                family.add_metric([model.name], float(value))
        yield family


def _verification(last: Verification) -> Iterator[Metric]:
    for name, says, value in (
        ("timestamp_seconds", "When the log was verified last", last.at / 1000),
        ("duration_seconds", "How long that took", last.took / 1000),
        ("position", "Up to which position", last.position),
        ("facts", "How many facts were read", last.facts),
        ("findings", "How many findings there were", last.findings),
        ("oversold_tickets", "How many tickets two orders had at once", last.oversold),
    ):
        yield gauge(f"verification_{name}", says, value)
