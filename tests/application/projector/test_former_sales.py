"""A database whose read model `sales` is that of an earlier version: it is begun anew."""

from datetime import UTC
from functools import partial

import pytest
from money import Till
from seller import SHOW, BoxOffice

from application.ports.read_models import Row, Table
from application.projector.generations import project_up_to
from application.projector.loop import catch_up
from application.read_models import sales
from application.read_models.registry import Projection


def by_days(form, sums):
    """The table of a version that had days only."""
    return Table(
        name="sales",
        columns={"show": str, "ticket_set": str, "day": str, **dict.fromkeys(sums, int)},
        indexes=(("show", "day"),),
        sums=sums,
        form=form,
    )


FORMER = {
    "before money": by_days(1, sales.SUMS[:6]),
    "before currencies": by_days(1, sales.SUMS),
    "before quarter-hours": by_days(2, sales.SUMS),
}


def former_rows(table, events):
    """The rows of that version, wrong in one number if it has all of them."""
    rows = []
    for row in sales.rows(events):
        show, step, ticket_set, day, *numbers = row.columns
        numbers = numbers[: len(table.sums)]
        if step == sales.DAY and any(numbers):
            if len(numbers) == len(sales.SUMS):
                numbers[0] = 7
            place = (show, ticket_set, day)
            rows.append(Row("/".join(place), (*place, *numbers)))
    return rows


@pytest.fixture(params=FORMER)
def former(address, request):
    """An address where refunded tickets were sold, listed as that version would have."""
    table = FORMER[request.param]
    with BoxOffice(address) as office:
        till, order = Till(office), office.order(3)
        office.start_payment(order, "api/INVOICE")
        tickets = list(till.receives(order, "300.00").tickets)
        show = office.services.catalog.current().shows[SHOW]
        till.approves(order, till.asks_back(order, tickets[:1], show), show)
        models = office.store.read_models()
        models.ensure(table)
        models.renew(table)
        state = models.state("sales")
        old = Projection(table, partial(former_rows, table))
        project_up_to(office.store, old, state, office.store.last_position())
        assert models.shape(models.state("sales")) == table.shape != sales.TABLE.shape
        assert models.state("sales").position > 0
    return address


def report(office):
    for name in ("orders", "sales"):
        catch_up(office.store, name)
    return office.services.sales.sales(SHOW, office.caller())


def test_sales_are_begun_anew_and_true(former):
    with BoxOffice(former) as office:
        office.services.look_back()  # as `orderlog serve` does before it answers
        office.services.sales.sales(SHOW, office.caller())
        told = report(office)
        assert told["orders"] == 1
        local = office.services.sales.local_days(SHOW, office.caller(), UTC)
        assert local["days"] == told["days"] != []
        assert told["refunds"] == {"tickets": 1, "value": "100.00"}
        assert (told["values"]["full"], told["net"]) == ("300.00", "200.00")
        models = office.store.read_models()
        assert models.shape(models.state("sales")) == sales.TABLE.shape
    with BoxOffice(former) as office:
        assert report(office) == told
