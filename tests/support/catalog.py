"""Makes catalogues, and a small venue with everything that can be sold differently."""

import itertools
import json

from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog

BASE, CASH, CARD = "api/BASE", "api/CASH", "api/CARD"
EVENING, NIGHT = "2030-07-01T19:00:00+03:00", "2030-07-01T22:00:00+03:00"
SECTOR = "54d7a0409cb538783b7bf8d5"
TILL_TOMORROW = "2030-06-02T12:00:00+00:00"


def partner(partner_id, name, language, *keys):
    return {"id": partner_id, "name": name, "language": language, "keys": list(keys)}


def payment_system(system_id, alias, hold_minutes, *, redirect_url=None, confirmed_by="vendor"):
    system = {
        "id": system_id,
        "alias": alias,
        "hold_minutes": hold_minutes,
        "confirmed_by": confirmed_by,
    }
    return system if redirect_url is None else {**system, "redirect_url": redirect_url}


def deal(deal_id, org, vendor):
    return {"id": deal_id, "org": org, "vendor": vendor}


def show(show_id, org, title, sets, starts_at=EVENING, ends_at=NIGHT):
    """A show in the form of a file, where it is an event."""
    return {
        "id": show_id,
        "org": org,
        "title": title,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "sets": sets,
    }


def ticket_set(set_id, name, rules, tickets):
    """A set of these tickets, or of so many without seats."""
    tickets = {"count": tickets} if isinstance(tickets, int) else tickets
    return {"id": set_id, "name": name, "rules": rules, "tickets": tickets}


def rule(rule_id, nominal, extra="0.00", **window):
    return {"id": rule_id, "nominal": nominal, "extra": extra, **window}


def seats(ids, sector=SECTOR, row=1):
    """Tickets for the seats of a row."""
    return [
        {"id": ticket, "seat": {"sector": sector, "row": row, "number": number}}
        for number, ticket in enumerate(ids, 1)
    ]


def catalog_file(partners, shows, systems=(), deals=()):
    """A catalogue as if it had been read from a file."""
    return read_catalog_file(json.dumps(catalog_document(partners, shows, systems, deals)))


def catalog_document(partners, shows, systems=(), deals=()):
    """The content of a catalogue's file."""
    return {
        "partners": partners,
        "payment_systems": list(systems),
        "deals": list(deals),
        "events": shows,
    }


SYSTEMS = [
    payment_system("545b544a5d645a463e779d53", BASE, 30, redirect_url="https://pay.example/go"),
    payment_system("545b544a5d645a463e779d54", CASH, 720),
    payment_system(
        "545b544a5d645a463e779d55",
        CARD,
        15,
        redirect_url="https://card.example/?shop=7",
        confirmed_by="gateway",
    ),
]

_venues = itertools.count(1)


class Venue:
    """An organiser's evening: parterre, balcony, dance floor and loge; and its other evening.

    The parterre has five seats without a fee, the balcony four with one. The dance floor has
    twelve places without seats, dearer from tomorrow noon on; the loge is on sale from then on.
    """

    def __init__(self):
        self._number = next(_venues)
        self._parts = itertools.count(1)
        self.org, self.shop, self.stranger = self._ids(3)
        self.org_key, self.shop_key, self.stranger_key = (
            f"900d4e10{each}" for each in (self.org, self.shop, self.stranger)
        )
        self.deal, self.evening, self.matinee = self._ids(3)
        self.parterre, self.balcony, self.floor, self.loge, self.stalls = self._ids(5)
        self.parterre_rule, self.balcony_rule, self.loge_rule, self.stalls_rule = self._ids(4)
        self.early_rule, self.late_rule = self._ids(2)
        self.a = self._ids(5)
        self.b = self._ids(4)
        self.l = self._ids(2)
        self.m = self._ids(2)

    def _ids(self, count):
        return [f"{self._number:018x}{next(self._parts):06x}" for _ in range(count)]

    @property
    def file(self):
        return read_catalog_file(json.dumps(self.document))

    @property
    def document(self):
        evening = [
            ticket_set(
                self.parterre, "Parterre", [rule(self.parterre_rule, "100.00")], seats(self.a)
            ),
            ticket_set(
                self.balcony, "Balcony", [rule(self.balcony_rule, "33.33", "3.34")], seats(self.b)
            ),
            ticket_set(
                self.floor,
                "Dance floor",
                [
                    rule(self.early_rule, "50.00", "5.50", till=TILL_TOMORROW),
                    rule(self.late_rule, "60.00", "6.60"),
                ],
                12,
            ),
            ticket_set(
                self.loge,
                "Loge",
                [rule(self.loge_rule, "500.00", **{"from": TILL_TOMORROW})],
                seats(self.l),
            ),
        ]
        matinee = [
            ticket_set(self.stalls, "Stalls", [rule(self.stalls_rule, "10.00")], seats(self.m))
        ]
        return catalog_document(
            [
                partner(self.org, "Organiser", "ru", self.org_key),
                partner(self.shop, "Shop", "en", self.shop_key),
                partner(self.stranger, "Other", "de", self.stranger_key),
            ],
            [
                show(self.evening, self.org, "Evening", evening),
                show(self.matinee, self.org, "Matinee", matinee, "2030-06-30T11:00:00+03:00"),
            ],
            SYSTEMS,
            [deal(self.deal, self.org, self.shop)],
        )

    def open(self, services):
        """Put it on sale."""
        load_catalog(services.store, self.file, services.clock())
        services.catalog._look_again = 0.0
        services.catalog.current()
