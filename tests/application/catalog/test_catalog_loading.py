"""Loading adds and updates what is sold; what buyers have is never taken away."""

import copy
import threading
from contextlib import suppress

import pytest
import yaml
from clock import TEN_MINUTES
from mixed_orders import SHOP, THEATRE
from seller import CANCEL, DONE, asks, at_random, on_one_store, seats

from application.catalog.entries import BadCatalog
from application.catalog.file import read_catalog_file
from application.catalog.loading import LoadReport, TicketsInUse, load_catalog
from application.orders.commands import ChangeOrder, ChoosePayment
from application.orders.expiry import sweep
from application.projector.loop import catch_up
from application.storage.shared.catalog import CatalogChange
from domain.status import Status

EVENING, MATINEE = "56a6253df06c5a059a938001", "56a6253df06c5a059a938002"
PARTERRE, FLOOR, STALLS = (f"56a6254bf06c5a059b93801{n}" for n in (1, 2, 3))
SEATS = [f"56a6253df06c5a059a93803{n}" for n in range(4)]
PAY = ChangeOrder(payment=ChoosePayment("api/CARD"), status=Status.IN_PROGRESS)
FILE = {
    "partners": [
        {
            "id": THEATRE,
            "name": "Theatre",
            "language": "ru",
            "keys": ["7ea74e7ea74e7ea74e7ea74e7ea74e7ea74e"],
        },
        {"id": SHOP, "name": "Shop", "language": "en"},
    ],
    "payment_systems": [
        {
            "id": "545b544a5d645a463e779d11",
            "alias": "api/CARD",
            "hold_minutes": 30,
            "confirmed_by": "vendor",
        }
    ],
    "deals": [{"id": "56a0f0c2f06c5a7d1e00be01", "org": THEATRE, "vendor": SHOP}],
    "events": [
        {
            "id": EVENING,
            "org": THEATRE,
            "title": "Evening",
            "starts_at": "2031-06-01T19:00:00+03:00",
            "ends_at": "2031-06-01T22:00:00+03:00",
            "sets": [
                {
                    "id": PARTERRE,
                    "name": "Parterre",
                    "rules": [{"id": "56a6254bf06c5a059b938021", "nominal": "100.00"}],
                    "tickets": [{"id": seat, "seat": {"row": 1}} for seat in SEATS],
                },
                {
                    "id": FLOOR,
                    "name": "Dance floor",
                    "rules": [{"id": "56a6254bf06c5a059b938022", "nominal": "20.00"}],
                    "tickets": {"count": 5},
                },
            ],
        }
    ],
}


@pytest.fixture
def file():
    """The file, to be changed."""
    return copy.deepcopy(FILE)


@pytest.fixture
def load(services, clock):
    def load(document):
        return load_catalog(services.store, read_catalog_file(yaml.safe_dump(document)), clock())

    load(FILE)
    return load


def create(services, command):
    return services.orders.create(EVENING, command, asks(THEATRE)).order


def paid(services, command):
    order = create(services, command)
    for step in (PAY, DONE):
        services.orders.change(order.id, step, asks(THEATRE))
    return order


def everything(services):
    store = services.store
    return store.catalog_version(), store.catalog(), store.tickets(EVENING)


def parterre(file):
    return file["events"][0]["sets"][0]


def floor(file):
    return file["events"][0]["sets"][1]


def test_loading_the_same_file_again_changes_nothing(services, load, file):
    before = everything(services)
    assert load(file) == LoadReport(unchanged=5)
    assert everything(services) == before


