"""The report of a verification: its findings, and how much it checked."""

from collections.abc import Iterator, Sequence

import msgspec

from application.integrity.findings import Finding
from application.integrity.head_check import Leaves
from application.integrity.holdings import Holders
from application.integrity.money_check import MoneyTotals
from application.integrity.notice_check import Notices
from application.integrity.promocode_check import UseTotals
from application.integrity.record_check import Numbers, Records
from application.integrity.statement import Statement
from application.ports.read_models import Row
from domain.money import Balance

MOST_FINDINGS = 1000


class NoticeCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many notices of gateways are kept, by what came of them.

    Those `of_nobody` name no order: a person has to look at them.
    """

    acted: int = 0
    ignored: int = 0
    pending: int = 0
    of_nobody: int = 0


def counted(notices: Notices, of_nobody: int) -> NoticeCount:
    """The counts of the notices of orders, and of those that name none."""
    return NoticeCount(
        acted=notices.acted,
        ignored=notices.ignored,
        pending=notices.pending,
        of_nobody=of_nobody,
    )


class Report(msgspec.Struct, kw_only=True):
    """What was verified, and what was found wrong.

    `checkpoint` is the latest good one, `unsigned` the number of events after it. `holdings` is how
    often a ticket came to an order, `tickets` how many different ones were ever held. An imported
    log has no catalogue and no derived records to compare: then `with_tickets` is false. `recorded`
    is the number of idempotency records; no event proves those of requests that changed nothing
    (`unproven`) and those of events that do not name keys (`recorded_before`). `oversold` is the
    number of tickets that two orders had at once. `acknowledged` are the setbacks of the log for
    which an operator gave a reason: they are not findings, but every report names them.
    `money` has the sums of all orders' balances, by currency: that of orders whose money the vendor
    received is empty. `promocode_uses` is how often a use of a promo code came to an order, and
    `notices` counts those of gateways.
    `not_proven` has, in sentences, why a log without findings may still have been changed.
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
    not_proven: list[str] = msgspec.field(default_factory=list)
    promocode_uses: int = 0
    money: list[Balance] = msgspec.field(default_factory=list)
    notices: NoticeCount = msgspec.field(default_factory=NoticeCount)

    @property
    def good(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.wrong


class Totals(msgspec.Struct, kw_only=True):
    """The sum of the partitions' reports."""

    events: int = 0
    orders: int = 0
    holders: Holders = msgspec.field(default_factory=Holders)
    leaves: Leaves = msgspec.field(default_factory=Leaves)
    recorded: Leaves = msgspec.field(default_factory=Leaves)
    sums: dict[str, list[Row]] = msgspec.field(default_factory=dict)
    records: Records = msgspec.field(default_factory=Records)
    numbers: Numbers = msgspec.field(default_factory=Numbers)
    uses: UseTotals = msgspec.field(default_factory=UseTotals)
    money: MoneyTotals = msgspec.field(default_factory=MoneyTotals)
    notices: Notices = msgspec.field(default_factory=Notices)


class Found:
    """Counts findings and keeps the first."""

    def __init__(self) -> None:
        self.count = 0
        self.kept: list[Finding] = []

    def add(self, findings: Iterator[Finding] | Sequence[Finding]) -> None:
        """Count a finding, and keep it while there are few."""
        for finding in findings:
            self.count += 1
            if len(self.kept) < MOST_FINDINGS:
                self.kept.append(finding)
