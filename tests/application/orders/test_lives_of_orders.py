"""Random lives of many orders, held against a reference model after every step.

`ORDERLOG_TEST_LIVES=1000 pytest tests/application/orders/test_lives_of_orders.py` leads so many
fresh lives instead of the same few each time, and shortens the history of one that fails.
"""

import json
import os
import re
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from clock import MILLISECOND, NOON, Clock
from gateway import NAME, SECRET, notice, sent, signed, token_of
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from order_ids import created_at_of
from reference_model import LIVING, OVER, BoxOffice, Code, ModelCommand, SaysNo, Show, System

from application.bootstrap import build
from application.catalog.access import Caller
from application.catalog.availability import TicketPage
from application.catalog.document_types import Sale
from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog
from application.catalog.show_list import ShowFilter
from application.documents.order import order_document
from application.orders.commands import ChangeOrder, ChoosePayment, Request
from application.orders.expiry import sweep
from application.orders.queries import OrderFilter
from application.projector.loop import catch_up
from application.settings import Settings
from domain.commands import BestAvailable, Customer, TicketsById
from domain.order_money import balance_of
from domain.refusals import ChangedMeanwhile, Refusal, RequestReused, VersionMismatch
from domain.status import Status

THEATRE, SHOP, STRANGER = (f"56810047f06c5a6ac62f4e0{n}" for n in (1, 2, 3))
PARTNERS = {THEATRE: "ru", SHOP: "de", STRANGER: "en"}
DEALS = {(THEATRE, SHOP): "56a0f0c2f06c5a7d1e00be01"}
EARLY_BIRD_TILL = NOON + timedelta(minutes=25)
PARTERRE, BALCONY, STALLS = (f"56a6254bf06c5a059b93801{n}" for n in (1, 2, 3))
EVENING, MATINEE = (f"56a6253df06c5a059a93800{n}" for n in (1, 2))
TICKETS = [f"56a6253df06c5a059a93803{n}" for n in range(9)]
SHOWS = {
    EVENING: Show(
        THEATRE,
        {PARTERRE: tuple(TICKETS[:4]), BALCONY: tuple(TICKETS[4:7])},
        {
            PARTERRE: (
                ("56a6254bf06c5a059b938021", "80.00", "0.00", EARLY_BIRD_TILL),
                ("56a6254bf06c5a059b938022", "100.10", "9.90", None),
            ),
            BALCONY: (("56a6254bf06c5a059b938023", "0.05", "0.01", None),),
        },
        {
            "THIRD": Code("c0de00000000000000000001", (PARTERRE, BALCONY), percent=33),
            "FEW": Code("c0de00000000000000000002", (BALCONY,), amount="0.02", limit=2),
            "MINE": Code("c0de00000000000000000003", (PARTERRE,), percent=50, per_buyer=1, least=2),
            "GIFT": Code(
                "c0de00000000000000000004", (PARTERRE,), percent=100, limit=1, per_buyer=1
            ),
        },
    ),
    MATINEE: Show(
        THEATRE,
        {STALLS: tuple(TICKETS[7:])},
        {STALLS: (("56a6254bf06c5a059b938024", "10.00", "0.00", None),)},
    ),
}
SYSTEMS = {
    "api/CARD": System("545b544a5d645a463e779d11", 30, address="https://pay.example/go?shop=1"),
    "api/CASH": System("545b544a5d645a463e779d12", 720),
    "api/INVOICE": System("545b544a5d645a463e779d13", 1, by_vendor=False),
    "api/GATE": System(
        "545b544a5d645a463e779d14", 30, by_vendor=False, address="https://pay.example/go?shop=1"
    ),
}
NOTIFICATIONS = {"scheme": "standard-webhooks", "secrets": [f"env:{NAME}"]}
REDIRECT = re.compile(r"https://pay\.example/go\?shop=1&customer=[0-9a-f]{40}")
LIVES = int(os.environ.get("ORDERLOG_TEST_LIVES", "0"))


