"""What a verification found, and how much it looked at."""

from collections.abc import Iterator, Sequence

import msgspec

from application.integrity.checkpoint import Statement
from application.integrity.findings import Finding
from application.integrity.holdings import Holders
from application.integrity.partition_check import Leaves
from application.integrity.record_check import Numbers, Records
from application.ports.read_models import Row

MOST_FINDINGS = 1000


class Report(msgspec.Struct):
    """What was verified, and what was found wrong.

    `checkpoint` is the latest good one, `unsigned` how many events came after it. `holdings` are
    how often a ticket came to an order and `tickets` how many were ever held. A log that was
    imported has no catalogue, and nothing that is kept beside the log to compare: then
    `with_tickets` is false. Idempotency records are `recorded`; of them `unproven` are of requests
    that changed nothing, `recorded_before` of events that do not name keys: no event proves those.
    `oversold` is how many tickets were had by two orders at once. `acknowledged` are the times that
    the log went back and an operator said why: they are no findings, and stay named for ever.
    """

    position: int
    events: int = msgspec.field(name="facts")
    orders: int
    holdings: int
    tickets: int
    checkpoints: int
    checkpoint: Statement | None
    unsigned: int
    with_tickets: bool
    recorded: int
    unproven: int
    recorded_before: int
    seconds: float
    oversold: int
    wrong: int
    findings: list[Finding]
    acknowledged: list[Finding] = msgspec.field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.wrong


class Totals(msgspec.Struct):
    """What the ranges came to together."""

    events: int = 0
    orders: int = 0
    holders: Holders = msgspec.field(default_factory=Holders)
    leaves: Leaves = msgspec.field(default_factory=Leaves)
    recorded: Leaves = msgspec.field(default_factory=Leaves)
    sums: dict[str, list[Row]] = msgspec.field(default_factory=dict)
    records: Records = msgspec.field(default_factory=Records)
    numbers: Numbers = msgspec.field(default_factory=Numbers)


class Found:
    """Counts findings and keeps the first."""

    def __init__(self) -> None:
        self.count = 0
        self.kept: list[Finding] = []

    def add(self, findings: Iterator[Finding] | Sequence[Finding]) -> None:
        """Count and keep."""
        for finding in findings:
            self.count += 1
            if len(self.kept) < MOST_FINDINGS:
                self.kept.append(finding)
