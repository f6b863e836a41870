"""Late money for an order with a promo code: a use is taken again if there is one."""

import pytest
from promocodes import promocode

from application.orders.commands import ChangeOrder
from domain.commands import Customer
from domain.order_money import balance_of
from domain.status import Status

CODE = promocode("HALF", percent="50", limit=1, per_buyer=1)
USES = f"promocode/{CODE['id']}"
ANNA, OTTO = Customer(email="anna@example.org"), Customer(email="otto@example.org")


@pytest.fixture
def code(paying):
    def put(file):
        file["events"][0]["promocodes"] = [CODE]

    paying.load({}, put)


def with_code(paying, order, customer=ANNA):
    """The same order with the code, on its way to the gateway."""
    change = ChangeOrder(promocodes=("half",), customer=customer, status=Status.IN_PROGRESS)
    return paying.services.orders.change(order.id, change, paying.request()).order


def an_order(paying, ticket, customer=ANNA):
    return with_code(paying, paying.order(ticket, status=None), customer)


def users(paying):
    return [row.order for row in paying.services.store.tickets(USES)]


@pytest.mark.usefixtures("code")
def test_less_than_the_discounted_worth_is_not_enough_and_the_rest_is(paying):
    order = an_order(paying, paying.venue.a[0])
    paying.tell(order, amount="50.00")
    now = paying.now(order)
    assert (now.status, balance_of(now).earned) == (Status.DONE, now.worth.full)
    assert f"{now.worth.full}" == "50.00"
    assert users(paying) == [order.id]


@pytest.mark.usefixtures("code")
@pytest.mark.parametrize("recorded", [True, False])
def test_a_use_is_taken_again(paying, clock, recorded):
    order = an_order(paying, paying.venue.a[0])
    if recorded:
        paying.cancel(order)
        assert users(paying) == [None]
    else:
        clock.forward(minutes=16)
    paying.tell(order, amount="50.00")
    now = paying.now(order)
    assert (now.status, f"{now.worth.full}") == (Status.DONE, "50.00")
    assert users(paying) == [order.id]
    names = paying.names(order)
    assert ("PromocodeUsesChanged" in names) is False  # there is one place only: the same again
    assert names[-2:] == ["OrderReinstated", "StatusChanged"]


@pytest.mark.usefixtures("code")
@pytest.mark.parametrize("by", [ANNA, OTTO])
def test_where_it_is_used_up_the_money_goes_back(paying, by):
    order = an_order(paying, paying.venue.a[0])
    paying.cancel(order)
    other = an_order(paying, paying.venue.a[1], by)
    paying.tell(order, amount="50.00")
    now = paying.now(order)
    assert (now.status, f"{balance_of(now).due_back}") == (Status.CANCELED, "50.00")
    assert users(paying) == [other.id]


@pytest.mark.usefixtures("code")
def test_an_overdue_hold_gives_its_use_back_for_it(paying, clock):
    order = an_order(paying, paying.venue.a[0])
    paying.cancel(order)
    other = an_order(paying, paying.venue.a[1])
    clock.forward(minutes=16)
    paying.tell(order, amount="50.00")
    assert paying.now(order).status is Status.DONE
    assert users(paying) == [order.id]
    assert paying.now(other).status is Status.EXPIRED
