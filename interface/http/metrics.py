"""The metrics of the service for Prometheus.

They show how much is sold, so they are for operators: for who asks from an address that
`ORDERLOG_METRICS_FROM` names, or has a key with one of the `SCOPES`.
"""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from application.catalog.scopes import ADMIN, AUDIT
from application.feed.counts import FEED_COUNTS, FeedFigures
from application.operations.metrics import (
    CheckpointFigures,
    Figures,
    ModelFigures,
    WebhookFigures,
)
from application.payments.notice_counts import NOTICES
from application.ports.integrity_records import Verification
from application.runtime.dropped_lines import DROPPED
from application.runtime.restart_figures import RestartFigures
from application.runtime.traffic_counts import TRAFFIC, TrafficCounts
from application.webhooks.delivery.try_counts import TRIES
from interface.http.authentication import may_watch, unauthorized
from interface.http.calls import Calls
from interface.http.contract import Good, Operation
from interface.http.errors import MissingScope
from interface.http.exchange import Incoming, Outgoing, bytes_answer
from interface.http.metric_helps import HELP
from interface.http.monitoring import Monitoring
from interface.http.problems import MISSING_SCOPE, TOO_MANY_REQUESTS, UNAUTHORIZED
from interface.http.traffic_metrics import traffic_metrics

TEXT = "text/plain; version=0.0.4; charset=utf-8"
"""The text format as every version of Prometheus reads it."""

Restarts = Iterable[tuple[int, RestartFigures]]
"""The number of each process of a server, and how often it was replaced."""
Notices = Iterable[tuple[str, str, int]]
"""Payment systems, what came of their notices, and of how many."""
Tries = Iterable[tuple[str, int]]
"""What came of tries to deliver to webhooks, and of how many."""


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
        exposition(found, monitoring.restarts.all(), DROPPED.total(), NOTICES.all(), TRIES.all()),
        content_type=TEXT,
    )


