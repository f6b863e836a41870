"""Loads a checked catalogue into a store: adds and updates, never takes a buyer's ticket away."""

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache, partial
from importlib.resources import files

import msgspec
from msgspec.structs import replace

from application.catalog.buyer_secret import ensure_buyer_secret
from application.catalog.cache import Key, catalog_of
from application.catalog.clashes import clashes
from application.catalog.deeds import deed_of
from application.catalog.differences import CatalogDiff, TakesOffSale, difference, losses
from application.catalog.endings import Documents, deals_of, partners_of
from application.catalog.entries import BadCatalog, CatalogFile, ShowEntry
from application.catalog.file import read_catalog_file
from application.catalog.gateway import PaymentGateway
from application.catalog.key_secret import FINGERPRINT, KeySecret, UnkeptSecret, digest_of
from application.catalog.noted_change import NotedChange, UnwrittenChange
from application.catalog.pages import ListedShow
from application.catalog.promocode_rows import load_uses
from application.catalog.scopes import OF_A_SELLER
from application.ports.admin_trail import Action
from application.ports.catalog import CatalogChange
from application.ports.store import Store
from application.ports.tickets import Ticket
from application.ports.unit_of_work import TicketTaken
from application.runtime.ids import new_id
from domain.errors import UserError

ENCODE = msgspec.json.Encoder().encode
_show = msgspec.json.Decoder(ListedShow).decode
TRIES = 20


class TicketsInUse(UserError):
    """The file would remove held or sold tickets. `errors` names each; nothing was changed."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"ticket {ticket}: {what}" for ticket, what in errors.items()))
        self.errors = errors


class OwnPartners(UserError):
    """The database has partners of its own, whom the keys of the sample would not become."""

    def __init__(self, partners: int) -> None:
        super().__init__(
            f"The sample is not loaded: this database has its own partners ({partners}), and the"
            " keys of the sample are printed in the documentation. Leave out --sample, or name"
            " another database."
        )


class LoadReport(msgspec.Struct, kw_only=True):
    """What loading a file changed: documents, keys, and tickets."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    keys_added: int = 0
    tickets_added: int = 0
    tickets_changed: int = 0
    tickets_removed: int = 0


def load_sample(
    store: Store,
    at: datetime,
    secret: KeySecret | None = None,
    agreed: Collection[str] | None = None,
) -> LoadReport:
    """Load the catalogue that comes with the service. Raises `OwnPartners`; see `load_catalog`."""
    sample = sample_catalog()
    known = catalog_of(0, store.catalog())
    others = known.partners.keys() - known.of_sample
    if own := others - {each.partner.id for each in sample.partners}:
        raise OwnPartners(len(own))
    return load_catalog(store, sample, at, secret, agreed)


@cache
def sample_catalog() -> CatalogFile:
    """The catalogue that comes with the service."""
    return read_catalog_file(files("application").joinpath("sample_catalog.yaml").read_bytes())


def example_catalog() -> bytes:
    """A file with comments for those who begin one."""
    return files("application").joinpath("example_catalog.yaml").read_bytes()


@cache
def sample_keys() -> frozenset[str]:
    """The keys of the sample, which everybody knows."""
    return frozenset(key for entry in sample_catalog().partners for key in entry.keys)


def load_catalog(
    store: Store,
    file: CatalogFile,
    at: datetime,
    secret: KeySecret | None = None,
    agreed: Collection[str] | None = None,
    *,
    to_try: bool = False,
) -> LoadReport:
    """Load `file` into the store's catalogue, in one transaction.

    Loading the same file again changes nothing. Raises `TicketsInUse` where it would take a held or
    sold ticket from its order, and `BadCatalog` where it reuses a name that is taken. `agreed` has
    the keys of the losses that may come of it, None: any; for others it raises `TakesOffSale`. The
    keys of a file that is there `to_try` the service are as those of the sample.
    """
    for _ in range(TRIES):
        try:
            with store.change_catalog() as change:
                known = change.documents()
                noted = NotedChange(change)
                report = _load(noted, known, file, at, secret or KeySecret(), to_try=to_try)
                lost = [] if agreed is None else losses(noted, known, at)
                if any(each.key not in (agreed or ()) for each in lost):
                    raise TakesOffSale(lost)
                return report
        except TicketTaken as lost:
            taken = str(lost)
    raise TicketsInUse({taken: "was bought while the file was loaded; load it again"})


