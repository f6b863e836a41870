"""Checks the orders of one partition: their chains, tickets and read models.

What can only be checked over all partitions is returned: leaves of the tree, sums, holdings.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby, islice
from operator import itemgetter

import msgspec

from application.integrity.chain_check import Checked, check_chain
from application.integrity.findings import Finding, Kind
from application.integrity.head_check import HeadCheck, Leaves
from application.integrity.holdings import Holdings, note_holdings
from application.integrity.money_check import MoneyTotals, note_money
from application.integrity.notice_check import NoticeCheck, Notices
from application.integrity.promocode_check import UsesOfOrders
from application.integrity.record_check import Numbers, RecordCheck, Recorded, Records
from application.integrity.row_check import RowCheck, row_check
from application.integrity.ticket_row_check import Owned, TicketRowCheck
from application.ports.integrity_records import LinkRow
from application.ports.partitions import Range
from application.ports.read_models import Row
from application.ports.store import Store
from application.read_models.changes import totals_of
from application.read_models.registry import PROJECTIONS, Totals
from domain.order import Order

AT_ONCE = 20
"""Each step is done for so many orders before the next one: code that has just run is quicker."""

MOST_ID = 60
"""A length in characters beyond that of any order id."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A partition to check, and against what.

    `till` is the position up to which holdings are reported, `signed_till` the position of the
    checkpoint to compare with; `sums` has the positions of the read models that add up. `owned` and
    `recorded` are None where the database has no ticket rows or no idempotency records; with
    `notices` those of gateways are compared.
    """

    partition: Range
    till: int
    signed_till: int
    sums: dict[str, int] = msgspec.field(default_factory=dict)
    owned: Owned | None = None
    recorded: Recorded | None = None
    notices: bool = False


class PartitionReport(msgspec.Struct, kw_only=True):
    """The result of checking a partition. `events` counts those up to the task's position."""

    events: int = 0
    orders: int = 0
    findings: list[Finding] = msgspec.field(default_factory=list)
    leaves: Leaves = msgspec.field(default_factory=Leaves)
    recorded: Leaves = msgspec.field(default_factory=Leaves)
    holdings: Holdings = msgspec.field(default_factory=Holdings)
    uses: UsesOfOrders = msgspec.field(default_factory=UsesOfOrders)
    sums: dict[str, list[Row]] = msgspec.field(default_factory=dict)
    records: Records = msgspec.field(default_factory=Records)
    numbers: Numbers = msgspec.field(default_factory=Numbers)
    money: MoneyTotals = msgspec.field(default_factory=MoneyTotals)
    notices: Notices = msgspec.field(default_factory=Notices)


def check_partition(store: Store, task: Task) -> PartitionReport:
    """Check the orders of a partition. What is read before the log can only be older than it."""
    models = [each for name, each in PROJECTIONS.items() if name not in task.sums]
    shown = [row_check(store, each, task.partition) for each in models]
    recorded, heads = store.audit().heads_of_range(task.partition)
    notices = NoticeCheck(store.notices().of_range(task.partition) if task.notices else None)
    check = PartitionCheck(task, HeadCheck(task.signed_till, recorded, heads), shown, notices)
    with store.audit().chains(task.partition) as events:
        orders = ((order, list(rows)) for order, rows in groupby(events, itemgetter(0)))
        while some := list(islice(orders, AT_ONCE)):
            check.orders(some)
    return check.finish()


Step = Callable[[Order, Checked], None]
"""Checks one order, or notes something of it."""


def _replay(order: Order, checked: Checked) -> None:
    for event in checked.events:
        order.apply(event)


def _sound(step: Step, orders: list[tuple[Order, Checked]]) -> list[tuple[Order, Checked]]:
    """Do a step for some orders; return those whose events make an order, as far as it shows."""
    unsound = []
    for order, checked in orders:
        try:
            step(order, checked)
        except (KeyError, ValueError, TypeError) as error:
            unsound.append(checked)
            if not checked.findings:
                _, version, _, _, place, _ = checked.rows[-1]
                says = f"The events do not make an order: {type(error).__name__} {error}."
                found = Finding(Kind.UNREADABLE, says, checked.order, version, place)
                checked.findings.append(found)
    if not unsound:
        return orders
    return [each for each in orders if not any(each[1] is checked for checked in unsound)]


