"""Checks the orders of one partition: their chains, tickets and read models.

What can only be checked over all partitions is returned: leaves of the tree, sums, holdings.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby, islice
from operator import itemgetter

import msgspec

from application.integrity.chain_check import Checked, check_chain, check_recorded, gone
from application.integrity.findings import Finding, Kind
from application.integrity.holdings import Holdings, note_holdings
from application.integrity.merkle_tree import leaf
from application.integrity.money_check import MoneyTotals, note_money
from application.integrity.notice_check import NoticeCheck, Notices
from application.integrity.promocode_check import UsesOfOrders
from application.integrity.record_check import Numbers, RecordCheck, Recorded, Records
from application.ports.integrity_records import Head, LinkRow, bucket_of
from application.ports.partitions import Range
from application.ports.read_models import Row
from application.ports.store import Store
from application.read_models.changes import totals_of
from application.read_models.registry import PROJECTIONS, Projection, Totals
from application.runtime.clock import to_ms
from domain.order import Order
from domain.promocodes import is_use
from domain.status import Status

DONE = Status.DONE
AT_ONCE = 20
"""Each step is done for so many orders before the next one: code that has just run is quicker."""

MOST_ID = 60
"""A length in characters beyond that of any order id."""


class Owned(msgspec.Struct, frozen=True):
    """The rows of tickets that orders of a range own, by order, at a position of the log.

    `rows` is packed, since it stays in memory until it is checked.
    """

    position: int
    rows: bytes


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


class Leaves(msgspec.Struct, kw_only=True):
    """By bucket, the concatenated digests of its heads, and how many events they cover."""

    digests: dict[str, bytearray] = msgspec.field(default_factory=dict)
    events: dict[str, int] = msgspec.field(default_factory=dict)

    def add(self, order: str, events: int, digest: bytes) -> None:
        """Add the leaf of the next order's head; orders come sorted by id."""
        name = bucket_of(order)
        if name not in self.digests:
            self.digests[name], self.events[name] = bytearray(), 0
        self.digests[name] += digest
        self.events[name] += events

    def extend(self, others: "Leaves") -> None:
        """Add the leaves of orders that come after these."""
        for name, digests in others.digests.items():
            self.digests.setdefault(name, bytearray()).extend(digests)
            self.events[name] = self.events.get(name, 0) + others.events[name]


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


class Shown(msgspec.Struct):
    """The rows of a read model in a partition, at the position that it shows.

    `several` has, by order, the keys of rows that are not the order's id but begin with it.
    """

    projection: Projection
    position: int
    rows: dict[str, Row]
    several: dict[str, list[str]]

    def take(self, order: str) -> list[Row]:
        """The rows of an order, which are no longer left over then."""
        keys = [order, *self.several.get(order, ())] if self.several else [order]
        return [self.rows.pop(key) for key in keys if key in self.rows]

    @property
    def name(self) -> str:
        """The read model's."""
        return self.projection.table.name


def check_partition(store: Store, task: Task) -> PartitionReport:
    """Check the orders of a partition. What is read before the log can only be older than it."""
    shown = [_shown(store, each, task.partition) for each in _one_row_each(task)]
    recorded, heads = store.audit().heads_of_range(task.partition)
    notices = NoticeCheck(store.notices().of_range(task.partition) if task.notices else None)
    check = PartitionCheck(task, recorded, heads, shown, notices)
    with store.audit().chains(task.partition) as events:
        orders = ((order, list(rows)) for order, rows in groupby(events, itemgetter(0)))
        while some := list(islice(orders, AT_ONCE)):
            check.orders(some)
    return check.finish()


def _one_row_each(task: Task) -> list[Projection]:
    return [each for name, each in PROJECTIONS.items() if name not in task.sums]


def _shown(store: Store, projection: Projection, partition: Range) -> Shown:
    models = store.read_models()
    with models.snapshot(models.state(projection.table.name), partition) as (position, rows):
        shown = Shown(projection, position, {row.key: row for row in rows}, {})
    for key in shown.rows:
        if "/" in key:
            shown.several.setdefault(key.partition("/")[0], []).append(key)
    return shown


Held = tuple[int | None, str]
"""Until when a ticket is held (None: sold), and its set."""


def _holders(owned: Owned | None) -> dict[str, dict[str, Held]]:
    """By order, what the rows of its tickets say."""
    holders: defaultdict[str, dict[str, Held]] = defaultdict(dict)
    for order, ticket, till, its_set in () if owned is None else msgspec.msgpack.decode(owned.rows):
        holders[order][ticket] = till, its_set
    return holders


