"""The table of docs/metrics.md, made of the text that Prometheus reads."""

from eventsourcing.persistence import StoredEvent
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from application.event_log.committed_events import count_committed
from application.feed.counts import FEED_COUNTS
from application.operations.metrics import CheckpointFigures, Figures, ModelFigures, WebhookFigures
from application.ports.integrity_records import Verification
from application.runtime.restart_figures import RestartFigures
from application.runtime.traffic_counts import TrafficCounts
from interface.http.metrics import exposition

EVERYTHING = Figures(
    position=9,
    clock_skew=0.5,
    models=[
        ModelFigures(
            name="orders",
            position=7,
            behind=2,
            late=0.5,
            stopped=True,
            stopped_since=1,
            rebuilding=True,
        )
    ],
    holds_due=1,
    holds_active=1,
    verification=Verification(1, 1, 1, 1, 1, 1),
    log_went_back=True,
    wal_bytes=1,
    waiting={"underpaid": 1},
    webhooks=WebhookFigures(states={"active": 1}),
    checkpoint=CheckpointFigures(1, 1.0, 1),
)


def counted() -> TrafficCounts:
    """The counts of a server that has counted one of everything."""
    counts = TrafficCounts()
    counts.request("GET", "/", 200, 0.1)
    counts.batch(1, 0.1)
    counts.refusal("not_found")
    count_committed([StoredEvent("5" * 24, 1, "OrderCreated.1", b"{}")], counts)
    for name in ("PaymentReceived.1", "RefundPaid.1"):
        count_committed(
            [StoredEvent("5" * 24, 1, name, b'{"amount":"1.00","currency":"EUR"}')], counts
        )
    return counts


def everything() -> list[Metric]:
    """Every metric that there is, with its values."""
    FEED_COUNTS.stands(1, 2)
    shown = exposition(
        EVERYTHING,
        [(0, RestartFigures())],
        notices=[("card/GATE", "kept", 1)],
        tries=[("confirmed", 1)],
        traffic=counted(),
    )
    FEED_COUNTS.stands(1, None)
    return list(text_string_to_metric_families(shown.decode()))


def metrics_table() -> str:
    """The metrics with their types and labels, and what they say of themselves."""
    lines = ["| metric | type | labels | meaning |", "|---|---|---|---|"]
    for each in everything():
        labels = dict.fromkeys(label for sample in each.samples for label in sample.labels)
        shown = ", ".join(f"`{label}`" for label in labels if label != "le")
        name = f"{each.name}_total" if each.type == "counter" else each.name
        lines.append(f"| `{name}` | {each.type} | {shown} | {each.documentation} |")
    return "\n".join(lines) + "\n"
