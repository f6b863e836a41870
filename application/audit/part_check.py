"""Checks the orders of one range: their chains, tickets and read models.

What can only be told over all ranges is handed on: leaves of the digest, sums, holdings.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

import msgspec

from application.audit.chain_check import Checked, check_chain, check_witnessed, gone
from application.audit.findings import Finding, Kind
from application.audit.holdings import Holdings, note_holdings
from application.audit.records import Evidence, Head
from application.audit.tree import drawer_of, leaf
from application.clock import to_ms
from application.projections.changes import added_up
from application.projections.registry import PROJECTIONS
from application.projections.tickets import owned
from application.store import Range, Row, Store
from domain.events import Fact
from domain.order import Order
from domain.status import Status

MOST_ID = 60
"""Longer ids than any of ours, in characters."""


class Task(msgspec.Struct, frozen=True):
    """What to check of a range.

    `till` is the position up to which holdings are told, `signed_till` that of the checkpoint
    whose digest is wanted; `sums` has the positions of the read models that add up. `tickets` is
    whether rows of tickets are kept beside the log.
    """

    part: Range
    till: int
    signed_till: int
    sums: dict[str, int] = msgspec.field(default_factory=dict)
    tickets: bool = True


class Leaves(msgspec.Struct):
    """By drawer, the digests of its heads one after another, and how many facts they stand for."""

    digests: dict[str, bytearray] = msgspec.field(default_factory=dict)
    facts: dict[str, int] = msgspec.field(default_factory=dict)

    def add(self, head: Head) -> None:
        """Add the next head; they come by order."""
        name = drawer_of(head.order)
        self.digests.setdefault(name, bytearray()).extend(leaf(head))
        self.facts[name] = self.facts.get(name, 0) + head.version

    def extend(self, others: "Leaves") -> None:
        """Add the leaves of orders that come after these."""
        for name, digests in others.digests.items():
            self.digests.setdefault(name, bytearray()).extend(digests)
            self.facts[name] = self.facts.get(name, 0) + others.facts[name]


class PartReport(msgspec.Struct):
    """What came of checking a range. `facts` counts those with positions up to the task's."""

    facts: int = 0
    orders: int = 0
    findings: list[Finding] = msgspec.field(default_factory=list)
    leaves: Leaves = msgspec.field(default_factory=Leaves)
    witnessed: Leaves = msgspec.field(default_factory=Leaves)
    holdings: Holdings = msgspec.field(default_factory=Holdings)
    sums: dict[str, list[Row]] = msgspec.field(default_factory=dict)


class Shown(msgspec.Struct):
    """The rows of a read model in a range, at the position that it shows."""

    name: str
    position: int
    rows: dict[str, Row]


def check_part(store: Store, task: Task) -> PartReport:
    """Check the orders of a range. What is read first can only be older than the log."""
    shown = [_shown(store, name, task.part) for name in PROJECTIONS if name not in task.sums]
    witnessed, heads = store.audit().heads_of_range(task.part)
    with store.audit().evidence(task.part) as evidence:
        check = PartCheck(task, evidence, witnessed, dict(heads), shown)
        for order, rows in groupby(evidence.facts, itemgetter(0)):
            check.order(check_chain(order, list(rows)))
    return check.finish()


def _shown(store: Store, name: str, part: Range) -> Shown:
    models = store.read_models()
    with models.snapshot(models.state(name), part) as (position, rows):
        return Shown(name, position, {row.key: row for row in rows})


