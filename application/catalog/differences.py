"""What a load changes, in words and figures: documents, tickets, and what it takes off sale."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from application.catalog.cache import Partner
from application.catalog.entries import CatalogFile
from application.catalog.noted_change import NotedChange
from application.ports.tickets import Ticket
from domain.errors import UserError
from domain.sale_terms import Deal
from domain.same_json import as_json
from domain.shows import Show

Documents = Mapping[tuple[str, str], bytes]

SHOWN = ("partner", "payment_system", "gateway", "deal", "event")
UNSAID = frozenset({"id", "amount", "places", "created_at", "updated_at"})
"""Fields that follow from others, or that no file has."""
NAMES = ("name", "title", "alias", "code")


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can no longer be bought, or by somebody.

    `key` stays the same while others buy; `text` says it.
    """

    key: str
    text: str


class TakesOffSale(UserError):
    """A load would take things off sale, and nobody has agreed to that. Nothing was changed."""

    def __init__(self, losses: list[Loss]) -> None:
        super().__init__("; ".join(each.text for each in losses))
        self.losses = losses


class DocumentChange(msgspec.Struct, frozen=True, kw_only=True):
    """A document that is added or changed; `fields` has what was there before and what is then."""

    what: str
    kind: str
    id: str
    name: str
    fields: dict[str, tuple[Any, Any]]


class SetChange(msgspec.Struct, frozen=True, kw_only=True):
    """The tickets of a set that come and go, and how many of those before had which state."""

    event: str
    title: str
    set: str
    name: str
    added: int
    removed: int
    reseated: int
    sold: int
    held: int
    vacant: int


class LeftEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event of one of the file's partners that the file does not name: it stays on sale."""

    id: str
    title: str
    starts_at: datetime


class CatalogDiff(msgspec.Struct, kw_only=True):
    """What a load would change. With `refused` it would change nothing."""

    documents: list[DocumentChange] = []
    tickets: list[SetChange] = []
    keys_added: int = 0
    takes_off_sale: list[str] = []
    left: list[LeftEvent] = []
    refused: dict[str, str] = {}


def difference(
    noted: NotedChange, known: Documents, file: CatalogFile, at: datetime
) -> CatalogDiff:
    """What was noted, compared with what was known before."""
    return CatalogDiff(
        documents=list(_documents(noted, known)),
        tickets=list(_sets(noted, known, at)),
        keys_added=sum(kind == "api_key" for kind, _ in noted.put_documents),
        takes_off_sale=[each.text for each in losses(noted, known, at)],
        left=list(_left(file, known, at)),
    )


def losses(noted: NotedChange, known: Documents, at: datetime) -> list[Loss]:
    """What the noted change takes off sale."""
    found = [*_sets_that_lose(noted, known, at)]
    for (kind, name), document in noted.put_documents.items():
        before = known.get((kind, name))
        if before is None:
            continue
        if kind == "deal":
            found += _ended(_as(Deal, before), _as(Deal, document), known)
        elif kind == "partner":
            found += _suspended(_as(Partner, before), _as(Partner, document))
        elif kind == "event":
            found += _no_longer_sold(_as(Show, before), _as(Show, document), at)
    return found


def _sets_that_lose(noted: NotedChange, known: Documents, at: datetime) -> Iterator[Loss]:
    for each in _sets(noted, known, at):
        if each.removed:
            yield Loss(
                key=f"tickets {each.set} {each.removed}",
                text=f"{_named('event', each.title, each.event)}, set {each.name}:"
                f" {each.removed} of {each.sold + each.held + each.vacant} tickets leave the sale"
                f" ({each.sold} are sold, {each.held} held, {each.vacant} vacant).",
            )


def _ended(before: Deal, after: Deal, known: Documents) -> Iterator[Loss]:
    if before.ended_at is None and after.ended_at is not None:
        org, vendor = (_partner_name(known, each) for each in (after.org, after.vendor))
        yield Loss(
            key=f"deal {after.id}",
            text=f"deal {after.id} ends: {vendor} sells nothing new of {org}.",
        )
    elif (before.org, before.vendor) != (after.org, after.vendor):
        org, vendor = (_partner_name(known, each) for each in (before.org, before.vendor))
        yield Loss(
            key=f"parties {after.id}",
            text=f"deal {after.id} becomes one of others: {vendor} sells nothing new of {org}.",
        )


def _suspended(before: Partner, after: Partner) -> Iterator[Loss]:
    if before.suspended_at is None and after.suspended_at is not None:
        yield Loss(
            key=f"partner {after.id}",
            text=f"{_named('partner', after.name, after.id)} is suspended.",
        )


