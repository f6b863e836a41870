"""Bundles: some orders with all it takes to check them without a database.

A bundle has the orders' facts and hashes, a signed checkpoint, and for each order a path from the
end of its chain up to what was signed. So it proves that these are all facts that the order had
then, and that none was changed since.
"""

from collections.abc import Sequence

import msgspec

from application.event_log.hash_chain import HASH_BYTES
from application.integrity.chain_check import check_chain
from application.integrity.chain_heads import range_of
from application.integrity.checkpoint import (
    BadStatement,
    Checkpoints,
    Statement,
    is_signed,
    statement_of,
)
from application.integrity.findings import Finding, Kind
from application.integrity.merkle_tree import Step, climb, drawer_leaf, leaf, path, trail_of
from application.ports.integrity_records import Drawer, Head, LinkRow, SignedCheckpoint, drawer_of
from application.ports.partitions import Range
from application.ports.store import Store
from domain.refusals import UnknownOrder

FORMAT = "orderlog bundle 1"


class BundledFact(msgspec.Struct, frozen=True):
    """A fact as it is stored; `state` is its bytes, `hash` in hex."""

    version: int
    position: int
    name: str
    state: str
    hash: str


class BundledOrder(msgspec.Struct, frozen=True):
    """An order with its path: from the end of its chain to its drawer, from there to the root."""

    id: str
    facts: list[BundledFact]
    drawer: str
    drawer_orders: int
    drawer_facts: int
    to_drawer: list[Step]
    to_root: list[Step]


class BundledCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint as it is kept; the signature in hex."""

    statement: str
    signature: str

    @property
    def signed(self) -> SignedCheckpoint:
        """The checkpoint with its bytes."""
        return SignedCheckpoint(0, self.statement.encode(), bytes.fromhex(self.signature))


class Bundle(msgspec.Struct, frozen=True):
    """What is written to a file. `keys` are the checkpoints that announced a new key."""

    format: str
    checkpoint: BundledCheckpoint
    keys: list[BundledCheckpoint]
    orders: list[BundledOrder]


class CannotBundle(Exception):
    """An order that cannot be proven: the log is not what was witnessed."""

    def __init__(self, order: str, reason: str) -> None:
        super().__init__(f"Order {order} cannot be proven: {reason}")


class BadBundle(Exception):
    """A file that is no bundle of ours."""


class BundleReport(msgspec.Struct, frozen=True):
    """What was checked, by which key, and what was found wrong."""

    key: str
    checkpoint: Statement
    orders: int
    facts: int
    findings: list[Finding]

    @property
    def good(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.findings


def make_bundle(store: Store, checkpoints: Checkpoints, orders: Sequence[str]) -> Bundle:
    """A bundle of orders under the newest checkpoint, which is made if there is none.

    Refuses an unknown order. Raises `CannotBundle`, and what `Checkpoints.make` raises.
    """
    for order in orders:
        if not store.facts(order):
            raise UnknownOrder(order=order)
    records = store.audit()
    newest = checkpoints.make()
    position, drawers = records.drawers()
    statement = statement_of(newest)
    if position != statement.position:
        raise CannotBundle(orders[0], "the log went on meanwhile; ask again")
    announced = [each for each in records.checkpoints() if statement_of(each).next_key]
    return Bundle(
        format=FORMAT,
        checkpoint=_bundled(newest),
        keys=[_bundled(each) for each in announced],
        orders=[_order(store, order, statement, drawers) for order in dict.fromkeys(orders)],
    )


def _bundled(checkpoint: SignedCheckpoint) -> BundledCheckpoint:
    return BundledCheckpoint(checkpoint.statement.decode(), checkpoint.signature.hex())


def _order(
    store: Store, order: str, statement: Statement, drawers: Sequence[Drawer]
) -> BundledOrder:
    rows = [row for row in _rows(store, order) if row[4] <= statement.position]
    faults = check_chain(order, rows).findings if rows else []
    if faults:
        raise CannotBundle(order, faults[0].says)
    name = drawer_of(order)
    _, heads = store.audit().heads_of_range(range_of(name))
    own = heads.get(order)
    if not rows or own != head_of_rows(order, rows):
        raise CannotBundle(order, "its facts are not those that were witnessed.")
    in_drawer = sorted(heads)
    place = [each.name for each in drawers].index(name)
    return BundledOrder(
        id=order,
        facts=[
            BundledFact(version, position, fact, state.decode(), own_hash.hex())
            for _, version, fact, state, position, own_hash in rows
        ],
        drawer=name,
        drawer_orders=drawers[place].orders,
        drawer_facts=drawers[place].facts,
        to_drawer=path([leaf(heads[each]) for each in in_drawer], in_drawer.index(order)),
        to_root=path([drawer_leaf(each) for each in drawers], place),
    )


def _rows(store: Store, order: str) -> list[LinkRow]:
    with store.audit().chains(Range(0, order, order + "\0")) as facts:
        return list(facts)


def head_of_rows(order: str, rows: Sequence[LinkRow]) -> Head:
    """How the chain of these facts ends."""
    return Head(order, rows[-1][1], rows[-1][5], trail_of([row[4] for row in rows]))


def read_bundle(data: bytes) -> Bundle:
    """The bundle in a file's bytes. Raises `BadBundle`."""
    try:
        bundle = msgspec.json.decode(data, type=Bundle)
        statement_of(bundle.checkpoint.signed)
        for each in bundle.keys:
            statement_of(each.signed)
        for order in bundle.orders:
            for fact in order.facts:
                bytes.fromhex(fact.hash)
            for step in (*order.to_drawer, *order.to_root):
                bytes.fromhex(step.digest)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, BadStatement) as error:
        raise BadBundle(f"The file is no bundle: {error}") from error
    if bundle.format != FORMAT:
        raise BadBundle(f"The bundle is of the format {bundle.format}; {FORMAT} is known.")
    return bundle


