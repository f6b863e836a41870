"""What an organiser's sales report says of refunds and disputes."""

from datetime import UTC
from decimal import Decimal

from money import Till
from seller import PARTERRE, SHOW

from application.projector.loop import catch_up
from domain.gateway import DisputeState


def sales(office, at=None):
    catch_up(office.store, "sales")
    catch_up(office.store, "orders")
    return office.services.sales.sales(SHOW, office.caller(), at)


def test_gross_less_refunds_is_net_and_disputes_stand_apart(office):
    till, order = Till(office), office.order(3)
    office.start_payment(order, "api/INVOICE")
    tickets = list(till.receives(order, "300.00").tickets)
    sold_at = office.time
    show = office.services.catalog.current().shows[SHOW]
    office.later(days=1)
    till.disputes(order, "300.00")
    till.approves(order, till.asks_back(order, tickets[:1], show), show)
    till.rejects(order, till.asks_back(order, tickets[1:], show))
    office.later(days=1)
    till.disputes(order, "300.00", DisputeState.LOST)
    report = sales(office)
    assert (report["values"]["full"], report["net"]) == ("300.00", "200.00")
    assert report["refunds"] == {"tickets": 1, "value": "100.00"}
    assert report["disputes"] == {"opened": "300.00", "lost": "300.00"}
    assert [each["net"] for each in report["days"]] == ["300.00", "-100.00", "0.00"]
    assert [each["disputes"]["lost"] for each in report["days"]] == ["0.00", "0.00", "300.00"]
    [parterre] = [each for each in report["sets"] if each["id"] == PARTERRE]
    assert parterre["refunds"] == report["refunds"]
    for tally in (report, *report["days"], *report["sets"], *parterre["days"]):
        net = Decimal(tally["values"]["full"]) - Decimal(tally["refunds"]["value"])
        assert Decimal(tally["net"]) == net
    local = office.services.sales.local_days(SHOW, office.caller(), UTC)
    assert local["days"] == report["days"]
    assert sales(office, at=office.time) == report
    assert sales(office, at=sold_at)["net"] == "300.00"