def test_a_changed_file_adds_and_updates(services, load, file, clock):
    counted = {ticket.id for ticket in services.store.tickets(EVENING) if ticket.set == FLOOR}
    file["partners"][1]["keys"] = ["54055405540554055405540554055405"]
    file["events"][0]["title"] = "Late evening"
    parterre(file)["tickets"][0]["seat"] = {"row": 2}
    parterre(file)["tickets"].append({"id": "56a6253df06c5a059a93803f"})
    floor(file)["tickets"]["count"] = 7
    matinee = copy.deepcopy(file["events"][0])
    matinee |= {"id": MATINEE, "sets": [floor(file) | {"id": STALLS}]}
    matinee["sets"][0]["rules"] = [{"id": "56a6254bf06c5a059b938023", "nominal": "1.00"}]
    file["events"].append(matinee)
    assert load(file) == LoadReport(
        added=1, updated=1, unchanged=4, keys_added=1, tickets_added=10, tickets_changed=1
    )
    tickets = {ticket.id: ticket for ticket in services.store.tickets(EVENING)}
    assert tickets[SEATS[0]].seat == b'{"row":2}'
    assert tickets[SEATS[1]].seat == b'{"row":1}'
    assert counted < {each.id for each in tickets.values() if each.set == FLOOR}
    assert [ticket.number for ticket in tickets.values()] == list(range(1, 13))
    assert services.store.vacancies([EVENING, MATINEE], clock()) == {
        PARTERRE: 5,
        FLOOR: 7,
        STALLS: 7,
    }
    services.catalog._look_again = 0.0
    assert services.catalog.current().shows[EVENING].title == "Late evening"
    assert services.access.caller("54055405540554055405540554055405").partner == SHOP
    assert services.access.caller("7ea74e7ea74e7ea74e7ea74e7ea74e7ea74e").partner == THEATRE


@on_one_store
def test_a_new_price_is_that_of_new_orders(services, load, file):
    before = create(services, seats(SEATS[0]))
    parterre(file)["rules"] = [{"id": "56a6254bf06c5a059b93802f", "nominal": "500.00"}]
    load(file)
    services.catalog._look_again = 0.0
    after = create(services, seats(SEATS[1]))
    services.orders.change(before.id, seats(SEATS[0], SEATS[2]), asks(THEATRE))
    worth = [services.history.order(each.id).order.worth.full for each in (before, after)]
    assert worth == [200, 500]


def test_fewer_tickets_are_on_sale_when_a_file_says_so(services, load, file, clock):
    held = create(services, at_random({FLOOR: 2}))
    floor(file)["tickets"]["count"] = 2
    del parterre(file)["tickets"][1:3]
    assert load(file) == LoadReport(updated=1, unchanged=4, tickets_removed=5)
    assert services.store.vacancies([EVENING], clock()).get(FLOOR, 0) == 0
    left = {ticket.id for ticket in services.store.tickets(EVENING)}
    assert left == {SEATS[0], SEATS[3], *held.tickets}


def test_what_is_held_or_sold_is_not_taken_away_and_each_is_named(services, load, file):
    held, sold = create(services, seats(SEATS[0])), paid(services, seats(SEATS[1]))
    on_the_floor = create(services, at_random({FLOOR: 3}))
    before = everything(services)
    file["events"][0]["title"] = "Another"
    file["partners"][1]["keys"] = ["54055405540554055405540554055405"]
    parterre(file)["tickets"] = [{"id": SEATS[3], "seat": {"row": 9}}]
    floor(file)["tickets"]["count"] = 2
    with pytest.raises(TicketsInUse) as refused:
        load(file)
    assert refused.value.errors == {
        SEATS[0]: f"is held or sold by order {held.id}",
        SEATS[1]: f"is held or sold by order {sold.id}",
        f"of set {FLOOR}": "only 2 of 5 are vacant, 3 should leave",
    }
    assert everything(services) == before
    del file["events"][0]["sets"][1]
    parterre(file)["tickets"] = copy.deepcopy(parterre(FILE)["tickets"])
    with pytest.raises(TicketsInUse) as refused:
        load(file)
    assert refused.value.errors.keys() == on_the_floor.tickets.keys()
    assert everything(services) == before


def test_what_is_let_go_can_leave(services, load, file, clock):
    """A hold that has ended keeps its ticket until it was swept."""
    canceled, overdue = create(services, seats(SEATS[0])), create(services, seats(SEATS[1]))
    services.orders.change(canceled.id, CANCEL, asks(THEATRE))
    clock.moment += TEN_MINUTES
    del parterre(file)["tickets"][:2]
    with pytest.raises(TicketsInUse) as refused:
        load(file)
    assert refused.value.errors.keys() == {SEATS[1]}
    catch_up(services.store, "holds")
    assert sweep(services.queries, services.orders, "sweep") == [overdue.id]
    assert load(file).tickets_removed == 2
    assert list(services.history.order(overdue.id).order.tickets) == [SEATS[1]]