class PartitionCheck:
    """Checks the orders of a partition, and replays each of them once."""

    def __init__(
        self, task: Task, heads: HeadCheck, shown: Sequence[RowCheck], notices: NoticeCheck
    ) -> None:
        self._task = task
        self._heads = heads
        self._shown = shown
        self._notices = notices
        self._tickets = TicketRowCheck(task.owned)
        self._records = RecordCheck(task.recorded)
        self._sums = {name: totals_of(PROJECTIONS[name]) for name in task.sums}
        self._compared_by_all = self._earliest()
        self._report = PartitionReport()
        self._steps: list[Step] = [
            _replay,
            self._held,
            lambda _, checked: self._records.order(checked),
            self._money,
            self._notices.order,
            *(each.order for each in shown),
            *(partial(self._add, *each) for each in self._sums.items()),
            self._tickets.order,
        ]

    def _earliest(self) -> int:
        """The position up to which everything is compared."""
        task = self._task
        positions = [task.till, task.signed_till, self._heads.position, *task.sums.values()]
        positions += [each.position for each in self._shown]
        return min([*positions, *([] if task.owned is None else [task.owned.position])])

    def orders(self, some: Sequence[tuple[str, Sequence[LinkRow]]]) -> None:
        """Check some orders; they come sorted by id. Each step is done for all before the next."""
        report = self._report
        says = "This is not the id of an order."
        ids = [order for order, _ in some if len(order) > MOST_ID]
        report.findings += [Finding(Kind.INSERTED, says, each[:MOST_ID]) for each in ids]
        chains = [check_chain(*each) for each in some if len(each[0]) <= MOST_ID]
        report.orders += len(chains)
        for checked in chains:
            checked.counted = max(checked.positions) <= self._compared_by_all
            report.events += checked.count(self._task.till)
            self._heads.order(checked)
            if not checked.whole:
                self._pass_over(checked.order)
        orders = [(Order(), checked) for checked in chains if checked.whole]
        for step in self._steps:
            orders = _sound(step, orders)
        for checked in chains:
            if checked.findings:
                report.findings += checked.findings

    def _pass_over(self, order: str) -> None:
        """Leave out an order whose state does not follow from its events."""
        self._tickets.pass_over(order)
        self._records.pass_over(order)
        self._notices.pass_over(order)
        for shown in self._shown:
            shown.pass_over(order)

    def _held(self, order: Order, checked: Checked) -> None:
        """Note what the order held, up to the position of the task, and its number."""
        count = checked.count(self._task.till)
        note_holdings(self._report.holdings, checked.events, checked.positions, count)
        if order.shows_discount:
            self._report.uses.note(checked.events, checked.positions, count)
        self._report.numbers.note(order, checked.positions[0])

    def _money(self, order: Order, checked: Checked) -> None:
        """Check that each cent of the order's money has a place."""
        for says in note_money(order, checked.events, self._report.money):
            last = checked.rows[-1]
            checked.findings.append(Finding(Kind.MONEY, says, checked.order, last[1], last[4]))

    def _add(self, name: str, totals: Totals, order: Order, checked: Checked) -> None:
        """Add the order to the sums of a read model."""
        count = checked.count(self._task.sums[name])
        if count == len(checked.events):
            totals.add(checked.events, order)
        elif count:
            totals.add(checked.events[:count])

    def finish(self) -> PartitionReport:
        """The report, including rows that are left over of orders that are not in the log."""
        report = self._report
        report.leaves, report.recorded = self._heads.leaves, self._heads.recorded()
        report.findings += self._heads.left_over()
        report.findings += self._tickets.left_over()
        report.findings += self._records.left_over()
        report.findings += self._notices.left_over()
        for shown in self._shown:
            report.findings += shown.left_over()
        report.records = self._records.records
        report.notices = self._notices.notices
        report.sums = {name: list(totals.rows()) for name, totals in self._sums.items()}
        return report
