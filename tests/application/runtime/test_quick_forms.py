"""What has a quick way has the same form as by the thorough one."""

import string
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.runtime.amounts import written_amount
from application.runtime.clock import written
from application.runtime.people import PLAIN_EMAIL, email, searched, searched_email

MOMENT = datetime(2016, 1, 26, 9, 25, 19, 378000, UTC)
email("anna@example.org")  # imports its library, or the first example would be late
WORD = st.text(string.ascii_letters + string.digits + "_+-.", min_size=1, max_size=12)


@pytest.mark.parametrize(
    "moment",
    [
        MOMENT,
        MOMENT.replace(microsecond=0),
        MOMENT.replace(microsecond=1),
        MOMENT.replace(year=1),
        MOMENT.replace(tzinfo=None),
        MOMENT.astimezone(timezone(timedelta(hours=3))),
        MOMENT.replace(microsecond=0, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
    ],
)
def test_moments(moment):
    assert written(moment) == moment.isoformat(timespec="microseconds")


@given(st.decimals(-(10**12), 10**12, allow_nan=False))
def test_amounts(amount):
    assert written_amount(amount) == f"{amount:.2f}"


@pytest.mark.parametrize("amount", ["1E+3", "0E-10", "-0.00", "2", "1.005", "10.50"])
def test_odd_amounts(amount):
    assert written_amount(Decimal(amount)) == f"{Decimal(amount):.2f}"


@given(WORD, WORD, st.sampled_from(["org", "com", "xn--p1ai", "museum"]))
def test_addresses_to_search_by(local, domain, last):
    address = f"{local}@{domain}.{last}"
    assert searched_email(address) == thorough(address)


def thorough(address):
    try:
        return searched(email(address))
    except ValueError:
        return searched(address)


def test_a_usual_address_has_the_quick_way():
    assert PLAIN_EMAIL.fullmatch("anna.berg+tickets@example.org")
    assert not PLAIN_EMAIL.fullmatch("anna@xn--e1afmkfd.xn--p1ai")
    assert searched_email("anna@xn--e1afmkfd.xn--p1ai") == "anna@пример.рф"
