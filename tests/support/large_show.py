"""A show with so many tickets that an answer about them could be too large."""

import json
from itertools import count

from catalog import EVENING, SYSTEMS, catalog_document, partner, rule, seats, show, ticket_set
from http_seller import Seller

from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog

AT_MOST = 1000
"""The most tickets that an order can have."""

_numbers = count(1)


class LargeShow:
    """Tickets for some orders of as many as an order can have.

    `more` stands in the names of all rows and seats.
    """

    def __init__(self, orders, more=""):
        self._more = more
        self._number = next(_numbers)
        self.org, self.event, self._set, self._rule = map(self._id, range(4))
        self.key = f"1a46e500{self.org}"
        self.tickets = [self._id(5 + each) for each in range(orders * AT_MOST)]

    def _id(self, part):
        return f"1a46e{self._number:013x}{part:06x}"

    def open(self, running):
        """Put it on sale; return its organiser."""
        organiser = {
            **partner(self.org, "Large", "en", self.key),
            "limits": {"tickets_per_order": AT_MOST, "tickets_held": len(self.tickets)},
        }
        places = seats(self.tickets)
        for each in places if self._more else ():
            each["seat"]["row"] = self._more
            each["seat"]["number"] = f"{each['seat']['number']}{self._more}"
        tickets = ticket_set(self._set, "All", [rule(self._rule, "1.00")], places)
        document = catalog_document(
            [organiser], [show(self.event, self.org, "Large", [tickets], EVENING)], SYSTEMS
        )
        services = running.services
        written = json.dumps(document, ensure_ascii=False)
        load_catalog(services.store, read_catalog_file(written), services.clock())
        services.catalog._look_again = 0.0
        return Seller(running.app, self.key, self.event)

    def share(self, number):
        """The tickets of one of the orders."""
        return self.tickets[number * AT_MOST :][:AT_MOST]
