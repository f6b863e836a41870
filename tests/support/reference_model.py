"""A reference model of the order service, for model-based tests.

It implements the rules a second time, without the service's code, so that the two can be compared.
Nothing here is fast, stored or safe against races.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
LIVING = ("executed", "in_progress")
OVER = ("canceled", "expired")
NEXT = {"executed": ("in_progress", "canceled"), "in_progress": ("done", "canceled")}


class SaysNo(Exception):
    """The model refuses, for the reason with this code, and does not change."""


NOBODY = dict.fromkeys(("email", "first_name", "lang", "last_name", "mobile", "user"))
"""A buyer of whom something is known, before anything is."""


@dataclass(frozen=True)
class Code:
    """A promo code: what it takes off tickets of its sets, and how often it may be used."""

    id: str
    sets: tuple[str, ...]
    percent: int = 0
    amount: str = ""
    limit: int | None = None
    per_buyer: int | None = None
    least: int = 1

    def taken_off(self, price):
        off = (price * self.percent / 100).quantize(CENT, ROUND_HALF_UP)
        return min(price, Decimal(self.amount) if self.amount else off)


@dataclass(frozen=True)
class Show:
    """`sets` has the tickets by set, `rules` by set the price rules: id, nominal, extra, till."""

    org: str
    sets: dict[str, tuple[str, ...]]
    rules: dict[str, tuple[tuple[str, str, str, datetime | None], ...]]
    codes: dict[str, Code] = field(default_factory=dict)


@dataclass(frozen=True)
class System:
    id: str
    minutes: int
    by_vendor: bool = True
    address: str | None = None


@dataclass(frozen=True)
class ModelCommand:
    """A command to the model: these seats, or so many tickets of each set, and the rest."""

    seats: tuple[str, ...] | None = None
    counts: dict[str, int] | None = None
    all_or_nothing: bool = False
    customer: dict[str, str] = field(default_factory=dict)
    system: str | None = None
    success_url: str | None = None
    status: str | None = None
    codes: tuple[str, ...] | None = None

    @property
    def asks_for_tickets(self):
        return bool(self.seats or self.counts)


@dataclass
class Entry:
    """An order in the model. `facts` is the number of its events."""

    show: str
    org: str
    vendor: str
    deal: str | None
    customer: dict[str, str]
    prices: dict[str, tuple[str, str, str]]
    created_at: datetime
    updated_at: datetime
    changed_at: datetime
    held_till: datetime
    id: str = ""
    number: int = 0
    tickets: list[str] = field(default_factory=list)
    status: str = "executed"
    system: str | None = None
    success_url: str | None = None
    paying_by: str | None = None
    redirect_url: str | None = None
    codes: tuple[str, ...] = ()
    uses: frozenset[tuple[str, ...]] = frozenset()
    payments: dict[str, Decimal] = field(default_factory=dict)
    due_back: Decimal = Decimal(0)
    events: int = 1

    def status_at(self, now):
        over = self.status in LIVING and now >= self.held_till
        return "expired" if over else self.status


class BoxOffice:
    """The orders and tickets of the model, and the rules by which they change.

    The best available tickets may be any vacant ones: the model gets those that were assigned
    (`given`), checks that they were vacant, and records them.
    """

    def __init__(self, shows, systems, deals, languages, clock):
        self.shows = shows
        self.systems = systems
        self.deals = deals
        self.languages = languages
        self.users = {}
        self.clock = clock
        self.entries = {}

    # Who has which ticket.

    def owner(self, ticket):
        """The order that has a ticket now, if any."""
        owners = [
            entry
            for entry in self.entries.values()
            if ticket in entry.tickets and entry.status_at(self.clock()) not in OVER
        ]
        assert len(owners) < 2, f"{ticket} was handed out twice"
        return owners[0] if owners else None

    def vacant(self, show, ticket_set):
        return [each for each in self.shows[show].sets[ticket_set] if self.owner(each) is None]

    def set_of(self, show, ticket):
        return next(
            (name for name, tickets in self.shows[show].sets.items() if ticket in tickets), None
        )

    # What may be asked. Raises `SaysNo` and then nothing is written.

    def create(self, vendor, show, command, given=None):
        """Make an order; `given` is the one that was made, as its answer shows it."""
        org, now = self.shows[show].org, self.clock()
        if org != vendor and (org, vendor) not in self.deals:
            raise SaysNo("no_deal")
        entry = Entry(
            show=show,
            org=org,
            vendor=vendor,
            deal=self.deals.get((org, vendor)),
            customer={"lang": self.languages[vendor]},
            prices=self._prices(show, now),
            created_at=now,
            updated_at=now,
            changed_at=now,
            held_till=now + timedelta(minutes=10),
        )
        if command.seats is not None or command.counts is not None:
            wanted, handed_out = self._handed_out(entry, command, given)
            if not command.all_or_nothing or len(handed_out) == wanted:
                entry.tickets = handed_out
        self._rest(entry, command, given)
        if given is not None:
            entry.id, entry.number = given["id"], given["number"]
        self.entries[entry.id] = entry

    def change(self, order, caller, command, given=None):
        """Change an order; `given` is what it became, as its answer shows it."""
        entry = deepcopy(self.entries[order])
        if caller not in (entry.vendor, entry.org):
            raise SaysNo("unknown_order")
        if caller != entry.vendor:
            raise SaysNo("not_the_vendor")
        if command.seats is not None or command.counts is not None:
            self._change_tickets(entry, command, given)
        self._rest(entry, command, given)
        self.entries[order] = entry

    def pay(self, order, payment, amount):
        """Money came through a gateway: in time it makes the order done, late it is due back."""
        entry = self.entries[order]
        if payment in entry.payments:
            return
        status = entry.status_at(self.clock())
        entry.payments[payment] = amount
        self._note(entry)
        free = sum(entry.payments.values()) - entry.due_back
        if status == "done" or free < self.worth(entry):
            return
        if status not in OVER:
            entry.status = "done"
        elif entry.status in LIVING:
            self.note_expiry(order)
        if status in OVER:
            entry.due_back += free
        self._note(entry)

    def note_expiry(self, order):
        """Write down that a hold has ended."""
        entry = self.entries[order]
        assert entry.status in LIVING, f"an order that is {entry.status} expired"
        assert self.clock() >= entry.held_till, "an order expired before its time"
        self._note(entry)
        entry.status = "expired"

    def _note(self, entry):
        """One more thing is noted of an order; its timeline never goes back in time."""
        entry.events += 1
        entry.changed_at = max(self.clock(), entry.changed_at)

    def _prices(self, show, now):
        """By set the first rule that is in force."""
        return {
            name: next(rule[:3] for rule in rules if rule[3] is None or now < rule[3])
            for name, rules in self.shows[show].rules.items()
        }

    def _handed_out(self, entry, command, given):
        """How many tickets are wanted, and those that can be had."""
        if command.seats is not None:
            for seat in command.seats:
                if seat not in entry.tickets and self.set_of(entry.show, seat) is None:
                    raise SaysNo("ticket_of_another_event")
            had = [
                seat for seat in command.seats if seat in entry.tickets or self.owner(seat) is None
            ]
            return len(command.seats), had
        if not command.counts.keys() <= self.shows[entry.show].sets.keys():
            raise SaysNo("unknown_set")
        had = []
        for name, count in command.counts.items():
            own = [each for each in entry.tickets if self.set_of(entry.show, each) == name]
            others = [each for each in self.vacant(entry.show, name) if each not in own]
            had += self._some_of(own, others, count, given)
        return sum(command.counts.values()), had

    def _some_of(self, own, others, count, given):
        """`count` tickets, as many of one's own as can be, of which `given` may say which."""
        keep = min(count, len(own))
        come = min(count - keep, len(others))
        if given is None:
            return own[:keep] + others[:come]
        kept = [each for each in given["tickets"] if each in own]
        came = [each for each in given["tickets"] if each in others]
        if (len(kept), len(came)) == (keep, come):
            return kept + came
        return own[:keep] + others[:come]

    def _change_tickets(self, entry, command, given):
        wanted, handed_out = self._handed_out(entry, command, given)
        whole = len(handed_out) == wanted
        added = [each for each in handed_out if each not in entry.tickets]
        if set(handed_out) == set(entry.tickets) and whole:
            return
        status = entry.status_at(self.clock())
        if status not in LIVING:
            raise SaysNo("tickets_locked")
        if status == "in_progress" and (added or not whole):
            raise SaysNo("tickets_only_out")
        if status == "in_progress" and not handed_out:
            raise SaysNo("no_tickets")
        if command.all_or_nothing and not whole:
            if command.status == "in_progress":
                raise SaysNo("tickets_incomplete")
            return
        if set(handed_out) != set(entry.tickets):
            entry.tickets = [each for each in entry.tickets if each in handed_out] + added
            self._note(entry)
            entry.updated_at = entry.changed_at
            fit = tuple(each for each in entry.codes if self._unfit(entry, each) is None)
            if fit != entry.codes:
                ids = {self.code(entry, each).id for each in fit}
                uses = frozenset(use for use in entry.uses if use[0] in ids)
                self._have_codes(entry, fit, uses)

    def _rest(self, entry, command, given):
        now = self.clock()
        if any(entry.customer.get(name) != said for name, said in command.customer.items()):
            if entry.status_at(now) != "executed":
                raise SaysNo("customer_locked")
            entry.customer = {**NOBODY, **entry.customer, **command.customer}
            if entry.customer["email"] is not None:
                entry.customer["user"] = self._user(entry, given)
            self._note(entry)
        self._change_codes(entry, command)
        if command.system or command.success_url:
            self._choose_payment(entry, command)
        if command.status is not None and command.status != entry.status_at(now):
            self._move(entry, command.status, given)

    def code(self, entry, name):
        return self.shows[entry.show].codes[name]

    def _unfit(self, entry, name):
        """Why a code is not for the order's tickets; None if it is."""
        code = self.code(entry, name)
        count = sum(self.set_of(entry.show, each) in code.sets for each in entry.tickets)
        if not count:
            return "promocode_not_for_sets"
        return None if count >= code.least else "promocode_too_few_tickets"

    def _have_codes(self, entry, codes, uses):
        entry.codes, entry.uses = codes, uses
        self._note(entry)
        entry.updated_at = entry.changed_at

    def _change_codes(self, entry, command):
        if command.codes is not None and (entry.tickets or not command.asks_for_tickets):
            if any(each not in self.shows[entry.show].codes for each in command.codes):
                raise SaysNo("unknown_promocode")
            if command.codes != entry.codes:
                if entry.status_at(self.clock()) != "executed":
                    raise SaysNo("promocodes_locked")
                for unfit in filter(None, (self._unfit(entry, each) for each in command.codes)):
                    raise SaysNo(unfit)
                self._have_codes(entry, command.codes, self._uses(entry, command.codes))
        if command.customer and entry.codes:
            uses = self._uses(entry, entry.codes)
            if uses != entry.uses:
                entry.uses = uses
                self._note(entry)

    def _uses(self, entry, names):
        """The uses that the order takes, of the codes and then of its buyer."""
        codes = [self.code(entry, each) for each in names]
        mail = entry.customer.get("email")
        wanted = [((code.id,), code.limit, "promocode_used_up") for code in codes if code.limit]
        wanted += [
            ((code.id, mail), code.per_buyer, "promocode_used_up_by_buyer")
            for code in codes
            if code.per_buyer and mail
        ]
        had = entry.uses if entry.status not in OVER else ()
        for use, most, refusal in wanted:
            if use not in had and self._used(use, entry) >= most:
                raise SaysNo(refusal)
        return frozenset(use for use, _, _ in wanted)

    def _used(self, use, but):
        """How many other orders have a use now."""
        return sum(
            use in each.uses and each.status_at(self.clock()) not in OVER
            for each in self.entries.values()
            if each.id != but.id
        )

    def _price(self, entry, ticket_set):
        """The nominal price less what each code takes off, the fee, and which codes did."""
        _, nominal, extra = entry.prices[ticket_set]
        left, by = Decimal(nominal), []
        for code in (self.code(entry, each) for each in entry.codes):
            off = code.taken_off(left) if ticket_set in code.sets else Decimal(0)
            left -= off
            by += [code.id] * bool(off)
        return left, Decimal(extra), by

    def _choose_payment(self, entry, command):
        chosen = (command.system or entry.system, command.success_url or entry.success_url)
        if chosen[0] is None:
            raise SaysNo("payment_system_missing")
        if chosen == (entry.system, entry.success_url):
            return
        if entry.status_at(self.clock()) != "executed":
            raise SaysNo("payment_locked")
        entry.system, entry.success_url = chosen
        self._note(entry)

    def _move(self, entry, wanted, given):
        if wanted == "expired":
            raise SaysNo("status_of_the_system")
        if wanted not in NEXT.get(entry.status_at(self.clock()), ()):
            raise SaysNo("move_not_allowed")
        free = not self.worth(entry)
        if wanted == "in_progress" and entry.system is None and not (entry.tickets and free):
            raise SaysNo("payment_system_missing")
        if wanted == "in_progress" and not entry.tickets:
            raise SaysNo("no_tickets")
        counted = any(self.code(entry, each).per_buyer for each in entry.codes)
        if wanted == "in_progress" and counted and not entry.customer.get("email"):
            raise SaysNo("promocode_needs_buyer")
        by_vendor = entry.system is None or self.systems[entry.system].by_vendor
        if wanted == "done" and not by_vendor and not free:
            raise SaysNo("confirmed_by_gateway")
        self._note(entry)
        entry.status = wanted
        if wanted == "in_progress":
            system = self.systems.get(entry.system) or System(None, 10)
            entry.paying_by = system.id
            entry.updated_at = entry.changed_at
            entry.held_till = entry.changed_at + timedelta(minutes=system.minutes)
            if system.address:
                entry.redirect_url = (given or {"payment": {}})["payment"].get("redirect_url")

    def _user(self, entry, given):
        """Whom an address is of: the same for the same one of a vendor, and nobody else's."""
        buyer = entry.vendor, entry.customer["email"]
        if given is None:
            return self.users.get(buyer)
        user = self.users.setdefault(buyer, given["customer"]["user"])
        assert [each for each, known in self.users.items() if known == user] == [buyer]
        return user

    def worth(self, entry):
        prices = [self._price(entry, self.set_of(entry.show, each)) for each in entry.tickets]
        return sum((nominal + extra for nominal, extra, _ in prices), Decimal(0))

    # What an order looks like.

    def document(self, order):
        """An order as a customer is shown it."""
        entry = self.entries[order]
        now = self.clock()
        sets = [self.set_of(entry.show, each) for each in entry.tickets]
        prices = [self._price(entry, each) for each in sets]
        nominal = sum((price[0] for price in prices), Decimal(0))
        extra = sum((price[1] for price in prices), Decimal(0))
        values = {"nominal": nominal, "extra": extra, "full": nominal + extra}
        if self.shows[entry.show].codes:
            whole = sum((Decimal(entry.prices[each][1]) for each in sets), Decimal(0))
            values["discount"] = whole - nominal
        money = {name: str(value.quantize(CENT)) for name, value in values.items()}
        if self.shows[entry.show].codes:
            money["sets"] = [self._set_document(entry, each) for each in entry.prices]
        payment = {
            "system": entry.paying_by,
            "success_url": entry.success_url,
            "failure_url": None,
        }
        if entry.redirect_url is not None:
            payment["redirect_url"] = entry.redirect_url
        status = entry.status_at(now)
        return {
            "id": entry.id,
            "number": entry.number,
            "event": entry.show,
            "org": entry.org,
            "vendor": entry.vendor,
            "deal": entry.deal,
            "customer": entry.customer,
            "status": status,
            "created_at": _time(entry.created_at),
            "updated_at": _time(entry.updated_at),
            "reserved_till": None if status == "expired" else _time(entry.held_till),
            "rules": {name: price[0] for name, price in entry.prices.items()},
            "tickets": entry.tickets,
            "payment": payment,
            "promocodes": [self.code(entry, each).id for each in entry.codes],
            "value": money["full"],
            "value_extra": money["extra"],
            "values": money,
        }

    def _set_document(self, entry, ticket_set):
        left, extra, by = self._price(entry, ticket_set)
        off = Decimal(entry.prices[ticket_set][1]) - left
        return {
            "id": ticket_set,
            "p": str((left + extra).quantize(CENT)),
            "d": str(off.quantize(CENT)),
            "ps": by,
        }


def _time(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