def catalog_file():
    partners = [
        {"id": each, "name": "Partner", "language": lang} for each, lang in PARTNERS.items()
    ]
    systems = [
        {"id": each.id, "alias": alias, "hold_minutes": each.minutes}
        | {"confirmed_by": "vendor" if each.by_vendor else "gateway"}
        | ({"redirect_url": each.address} if each.address else {})
        | ({} if each.by_vendor else {"late": "refund", "notifications": NOTIFICATIONS})
        for alias, each in SYSTEMS.items()
    ]
    deals = [{"id": deal, "org": org, "vendor": vendor} for (org, vendor), deal in DEALS.items()]
    events = [
        {"id": name, "org": show.org, "title": "Show", "sets": [_set(show, s) for s in show.sets]}
        | {"starts_at": "2030-07-01T19:00:00+03:00", "ends_at": "2030-07-01T22:00:00+03:00"}
        | {"promocodes": [_code(*each) for each in show.codes.items()]}
        for name, show in SHOWS.items()
    ]
    return read_catalog_file(
        str({"partners": partners, "payment_systems": systems, "deals": deals, "events": events})
    )


def _code(name, code):
    terms = {"percent": code.percent} if code.percent else {"amount": code.amount}
    counted = {"limit": code.limit, "per_buyer": code.per_buyer, "least_tickets": code.least}
    given = {name: value for name, value in counted.items() if value is not None}
    return {"id": code.id, "code": name, "sets": list(code.sets), **terms, **given}


def _set(show, name):
    rules = [
        {"id": rule_id, "nominal": nominal, "extra": extra}
        | ({"till": till.isoformat()} if till else {})
        for rule_id, nominal, extra, till in show.rules[name]
    ]
    tickets = [{"id": ticket} for ticket in show.sets[name]]
    return {"id": name, "name": "Set", "rules": rules, "tickets": tickets}


def rarely(draw, one_in):
    return draw(st.sampled_from([False] * (one_in - 1) + [True]))


@st.composite
def model_commands(draw, moves=("in_progress", "done", "canceled")):
    """Some tickets, or other ones; now and then a customer, a payment, a move, or nonsense."""
    nonsense = rarely(draw, 25)
    seats = st.lists(st.sampled_from(TICKETS if nonsense else TICKETS[:7]), max_size=4, unique=True)
    sets = st.sampled_from([STALLS] if nonsense else [PARTERRE, BALCONY])
    counts = st.dictionaries(sets, st.integers(1, 5), min_size=1, max_size=2)
    wanted = draw(st.one_of(st.none(), counts, seats))
    paying = rarely(draw, 3)
    return ModelCommand(
        seats=tuple(wanted) if isinstance(wanted, list) else None,
        counts=wanted if isinstance(wanted, dict) else None,
        all_or_nothing=rarely(draw, 4),
        customer=draw(customers) if rarely(draw, 4) else {},
        system=draw(st.sampled_from([*SYSTEMS])) if paying else None,
        success_url="https://shop.example/ok" if rarely(draw, 5) else None,
        status=draw(st.sampled_from(moves)) if paying and rarely(draw, 2) else None,
        codes=draw(promocodes) if rarely(draw, 3) else None,
    )


customers = st.fixed_dictionaries(
    {}, optional={"email": st.sampled_from(["a@b.example", "c@d.example"]), "lang": st.just("fr")}
)
promocodes = st.lists(
    st.sampled_from(["THIRD", "FEW", "MINE", "GIFT", "THIRD", "FEW", "MINE", "GIFT", "NONE"]),
    max_size=2,
    unique=True,
).map(tuple)
numbers = st.integers(0, 30)


def change_order_command(command):
    """The model's command as the service takes it."""
    payment = None
    if command.system or command.success_url:
        payment = ChoosePayment(command.system, command.success_url)
    at_random = None if command.counts is None else BestAvailable(command.counts)
    return ChangeOrder(
        tickets=at_random if command.seats is None else TicketsById(command.seats),
        all_or_nothing=command.all_or_nothing,
        customer=Customer(**command.customer) if command.customer else None,
        payment=payment,
        status=command.status and Status(command.status),
        promocodes=command.codes,
    )


