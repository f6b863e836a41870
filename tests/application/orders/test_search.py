"""The caller for an order says a number, an id or a buyer; each finds what it may see."""

from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest

from application.bootstrap import build
from application.catalog.access import AUDIT, Caller
from application.catalog.loading import load_sample
from application.orders.commands import ChangeOrder, Request
from application.orders.queries import OrderFilter
from application.orders.search import MOST_FOUND
from application.projector.loop import catch_up
from application.runtime.clock import now
from application.settings import Settings
from domain.commands import Customer, VendorData
from domain.status import Status

SHOW = "56a6253df06c5a059a93802e"
ORG = Caller("56810047f06c5a6ac62f4e1d", "k1", "ru")
SHOP = Caller("56810047f06c5a6ac62f4e1e", "k2", "en")
STRANGER = Caller("56810047f06c5a6ac62f4e1f", "k3", "en")
AUDITOR = Caller("56810047f06c5a6ac62f4e1f", "k4", "en", (AUDIT,))
ANNA = Customer(
    email="Anna.P@example.org", first_name="Anna", last_name="Petrova", mobile="+7 916 123-45-67"
)
OLEG = Customer(
    email="oleg@example.org", first_name="Oleg", last_name="Юрьев", mobile="89035550001"
)


@contextmanager
def opened(database):
    services = build(Settings(database=database, sample=True))
    load_sample(services.store, now())
    yield services
    services.close()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def services(request, tmp_path_factory):
    with ExitStack() as stack:
        if request.param == "postgres":
            database = stack.enter_context(request.getfixturevalue("server").database())
        else:
            database = f"sqlite:///{tmp_path_factory.mktemp('search') / 'orders.db'}"
        yield stack.enter_context(opened(database))


@pytest.fixture(scope="module")
def orders(services):
    """Anna's order at the org, Oleg's at the shop, and one of the org's without a buyer."""

    def made(caller, customer=None):
        command = ChangeOrder(customer=customer)
        return services.orders.create(SHOW, command, Request(caller, "r")).order

    found = {"anna": made(ORG, ANNA), "oleg": made(SHOP, OLEG), "nobody": made(ORG)}
    catch_up(services.store, "orders")
    return found


@pytest.fixture
def find(services, orders):
    names = {order.id: name for name, order in orders.items()}

    def found(text="", caller=AUDITOR, **wanted):
        answer = services.search.find(caller, text, OrderFilter(**wanted))
        return [names[each["id"]] for each in answer.orders]

    return found


@pytest.mark.parametrize(
    "said",
    [
        "anna.p@example.org",
        "ANNA.P@",
        "anna.p",
        "petrova",
        "Petrova Anna",
        "anna   petrova",
        "Petrova A",
        "+7 (916) 123-45-67",
        "8 916 1234567",
        "123-45-67",
        "4567",
    ],
)
def test_a_buyer_is_found_by_what_they_say_of_themselves(find, said):
    assert find(said) == ["anna"]


@pytest.mark.parametrize("said", ["юрьев", "ЮРЬЕВ oleg", "Oleg Юрьев", "0001"])
def test_names_are_found_in_any_alphabet_and_case(find, said):
    assert find(said) == ["oleg"]


def test_a_number_and_an_id_find_their_order(find, orders):
    assert find(f"№ {orders['oleg'].number}") == ["oleg"]
    assert find(f"#{orders['anna'].number}") == ["anna"]
    assert find(str(orders["nobody"].number)) == ["nobody"]
    assert find(f" {orders['anna'].id.upper()} ") == ["anna"]


@pytest.mark.parametrize(
    "said", ["nobody@", "42", "petrov a b", "9" * 15, "9" * 40, "%", "()", "'"]
)
def test_what_nobody_is_called_finds_nothing(find, said):
    assert find(said) == []


@pytest.mark.parametrize(
    "given", ["A-17/3", "200417", "+7 20 04 17", "a@17", "0123456789abcdef01234567"]
)
def test_the_vendors_own_id_finds_its_order_for_the_vendor(services, orders, find, given):
    kept = ChangeOrder(vendor_data=VendorData(order_id=given))
    services.orders.change(orders["oleg"].id, kept, Request(SHOP, "r"))
    catch_up(services.store, "orders")
    for caller in (SHOP, AUDITOR):
        assert find(f" {given} ", caller) == ["oleg"]
    assert find(given, ORG) == find(given, STRANGER) == find(given[:-1], SHOP) == []


@pytest.mark.parametrize("said", ["", "   ", "\x00\x1b"])
def test_saying_nothing_finds_everything_newest_first(find, said):
    assert find(said) == ["nobody", "oleg", "anna"]


def test_each_sees_its_own_orders_and_those_of_its_shows(find):
    assert find(caller=ORG) == ["nobody", "oleg", "anna"]
    assert find(caller=SHOP) == ["oleg"]
    assert find(caller=STRANGER) == []
    assert find("petrova", SHOP) == []
    assert find("юрьев", ORG) == ["oleg"]


def test_status_show_and_time_narrow_the_list(find, orders):
    assert find(statuses=(Status.DONE,)) == []
    assert find("petrova", statuses=(Status.EXECUTED,)) == ["anna"]
    assert find(show=SHOW) == ["nobody", "oleg", "anna"]
    assert find(show="0" * 24) == []
    later = orders["nobody"].created_at + timedelta(milliseconds=1)
    assert find(created_from=later) == []
    assert len(find(created_till=later)) == 3


def test_pages_join_for_who_sees_orders_for_two_reasons(services, orders):
    cursor, seen = None, []
    while True:
        page = services.search.find(ORG, "", OrderFilter(page_size=1, cursor=cursor))
        seen += [each["number"] for each in page.orders]
        cursor = page.cursor
        assert page.more == (cursor is not None)
        if cursor is None:
            break
    assert seen == sorted((order.number for order in orders.values()), reverse=True)


def test_a_text_that_finds_too_many_says_so(tmp_path):
    with opened(f"sqlite:///{tmp_path / 'orders.db'}") as services:

        def found_after(count):
            command = ChangeOrder(customer=Customer(last_name="Smith"))
            for _ in range(count):
                services.orders.create(SHOW, command, Request(ORG, "r"))
            catch_up(services.store, "orders")
            found = services.search.find(AUDITOR, "smith", OrderFilter())
            return len(found.orders), found.more, found.cursor

        assert found_after(MOST_FOUND) == (MOST_FOUND, False, None)
        assert found_after(1) == (MOST_FOUND, True, None)
