"""Bundles: files with which some orders can be verified without a database.

A bundle has the orders' events and hashes, a signed checkpoint, and for each order the Merkle proof
from the head of its chain to the signed root. It proves that these are all the events that the
order had at that position, and that none has been changed since.
"""

from collections.abc import Sequence

import msgspec

from application.event_log.hash_chain import HASH_BYTES
from application.integrity.chain_check import check_chain
from application.integrity.chain_heads import range_of
from application.integrity.checkpoint import Checkpoints
from application.integrity.findings import Finding, Kind
from application.integrity.merkle_tree import (
    Step,
    bucket_leaf,
    leaf,
    path,
    position_digest_of,
    verify_inclusion,
)
from application.integrity.statement import BadStatement, Statement, is_signed, statement_of
from application.ports.integrity_records import Bucket, Head, LinkRow, SignedCheckpoint, bucket_of
from application.ports.partitions import Range
from application.ports.store import Store
from domain.errors import UserError
from domain.refusals import UnknownOrder

FORMAT = "orderlog bundle 1"
NOBODYS = (
    "Anybody can sign with a key of their own: get the public key (orderlog audit key) from those"
    " who run the service, not with the bundle, and give it by --key."
)


class BundledEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it is stored; `state` is its bytes, `hash` in hex."""

    version: int
    position: int
    name: str
    state: str
    hash: str


class BundledOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order with its Merkle proof: from its head to its bucket, and from there to the root."""

    id: str
    events: list[BundledEvent] = msgspec.field(name="facts")
    bucket: str = msgspec.field(name="drawer")
    bucket_orders: int = msgspec.field(name="drawer_orders")
    bucket_events: int = msgspec.field(name="drawer_facts")
    to_bucket: list[Step] = msgspec.field(name="to_drawer")
    to_root: list[Step]


class BundledCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint as it is stored; the signature is in hex."""

    statement: str
    signature: str

    @property
    def signed(self) -> SignedCheckpoint:
        """The checkpoint with its statement as bytes."""
        return SignedCheckpoint(0, self.statement.encode(), bytes.fromhex(self.signature))


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the file. `keys` are the checkpoints that announced a new key."""

    format: str
    checkpoint: BundledCheckpoint
    keys: list[BundledCheckpoint]
    orders: list[BundledOrder]


class CannotBundle(UserError):
    """An order cannot be proven: the log is not what was recorded."""

    def __init__(self, order: str, reason: str) -> None:
        super().__init__(f"Order {order} cannot be proven: {reason}")


class BadBundle(UserError):
    """The file is not a bundle."""


class BundleReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked, with which key, and what was found wrong."""

    key: str
    checkpoint: Statement
    orders: int
    events: int = msgspec.field(name="facts")
    findings: list[Finding]
    not_proven: list[str] = msgspec.field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.findings


def make_bundle(store: Store, checkpoints: Checkpoints, orders: Sequence[str]) -> Bundle:
    """Make a bundle of orders under the newest checkpoint, which is made if there is none.

    Refuses an unknown order. Raises `CannotBundle`, and what `Checkpoints.make` raises.
    """
    for order in orders:
        if not store.events(order):
            raise UnknownOrder(order=order)
    records = store.audit()
    newest = checkpoints.make()
    position, buckets = records.buckets()
    statement = statement_of(newest)
    if position != statement.position:
        raise CannotBundle(orders[0], "the log went on meanwhile; ask again")
    announced = [each for each in records.checkpoints() if statement_of(each).next_key]
    return Bundle(
        format=FORMAT,
        checkpoint=_bundled(newest),
        keys=[_bundled(each) for each in announced],
        orders=[_order(store, order, statement, buckets) for order in dict.fromkeys(orders)],
    )


def _bundled(checkpoint: SignedCheckpoint) -> BundledCheckpoint:
    return BundledCheckpoint(checkpoint.statement.decode(), checkpoint.signature.hex())


def _order(
    store: Store, order: str, statement: Statement, buckets: Sequence[Bucket]
) -> BundledOrder:
    rows = [row for row in _rows(store, order) if row[4] <= statement.position]
    faults = check_chain(order, rows).findings if rows else []
    if faults:
        raise CannotBundle(order, faults[0].says)
    name = bucket_of(order)
    _, heads = store.audit().heads_of_range(range_of(name))
    own = heads.get(order)
    if not rows or own != head_of_rows(order, rows):
        raise CannotBundle(order, "its events are not those that were recorded.")
    in_bucket = sorted(heads)
    place = [each.name for each in buckets].index(name)
    return BundledOrder(
        id=order,
        events=[
            BundledEvent(
                version=version,
                position=position,
                name=event,
                state=state.decode(),
                hash=own_hash.hex(),
            )
            for _, version, event, state, position, own_hash in rows
        ],
        bucket=name,
        bucket_orders=buckets[place].orders,
        bucket_events=buckets[place].events,
        to_bucket=path([leaf(heads[each]) for each in in_bucket], in_bucket.index(order)),
        to_root=path([bucket_leaf(each) for each in buckets], place),
    )


def _rows(store: Store, order: str) -> list[LinkRow]:
    with store.audit().chains(Range(0, order, order + "\0")) as events:
        return list(events)


def head_of_rows(order: str, rows: Sequence[LinkRow]) -> Head:
    """The head of the chain of these events."""
    return Head(order, rows[-1][1], rows[-1][5], position_digest_of([row[4] for row in rows]))


def read_bundle(data: bytes) -> Bundle:
    """The bundle in a file's bytes. Raises `BadBundle`."""
    try:
        bundle = msgspec.json.decode(data, type=Bundle)
        statement_of(bundle.checkpoint.signed)
        for each in bundle.keys:
            statement_of(each.signed)
        for order in bundle.orders:
            for event in order.events:
                bytes.fromhex(event.hash)
            for step in (*order.to_bucket, *order.to_root):
                bytes.fromhex(step.digest)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, BadStatement) as error:
        raise BadBundle(f"The file is not a bundle: {error}") from error
    if bundle.format != FORMAT:
        raise BadBundle(f"The bundle is of the format {bundle.format}; {FORMAT} is known.")
    return bundle


