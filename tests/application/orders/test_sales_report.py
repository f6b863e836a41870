"""What an organiser reads on the sales page of a festival that has stalls and a dance floor."""

import pytest
from seller import ORGANISER, SHOP, BoxOffice

from application.catalog.access import Caller
from application.orders.commands import ChangeOrder, ChoosePayment
from application.projector.loop import BATCH, catch_up
from application.read_models.sales import amount_of, hundredths
from domain.commands import BestAvailable
from domain.refusals import ShowNotFound
from domain.status import Status

FESTIVAL = "56a6253df06c5a059a93802f"
STALLS = "56a6254bf06c5a059b93801a"
FLOOR = "56a6254bf06c5a059b93802a"
FIRST_DAY, SECOND_DAY = "2030-01-26", "2030-01-27"


class Festival(BoxOffice):
    """Sells the sample festival, late in the evening."""

    def __init__(self, database):
        super().__init__(database)
        self.later(hours=14, minutes=25)

    def order(self, *, partner=ORGANISER, **counts):
        """The id of a new order of that many tickets: `stalls=2, floor=1`."""
        sets = {"stalls": STALLS, "floor": FLOOR}
        command = ChangeOrder(
            tickets=BestAvailable({sets[name]: count for name, count in counts.items()})
        )
        request = self.request(partner)
        return self.services.orders.create(FESTIVAL, command, request).order.id

    def pay(self, order, partner=ORGANISER):
        payment = ChoosePayment("api/BASE")
        self.change(order, partner=partner, payment=payment, status=Status.IN_PROGRESS)
        self.change(order, partner=partner, status=Status.DONE)


@pytest.fixture
def festival(tmp_path):
    festival = Festival(f"sqlite:///{tmp_path / 'orders.db'}")
    yield festival
    festival.services.close()


def sales(office, show=FESTIVAL, partner=ORGANISER, batch=BATCH):
    catch_up(office.services.store, "sales", batch)
    return office.services.sales.sales(show, Caller(partner, "key", "ru"))


def counts(tally):
    return {name: tally[name] for name in ("orders", "held", "sold", "returned") if tally[name]}


def of_set(document, ticket_set):
    [found] = [each for each in document["sets"] if each["id"] == ticket_set]
    return found


def by_day(document):
    return {day["day"]: counts(day) for day in document["days"]}


def test_before_anything_is_sold_every_set_shows_noughts(festival):
    document = sales(festival)
    assert counts(document) == {}
    assert [each["name"] for each in document["sets"]] == ["Stalls", "Dance floor", "Last minute"]
    assert document["values"] == {"nominal": "0.00", "extra": "0.00", "full": "0.00"}
    assert document["days"] == []


def test_tickets_of_an_open_order_are_held(festival):
    festival.order(stalls=2)
    assert counts(sales(festival)) == {"orders": 1, "held": 2}
    assert by_day(of_set(sales(festival), STALLS)) == {FIRST_DAY: {"orders": 1, "held": 2}}


def test_paid_tickets_are_sold_for_their_prices(festival):
    festival.pay(festival.order(stalls=3))
    document = sales(festival)
    assert counts(document) == {"orders": 1, "sold": 3}
    assert document["values"] == {"nominal": "7500.00", "extra": "751.50", "full": "8251.50"}
    assert of_set(document, STALLS)["values"] == document["values"]


def test_tickets_are_sold_on_the_day_they_are_paid(festival):
    order = festival.order(stalls=1)
    festival.start_payment(order)
    festival.later(minutes=20)
    festival.finish(order)
    assert by_day(of_set(sales(festival), STALLS)) == {
        FIRST_DAY: {"orders": 1},
        SECOND_DAY: {"sold": 1},
    }
    assert by_day(sales(festival)) == {FIRST_DAY: {"orders": 1}, SECOND_DAY: {"sold": 1}}


def test_a_canceled_order_returns_its_tickets(festival):
    festival.cancel(festival.order(stalls=2))
    assert counts(sales(festival)) == {"orders": 1, "returned": 2}


def test_tickets_taken_out_of_an_order_are_returned_and_the_rest_is_held(festival):
    order = festival.order(stalls=3)
    tickets = [each.id for each in festival.services.store.tickets(FESTIVAL) if each.order == order]
    festival.request_seats(order, tickets[0])
    assert counts(sales(festival)) == {"orders": 1, "held": 1, "returned": 2}


def test_a_hold_that_ended_is_returned_on_the_day_it_ended(festival):
    festival.order(stalls=1)
    festival.catch_up()
    festival.later(minutes=10)
    festival.sweep()
    assert by_day(sales(festival)) == {FIRST_DAY: {"orders": 1}, SECOND_DAY: {"returned": 1}}


def test_a_ticket_that_came_back_and_was_sold_again_is_counted_both_times(festival):
    festival.cancel(festival.order(stalls=2))
    festival.pay(festival.order(stalls=2))
    assert counts(sales(festival)) == {"orders": 2, "sold": 2, "returned": 2}


def test_an_order_of_two_sets_is_one_order_of_the_show_and_one_of_each_set(festival):
    festival.pay(festival.order(stalls=1, floor=2))
    document = sales(festival)
    assert counts(document) == {"orders": 1, "sold": 3}
    assert counts(of_set(document, STALLS)) == {"orders": 1, "sold": 1}
    assert of_set(document, FLOOR)["values"] == {
        "nominal": "2400.00",
        "extra": "240.00",
        "full": "2640.00",
    }


def test_an_empty_order_is_an_order_of_the_show_only(festival):
    festival.order()
    assert counts(sales(festival)) == {"orders": 1}
    assert counts(of_set(sales(festival), STALLS)) == {}


def test_orders_of_other_vendors_count_for_the_organiser(festival):
    festival.pay(festival.order(partner=SHOP, stalls=1), partner=SHOP)
    assert counts(sales(festival)) == {"orders": 1, "sold": 1}


@pytest.mark.parametrize("partner", [SHOP, "nobody"])
def test_only_the_organiser_reads_how_a_show_sells(festival, partner):
    with pytest.raises(ShowNotFound):
        sales(festival, partner=partner)


def test_an_unknown_show_has_no_sales(festival):
    with pytest.raises(ShowNotFound):
        sales(festival, show="56a6253df06c5a059a938000")


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_sales_do_not_depend_on_how_events_are_batched(festival, batch):
    for number in range(3):
        festival.pay(festival.order(stalls=1, floor=number))
        festival.cancel(festival.order(floor=1))
        festival.order(floor=2)
        festival.later(minutes=4)
    document = sales(festival, batch=batch)
    assert counts(document) == {"orders": 9, "held": 6, "sold": 6, "returned": 3}
    assert document["values"]["full"] == "12211.50"


def test_an_amount_that_is_no_whole_number_of_hundredths_is_refused():
    assert amount_of(hundredths(amount_of(25050))) == amount_of(25050)
    with pytest.raises(ValueError, match="hundredths"):
        hundredths(amount_of(1) / 10)
