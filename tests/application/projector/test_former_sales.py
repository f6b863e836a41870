"""A database whose read model `sales` has the columns from before money: it is begun anew."""

from functools import partial

import msgspec
import pytest
from money import Till
from seller import SHOW, BoxOffice

from application.ports.read_models import Table
from application.projector.generations import project_up_to
from application.projector.loop import catch_up
from application.read_models import sales
from application.read_models.registry import Projection

SUMS = ("orders", "held", "sold", "returned", "nominal", "extra")
FORMER = Table(
    name="sales",
    columns={"show": str, "ticket_set": str, "day": str, **dict.fromkeys(SUMS, int)},
    indexes=(("show", "day"),),
    sums=SUMS,
)
"""As the version before money had it."""
BEFORE_CURRENCIES = msgspec.structs.replace(sales.TABLE, form=1)
"""As the version had it that knew no currency before there was money."""


def former_rows(table, events):
    """The rows of that version, wrong in one number if it has all of them."""
    width = len(table.columns)
    if width == len(sales.TABLE.columns):
        return [
            msgspec.structs.replace(row, columns=(*row.columns[:3], 7, *row.columns[4:]))
            for row in sales.rows(events)
        ]
    cut = [msgspec.structs.replace(row, columns=row.columns[:width]) for row in sales.rows(events)]
    return [row for row in cut if any(row.columns[3:])]


@pytest.fixture(params=[FORMER, BEFORE_CURRENCIES], ids=["before money", "before currencies"])
def former(address, request):
    """An address where refunded tickets were sold, listed as that version would have."""
    table = request.param
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
        assert told["refunds"] == {"tickets": 1, "value": "100.00"}
        assert (told["values"]["full"], told["net"]) == ("300.00", "200.00")
        models = office.store.read_models()
        assert models.shape(models.state("sales")) == sales.TABLE.shape
    with BoxOffice(former) as office:
        assert report(office) == told
