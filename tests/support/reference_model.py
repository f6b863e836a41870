"""A reference model of the order service, for model-based tests.

It implements the rules a second time, without the service's code, so that the two can be compared.
Nothing here is fast, stored or safe against races.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

LIVING = ("executed", "in_progress")
OVER = ("canceled", "expired")
NEXT = {"executed": ("in_progress", "canceled"), "in_progress": ("done", "canceled")}


class SaysNo(Exception):
    """The model refuses, for the reason with this code, and does not change."""


NOBODY = dict.fromkeys(("email", "first_name", "lang", "last_name", "mobile", "user"))
"""A buyer of whom something is known, before anything is."""


@dataclass(frozen=True)
class Show:
    """`sets` has the tickets by set, `rules` by set the price rules: id, nominal, extra, till."""

    org: str
    sets: dict[str, tuple[str, ...]]
    rules: dict[str, tuple[tuple[str, str, str, datetime | None], ...]]


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

    def _rest(self, entry, command, given):
        now = self.clock()
        if any(entry.customer.get(name) != said for name, said in command.customer.items()):
            if entry.status_at(now) != "executed":
                raise SaysNo("customer_locked")
            entry.customer = {**NOBODY, **entry.customer, **command.customer}
            if entry.customer["email"] is not None:
                entry.customer["user"] = self._user(entry, given)
            self._note(entry)
        if command.system or command.success_url:
            self._choose_payment(entry, command)
        if command.status is not None and command.status != entry.status_at(now):
            self._move(entry, command.status, given)

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
        if wanted == "in_progress" and entry.system is None:
            raise SaysNo("payment_system_missing")
        if wanted == "in_progress" and not entry.tickets:
            raise SaysNo("no_tickets")
        if wanted == "done" and not self.systems[entry.system].by_vendor:
            raise SaysNo("confirmed_by_gateway")
        self._note(entry)
        entry.status = wanted
        if wanted == "in_progress":
            system = self.systems[entry.system]
            entry.paying_by = system.id
            entry.updated_at = entry.changed_at
            entry.held_till = entry.changed_at + timedelta(minutes=system.minutes)
            if system.address:
                entry.redirect_url = (given or {"payment": {}})["payment"].get("redirect_url")

    def _user(self, entry, given):
        """Whom an address is of: the same for the same one of a vendor, and nobody else's."""
        buyer = entry.vendor, entry.customer["email"]
        user = self.users.setdefault(buyer, given and given["customer"]["user"])
        assert [each for each, known in self.users.items() if known == user] == [buyer]
        return user

    # What an order looks like.

    def document(self, order):
        """An order as a customer is shown it."""
        entry = self.entries[order]
        now = self.clock()
        prices = [entry.prices[self.set_of(entry.show, each)] for each in entry.tickets]
        nominal = sum((Decimal(price[1]) for price in prices), Decimal(0))
        extra = sum((Decimal(price[2]) for price in prices), Decimal(0))
        values = {"nominal": nominal, "extra": extra, "full": nominal + extra}
        money = {name: str(value.quantize(Decimal("0.01"))) for name, value in values.items()}
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
            "promocodes": [],
            "value": money["full"],
            "value_extra": money["extra"],
            "values": money,
        }


def _time(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