Step = Callable[[Order, Checked], None]
"""Checks one order, or notes something of it."""


def _replay(order: Order, checked: Checked) -> None:
    for event in checked.events:
        order.apply(event)


def _sound(step: Step, orders: list[tuple[Order, Checked]]) -> list[tuple[Order, Checked]]:
    """Do a step for some orders; return those whose events make an order, as far as it shows."""
    sound = []
    for order, checked in orders:
        try:
            step(order, checked)
            sound.append((order, checked))
        except (KeyError, ValueError, TypeError) as error:
            if not checked.findings:
                _, version, _, _, place, _ = checked.rows[-1]
                says = f"The events do not make an order: {type(error).__name__} {error}."
                found = Finding(Kind.UNREADABLE, says, checked.order, version, place)
                checked.findings.append(found)
    return sound


class PartitionCheck:
    """Checks the orders of a partition, and replays each of them once."""

    def __init__(
        self,
        task: Task,
        recorded: int,
        heads: Mapping[str, Head],
        shown: Sequence[Shown],
        notices: NoticeCheck,
    ) -> None:
        self._task = task
        self._holders = _holders(task.owned)
        self._records = RecordCheck(task.recorded)
        self._notices = notices
        self._recorded = recorded
        self._heads = heads
        self._unseen = dict(heads)
        self._leaves: dict[str, bytes] = {}
        self._shown = shown
        positions = [*(each.position for each in shown), *task.sums.values()]
        self._shown_by_all = min(positions, default=0)
        self._sums = {name: totals_of(PROJECTIONS[name]) for name in task.sums}
        self._report = PartitionReport()
        self._steps: list[Step] = [
            _replay,
            self._held,
            lambda _, checked: self._records.order(checked),
            self._money,
            self._notices.order,
            *(partial(self._rows, each) for each in shown),
            *(partial(self._add, *each) for each in self._sums.items()),
            self._tickets,
        ]

    def orders(self, some: Sequence[tuple[str, Sequence[LinkRow]]]) -> None:
        """Check some orders; they come sorted by id. Each step is done for all before the next."""
        report = self._report
        says = "This is not the id of an order."
        ids = [order for order, _ in some if len(order) > MOST_ID]
        report.findings += [Finding(Kind.INSERTED, says, each[:MOST_ID]) for each in ids]
        chains = [check_chain(*each) for each in some if len(each[0]) <= MOST_ID]
        for checked in chains:
            report.events += checked.count(self._task.till)
            report.orders += 1
            self._digest(checked)
            if not checked.whole:
                self._pass_over(checked.order)
        orders = [(Order(), checked) for checked in chains if checked.whole]
        for step in self._steps:
            orders = _sound(step, orders)
        for checked in chains:
            report.findings += checked.findings

    def _pass_over(self, order: str) -> None:
        """Leave out an order whose state does not follow from its events."""
        self._holders.pop(order, None)
        self._records.pass_over(order)
        self._notices.pass_over(order)
        for shown in self._shown:
            shown.take(order)

    def _digest(self, checked: Checked) -> None:
        """Add the order's leaf, and compare its head with what was recorded."""
        order = checked.order
        seen = self._unseen.pop(order, None)
        signed = checked.count(self._task.signed_till)
        if signed:
            head = checked.head(signed)
            digest = leaf(head)
            self._report.leaves.add(order, head.version, digest)
            if head == seen:
                self._leaves[order] = digest
                seen_till = self._recorded
                same = seen_till == self._task.signed_till or checked.count(seen_till) == signed
                if same and not checked.findings:
                    return
        checked.findings += check_recorded(checked, seen, self._recorded)

    def _held(self, order: Order, checked: Checked) -> None:
        """Note what the order held, up to the position of the task, and its number."""
        count = checked.count(self._task.till)
        note_holdings(self._report.holdings, checked.events, checked.positions, count)
        self._report.uses.note(checked.events, checked.positions, count)
        self._report.numbers.note(order, checked.positions[0])

    def _money(self, order: Order, checked: Checked) -> None:
        """Check that each cent of the order's money has a place."""
        last = checked.rows[-1]
        checked.findings += [
            Finding(Kind.MONEY, says, checked.order, last[1], last[4])
            for says in note_money(order, checked.events, self._report.money)
        ]

    def _tickets(self, order: Order, checked: Checked) -> None:
        """Compare the rows of the order's tickets with its state at their position."""
        if self._task.owned is None:
            return
        position = self._task.owned.position
        kept = self._holders.pop(checked.order, None) or {}
        count = checked.count(position)
        if count < len(checked.events):
            order = Order.replay(checked.events[:count])
        till = None if order.status is DONE else to_ms(order.reserved_till)
        owned = {**order.own_tickets, **order.own_uses}
        should = {ticket: (till, its_set) for ticket, its_set in owned.items()}
        if kept != should:
            _, version, _, _, place, _ = checked.rows[max(count, 1) - 1]
            checked.findings += [
                Finding(_kind(ticket), says, checked.order, version, place, ticket)
                for ticket, says in _wrong_tickets(kept, should)
            ]

    def _rows(self, shown: Shown, order: Order, checked: Checked) -> None:
        """Compare the order's rows in a read model with its events."""
        count = self._count(checked, shown.position)
        rows = _rows_of(shown.projection, order, checked, count)
        there = shown.take(checked.order)
        if rows != there:
            checked.findings += _differences(checked, shown, count, rows, there)

    def _add(self, name: str, totals: Totals, order: Order, checked: Checked) -> None:
        """Add the order to the sums of a read model."""
        if count := self._count(checked, self._task.sums[name]):
            whole = count == len(checked.events)
            totals.add(checked.events[:count], order if whole else None)

    def _count(self, checked: Checked, position: int) -> int:
        """How many of the order's events a read model shows that is at a position."""
        all_shown = checked.positions[-1] <= self._shown_by_all
        return len(checked.positions) if all_shown else checked.count(position)

    def finish(self) -> PartitionReport:
        """The report, including rows that are left over of orders that are not in the log."""
        report = self._report
        for name, head in sorted(self._heads.items()):
            digest = self._leaves.get(name) or leaf(head)
            report.recorded.add(name, head.version, digest)
        report.findings += map(gone, self._unseen.values())
        for order, tickets in self._holders.items():
            for ticket in tickets:
                says = f"The row of {_named(ticket)} names an order that is not in the log."
                report.findings.append(Finding(_kind(ticket), says, order, ticket=ticket))
        report.findings += self._records.left_over()
        report.records = self._records.records
        report.findings += self._notices.left_over()
        report.notices = self._notices.notices
        for shown in self._shown:
            for key in shown.rows:
                says = f"The read model {shown.name} has a row for an order that is not there."
                report.findings.append(
                    Finding(Kind.READ_MODEL, says, key, position=shown.position, model=shown.name)
                )
        report.sums = {name: list(totals.rows()) for name, totals in self._sums.items()}
        return report