def read_checkpoints(data: bytes) -> list[SignedCheckpoint]:
    """Read checkpoints: as `audit checkpoint --json` prints one, or the lines of a service's log.

    In lines, what is before the JSON object does not count, nor do lines without a checkpoint.
    Raises `BadBundle`.
    """
    try:
        return [_kept(data)]
    except _BAD as error:
        found = [_kept(line[line.index(b"{") :]) for line in data.splitlines() if _has_one(line)]
        if not found:
            raise BadBundle(f"The file has no checkpoint: {error}") from error
        return found


_BAD = (msgspec.MsgspecError, UnicodeDecodeError, ValueError, BadStatement)


def _kept(data: bytes) -> SignedCheckpoint:
    kept = msgspec.json.decode(data, type=BundledCheckpoint).signed
    return SignedCheckpoint(statement_of(kept).number, kept.statement, kept.signature)


def _has_one(line: bytes) -> bool:
    try:
        _kept(line[line.index(b"{") :])
    except _BAD:
        return False
    return True


def check_bundle(bundle: Bundle, trusted: str | None = None) -> BundleReport:
    """Check a bundle against its checkpoint, and the checkpoint against the trusted key."""
    statement = statement_of(bundle.checkpoint.signed)
    findings = list(_signature_faults(bundle, statement, trusted))
    for order in bundle.orders:
        findings += _order_faults(order, statement)
    return BundleReport(
        key=statement.key,
        checkpoint=statement,
        orders=len(bundle.orders),
        events=sum(len(order.events) for order in bundle.orders),
        findings=findings,
        not_proven=[NOBODYS] if trusted is None else [],
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
    """The trusted key, and the keys that it announced directly or through others."""
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
            event.version,
            event.name,
            event.state.encode(),
            event.position,
            bytes.fromhex(event.hash),
        )
        for event in order.events
    ]
    if not rows or any(len(row[5]) != HASH_BYTES for row in rows):
        text = "The order has no events, or events without hashes."
        return [Finding(Kind.MISSING, text, order.id)]
    faults = check_chain(order.id, rows).findings
    if faults:
        return faults
    head = head_of_rows(order.id, rows)
    bucket = Bucket(
        order.bucket,
        order.bucket_orders,
        order.bucket_events,
        verify_inclusion(leaf(head), order.to_bucket),
    )
    if verify_inclusion(bucket_leaf(bucket), order.to_root).hex() == statement.root:
        return []
    says = (
        "The events hold together, but are not those that were signed: some were changed and"
        " their hashes made anew, or some are left out."
    )
    return [Finding(Kind.REWRITTEN, says, order.id, head.version, rows[-1][4])]
