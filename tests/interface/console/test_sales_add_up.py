"""A show's sales by period: what was sold, went back and was left adds up, none is missing."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from console_data import CONCERT

from interface.console.show_view import MOST_DAYS, MOST_WEEKS, shown_sales

FIRST = date(2030, 1, 1)


def sales_of(count):
    """Sales of so many days, each of another amount."""
    days = [tally(number, (FIRST + timedelta(number)).isoformat()) for number in range(count)]
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


def shown(sales, show_after, today_after):
    return shown_sales(sales, FIRST + timedelta(show_after), FIRST + timedelta(today_after))


@pytest.mark.parametrize(
    ("days", "unit"),
    [(MOST_DAYS, "day"), (MOST_DAYS + 1, "week"), (7 * MOST_WEEKS, "week"), (900, "month")],
)
def test_periods_of_a_long_sale_add_up(days, unit):
    sales = sales_of(days)
    found = shown(sales, days - 1, days)
    assert found["unit"] == unit
    for name in ("orders", "held", "sold", "returned"):
        assert sum(each[name] for each in found["periods"]) == sum(
            each[name] for each in sales["days"]
        )
    for amount in (
        lambda each: each["net"],
        lambda each: each["values"]["full"],
        lambda each: each["refunds"]["value"],
        lambda each: each["disputes"]["opened"],
        lambda each: each["disputes"]["lost"],
    ):
        periods = sum(Decimal(amount(each)) for each in found["periods"])
        assert periods == sum(Decimal(amount(each)) for each in sales["days"])


def test_the_scale_goes_from_the_first_sale_to_the_show():
    found = shown(sales_of(3), 40, 5)
    assert [each["day"] for each in found["periods"]] == [
        FIRST + timedelta(day) for day in range(6)
    ]
    assert found["till"] == FIRST + timedelta(40)


def test_what_happens_after_the_show_is_there_and_today_is_not():
    found = shown(sales_of(9), 4, 300)
    assert found["till"] == found["periods"][-1]["day"] == FIRST + timedelta(8)


def test_nothing_sold_has_no_periods():
    assert shown(sales_of(0), 40, 5)["periods"] == []


def test_a_day_without_sales_is_nought_of_everything():
    sales = sales_of(3)
    del sales["days"][1]
    [_, nothing, _] = shown(sales, 2, 2)["periods"]
    assert nothing["disputes"] == {"opened": "0.00", "lost": "0.00"}
    assert (nothing["net"], nothing["refunds"]["value"], nothing["sold"]) == ("0.00", "0.00", 0)


def test_weeks_begin_on_monday_and_months_on_the_first():
    weeks = shown(sales_of(1), 200, 20)["periods"]
    assert {each["day"].weekday() for each in weeks} == {0}
    months = shown(sales_of(1), 900, 60)["periods"]
    assert [each["day"] for each in months] == [date(2030, month, 1) for month in (1, 2, 3)]