def _rows_of(projection: Projection, order: Order, checked: Checked, count: int) -> Sequence[Row]:
    """The rows that an order's first `count` events make in a read model."""
    if count == len(checked.events) and projection.rows_of is not None:
        return projection.rows_of(order)
    return projection.rows(checked.events[:count]) if count else []


def _differences(
    checked: Checked, shown: Shown, count: int, rows: Sequence[Row], there: Sequence[Row]
) -> Iterator[Finding]:
    """Findings for rows of a read model that do not follow from the order's events."""
    expected, had = ({row.key: row for row in each} for each in (rows, there))
    for key in {**expected, **had}:
        if key not in had:
            says = f"The read model {shown.name} does not have the row of the order."
        elif key not in expected:
            says = f"The read model {shown.name} has a row for the order, but should have none."
        elif had[key] != expected[key]:
            says = f"The row of the order in the read model {shown.name} was changed."
        else:
            continue
        version = checked.rows[max(count, 1) - 1][1]
        yield Finding(
            Kind.READ_MODEL, says, checked.order, version, shown.position, model=shown.name
        )


def _kind(ticket: str) -> Kind:
    return Kind.PROMOCODE if is_use(ticket) else Kind.TICKET


def _named(ticket: str) -> str:
    return f"the use {ticket}" if is_use(ticket) else f"the ticket {ticket}"


def _wrong_tickets(
    kept: Mapping[str, Held], should: Mapping[str, Held]
) -> Iterator[tuple[str, str]]:
    """Findings for tickets whose rows do not follow from the order's events."""
    for ticket, (till, its_set) in should.items():
        if ticket not in kept:
            says = f"{_named(ticket)} is this order's, but its row does not say so."
            yield ticket, says[:1].upper() + says[1:]
        elif kept[ticket][1] != its_set:
            yield ticket, f"The row of {_named(ticket)} is not in the set {its_set}."
        elif kept[ticket][0] != till:
            yield ticket, f"The row of {_named(ticket)} does not say until when it is held."
    for ticket in kept:
        if ticket not in should:
            yield ticket, f"The row of {_named(ticket)} names this order, whose it is not."
