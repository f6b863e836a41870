"""An order's timeline in plain sentences: what happened, what was refused, and why it ended.

This file decides which sentences there are; their texts are in a table for each language.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec
from eventsourcing.persistence import Notification

from application.catalog.access import SYSTEM, Caller
from application.catalog.cache import CatalogCache
from application.event_log.event_mapper import event_of
from application.orders.commands import TICKETS_SHORT
from application.orders.document_types import StoryDocument, StoryEntryDocument
from application.orders.history import OrderHistory
from application.orders.loaded_order import replay
from application.orders.rejected_requests import RejectionLog
from application.orders.timeline.english import ENGLISH
from application.orders.timeline.language import SECOND, Language
from application.orders.timeline.money import OF_MONEY, Sentence, money_event, money_now
from application.orders.timeline.promocodes import promocodes_changed
from application.orders.timeline.russian import RUSSIAN
from application.ports.rejection_log import Attempt
from application.runtime.clock import written
from application.runtime.service_clock import ServiceClock
from domain.buyer import FIELDS
from domain.events import (
    STORED_NAMES,
    CustomerSet,
    Event,
    OrderCreated,
    OrderCreatedWithPromocodes,
    OrderReinstated,
    PaymentSystemSet,
    PromocodesApplied,
    PromocodeUsesChanged,
    StatusChanged,
    TicketsChanged,
    VendorDataSet,
)
from domain.order import Order
from domain.payment import ConfirmedBy
from domain.refusals import (
    CustomerLocked,
    MoveNotAllowed,
    PaymentLocked,
    PromocodesLocked,
    TicketsLocked,
)
from domain.status import HELD, Status

LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {language.code: language for language in (ENGLISH, RUSSIAN)}
)
"""The languages of timelines; the first one is the default."""

SWEEPERS = frozenset({"sweeper", "orderlog expire"})
"""The requests under which the sweeper records ends."""

TOO_LATE = frozenset(
    {
        each.code
        for each in (
            *(CustomerLocked, MoveNotAllowed, PaymentLocked, PromocodesLocked, TicketsLocked),
        )
    }
)
"""The refusals that mean "too late" if the order had expired."""


PARTS = ("customer", "promocodes", "payment")
"""The parts of a request that are named by themselves, beside tickets and status."""


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a timeline: when, by whom, and its sentences.

    `version` and `position` are those of the event; a rejected request has the version that it was
    decided on. `till` is when the hold was to end then, if there was one.
    """

    kind: str
    name: str
    at: datetime
    version: int
    position: int | None
    actor: str
    request: str | None
    sentences: list[Sentence]
    till: datetime | None


class Narration(msgspec.Struct):
    """What is needed of the order's past to explain its end."""

    order: Order
    chosen_at: datetime | None = None
    started_at: datetime | None = None


class OrderTimelines(msgspec.Struct, frozen=True):
    """Renders timelines. A `caller` sees the orders it sells and those of its own shows."""

    _history: OrderHistory
    _attempts: RejectionLog
    _catalog_cache: CatalogCache
    _clock: ServiceClock

    def explain(
        self, order_id: str, language: Language = ENGLISH, caller: Caller | None = None
    ) -> StoryDocument:
        """The documented timeline of an order in `language`. Refuses an unknown order."""
        stored = self._history.stored(order_id, caller)
        moment = self._clock.of(replay(stored[:1]).vendor)
        entries, order = entries_of(stored, self._attempts.of(order_id), moment)
        return {
            "id": order_id,
            "number": order.number,
            "lang": language.code,
            "version": order.version,
            "now": _render(language, _now(stored, order, moment)),
            "story": [self._entry(language, entry) for entry in entries],
        }

    def _entry(self, language: Language, entry: TimelineEntry) -> StoryEntryDocument:
        left = None if entry.till is None else entry.till - entry.at
        return {
            "kind": entry.kind,
            "name": entry.name,
            "at": written(entry.at),
            "version": entry.version,
            "position": entry.position,
            "actor": entry.actor,
            "who": self._who(language, entry.actor),
            "request": entry.request,
            "sentence": _render(language, entry.sentences),
            "hold_left": None if left is None else language.span(left),
            "hold_left_seconds": None if left is None else left // SECOND,
        }

    def _who(self, language: Language, actor: str) -> str:
        """A readable name for the actor."""
        if actor == SYSTEM:
            return language.words["system"]
        if actor == "operator":
            return language.words["operator"]
        if actor.startswith("gateway:"):
            return f"{language.words['gateway']} {actor.removeprefix('gateway:')}"
        partner_id, _, key = actor.removeprefix("partner:").partition(" key:")
        partner = self._catalog_cache.current().partners.get(partner_id)
        if partner is None:
            return actor
        return f"{partner.name} ({language.words['key']} {key})"


