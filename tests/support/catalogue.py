"""A small venue with everything that can be sold differently, with ids of its own each time."""

import itertools
import json

from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog

BASE, CASH, CARD = "api/BASE", "api/CASH", "api/CARD"
SYSTEMS = [
    {
        "id": "545b544a5d645a463e779d53",
        "alias": BASE,
        "hold_minutes": 30,
        "confirmed_by": "vendor",
        "redirect_url": "https://pay.example/go",
    },
    {
        "id": "545b544a5d645a463e779d54",
        "alias": CASH,
        "hold_minutes": 720,
        "confirmed_by": "vendor",
    },
    {
        "id": "545b544a5d645a463e779d55",
        "alias": CARD,
        "hold_minutes": 15,
        "confirmed_by": "gateway",
        "redirect_url": "https://card.example/?shop=7",
    },
]
SECTOR = "54d7a0409cb538783b7bf8d5"
TILL_TOMORROW = "2030-06-02T12:00:00+00:00"

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
        partners = [
            {"id": self.org, "name": "Organiser", "language": "ru", "keys": [self.org_key]},
            {"id": self.shop, "name": "Shop", "language": "en", "keys": [self.shop_key]},
            {"id": self.stranger, "name": "Other", "language": "de", "keys": [self.stranger_key]},
        ]
        evening = [
            a_set(self.parterre, "Parterre", [rule(self.parterre_rule, "100.00")], seats(self.a)),
            a_set(
                self.balcony, "Balcony", [rule(self.balcony_rule, "33.33", "3.34")], seats(self.b)
            ),
            a_set(
                self.floor,
                "Dance floor",
                [
                    rule(self.early_rule, "50.00", "5.50", till=TILL_TOMORROW),
                    rule(self.late_rule, "60.00", "6.60"),
                ],
                {"count": 12},
            ),
            a_set(
                self.loge,
                "Loge",
                [rule(self.loge_rule, "500.00", **{"from": TILL_TOMORROW})],
                seats(self.l),
            ),
        ]
        matinee = [a_set(self.stalls, "Stalls", [rule(self.stalls_rule, "10.00")], seats(self.m))]
        return {
            "partners": partners,
            "payment_systems": SYSTEMS,
            "deals": [{"id": self.deal, "org": self.org, "vendor": self.shop}],
            "events": [
                self._event(self.evening, "Evening", "2030-07-01T19:00:00+03:00", evening),
                self._event(self.matinee, "Matinee", "2030-06-30T11:00:00+03:00", matinee),
            ],
        }

    def _event(self, event, title, starts_at, sets):
        return {
            "id": event,
            "org": self.org,
            "title": title,
            "starts_at": starts_at,
            "ends_at": "2030-07-01T22:00:00+03:00",
            "sets": sets,
        }

    def open(self, services):
        """Put it on sale."""
        file = read_catalog_file(json.dumps(self.file).encode())
        load_catalog(services.store, file, services.clock())
        services.catalog._look_again = 0.0
        services.catalog.current()


def rule(rule_id, nominal, extra="0.00", **window):
    return {"id": rule_id, "nominal": nominal, "extra": extra, **window}


def a_set(set_id, name, rules, tickets):
    return {"id": set_id, "name": name, "rules": rules, "tickets": tickets}


def seats(ids):
    return [
        {"id": ticket, "seat": {"sector": SECTOR, "row": 1, "number": number}}
        for number, ticket in enumerate(ids, 1)
    ]
