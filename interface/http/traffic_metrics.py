"""The metrics of a server's traffic: of all its processes, since it started."""

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from application.event_log.committed_events import (
    EVENTS,
    IN_TEN_THOUSANDTHS,
    ORDERS,
    RECEIVED,
    REFUNDED,
)
from application.runtime.shared_histograms import SharedHistograms
from application.runtime.traffic_counts import REFUSED, TrafficCounts
from interface.http.metric_helps import HELP

COUNTERS = (
    (REFUSED, "refusals", "code", 1),
    (ORDERS, "orders", "outcome", 1),
    (EVENTS, "events_appended", "type", 1),
    (RECEIVED, "money_received", "currency", IN_TEN_THOUSANDTHS),
    (REFUNDED, "money_refunded", "currency", IN_TEN_THOUSANDTHS),
)


def traffic_metrics(counts: TrafficCounts) -> Iterator[Metric]:
    """The metrics that have a value: one that counts nothing yet is absent."""
    labels = ["method", "route", "status"]
    yield from _histogram("http_request_duration_seconds", counts.requests, labels)
    yield from _histogram("commit_batch_size", counts.batches)
    yield from _histogram("commit_duration_seconds", counts.commits)
    totals = list(counts.totals())
    for kind, name, label, parts in COUNTERS:
        family = CounterMetricFamily(f"orderlog_{name}", HELP[name], labels=[label])
        for its_kind, value, count in totals:
            if its_kind == kind:
                family.add_metric([value], count / parts)
        if family.samples:
            yield family


def _histogram(
    name: str, counts: SharedHistograms, labels: list[str] | None = None
) -> Iterator[Metric]:
    bounds = [*(f"{bound:g}" for bound in counts.bounds), "+Inf"]
    family = HistogramMetricFamily(f"orderlog_{name}", HELP[name], labels=labels or [])
    for values, found in counts.totals().items():
        buckets = list(zip(bounds, map(float, accumulate(found.counts)), strict=True))
        family.add_metric(values if labels else [], buckets, found.sum)
    if family.samples:
        yield family