class PartCheck:
    """Goes over the orders of a range."""

    def __init__(
        self,
        task: Task,
        evidence: Evidence,
        witnessed: int,
        heads: dict[str, Head],
        shown: Sequence[Shown],
    ) -> None:
        self._task = task
        self._holders: defaultdict[str, dict[str, int | None]] = defaultdict(dict)
        for ticket, (order, till) in evidence.holders.items():
            self._holders[order][ticket] = till
        self._witnessed = witnessed
        self._heads = heads
        self._shown = shown
        self._sums: dict[str, list[Row]] = {name: [] for name in task.sums}
        self._report = PartReport()
        for head in sorted(heads.values(), key=lambda head: head.order):
            self._report.witnessed.add(head)

    def order(self, checked: Checked) -> None:
        """Check an order; they come by id."""
        if len(checked.order) > MOST_ID:
            says = "This is no id of an order."
            self._report.findings.append(Finding(Kind.INSERTED, says, checked.order[:MOST_ID]))
            return
        report, task = self._report, self._task
        report.facts += checked.count(task.till)
        report.orders += 1
        signed = checked.count(task.signed_till)
        if signed:
            report.leaves.add(checked.head(signed))
        seen = self._heads.pop(checked.order, None)
        checked.findings += check_witnessed(checked, seen, self._witnessed)
        if checked.whole:
            self._state(checked)
        else:
            self._holders.pop(checked.order, None)
            for shown in self._shown:
                shown.rows.pop(checked.order, None)
        report.findings += checked.findings

    def _state(self, checked: Checked) -> None:
        """Hold what depends on an order's state against its facts."""
        try:
            order = Order.replay(checked.facts)
            note_holdings(
                self._report.holdings,
                checked.facts,
                checked.positions,
                checked.count(self._task.till),
            )
            self._rows(checked)
        except (KeyError, ValueError, TypeError) as error:
            last = checked.rows[-1]
            says = f"The facts do not make an order: {type(error).__name__} {error}."
            if not checked.findings:
                checked.findings.append(
                    Finding(Kind.UNREADABLE, says, checked.order, last[1], last[4])
                )
            return
        if self._task.tickets:
            checked.findings += self._tickets(order, checked)

    def _tickets(self, order: Order, checked: Checked) -> Iterator[Finding]:
        kept = self._holders.pop(checked.order, {})
        tickets = owned(order)
        if not tickets and not kept:
            return
        till = None if order.status is Status.DONE else to_ms(order.reserved_till)
        _, version, _, _, position, _ = checked.rows[-1]
        for ticket in tickets:
            if ticket not in kept:
                says = f"The ticket {ticket} is this order's, but its row does not say so."
            elif kept.pop(ticket) != till:
                says = f"The row of the ticket {ticket} does not say until when it is held."
            else:
                continue
            yield Finding(Kind.TICKET, says, checked.order, version, position, ticket)
        for ticket in kept:
            says = f"The row of the ticket {ticket} names this order, whose it is not."
            yield Finding(Kind.TICKET, says, checked.order, version, position, ticket)

    def _rows(self, checked: Checked) -> None:
        for shown in self._shown:
            count = checked.count(shown.position)
            expected = _rows_of(shown.name, checked.facts[:count])
            checked.findings += _differences(checked, shown, count, expected)
        for name, position in self._task.sums.items():
            count = checked.count(position)
            self._sums[name] += _rows_of(name, checked.facts[:count]).values()

    def finish(self) -> PartReport:
        """What was found, with what is left over of orders that are not in the log."""
        report = self._report
        report.findings += map(gone, self._heads.values())
        for order, tickets in self._holders.items():
            for ticket in tickets:
                says = f"The row of the ticket {ticket} names an order that is not in the log."
                report.findings.append(Finding(Kind.TICKET, says, order, ticket=ticket))
        for shown in self._shown:
            for key in shown.rows:
                says = f"The read model {shown.name} has a row for an order that is not there."
                report.findings.append(
                    Finding(Kind.READ_MODEL, says, key, position=shown.position, model=shown.name)
                )
        report.sums = {
            name: added_up(PROJECTIONS[name].table, rows) for name, rows in self._sums.items()
        }
        return report


def _rows_of(name: str, facts: Sequence[Fact]) -> Mapping[str, Row]:
    """The rows that a read model has of an order with these facts."""
    return {row.key: row for row in PROJECTIONS[name].rows(facts)} if facts else {}


def _differences(
    checked: Checked, shown: Shown, count: int, expected: Mapping[str, Row]
) -> Iterator[Finding]:
    """Where a read model's rows of an order are not those that follow from its facts."""
    for key in {**expected, checked.order: None}:
        there, should = shown.rows.pop(key, None), expected.get(key)
        if there == should:
            continue
        if there is None:
            says = f"The read model {shown.name} does not have the row of the order."
        elif should is None:
            says = f"The read model {shown.name} has a row for the order, but should have none."
        else:
            says = f"The row of the order in the read model {shown.name} was changed."
        version = checked.rows[max(count, 1) - 1][1]
        yield Finding(
            Kind.READ_MODEL,
            says,
            checked.order,
            version,
            shown.position,
            model=shown.name,
        )