def _no_longer_sold(before: Show, after: Show, at: datetime) -> Iterator[Loss]:
    event = _named("event", after.title, after.id)
    if before.org != after.org:
        yield Loss(key=f"org {after.id}", text=f"{event} is no longer sold for its organiser.")
    prices = after.prices(at)
    for each in after.sets:
        if each.id in before.prices(at) and each.id not in prices:
            yield Loss(
                key=f"price {each.id}", text=f"{event}, set {each.name}: has no price any more."
            )


def _sets(noted: NotedChange, known: Documents, at: datetime) -> Iterator[SetChange]:
    added = Counter((each.show, each.set) for each in noted.added)
    gone = Counter(_set_of(noted.seen[each]) for each in noted.removed if each in noted.seen)
    reseated = Counter(_set_of(each) for each in noted.changed)
    before = Counter((*_set_of(each), _state(each, at)) for each in noted.seen.values())
    for show, ticket_set in {**added, **gone, **reseated}:
        name = ("event", show)
        document = noted.put_documents.get(name) or known.get(name)
        if document is None:
            continue
        shows = [_as(Show, each) for each in (document, known.get(name)) if each is not None]
        names = {each.id: each.name for about in reversed(shows) for each in about.sets}
        states = {each: before[show, ticket_set, each] for each in ("sold", "held", "vacant")}
        yield SetChange(
            event=show,
            title=shows[0].title,
            set=ticket_set,
            name=names.get(ticket_set, ""),
            added=added[show, ticket_set],
            removed=gone[show, ticket_set],
            reseated=reseated[show, ticket_set],
            **states,
        )


def _set_of(ticket: Ticket) -> tuple[str, str]:
    return ticket.show, ticket.set


def _state(ticket: Ticket, at: datetime) -> str:
    if ticket.vacant_at(at):
        return "vacant"
    return "sold" if ticket.held_till is None else "held"


def _documents(noted: NotedChange, known: Documents) -> Iterator[DocumentChange]:
    for (kind, name), document in noted.put_documents.items():
        if kind not in SHOWN:
            continue
        before, after = known.get((kind, name)), msgspec.json.decode(document)
        old = {} if before is None else _flat(msgspec.json.decode(before))
        new = _flat(after)
        changed = {
            field: (old.get(field), new.get(field))
            for field in {**old, **new}
            if as_json(old.get(field)) != as_json(new.get(field))
        }
        if before is None:
            yield _change("added", kind, name, after, {})
        elif changed:
            yield _change("changed", kind, name, after, changed)


def _change(
    what: str, kind: str, name: str, document: Any, changed: dict[str, tuple[Any, Any]]
) -> DocumentChange:
    shown = next((document[each] for each in NAMES if each in document), "")
    return DocumentChange(
        what=what, kind=kind.replace("_", " "), id=name, name=shown, fields=changed
    )


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """A document's fields by path; what is in a list is named by its name or id, if it has any."""
    if isinstance(value, dict):
        inner = [
            (f"{path}.{name}".removeprefix("."), each)
            for name, each in value.items()
            if name not in UNSAID
        ]
    elif isinstance(value, list):
        labels = [_label(each, i) for i, each in enumerate(value)]
        if len(set(labels)) < len(labels):
            labels = [f"{label} {i}" for i, label in enumerate(labels)]
        inner = [(f"{path}[{label}]", each) for label, each in zip(labels, value, strict=True)]
    else:
        return {path: value}
    return {name: found for at, each in inner for name, found in _flat(each, at).items()}


def _label(value: Any, place: int) -> str:
    if not isinstance(value, dict):
        return str(place)
    return str(next((value[each] for each in (*NAMES, "id") if each in value), place))


def _left(file: CatalogFile, known: Documents, at: datetime) -> Iterator[LeftEvent]:
    partners = {entry.partner.id for entry in file.partners}
    named = {entry.show.id for entry in file.events}
    for (kind, _), document in known.items():
        if kind != "event":
            continue
        show = _as(Show, document)
        if show.id not in named and show.org in partners and show.ends_at > at:
            yield LeftEvent(id=show.id, title=show.title, starts_at=show.starts_at)


def _partner_name(known: Documents, partner: str) -> str:
    document = known.get(("partner", partner))
    return partner if document is None else str(_as(Partner, document).name)


def _named(kind: str, name: str, id_: str) -> str:
    return f'{kind} "{name}" ({id_})'


def _as(type_: type[Any], document: bytes) -> Any:
    return msgspec.json.decode(document, type=type_)
