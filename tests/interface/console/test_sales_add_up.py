"""A show's takings: what was sold for, went back and was left adds up for every day and in all."""

from datetime import date, timedelta
from decimal import Decimal

from console_data import CONCERT

from interface.console.shows import SHOWN_DAYS, shown_sales


def sales_of(count):
    """Sales of so many days, each of another amount."""
    first = date(2030, 1, 1)
    days = [tally(number, (first + timedelta(number)).isoformat()) for number in range(count)]
    return {"days": days, "sets": [], "event": CONCERT, **tally(0)}


def tally(number, day=None):
    amount = f"{number}.10"
    return {
        "day": day,
        "orders": number,
        "held": 1,
        "sold": number,
        "returned": 2,
        "values": {"full": amount, "nominal": amount, "extra": "0.00"},
        "refunds": {"tickets": 1, "value": "0.10"},
        "net": f"{number}.00",
        "disputes": {"opened": amount, "lost": "0.05"},
    }


def test_days_that_are_not_shown_stand_in_sum():
    sales = sales_of(SHOWN_DAYS + 5)
    shown = shown_sales(sales)
    assert len(shown["days"]) == SHOWN_DAYS
    before = shown["before"]
    assert before["orders"] == 0 + 1 + 2 + 3 + 4
    assert (before["held"], before["returned"]) == (5, 10)
    assert before["values"]["full"] == "10.50"
    assert before["refunds"]["value"] == "0.50"
    assert before["net"] == "10.00"
    assert before["disputes"] == {"opened": "10.50", "lost": "0.25"}
    whole = sum(Decimal(each["net"]) for each in [before, *shown["days"]])
    assert whole == sum(Decimal(each["net"]) for each in sales["days"])


def test_no_days_before_have_no_row():
    assert shown_sales(sales_of(SHOWN_DAYS))["before"] is None
    assert shown_sales(sales_of(0)) == {**sales_of(0), "days": [], "before": None}


def test_a_day_without_sales_is_nought_of_everything():
    sales = sales_of(3)
    del sales["days"][1]
    [_, nothing, _] = shown_sales(sales)["days"]
    assert nothing["disputes"] == {"opened": "0.00", "lost": "0.00"}
    assert (nothing["net"], nothing["refunds"]["value"], nothing["sold"]) == ("0.00", "0.00", 0)
