"""The sales of a show by the days of its place, which begin at other moments than those of UTC."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from mixed_orders import SHOWS, load_shows, make_mixed_orders
from seller import SHOP, SHOW, BoxOffice

from application.bootstrap import build
from application.catalog.access import Caller
from application.catalog.scopes import AUDIT
from application.projector.loop import catch_up
from application.read_models.sales import day_in
from application.settings import Settings
from domain.refusals import ShowNotFound

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")
LATE = datetime(2030, 6, 1, 23, 40, tzinfo=UTC)
AUDITOR = Caller("nobody", "key", "en", (AUDIT,))


def sold(days):
    return {each["day"]: each["sold"] for each in days if each["sold"]}


def sold_by_day(office, zone):
    catch_up(office.store, "sales")
    return sold(office.services.sales.local_days(SHOW, office.caller(), zone)["days"])


def test_a_sale_at_half_past_eleven_in_utc_is_of_the_next_day_in_moscow(address):
    with BoxOffice(address, opens=datetime(2030, 1, 26, 20, 59, tzinfo=UTC)) as office:
        office.paid_order(1)
        office.later(minutes=1)
        office.paid_order(2)
        office.later(hours=2, minutes=30)
        office.paid_order(4)
        assert sold_by_day(office, MOSCOW) == {"2030-01-26": 1, "2030-01-27": 6}
        documented = office.services.sales.sales(SHOW, office.caller())
        assert sold(documented["days"]) == {"2030-01-26": 7}


def test_a_day_on_which_clocks_change_is_shorter(address):
    with BoxOffice(address, opens=datetime(2030, 3, 30, 22, 59, tzinfo=UTC)) as office:
        for count, minutes in ((1, 1), (2, 23 * 60 - 1), (4, 1), (8, 0)):
            office.paid_order(count)
            office.later(minutes=minutes)
        assert sold_by_day(office, BERLIN) == {"2030-03-30": 1, "2030-03-31": 6, "2030-04-01": 8}


def test_a_day_may_begin_at_a_quarter_to_an_hour(address):
    with BoxOffice(address, opens=datetime(2030, 1, 26, 18, 14, tzinfo=UTC)) as office:
        office.paid_order(1)
        office.later(minutes=1)
        office.paid_order(2)
        kathmandu = ZoneInfo("Asia/Kathmandu")
        assert sold_by_day(office, kathmandu) == {"2030-01-26": 1, "2030-01-27": 2}


@pytest.mark.parametrize(
    ("zone", "quarter", "day"),
    [
        ("Europe/Berlin", "2030-10-26T21:45", "2030-10-26"),
        ("Europe/Berlin", "2030-10-26T22:00", "2030-10-27"),
        ("Europe/Berlin", "2030-10-27T22:45", "2030-10-27"),
        ("Europe/Berlin", "2030-10-27T23:00", "2030-10-28"),
        ("Asia/Kathmandu", "2030-01-26T18:00", "2030-01-26"),
        ("Asia/Kathmandu", "2030-01-26T18:15", "2030-01-27"),
        ("America/St_Johns", "2030-01-26T03:15", "2030-01-25"),
        ("America/St_Johns", "2030-01-26T03:30", "2030-01-26"),
    ],
)
def test_days_of_a_zone_begin_with_a_quarter_hour(zone, quarter, day):
    assert day_in(ZoneInfo(zone), quarter).isoformat() == day


def test_every_zone_is_off_by_whole_quarters_of_an_hour():
    moments = [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(weeks=26 * each) for each in range(30)]
    assert not [
        zone
        for zone in map(ZoneInfo, available_timezones())
        for moment in moments
        if moment.astimezone(zone).utcoffset() % timedelta(minutes=15)
    ]


def test_days_in_utc_made_of_quarter_hours_are_the_documented_ones(address):
    with closing(build(Settings(database=address))) as services:
        load_shows(services.store, 60)
        make_mixed_orders(services, 120, start=LATE, batch=20)
        catch_up(services.store, "sales")
        for show in SHOWS:
            documented = services.sales.sales(show, AUDITOR)
            assert len(documented["days"]) == 2
            local = services.sales.local_days(show, AUDITOR, UTC)
            assert local["days"] == documented["days"]
            whole = {name: documented[name] for name in local if name != "days"}
            for zone in (UTC, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Asia/Kathmandu")):
                by_day = services.sales.local_days(show, AUDITOR, zone)
                assert {**by_day, "days": []} == {**whole, "days": []}


def test_only_the_organiser_reads_them(address):
    with BoxOffice(address) as office, pytest.raises(ShowNotFound):
        office.services.sales.local_days(SHOW, office.caller(SHOP), MOSCOW)
