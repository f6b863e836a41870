"""Promo codes: what they take off which tickets, and how often each may be used.

The terms of a code are frozen into an order with the event that applies it. A use is a name: of the
place among the limited uses of a code, or of one buyer, that the order takes as it takes a ticket.
"""

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from domain import refusals
from domain.pricing import NOTHING, Price
from domain.refunds import rounded

HUNDRED = Decimal(100)
USES = "promocode/"
"""What the names of limited uses begin with."""
USES_OF_BUYERS = "promocode-buyer/"
"""What the names of the uses of single buyers begin with."""
_BUYER_BYTES = 16


class PromocodeTerms(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The terms of a code: what it takes off each ticket of its `sets` (none: of all sets).

    Either `percent` of the nominal price or an `amount`. `limit` is how often it may be used in
    all, `per_buyer` how often by one buyer. The order has to have between `least_tickets` and
    `most_tickets` of its sets.
    """

    id: str
    code: str
    sets: tuple[str, ...] = ()
    percent: Decimal | None = None
    amount: Decimal | None = None
    limit: int | None = None
    per_buyer: int | None = None
    least_tickets: int = 1
    most_tickets: int | None = None

    def covers(self, ticket_set: str) -> bool:
        """Whether it is for tickets of a set."""
        return not self.sets or ticket_set in self.sets

    def refuse_tickets(self, tickets: Mapping[str, str]) -> None:
        """Refuse an order's tickets, by ticket their sets, that the code is not for."""
        count = sum(map(self.covers, tickets.values()))
        if not count:
            raise refusals.PromocodeNotForSets(promocode=self.code)
        if count < self.least_tickets:
            raise refusals.PromocodeTooFewTickets(promocode=self.code, least=self.least_tickets)
        if self.most_tickets is not None and count > self.most_tickets:
            raise refusals.PromocodeTooManyTickets(promocode=self.code, most=self.most_tickets)

    def fits(self, tickets: Mapping[str, str]) -> bool:
        """Whether the code is for an order's tickets."""
        try:
            self.refuse_tickets(tickets)
        except refusals.Refusal:
            return False
        return True

    def taken_off(self, price: Decimal) -> Decimal:
        """What it takes off a price: half a cent is rounded up, and no price falls below zero."""
        off = self.amount if self.percent is None else rounded(price * self.percent / HUNDRED)
        return min(price, off or NOTHING)


class Promocode(PromocodeTerms, frozen=True, omit_defaults=True, kw_only=True):
    """A code of a show's catalogue, which may be applied `from_` a moment `till` another."""

    from_: datetime | None = msgspec.field(default=None, name="from")
    till: datetime | None = None

    @property
    def terms(self) -> PromocodeTerms:
        """What an order keeps of it."""
        names = PromocodeTerms.__struct_fields__
        return PromocodeTerms(**{name: getattr(self, name) for name in names})

    def refuse_at(self, at: datetime) -> None:
        """Refuse to apply it at a moment at which it is not in force."""
        if self.from_ is not None and at < self.from_:
            raise refusals.PromocodeNotBegun(promocode=self.code, at=self.from_)
        if self.till is not None and at >= self.till:
            raise refusals.PromocodeEnded(promocode=self.code, at=self.till)


class Discount(msgspec.Struct, frozen=True):
    """What each ticket of a set costs less, and the ids of the codes that make it so."""

    off: Decimal
    by: tuple[str, ...]


NO_DISCOUNT = Discount(NOTHING, ())


def normal(code: str) -> str:
    """A code as it is compared: in any case, composed, without spaces at its ends."""
    folded = unicodedata.normalize("NFC", code).casefold()
    return unicodedata.normalize("NFC", folded).strip()


def same_address(email: str) -> str:
    """An address in the form in which buyers are compared: one case, one form of each letter."""
    return normal(unicodedata.normalize("NFKC", email))


def discounts_of(
    promocodes: Iterable[PromocodeTerms], prices: Mapping[str, Price]
) -> dict[str, Discount]:
    """By set, what the codes take off each ticket, each of what those before it left."""
    codes = list(promocodes)
    found = {}
    for ticket_set, price in prices.items():
        left, by = price.nominal, []
        for terms in codes:
            off = terms.taken_off(left) if terms.covers(ticket_set) else NOTHING
            if off:
                left -= off
                by.append(terms.id)
        if by:
            found[ticket_set] = Discount(price.nominal - left, tuple(by))
    return found


def discounted(price: Price, discount: Discount | None) -> Price:
    """A price less its discount. The fee stays."""
    if discount is None:
        return price
    return msgspec.structs.replace(price, nominal=price.nominal - discount.off)


def discount_on(sets: Iterable[str], discounts: Mapping[str, Discount]) -> Decimal:
    """What is off tickets of these sets, one for each ticket."""
    return sum((discounts.get(each, NO_DISCOUNT).off for each in sets), NOTHING)


# Uses.


class Buyer(msgspec.Struct, frozen=True):
    """The uses of a code that one buyer has: their common name, and how many they are."""

    uses: str
    most: int

    @property
    def names(self) -> list[str]:
        """The names of all of them."""
        return [use_of(self.uses, number) for number in range(1, self.most + 1)]


def uses_of(promocode: str) -> str:
    """The common name of the limited uses of a code."""
    return f"{USES}{promocode}"


def uses_of_buyer(promocode: str, email: str) -> str:
    """The common name of the uses of a code by the buyer with an address."""
    who = hashlib.blake2b(
        same_address(email).encode(), key=promocode.encode(), digest_size=_BUYER_BYTES
    )
    return f"{USES_OF_BUYERS}{promocode}/{who.hexdigest()}"


def use_of(uses: str, number: int) -> str:
    """The name of one use among those with a common name."""
    return f"{uses}/{number}"


def kind_of(use: str) -> str:
    """The common name of a use and others of its kind."""
    return use.rpartition("/")[0]


def is_of_buyers(name: str) -> bool:
    """Whether a name is that of uses of single buyers."""
    return name.startswith(USES_OF_BUYERS)


def is_use(name: str) -> bool:
    """Whether a name is that of a use, and not of a ticket."""
    return name.startswith((USES, USES_OF_BUYERS))


def promocode_of(use: str) -> str:
    """The id of the code that a use is of."""
    return use.split("/")[1]


def buyers_counted(
    promocodes: Iterable[PromocodeTerms], email: str | None
) -> Iterator[tuple[PromocodeTerms, Buyer]]:
    """The codes whose uses by this buyer are counted. One without an address is not known."""
    for terms in promocodes:
        if terms.per_buyer is not None and email is not None:
            yield terms, Buyer(uses_of_buyer(terms.id, email), terms.per_buyer)


Take = Callable[[str, Buyer | None], str | None]
"""Takes a free use with this common name, of a code or of a buyer; None where there is none."""


def claimed_uses(
    promocodes: Sequence[PromocodeTerms], email: str | None, had: Iterable[str], take: Take
) -> tuple[str, ...]:
    """The uses that an order with these codes and this buyer has to have.

    It keeps those that it `had`. Refuses a code that is used up.
    """
    kept = {kind_of(use): use for use in had}
    uses = []
    for terms in promocodes:
        if terms.limit is not None:
            kind = uses_of(terms.id)
            use = kept.get(kind) or take(kind, None)
            if use is None:
                raise refusals.PromocodeUsedUp(promocode=terms.code)
            uses.append(use)
    for terms, buyer in buyers_counted(promocodes, email):
        use = kept.get(buyer.uses) or take(buyer.uses, buyer)
        if use is None:
            most = terms.per_buyer
            raise refusals.PromocodeUsedUpByBuyer(promocode=terms.code, most=most)
        uses.append(use)
    return tuple(uses)