@on_one_store
def test_a_ticket_does_not_change_its_event(services, load, file):
    before = everything(services)
    file["events"][0] |= {"id": MATINEE, "sets": [parterre(file) | {"id": STALLS}]}
    file["events"][0]["sets"][0]["rules"][0]["id"] = "56a6254bf06c5a059b938023"
    with pytest.raises(TicketsInUse) as refused:
        load(file)
    assert refused.value.errors == dict.fromkeys(
        SEATS, f"belongs to the set {PARTERRE} of event {EVENING}"
    )
    assert everything(services) == before


def another_event(file):
    file["events"][0] |= {"id": MATINEE, "sets": [floor(file)]}
    return {"events[0].sets[0].id": f"Is a set of the event {EVENING} already."}


def another_system(file):
    taken = file["payment_systems"][0]["id"]
    file["payment_systems"][0]["id"] = "545b544a5d645a463e779d1f"
    return {"payment_systems[0].alias": f"Is a name of the payment system {taken} already."}


@on_one_store
@pytest.mark.parametrize("change", [another_event, another_system])
def test_a_name_stays_with_what_has_it(services, load, file, change):
    """What an earlier file named and this one does not is still there."""
    before = everything(services)
    errors = change(file)
    with pytest.raises(BadCatalog) as refused:
        load(file)
    assert refused.value.errors == errors
    assert everything(services) == before


@on_one_store
def test_a_set_can_move_to_another_event_of_the_file(services, load, file, clock):
    matinee = copy.deepcopy(file["events"][0]) | {"id": MATINEE, "sets": [floor(file)]}
    file["events"] = [matinee, file["events"][0] | {"sets": [parterre(file)]}]
    assert load(file) == LoadReport(
        added=1, updated=1, unchanged=4, tickets_added=5, tickets_removed=5
    )
    assert services.store.vacancies([EVENING], clock()) == {PARTERRE: 4}
    assert services.store.vacancies([MATINEE], clock()) == {FLOOR: 5}


def test_tickets_come_and_go_while_buyers_buy(services, load, file, open_services):
    other = open_services()
    over = threading.Event()
    orders = []

    def buy():
        while not over.is_set():
            orders.append(create(other, at_random({FLOOR: 2})))

    buying = threading.Thread(target=buy)
    buying.start()
    try:
        for turn in range(12):
            floor(file)["tickets"]["count"] = 60 if turn % 2 else 120 + 40 * turn
            with suppress(TicketsInUse):
                load(file)
    finally:
        over.set()
        buying.join()
    rows = {ticket.id: ticket.order for ticket in services.store.tickets(EVENING)}
    had = {ticket: order.id for order in orders for ticket in order.tickets}
    assert had
    assert {ticket: owner for ticket, owner in rows.items() if owner} == had


@pytest.mark.parametrize("address", ["postgres"], indirect=True)
def test_a_buyer_who_is_quicker_than_a_removal_keeps_the_tickets(
    services, load, file, monkeypatch, clock
):
    """The buyer comes between the look at the tickets and their removal; others leave instead."""
    look = CatalogChange.tickets
    orders = []

    def look_then_sell(change, show):
        tickets = list(look(change, show))
        if not orders:
            orders.append(create(services, seats(*[each.id for each in tickets[-2:]])))
        return iter(tickets)

    monkeypatch.setattr(CatalogChange, "tickets", look_then_sell)
    floor(file)["tickets"]["count"] = 3
    assert load(file).tickets_removed == 2
    assert services.store.vacancies([EVENING], clock())[FLOOR] == 1
    (order,) = orders
    left = {ticket.id: ticket.order for ticket in services.store.tickets(EVENING)}
    assert {left[ticket] for ticket in order.tickets} == {order.id}