def entries_of(
    stored: Sequence[Notification], attempts: Sequence[Attempt], moment: datetime
) -> tuple[list[TimelineEntry], Order]:
    """The entries of an order's timeline at `moment`, in the order in which things happened."""
    narration = Narration(Order())
    waiting = sorted(attempts, key=lambda attempt: (attempt.version, attempt.at))
    entries = []
    for each in stored:
        while waiting and waiting[0].version < each.originator_version:
            entries.append(_attempt(waiting.pop(0), narration.order))
        entries.append(_event(narration, event_of(each), each.id))
    order = narration.order
    ended = order.status in HELD and order.reserved_till <= moment
    while waiting and (not ended or waiting[0].at < order.reserved_till):
        entries.append(_attempt(waiting.pop(0), order))
    if ended:
        entries.append(_unrecorded_end(narration))
    entries += [_attempt(attempt, order) for attempt in waiting]
    return entries, order


def status_sentence(order: Order, moment: datetime) -> Sentence:
    """The sentence for the order's state at `moment`."""
    status = order.status_at(moment)
    return Sentence(
        f"now.{status}",
        {
            "at": order.changed_at,
            "till": order.reserved_till,
            "left": order.reserved_till - moment,
            "count": len(order.tickets),
            "value": order.worth.full,
        },
    )


def _now(stored: Sequence[Notification], order: Order, moment: datetime) -> list[Sentence]:
    """The sentences for the order as it is. What it was paid at is no later event of money."""
    status = status_sentence(order, moment)
    if order.status is Status.DONE:
        moves = (event for event in map(event_of, stored) if type(event) is StatusChanged)
        paid_at = max(event.at for event in moves)
        status = Sentence(status.key, {**status.values, "at": paid_at})
    return [status, *money_now(order)]


def _render(language: Language, sentences: list[Sentence]) -> str:
    return " ".join(language.render(each.key, **each.values) for each in sentences)


def _event(narration: Narration, event: Event, position: int) -> TimelineEntry:
    """The entry of an event, which also updates `narration`."""
    sentences = list(_RENDER.get(type(event), _other)(narration, event))
    order = narration.order
    order.apply(event)
    held = order.status in HELD
    return TimelineEntry(
        kind="fact",
        name=STORED_NAMES[type(event)].partition(".")[0],
        at=event.at,
        version=event.originator_version,
        position=position,
        actor=event.actor,
        request=event.request,
        sentences=sentences,
        till=order.reserved_till if held else None,
    )


def _created(_: Narration, event: OrderCreated) -> Iterator[Sentence]:
    count = len(event.tickets)
    after = Order.replay([event])
    values = {
        "count": count,
        "value": after.worth.full,
        "till": event.reserved_till,
    }
    yield Sentence("created" if count else "created.empty", values)


def _tickets(narration: Narration, event: TicketsChanged) -> Iterator[Sentence]:
    after = msgspec.structs.replace(narration.order, tickets=dict(narration.order.tickets))
    after.apply(event)
    key = "changed" if event.added and event.removed else "added" if event.added else "removed"
    values = {
        "added": len(event.added),
        "removed": len(event.removed),
        "count": len(after.tickets),
        "value": after.worth.full,
    }
    yield Sentence(f"tickets.{key}", values)


def _customer(_: Narration, event: CustomerSet) -> Iterator[Sentence]:
    named = [name for name in FIELDS if getattr(event, name) is not None]
    yield Sentence("customer", {"fields": named})


def _vendor_data(_: Narration, event: VendorDataSet) -> Iterator[Sentence]:
    named = [f"vendor.{name}" for name in ("order_id", "raw") if getattr(event, name) is not None]
    yield Sentence("vendor_data", {"fields": named})


def _payment(narration: Narration, event: PaymentSystemSet) -> Iterator[Sentence]:
    order = narration.order
    before, after = ((each.success_url, each.failure_url) for each in (order, event))
    if event.system != order.system:
        narration.chosen_at = event.at
        yield Sentence("payment.chosen", {"system": event.system.alias})
    elif before != after:
        yield Sentence("payment.addresses", {})
    if event.send_tickets != order.send_tickets:
        yield Sentence("payment.by_mail" if event.send_tickets else "payment.not_by_mail", {})


