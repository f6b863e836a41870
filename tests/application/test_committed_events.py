"""What is counted of the events that a server commits."""

import pytest
from eventsourcing.persistence import StoredEvent
from source import ROOT

from application.event_log.committed_events import count_committed
from application.runtime.traffic_counts import TrafficCounts
from domain.events import STORED
from domain.status import Status

GOLDEN = ROOT / "tests" / "golden"


def commit(counts, name, state):
    count_committed([StoredEvent("5" * 24, 1, name, state)], counts)


@pytest.mark.parametrize("name", STORED)
def test_every_kind_of_event_is_counted_by_its_type(name):
    counts = TrafficCounts()
    commit(counts, name, (GOLDEN / f"{name}.json").read_bytes())
    assert ("events", name.partition(".")[0], 1) in list(counts.totals())


def test_orders_are_counted_by_what_became_of_them():
    counts = TrafficCounts()
    commit(counts, "OrderCreated.2", b"{}")
    commit(counts, "OrderReinstated.1", b"{}")
    for status in Status:
        commit(counts, "StatusChanged.1", b'{"status":"%s"}' % status.encode())
    found = {label: count for kind, label, count in counts.totals() if kind == "orders"}
    assert found == dict.fromkeys(["created", "reinstated", *Status], 1)


def test_money_is_counted_to_the_last_digit_by_currency():
    counts = TrafficCounts()
    for amount, currency in (("0.10", "EUR"), ("0.20", "EUR"), ("1.234", "KWD")):
        body = b'{"amount":"%s","currency":"%s"}' % (amount.encode(), currency.encode())
        commit(counts, "PaymentReceived.1", body)
        commit(counts, "RefundPaid.1", body)
    found = {kind: [] for kind in ("received", "refunded")}
    for kind, label, count in counts.totals():
        if kind in found:
            found[kind].append((label, count / 10_000))
    assert found == {key: [("EUR", 0.3), ("KWD", 1.234)] for key in found}
