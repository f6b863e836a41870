"""A drill's tickets are spread over its events, on each store."""

import pytest

from application.settings import Settings
from interface.load.put_on_sale import NotEmpty, for_sale, opened, put_on_sale, shares


def test_what_is_shared_is_shared_as_equally_as_can_be():
    assert shares(7, 3) == [3, 2, 2]
    assert shares(2, 4) == [1, 1, 0, 0]


def test_each_event_has_its_own_tickets_and_no_event_comes_twice(address):
    settings = Settings(database=address)
    parts = []
    key = put_on_sale(settings, 7, 3, gateway=True, progress=parts.append)
    assert parts == [0, 1 / 3, 2 / 3]
    with opened(settings) as services:
        events = [each.event for each in for_sale(3)]
        vacant = services.store.vacancies(events, services.clock())
    assert vacant == {
        each.ticket_set: count for each, count in zip(for_sale(3), [3, 2, 2], strict=True)
    }
    assert len(key) == 32
    with pytest.raises(NotEmpty):
        put_on_sale(settings, 7)