def _status(narration: Narration, event: StatusChanged) -> Iterator[Sentence]:
    order = narration.order
    count = len(order.tickets)
    if event.status is Status.IN_PROGRESS:
        narration.started_at = event.at
        till = event.reserved_till or order.reserved_till
        values = {"system": _system(order), "hold": till - event.at, "till": till}
        yield Sentence("payment.started" if order.system else "payment.free", values)
    elif event.status is Status.DONE:
        yield Sentence("done", {"count": count})
    elif event.status is Status.CANCELED:
        yield Sentence("canceled" if count else "canceled.empty", {"count": count})
    else:
        yield _end(narration)
        by = "swept" if event.request in SWEEPERS else "wanted"
        yield Sentence(f"ended.{by}", {"late": event.at - order.reserved_till})


def _other(_: Narration, event: Event) -> Iterator[Sentence]:
    """The sentence for an event that has none of its own: its name."""
    yield Sentence("other", {"name": STORED_NAMES[type(event)].partition(".")[0]})


def _money(narration: Narration, event: Event) -> Iterator[Sentence]:
    if isinstance(event, OrderReinstated):
        narration.started_at = event.at
    yield from money_event(narration.order, event)


_RENDER: Mapping[type[Event], Callable[[Narration, Any], Iterator[Sentence]]] = MappingProxyType(
    {
        OrderCreated: _created,
        OrderCreatedWithPromocodes: _created,
        PromocodesApplied: lambda narration, event: promocodes_changed(narration.order, event),
        PromocodeUsesChanged: lambda *_: iter([Sentence("promocodes.uses", {})]),
        TicketsChanged: _tickets,
        CustomerSet: _customer,
        VendorDataSet: _vendor_data,
        PaymentSystemSet: _payment,
        StatusChanged: _status,
        **dict.fromkeys(OF_MONEY, _money),
    }
)


def _system(order: Order) -> str | None:
    return None if order.system is None else order.system.alias


def _end(narration: Narration) -> Sentence:
    """The sentence for why a hold ended by itself."""
    order, till = narration.order, narration.order.reserved_till
    if order.status is Status.IN_PROGRESS and order.system is None:
        key, since = "free", narration.started_at
    elif order.status is Status.IN_PROGRESS:
        silent = order.system is not None and order.system.confirmed_by is ConfirmedBy.GATEWAY
        key, since = "gateway_silent" if silent else "not_confirmed", narration.started_at
    elif not order.tickets:
        key, since = "empty", order.created_at
    elif order.system is not None:
        key, since = "not_started", narration.chosen_at
    else:
        key, since = "nothing_chosen", order.created_at
    values = {"till": till, "system": _system(order), "ago": till - (since or order.created_at)}
    return Sentence(f"ended.{key}", values)


def _unrecorded_end(narration: Narration) -> TimelineEntry:
    """The end of a hold that is not recorded yet."""
    return TimelineEntry(
        kind="note",
        name="HoldEnded",
        at=narration.order.reserved_till,
        version=narration.order.version,
        position=None,
        actor=SYSTEM,
        request=None,
        sentences=[_end(narration), Sentence("ended.unrecorded", {})],
        till=None,
    )


def _attempt(attempt: Attempt, order: Order) -> TimelineEntry:
    """The entry of a rejected request, on the order as it was then."""
    about = msgspec.json.decode(attempt.about)
    wanted = msgspec.json.decode(attempt.wanted)
    late = attempt.at - order.reserved_till
    if attempt.code == TICKETS_SHORT:
        missing = len(about.get("tickets", ())) + sum(about.get("random", {}).values())
        more = ".all_or_nothing" if wanted.get("all_or_nothing") else ""
        sentence = Sentence(f"refused.{attempt.code}{more}", {"missing": missing})
    elif attempt.code in TOO_LATE and about.get("status") == Status.EXPIRED:
        values = {"late": late, "till": order.reserved_till, "wanted": _wanted(wanted)}
        sentence = Sentence("refused.too_late", values)
    elif ENGLISH.has(f"refused.{attempt.code}"):
        sentence = Sentence(f"refused.{attempt.code}", about)
    else:
        sentence = Sentence("refused", {"code": attempt.code})
    held = order.status in HELD and late < timedelta()
    return TimelineEntry(
        kind="attempt",
        name=attempt.code,
        at=attempt.at,
        version=attempt.version,
        position=None,
        actor=attempt.actor,
        request=attempt.request,
        sentences=[sentence],
        till=order.reserved_till if held else None,
    )


def _wanted(wanted: Mapping[str, Any]) -> list[str]:
    """The words for what was requested."""
    requested = []
    if "tickets" in wanted or "random" in wanted:
        requested.append("wanted.tickets")
    requested += [f"wanted.{each}" for each in PARTS if each in wanted]
    if "status" in wanted:
        requested.append(f"wanted.{wanted['status']}")
    return requested or ["wanted.nothing"]
