"""The sales on a show's page are by the days of its place, or of who looks if none is known."""

import re
from datetime import UTC, datetime

import pytest
from seller import KEYS, ORGANISER, SHOW, BoxOffice

from domain.commands import BestAvailable
from interface.server.flask_app import create_app

FESTIVAL = "56a6253df06c5a059a93802f"
LATE = datetime(2030, 5, 20, 23, 30, tzinfo=UTC)
STALLS = "56a6254bf06c5a059b93801a"


@pytest.fixture
def office(tmp_path):
    with BoxOffice(f"sqlite:///{tmp_path / 'orders.db'}", opens=LATE) as office:
        yield office


@pytest.fixture
def read(office):
    """A show's page, from its sales on, as somebody in a time zone reads it."""

    def one(show, zone, language="en"):
        office.catch_up()
        browser = create_app(office.services).test_client()
        door = browser.get("/console/sign-in").text
        token = re.search(r'name="token" value="([^"]+)"', door)[1]
        form = {"token": token, "key": KEYS[ORGANISER], "zone": zone}
        browser.post("/console/sign-in", data=form)
        page = browser.get(f"/console/shows/{show}", headers={"Accept-Language": language}).text
        return page.partition('<section class="card charts"')[2].partition("</section>")[0]

    return one


def days(page):
    return re.findall(r'data-day="([^"]+)" data-sold="1"', page)


def till(page):
    return set(re.findall(r'data-till="([^"]+)"', page))


@pytest.mark.parametrize(
    ("language", "hint"),
    [("en", "at midnight in Europe/Moscow."), ("ru", "Часовой пояс: Europe/Moscow;")],
)
def test_a_late_sale_is_of_the_next_day_at_the_place_of_the_show(office, read, language, hint):
    office.paid_order()
    page = read(SHOW, "America/New_York", language)
    assert days(page) == ["2030-05-21"]
    assert till(page) == {"2030-06-01"}
    assert hint in page
    assert "UTC" not in page


def test_where_no_place_is_known_days_are_those_of_the_visitor(office, read):
    office.create(FESTIVAL, tickets=BestAvailable({STALLS: 1}))
    for zone, day, last in (
        ("Asia/Tokyo", "2030-05-21", "2030-07-01"),
        ("Pacific/Honolulu", "2030-05-20", "2030-06-30"),
    ):
        page = read(FESTIVAL, zone)
        assert re.findall(r'data-day="([^"]+)"', page)[0] == day
        assert till(page) == {last}
        assert f"at midnight in {zone}." in page
