"""Documents of shows, prepared as bytes with holes for what differs from answer to answer.

Prepared is what follows from the catalogue, as long as no price rule begins or ends. Put in are
the caller's deal and page, and how many tickets are vacant.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from application.catalog.cache import Catalog, Partner
from application.catalog.calendar_text import vevent
from application.catalog.page_document_types import PartnerPageDocument
from application.catalog.pages import NO_PLACES, ListedShow
from application.catalog.show_document_types import PUBLIC
from application.catalog.vacancies import Vacancy
from application.runtime.amounts import written_amount
from application.runtime.clock import written
from domain.pricing import PriceRule, rule_in_force
from domain.shows import TicketSet

HOLE = msgspec.Raw(b"\0")
"""Stands for what is put in: JSON as it is encoded never has this byte."""
DIGEST = 16

_encode = msgspec.json.Encoder().encode

Span = tuple[datetime | None, datetime | None]
"""A span of time, from an end to the next; None where it is open."""


class PreparedShow(msgspec.Struct, frozen=True, kw_only=True):
    """A show's bytes between the holes, and the span of time in which they hold."""

    show: ListedShow
    org: Partner | None
    span: Span
    to_deal: bytes
    to_partner: bytes
    to_vacancy: tuple[bytes, ...]
    digest: bytes

    def holds(self, at: datetime) -> bool:
        """Whether the same price rules are in force at a moment."""
        return includes(self.span, at)

    @property
    def size(self) -> int:
        """About how many bytes it has, without its partner's page."""
        return len(self.to_deal) + len(self.to_partner) + sum(len(e) + 7 for e in self.to_vacancy)


class FilledShow(msgspec.Struct, frozen=True, kw_only=True):
    """A prepared show with its vacancy put in, but for what depends on the caller."""

    prepared: PreparedShow
    vacancy: Vacancy
    rest: bytes
    tag: bytes


def prepare(show: ListedShow, catalog: Catalog, at: datetime) -> PreparedShow:
    """The bytes of a show at a moment."""
    org = catalog.partners.get(show.org)
    parts = _encode(_document(show, page_of(org, show.org), at)).split(b"\0")
    return PreparedShow(
        show=show,
        org=org,
        span=same_prices([show], at),
        to_deal=parts[0],
        to_partner=parts[1],
        to_vacancy=tuple(parts[2:]),
        digest=blake2b(b"\0".join(parts), digest_size=DIGEST).digest(),
    )


def fill(prepared: PreparedShow, vacancy: Vacancy) -> FilledShow:
    """A prepared show with its vacancy."""
    counts = [vacancy.counts[each.id] for each in prepared.show.sets]
    numbers = [b"%d" % each for each in (*counts, sum(counts))]
    rest = [prepared.to_vacancy[0]]
    for number, part in zip(numbers, prepared.to_vacancy[1:], strict=True):
        rest += (number, part)
    tag = prepared.digest + b",".join(numbers)
    return FilledShow(prepared=prepared, vacancy=vacancy, rest=b"".join(rest), tag=tag)


def page_of(partner: Partner | None, partner_id: str) -> PartnerPageDocument:
    """What pages show of a partner; of one that is gone, its id."""
    known = partner or Partner(id=partner_id, name="", language="")
    page = known.page
    return {
        "id": known.id,
        "contact": page.contact,
        "desc": page.desc,
        "media": page.media,
        "name": known.name,
        "tags": page.tags,
    }


def lowest_price(show: ListedShow, at: datetime) -> Decimal | None:
    """What the cheapest of its tickets costs at a moment; None while none has a price."""
    return min(prices(show, at), default=None)


def prices(show: ListedShow, at: datetime) -> list[Decimal]:
    """What tickets of its sets cost at a moment."""
    return [price.nominal + price.extra for price in show.prices(at).values()]


def same_prices(shows: Iterable[ListedShow], at: datetime) -> Span:
    """The span around a moment in which no price rule of these shows begins or ends."""
    ends = [
        end
        for show in shows
        for ticket_set in show.sets
        for rule in ticket_set.rules
        for end in (rule.from_, rule.till)
        if end is not None
    ]
    before, after = [end for end in ends if end <= at], [end for end in ends if end > at]
    return max(before, default=None), min(after, default=None)


def includes(span: Span, at: datetime) -> bool:
    """Whether a moment is in a span."""
    since, till = span
    return (since is None or since <= at) and (till is None or at < till)


def _document(show: ListedShow, org: PartnerPageDocument, at: datetime) -> dict[str, Any]:
    page = show.page
    return {
        "id": show.id,
        "age_rating": page.age_rating,
        "created_at": _moment(show.created_at),
        "deal": HOLE,
        "lifetime": vevent(show.starts_at, show.ends_at),
        "map": page.map,
        "media": page.media,
        "org": org,
        "partner": HOLE,
        "sets": [_set(show, pos, each, at) for pos, each in enumerate(show.sets)],
        "status": PUBLIC,
        "tags": page.tags,
        "ticket_template": page.ticket_template,
        "tickets_amount": sum(each.amount for each in show.sets),
        "tickets_amount_vacant": HOLE,
        "title": {"desc": page.desc, "text": show.title},
        "updated_at": _moment(show.updated_at),
        "venue": page.venue,
    }


def _set(show: ListedShow, pos: int, ticket_set: TicketSet, at: datetime) -> dict[str, Any]:
    current = rule_in_force(ticket_set.rules, at)
    places = show.places.get(ticket_set.id, NO_PLACES)
    return {
        "id": ticket_set.id,
        "amount": ticket_set.amount,
        "amount_vacant": HOLE,
        "name": ticket_set.name,
        "pos": pos,
        **_prices(current),
        "rules": [_rule(rule, current) for rule in ticket_set.rules],
        "seats": places.seats,
        "sector": places.sector,
    }


def _rule(rule: PriceRule, current: PriceRule | None) -> dict[str, Any]:
    return {
        "id": rule.id,
        "cal": vevent(rule.from_, rule.till),
        "current": rule is current,
        **_prices(rule),
    }


def _prices(rule: PriceRule | None) -> Mapping[str, str | None]:
    if rule is None:
        return {"price": None, "price_extra": None, "price_org": None}
    return {
        "price": written_amount(rule.nominal + rule.extra),
        "price_extra": written_amount(rule.extra),
        "price_org": written_amount(rule.nominal),
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else written(moment)
