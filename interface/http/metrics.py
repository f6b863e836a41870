"""The metrics of the service for Prometheus.

They show how much is sold, so they are for operators: for who asks from an address that
`ORDERLOG_METRICS_FROM` names, or has a key with one of the `SCOPES`.
"""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from application.catalog.scopes import ADMIN, AUDIT
from application.operations.metrics import CheckpointFigures, Figures, ModelFigures
from application.payments.notice_counts import NOTICES
from application.ports.integrity_records import Verification
from application.runtime.dropped_lines import DROPPED
from application.runtime.restart_figures import RestartFigures
from interface.http.authentication import may_watch, unauthorized
from interface.http.calls import Calls
from interface.http.contract import Good, Operation
from interface.http.errors import MissingScope
from interface.http.exchange import Incoming, Outgoing, bytes_answer
from interface.http.monitoring import Monitoring
from interface.http.problems import MISSING_SCOPE, TOO_MANY_REQUESTS, UNAUTHORIZED

TEXT = "text/plain; version=0.0.4; charset=utf-8"
"""The text format as every version of Prometheus reads it."""

Restarts = Iterable[tuple[int, RestartFigures]]
"""The number of each process of a server, and how often it was replaced."""
Notices = Iterable[tuple[str, str, int]]
"""Payment systems, what came of their notices, and of how many."""


METRICS = Operation(
    tag="health",
    summary="The metrics of the service",
    says="The positions of the log and its read models, the holds that are due, and the result of"
    " the last verification of the log, in the text format of Prometheus. Every process shows the"
    " same figures of the database. If the database is away, or does not answer within a second"
    " and a half, `orderlog_store_up` is 0, and only metrics that need no database are shown. They"
    " are shown to the addresses of `ORDERLOG_METRICS_FROM`, which are those of the machine itself"
    " if nothing else is set; to all others with a key that has the scope `audit` or `admin`.",
    needs_key=False,
    answers={200: Good("The metrics.")},
    refuses=(UNAUTHORIZED, MISSING_SCOPE, TOO_MANY_REQUESTS),
)
SCOPES = (AUDIT, ADMIN)
"""Each of them is enough to read the metrics from anywhere."""

CALLS = Calls("metrics")


@CALLS.get("/metrics", METRICS)
def metrics(incoming: Incoming, monitoring: Monitoring) -> Outgoing:
    """Read the metrics of the service."""
    caller = incoming.known_caller
    if not may_watch(monitoring.settings, incoming.environ):
        if caller is None:
            return unauthorized()
        if not caller.may(*SCOPES):
            raise MissingScope(*SCOPES)
    return metrics_answer(monitoring.figures(), monitoring)


def metrics_answer(found: Figures | None, monitoring: Monitoring) -> Outgoing:
    """The metrics of the store, if it was read, and of the server's processes."""
    return bytes_answer(
        exposition(found, monitoring.restarts.all(), DROPPED.total(), NOTICES.all()),
        content_type=TEXT,
    )


def exposition(
    found: Figures | None, restarts: Restarts = (), dropped: int = 0, notices: Notices = ()
) -> bytes:
    """Metrics in the text format. Without figures of the store they show that it is away."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(OneReading(found, restarts, dropped, notices))
    return generate_latest(registry)


class OneReading(Collector):
    """The figures of one reading, as the client library collects them."""

    def __init__(
        self, found: Figures | None, restarts: Restarts, dropped: int, notices: Notices
    ) -> None:
        self._found = found
        self._restarts = list(restarts)
        self._dropped = dropped
        self._notices = list(notices)

    def collect(self) -> Iterable[Metric]:
        """Every metric with its values."""
        found = self._found
        yield gauge("store_up", "1 while the database answers, else 0", float(found is not None))
        if self._restarts:
            yield _restarts(self._restarts)
        says = "How many lines of the log could not be written"
        yield CounterMetricFamily("orderlog_log_lines_dropped", says, value=self._dropped)
        if self._notices:
            yield _notices(self._notices)
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
        yield _waiting(found.waiting)
        if found.wal_bytes is not None:
            yield gauge("wal_bytes", "Size of the write-ahead log", found.wal_bytes)
        if found.checkpoint is not None:
            yield from _checkpoint(found.checkpoint)
        if found.verification is not None:
            yield from _verification(found.verification)


def gauge(name: str, says: str, value: float) -> Metric:
    """A metric with one value."""
    return GaugeMetricFamily(f"orderlog_{name}", says, value=value)


def _restarts(restarts: Restarts) -> Metric:
    says = "How often a process of this server had to be replaced"
    family = CounterMetricFamily("orderlog_process_restarts", says, labels=["process"])
    for number, known in restarts:
        family.add_metric([str(number)], known.restarts)
    return family


def _notices(notices: Notices) -> Metric:
    says = "How many notices of payment gateways came, and what came of them"
    family = CounterMetricFamily("orderlog_gateway_notices", says, labels=["system", "outcome"])
    for system, outcome, count in notices:
        family.add_metric([system, outcome], count)
    return family


def _waiting(waiting: Mapping[str, int]) -> Metric:
    says = "How many orders and notices have money that waits for a person"
    family = GaugeMetricFamily("orderlog_payments_waiting", says, labels=["code"])
    for code, count in waiting.items():
        family.add_metric([code], count)
    return family


def _models(models: Iterable[ModelFigures]) -> Iterator[Metric]:
    for name, says, values in (
        ("position", "Up to where it shows the log", [(m, m.position) for m in models]),
        ("lag_facts", "Positions of the log not shown yet", [(m, m.behind) for m in models]),
        (
            "lag_seconds",
            "How long the oldest event that is not shown has waited",
            [(m, m.late) for m in models],
        ),
        ("stopped", "1 while it stands still before an event", [(m, m.stopped) for m in models]),
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


def _checkpoint(last: CheckpointFigures) -> Iterator[Metric]:
    for name, says, value in (
        ("number", "The number of the last signed checkpoint", last.number),
        ("age_seconds", "How long ago it was signed", last.age),
        ("unsigned_positions", "How far the log goes beyond it", last.unsigned),
    ):
        yield gauge(f"checkpoint_{name}", says, value)


def _verification(last: Verification) -> Iterator[Metric]:
    for name, says, value in (
        ("timestamp_seconds", "When the log was verified last", last.at / 1000),
        ("duration_seconds", "How long that took", last.took / 1000),
        ("position", "Up to which position", last.position),
        ("facts", "How many events were read", last.events),
        ("findings", "How many findings there were", max(last.findings, 0)),
        ("proven", "1 if the log was proven, else 0", float(last.findings == 0)),
        ("oversold_tickets", "How many tickets two orders had at once", last.oversold),
    ):
        yield gauge(f"verification_{name}", says, value)