def read_checkpoint(data: bytes) -> SignedCheckpoint:
    """The checkpoint in a file, as `audit checkpoint --json` prints it. Raises `BadBundle`."""
    try:
        kept = msgspec.json.decode(data, type=BundledCheckpoint).signed
        statement_of(kept)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, BadStatement) as error:
        raise BadBundle(f"The file is no checkpoint: {error}") from error
    return kept


def check_bundle(bundle: Bundle, trusted: str | None = None) -> BundleReport:
    """Check a bundle against its own checkpoint, and that against the key that is trusted."""
    statement = statement_of(bundle.checkpoint.signed)
    findings = list(_signature_faults(bundle, statement, trusted))
    for order in bundle.orders:
        findings += _order_faults(order, statement)
    return BundleReport(
        key=statement.key,
        checkpoint=statement,
        orders=len(bundle.orders),
        facts=sum(len(order.facts) for order in bundle.orders),
        findings=findings,
    )


def _signature_faults(bundle: Bundle, statement: Statement, trusted: str | None) -> list[Finding]:
    number = statement.number
    if not is_signed(bundle.checkpoint.signed, statement):
        says = f"Checkpoint {number} is not signed by the key that it names: it was changed."
        return [Finding(Kind.CHECKPOINT, says, checkpoint=number)]
    if trusted is None or statement.key in _heirs(bundle, trusted):
        return []
    says = f"Checkpoint {number} is signed by another key than the one you trust."
    return [Finding(Kind.CHECKPOINT, says, checkpoint=number)]


def _heirs(bundle: Bundle, trusted: str) -> set[str]:
    """The trusted key and those that it announced, directly or through others."""
    keys = {trusted}
    for each in bundle.keys:
        statement = statement_of(each.signed)
        if statement.key in keys and statement.next_key and is_signed(each.signed, statement):
            keys.add(statement.next_key)
    return keys


def _order_faults(order: BundledOrder, statement: Statement) -> list[Finding]:
    rows: list[LinkRow] = [
        (
            order.id,
            fact.version,
            fact.name,
            fact.state.encode(),
            fact.position,
            bytes.fromhex(fact.hash),
        )
        for fact in order.facts
    ]
    if not rows or any(len(row[5]) != HASH_BYTES for row in rows):
        return [Finding(Kind.MISSING, "The order has no facts, or facts without hashes.", order.id)]
    faults = check_chain(order.id, rows).findings
    if faults:
        return faults
    head = head_of_rows(order.id, rows)
    drawer = Drawer(
        order.drawer,
        order.drawer_orders,
        order.drawer_facts,
        climb(leaf(head), order.to_drawer),
    )
    if climb(drawer_leaf(drawer), order.to_root).hex() == statement.root:
        return []
    says = (
        "The facts hold together, but are not those that were signed: some were changed and"
        " their hashes made anew, or some are left out."
    )
    return [Finding(Kind.REWRITTEN, says, order.id, head.version, rows[-1][4])]