class LivesOfOrders(RuleBasedStateMachine):
    """Everything that can happen to orders, in any order, at two processes of the service."""

    def __init__(self, open_database):
        super().__init__()
        self.clock = Clock()
        self.book = BoxOffice(SHOWS, SYSTEMS, DEALS, PARTNERS, self.clock)
        self.database = open_database()
        self.processes = [build(Settings(database=self.database.address), self.clock) for _ in "12"]
        self.answers = []
        self.keyed = []
        self.turn = 0

    @initialize(first=model_commands(), second=model_commands())
    def open_the_counter(self, first, second):
        load_catalog(self.services.store, catalog_file(), NOON)
        paying = ModelCommand(counts={PARTERRE: 1}, system="api/GATE", status="in_progress")
        for partner, command in ((THEATRE, paying), (THEATRE, first), (SHOP, second)):
            self.create(partner, command)

    def teardown(self):
        try:
            self.every_answer_can_be_had_again()
        finally:
            for services in self.processes:
                services.close()
            self.database.close()

    @property
    def services(self):
        """The processes take turns."""
        return self.processes[self.turn % 2]

    @property
    def orders(self):
        return list(self.book.entries.values())

    def request(self, partner, **more):
        self.turn += 1
        caller = Caller(partner, "aa11bb22", PARTNERS[partner])
        return Request(caller, f"request-{self.turn}", **more)

    def both(self, ask, write):
        """Run a command on the service and the model; return the answer, None if both refuse."""
        try:
            answer = ask()
        except Refusal as refusal:
            with pytest.raises(SaysNo, match=f"^{self.code_of(refusal)}$"):
                write(None)
            return None
        self.note_expiries()
        document = order_document(answer.order, answer.at)
        write(document)
        entry = self.book.entries[answer.order.id]
        assert document == self.book.document(entry.id)
        assert answer.order.version == entry.events
        if entry.redirect_url is not None:
            assert REDIRECT.fullmatch(entry.redirect_url)
        self.answers.append((answer, document))
        return answer

    def code_of(self, refusal):
        """Where a clock was set back, an order's last change looks as if it came meanwhile."""
        if not isinstance(refusal, ChangedMeanwhile):
            return refusal.code
        assert any(each.changed_at > self.clock() for each in self.orders)
        return refusal.about["reason"].code

    def create(self, partner, command, **more):
        request = self.request(partner, **more)
        ask = lambda: self.services.orders.create(EVENING, change_order_command(command), request)  # noqa: E731
        answer = self.both(ask, lambda given: self.book.create(partner, EVENING, command, given))
        if answer is not None:
            assert created_at_of(answer.order.id) == self.clock().replace(microsecond=0)
            others = [each.number for each in self.orders if each.id != answer.order.id]
            assert answer.order.number > max(others, default=0)
            self.remember(ask, request)

    def change(self, entry, caller, command, **more):
        request = self.request(caller, **more)
        ask = lambda: self.services.orders.change(entry.id, change_order_command(command), request)  # noqa: E731
        answer = self.both(ask, lambda given: self.book.change(entry.id, caller, command, given))
        if answer is not None:
            self.remember(ask, request)

    def remember(self, ask, request):
        if request.key is not None:
            self.keyed.append((ask, request, self.answers[-1]))

    def key(self, wanted):
        return {"key": f"key-{self.turn}", "fingerprint": b"first"} if wanted else {}

    def pick(self, which):
        return self.orders[which % len(self.orders)]

    # What happens.

    @rule(
        partner=st.sampled_from([THEATRE] * 4 + [SHOP] * 4 + [STRANGER]),
        command=model_commands(),
        keyed=st.booleans(),
    )
    def make_an_order(self, partner, command, keyed):
        self.create(partner, command, **self.key(keyed))

    @precondition(lambda self: self.orders)
    @rule(which=numbers, command=model_commands(), keyed=st.booleans())
    def change_an_order(self, which, command, keyed):
        entry = self.pick(which)
        self.change(entry, entry.vendor, command, **self.key(keyed))

    @precondition(lambda self: self.orders)
    @rule(
        which=numbers,
        command=model_commands(moves=("done", "canceled", "expired")),
        usual=st.sampled_from(["api/CARD", "api/GATE"]),
    )
    def carry_an_order_on(self, which, command, usual):
        """To the next status, with all it needs, or to whatever is requested."""
        entry = self.pick(which)
        status = {"executed": "in_progress", "in_progress": "done"}.get(entry.status, "done")
        system = (entry.system or command.system or usual) if status == "in_progress" else None
        self.change(
            entry, entry.vendor, ModelCommand(system=system, status=command.status or status)
        )

    @precondition(lambda self: self.orders)
    @rule(
        which=numbers,
        command=model_commands(),
        how=st.sampled_from(["seen", "stale", "by another"]),
    )
    def change_what_may_be_stale_or_anothers(self, which, command, how):
        entry = self.pick(which)
        if how == "seen":
            self.change(entry, entry.vendor, command, versions=frozenset({entry.events}))
        elif how == "by another":
            for caller in PARTNERS.keys() - {entry.vendor}:
                self.change(entry, caller, command)
        else:
            request = self.request(entry.vendor, versions=frozenset({entry.events - 1, 99}))
            with pytest.raises(VersionMismatch) as refused:
                self.services.orders.change(entry.id, change_order_command(command), request)
            assert refused.value.about["version"] == entry.events
            assert refused.value.about["status"] == entry.status_at(self.clock())

    @precondition(lambda self: self.keyed)
    @rule(which=numbers)
    def repeat_a_request(self, which):
        """However long ago it was, and whatever has happened since, at whichever process."""
        ask, request, (first, document) = self.keyed[which % len(self.keyed)]
        again = ask()
        assert order_document(again.order, again.at) == document
        assert again.position == first.position
        self.turn += 1
        another = Request(request.caller, "another", key=request.key)
        with pytest.raises(RequestReused):
            self.services.orders.create(EVENING, ChangeOrder(), another)

    @precondition(lambda self: self.sent_to_gateway)
    @rule(
        which=numbers,
        payment=st.sampled_from(["gw-1", "gw-2", "gw-3", "gw-4"]),
        amount=st.sampled_from([None, None, None, "0.01", "500.00"]),
        times=st.integers(1, 2),
        late=st.sampled_from([False, False, True]),
    )
    def hear_of_money(self, which, payment, amount, times, late):
        """Of what an order is worth, or of too little or too much; in time or late, also twice."""
        entry = self.sent_to_gateway[which % len(self.sent_to_gateway)]
        if late:
            self.clock.moment = max(self.clock.moment, entry.held_till)
        document = self.book.document(entry.id)
        worth = amount or document["values"]["full"]
        body = sent(notice(token=token_of(document), payment=payment, amount=worth))
        headers = signed(body, self.clock())
        self.turn += 1
        taken = [self.services.gateways.take("api/GATE", headers, body, "n") for _ in range(times)]
        assert [each.repeated for each in taken] == [False, True][:times]
        self.book.pay(entry.id, payment, Decimal(worth))

    @property
    def sent_to_gateway(self):
        gate = SYSTEMS["api/GATE"].id
        return [each for each in self.orders if each.paying_by == gate and each.redirect_url]

    @rule(
        passing=st.sampled_from([1, 60_000, 9 * 60_000, 31 * 60_000, 13 * 3_600_000, -120_000]),
        boundary=st.sampled_from([None, 0, 0, 1]),
    )
    def let_time_pass(self, passing, boundary):
        """Until the next hold ends, just before, or any time; now and then a clock is set back."""
        ends = [each.held_till for each in self.orders if each.status in LIVING]
        if boundary is None or not ends:
            self.clock.moment += passing * MILLISECOND
        else:
            self.clock.moment = max(self.clock.moment, min(ends) - boundary * MILLISECOND)

    @rule()
    def sweep(self):
        self.turn += 1
        due = {
            each.id
            for each in self.orders
            if each.status in LIVING and each.status_at(self.clock()) == "expired"
        }
        catch_up(self.services.store, "holds")
        expired = sweep(self.services.queries, self.services.orders, "sweep")
        assert len(expired) == len(set(expired))
        assert set(expired) == due
        self.note_expiries()
        assert due <= {each.id for each in self.orders if each.status == "expired"}

    def note_expiries(self):
        """A buyer who wants what only overdue orders keep has their end recorded, at any time."""
        for entry in self.orders:
            events = self.services.store.events(entry.id)
            if len(events) == entry.events + 1 and entry.status_at(self.clock()) == "expired":
                self.book.note_expiry(entry.id)

    # What must be so, whatever has happened.

    @invariant()
    def each_cent_of_the_gateway_has_its_place(self):
        for entry in self.sent_to_gateway:
            order = self.services.history.order(entry.id).order
            own = balance_of(order)
            received = sum(entry.payments.values())
            assert (own.received, own.due_back) == (received, entry.due_back)
            earned = self.book.worth(entry) if entry.status == "done" else 0
            assert own.attention == received - entry.due_back - earned

    @invariant()
    def replaying_the_events_gives_what_was_answered(self):
        self.note_expiries()
        for entry in self.orders:
            events = self.services.store.events(entry.id)
            assert [event.originator_version for event in events] == list(
                range(1, entry.events + 1)
            )
            answer = self.services.history.order(entry.id)
            assert order_document(answer.order, answer.at) == self.book.document(entry.id)

    @invariant()
    def no_ticket_has_two_orders_and_none_is_lost(self):
        now = self.clock()
        store = self.services.store
        for name, show in SHOWS.items():
            rows = {each.id: each for each in store.tickets(name)}
            assert rows.keys() == {ticket for each in show.sets.values() for ticket in each}
            for ticket in rows.values():
                owner = self.book.owner(ticket.id)
                if owner is None:
                    assert ticket.vacant_at(now)
                else:
                    till = None if owner.status == "done" else owner.held_till
                    assert (ticket.order, ticket.held_till) == (owner.id, till)
            self.for_sale_is_what_nobody_has(name, show)

    @invariant()
    def uses_of_codes_are_those_of_the_orders(self):
        store, now = self.services.store, self.clock()
        for code in SHOWS[EVENING].codes.values():
            rows = store.tickets(f"promocode/{code.id}")
            assert len(rows) == (code.limit or 0)
            owners = {each.order for each in rows if not each.vacant_at(now)}
            assert owners == {
                each.id
                for each in self.orders
                if (code.id,) in each.uses and each.status_at(now) not in OVER
            }

    def for_sale_is_what_nobody_has(self, name, show):
        caller = Caller(THEATRE, "aa11bb22", "ru")
        listed = [*self.services.shows.tickets(name, caller, TicketPage(limit=1000)).documents()]
        by_sale = {sale: [t for t in listed if t["status"] == sale] for sale in Sale}
        assert sum(map(len, by_sale.values())) == sum(map(len, show.sets.values()))
        shown = self.services.show_list.page(caller, ShowFilter(), 1, 100, 2**20)
        on_sale = next(each for each in json.loads(shown.body) if each["id"] == name)
        for ticket_set in on_sale["sets"]:
            vacant = [t["id"] for t in by_sale[Sale.VACANT] if t["set"] == ticket_set["id"]]
            assert sorted(vacant) == sorted(self.book.vacant(name, ticket_set["id"]))
            assert ticket_set["amount_vacant"] == len(vacant)
            assert ticket_set["amount"] == len(show.sets[ticket_set["id"]])

    @invariant()
    def lists_agree(self):
        catch_up(self.services.store, "orders")
        for partner in PARTNERS:
            mine = [each for each in self.orders if each.vendor == partner]
            mine.sort(key=lambda each: (each.created_at, each.id), reverse=True)
            documents = [self.book.document(each.id) for each in mine]
            assert self.listed(partner) == documents
            status = list(Status)[len(self.answers) % len(Status)]
            assert self.listed(partner, statuses=(status,)) == [
                each for each in documents if each["status"] == status
            ]

    def listed(self, partner, **narrowed):
        page = self.services.queries.orders(partner, OrderFilter(page_size=200, **narrowed))
        return [msgspec.json.decode(each) for each in page.answers]

    def every_answer_can_be_had_again(self):
        for answer, document in self.answers:
            order, version = answer.order.id, answer.order.version
            again = self.services.history.at_version(order, version)
            assert order_document(again.order, answer.at) == document
            assert again.position == answer.position