def diff_catalog(
    store: Store, file: CatalogFile, at: datetime, secret: KeySecret | None = None
) -> CatalogDiff:
    """What `load_catalog` would change now. Writes nothing.

    It is begun again where the catalogue was changed in between, so that one version is compared.
    """
    for _ in range(TRIES):
        version = store.catalog_version()
        found = _difference(store, file, at, secret)
        if store.catalog_version() == version:
            break
    return found


def _difference(
    store: Store, file: CatalogFile, at: datetime, secret: KeySecret | None
) -> CatalogDiff:
    known = store.catalog()
    noted = NotedChange(UnwrittenChange(store))
    secret = (secret or KeySecret()) if FINGERPRINT in known else UnkeptSecret()
    try:
        _load(noted, known, file, at, secret)
    except (BadCatalog, TicketsInUse) as error:
        refused = error.errors
    else:
        refused = {}
    return replace(difference(noted, known, file, at), refused=dict(refused))


def _load(
    change: CatalogChange,
    known: Documents,
    file: CatalogFile,
    at: datetime,
    secret: KeySecret,
    *,
    to_try: bool = False,
) -> LoadReport:
    """Load a file. Raises `TicketTaken` if a buyer took a ticket before it was removed."""
    report = LoadReport()
    if clashing := clashes(file, catalog_of(0, known)):
        raise BadCatalog(clashing)
    for kind, name, document in _documents(file, known, at):
        _put(change, known, kind, name, document, report)
    if any(entry.keys for entry in file.partners):
        secret.join(change)
        report.keys_added = _add_keys(change, known, file, at, secret, to_try=to_try)
    ensure_buyer_secret(change)
    errors: dict[str, str] = {}
    for entry in file.events:
        _load_tickets(change, entry, at, report, errors)
        load_uses(change, entry.show, known.get(("event", entry.show.id)), errors)
    if errors:
        raise TicketsInUse(errors)
    if report != LoadReport(unchanged=report.unchanged):
        change.record(deed_of(at, Action.CATALOG_LOADED, **msgspec.structs.asdict(report)))
    return report


def _documents(
    file: CatalogFile, known: Documents, at: datetime
) -> Iterator[tuple[str, str, bytes]]:
    for partner in partners_of(file, known):
        yield "partner", partner.id, ENCODE(partner)
    for system in file.payment_systems:
        yield "payment_system", system.id, ENCODE(system)
    for gateway in file.gateways:
        if ("gateway", gateway.id) in known or gateway != PaymentGateway(id=gateway.id):
            yield "gateway", gateway.id, ENCODE(gateway)
    for deal in deals_of(file, known, at):
        yield "deal", deal.id, ENCODE(deal)
    for entry in file.events:
        yield "event", entry.show.id, ENCODE(_dated(entry.show, known, at))


def _dated(show: ListedShow, known: Documents, at: datetime) -> ListedShow:
    """The show with the moments at which a catalogue brought it, and last changed it."""
    document = known.get(("event", show.id))
    if document is None:
        return replace(show, created_at=at, updated_at=at)
    before = _show(document)
    same = replace(show, created_at=before.created_at, updated_at=before.updated_at)
    if before.created_at is not None and ENCODE(same) == document:
        return same
    return replace(same, created_at=before.created_at or at, updated_at=at)


def _add_keys(
    change: CatalogChange,
    known: Mapping[tuple[str, str], bytes],
    file: CatalogFile,
    at: datetime,
    secret: KeySecret,
    *,
    to_try: bool,
) -> int:
    """Add the file's new keys, with the scopes of a seller; return how many."""
    added = 0
    for entry in file.partners:
        for text in entry.keys:
            name, sample = secret.name_of(text), text in sample_keys()
            if ("api_key", name) not in known:
                key_id = digest_of(text)[:8] if sample else new_key_id(change)
                key = Key(
                    id=key_id,
                    partner=entry.partner.id,
                    created_at=at,
                    scopes=OF_A_SELLER,
                    sample=sample or to_try,
                )
                change.put("api_key", name, ENCODE(key))
                added += 1
    return added