def exposition(
    found: Figures | None,
    restarts: Restarts = (),
    dropped: int = 0,
    notices: Notices = (),
    tries: Tries = (),
    traffic: TrafficCounts = TRAFFIC,
) -> bytes:
    """Metrics in the text format. Without figures of the store they show that it is away."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(OneReading(found, restarts, dropped, notices, tries, traffic))
    return generate_latest(registry)


class OneReading(Collector):
    """The figures of one reading, as the client library collects them."""

    def __init__(
        self,
        found: Figures | None,
        restarts: Restarts,
        dropped: int,
        notices: Notices,
        tries: Tries,
        traffic: TrafficCounts,
    ) -> None:
        self._found = found
        self._restarts = list(restarts)
        self._dropped = dropped
        self._notices = list(notices)
        self._tries = list(tries)
        self._traffic = traffic

    def collect(self) -> Iterable[Metric]:
        """Every metric with its values."""
        found = self._found
        yield gauge("store_up", float(found is not None))
        if self._restarts:
            yield _restarts(self._restarts)
        yield counter("log_lines_dropped", value=self._dropped)
        yield from traffic_metrics(self._traffic)
        feed = FEED_COUNTS.total()
        yield from _feed(feed)
        if self._notices:
            yield _notices(self._notices)
        if self._tries:
            yield _tries(self._tries)
        if found is not None:
            yield from _of_the_store(found, feed)


def gauge(name: str, value: float) -> GaugeMetricFamily:
    """A metric with one value, which may go down."""
    return GaugeMetricFamily(f"orderlog_{name}", HELP[name], value=value)


def gauges(name: str, label: str) -> GaugeMetricFamily:
    """A metric with a value for each value of a label."""
    return GaugeMetricFamily(f"orderlog_{name}", HELP[name], labels=[label])


def counter(name: str, *labels: str, value: float | None = None) -> CounterMetricFamily:
    """A metric that only grows: with one value, or one for each value of its labels."""
    return CounterMetricFamily(f"orderlog_{name}", HELP[name], value=value, labels=labels or None)


def _of_the_store(found: Figures, feed: FeedFigures) -> Iterator[Metric]:
    yield gauge("clock_skew_seconds", found.clock_skew)
    yield gauge("log_position", found.position)
    yield gauge("log_went_back", float(found.log_went_back))
    if feed.slowest:
        yield gauge("feed_stream_lag_events", max(0, found.position - feed.slowest + 1))
    yield from _models(found.models)
    yield gauge("holds_due", found.holds_due)
    yield gauge("holds_active", found.holds_active)
    yield _waiting(found.waiting)
    yield from _webhooks(found.webhooks)
    if found.wal_bytes is not None:
        yield gauge("wal_bytes", found.wal_bytes)
    if found.checkpoint is not None:
        yield from _checkpoint(found.checkpoint)
    if found.verification is not None:
        yield from _verification(found.verification)


def _feed(total: FeedFigures) -> Iterator[Metric]:
    yield gauge("feed_streams_open", total.open)
    yield counter("feed_streams_dropped", value=total.dropped)
    family = counter("feed_events_sent", "way")
    family.add_metric(["pull"], total.pulled)
    family.add_metric(["stream"], total.streamed)
    yield family


def _restarts(restarts: Restarts) -> Metric:
    family = counter("process_restarts", "process")
    for number, known in restarts:
        family.add_metric([str(number)], known.restarts)
    return family


def _notices(notices: Notices) -> Metric:
    family = counter("gateway_notices", "system", "outcome")
    for system, outcome, count in notices:
        family.add_metric([system, outcome], count)
    return family


def _tries(tries: Tries) -> Metric:
    family = counter("webhook_tries", "outcome")
    for outcome, count in tries:
        family.add_metric([outcome], count)
    return family


def _webhooks(webhooks: WebhookFigures) -> Iterator[Metric]:
    family = gauges("webhooks", "state")
    for state, count in webhooks.states.items():
        family.add_metric([state], count)
    yield family
    yield gauge("webhook_lag_events", webhooks.behind)
    if webhooks.late is not None:
        yield gauge("webhook_lag_seconds", webhooks.late)
    yield gauge("webhook_orders_waiting", webhooks.lanes)


def _waiting(waiting: Mapping[str, int]) -> Metric:
    family = gauges("payments_waiting", "code")
    for code, count in waiting.items():
        family.add_metric([code], count)
    return family


def _models(models: Iterable[ModelFigures]) -> Iterator[Metric]:
    for name, values in (
        ("position", [(m, m.position) for m in models]),
        ("lag_facts", [(m, m.behind) for m in models]),
        ("lag_seconds", [(m, m.late) for m in models]),
        ("stopped", [(m, m.stopped) for m in models]),
        (
            "stopped_since_timestamp_seconds",
            [(m, m.stopped_since and m.stopped_since / 1000) for m in models],
        ),
        ("rebuild_running", [(m, m.rebuilding) for m in models]),
    ):
        family = gauges(f"read_model_{name}", "model")
        for model, value in values:
            if value is not None:
                family.add_metric([model.name], float(value))
        yield family


def _checkpoint(last: CheckpointFigures) -> Iterator[Metric]:
    yield gauge("checkpoint_number", last.number)
    yield gauge("checkpoint_age_seconds", last.age)
    yield gauge("checkpoint_unsigned_positions", last.unsigned)


def _verification(last: Verification) -> Iterator[Metric]:
    yield gauge("verification_timestamp_seconds", last.at / 1000)
    yield gauge("verification_duration_seconds", last.took / 1000)
    yield gauge("verification_position", last.position)
    yield gauge("verification_facts", last.events)
    yield gauge("verification_findings", max(last.findings, 0))
    yield gauge("verification_proven", float(last.findings == 0))
    yield gauge("verification_oversold_tickets", last.oversold)