@pytest.fixture(autouse=True)
def secret_of_the_gateway(monkeypatch):
    monkeypatch.setenv(NAME, SECRET)


def run(open_database, examples, steps):
    """Lead so many lives; always the same ones, unless fresh ones were asked for."""
    run_state_machine_as_test(
        lambda: LivesOfOrders(open_database),
        settings=settings(
            max_examples=LIVES or examples,
            stateful_step_count=steps,
            derandomize=not LIVES,
            database=None,
            phases=[Phase.generate, Phase.shrink] if LIVES else [Phase.generate],
            deadline=None,
            print_blob=False,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


class Database:
    """A database of its own for each life."""

    def __init__(self, address, close):
        self.address = address
        self.close = close


@pytest.mark.parametrize("examples", [10, pytest.param(40, marks=pytest.mark.experiment)])
def test_every_life_on_sqlite_is_one_that_the_reference_model_allows(tmp_path, examples):
    lives = iter(range(10**6))

    def open_database():
        path = tmp_path / f"life-{next(lives)}.db"
        return Database(f"sqlite:///{path}", lambda: [p.unlink() for p in tmp_path.iterdir()])

    run(open_database, examples, steps=45)


@pytest.mark.parametrize("examples", [3, pytest.param(8, marks=pytest.mark.experiment)])
def test_every_life_on_postgresql_is_one_that_the_reference_model_allows(server, examples):
    def open_database():
        database = server.laid_out_database()
        return Database(database.__enter__(), lambda: database.__exit__(None, None, None))

    run(open_database, examples, steps=40)