def new_key_id(change: CatalogChange) -> str:
    """A random id, which reveals nothing about its key."""
    taken = {key.id for key in catalog_of(0, change.documents()).keys.values()}
    return next(name for name in iter(partial(secrets.token_hex, 4), "") if name not in taken)


def _put(
    change: CatalogChange,
    known: Mapping[tuple[str, str], bytes],
    kind: str,
    name: str,
    document: bytes,
    report: LoadReport,
) -> None:
    before = known.get((kind, name))
    if before == document:
        report.unchanged += 1
        return
    change.put(kind, name, document)
    if before is None:
        report.added += 1
    else:
        report.updated += 1


def _load_tickets(
    change: CatalogChange,
    entry: ShowEntry,
    at: datetime,
    report: LoadReport,
    errors: dict[str, str],
) -> None:
    """Change the rows of a show's tickets to match each set of the file."""
    present: dict[str, dict[str, Ticket]] = {}
    highest = 0
    for ticket in change.tickets(entry.show.id):
        present.setdefault(ticket.set, {})[ticket.id] = ticket
        highest = max(highest, ticket.number)
    wanted = _Wanted(change, entry.show.id, highest, at, report, errors)
    for ticket_set, tickets in entry.tickets.items():
        mine = present.pop(ticket_set, {})
        if isinstance(tickets, int):
            wanted.count(ticket_set, tickets, mine)
        else:
            wanted.each(ticket_set, {each.id: ENCODE(each.seat) for each in tickets}, mine)
    for gone in present.values():
        wanted.remove(gone.values())


class _Wanted(msgspec.Struct):
    """Changes a show's tickets step by step, and collects errors."""

    _change: CatalogChange
    _show: str
    _highest: int
    _at: datetime
    _report: LoadReport
    _errors: dict[str, str]

    def count(self, ticket_set: str, count: int, mine: Mapping[str, Ticket]) -> None:
        """Set the number of tickets in a set; vacant ones are removed, highest numbers first."""
        missing = count - len(mine)
        self._add(ticket_set, ((new_id(self._at), b"{}") for _ in range(missing)))
        if missing < 0:
            vacant = [ticket for ticket in mine.values() if ticket.order is None]
            surplus = vacant[missing:]
            if len(surplus) < -missing:
                self._errors[f"of set {ticket_set}"] = (
                    f"only {len(vacant)} of {len(mine)} are vacant, {-missing} should leave"
                )
            self.remove(surplus)

    def each(self, ticket_set: str, seats: Mapping[str, bytes], mine: Mapping[str, Ticket]) -> None:
        """Make a set have exactly these tickets."""
        self.remove(ticket for ticket in mine.values() if ticket.id not in seats)
        for ticket_id, ticket in mine.items():
            if ticket_id in seats and seats[ticket_id] != ticket.seat:
                self._change.change_ticket(msgspec.structs.replace(ticket, seat=seats[ticket_id]))
                self._report.tickets_changed += 1
        fresh = [each for each in seats if each not in mine]
        strange = {ticket.id: ticket for ticket in self._change.tickets_by_id(fresh)}
        for ticket in strange.values():
            self._errors[ticket.id] = f"belongs to the set {ticket.set} of event {ticket.show}"
        self._add(ticket_set, ((each, seats[each]) for each in fresh if each not in strange))

    def remove(self, tickets: Iterable[Ticket]) -> None:
        """Remove tickets that nobody has."""
        vacant = []
        for ticket in tickets:
            if ticket.order is None:
                vacant.append(ticket.id)
            else:
                self._errors[ticket.id] = f"is held or sold by order {ticket.order}"
        if vacant:
            self._change.remove_tickets(vacant)
            self._report.tickets_removed += len(vacant)

    def _add(self, ticket_set: str, seats: Iterable[tuple[str, bytes]]) -> None:
        tickets = []
        for ticket_id, seat in seats:
            self._highest += 1
            tickets.append(Ticket(ticket_id, self._show, ticket_set, self._highest, seat))
        if tickets:
            self._change.add_tickets(tickets)
            self._report.tickets_added += len(tickets)
