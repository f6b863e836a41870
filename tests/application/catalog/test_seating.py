"""Where the seats of a show are, and who could have them."""

import pytest
from seller import ORGANISER, PARTERRE, SHOP, SHOW, seat

from application.catalog.access import AUDIT, Caller
from application.catalog.document_types import Sale
from application.catalog.file import read_catalog_file
from application.catalog.loading import example_catalog, load_catalog
from application.catalog.seating import natural
from domain.refusals import ShowNotFound
from domain.status import Status

STRANGER = Caller("56810047f06c5a6ac62f4e1f", "k", "en")


def parterre(office):
    [plan] = office.services.seating.hall(SHOW, office.caller()).sets
    return plan


def test_seats_stand_in_rows_in_their_natural_order(office):
    [sector] = parterre(office).sectors
    assert [row.name for row in sector.rows] == [str(each) for each in range(1, 11)]
    assert [each.number for each in sector.rows[9].seats] == [str(each) for each in range(1, 21)]
    assert sector.rows[1].seats[0].ticket == seat(21)


def test_states_tell_of_every_ticket_by_its_place(office):
    held = office.order(seats=[seat(3)])
    sold = office.order(seats=[seat(5)])
    office.start_payment(sold)
    office.finish(sold)
    hall = office.services.seating.hall(SHOW, office.caller())
    assert hall.states == "vvhvs" + "v" * 195
    assert parterre(office).counts == {Sale.VACANT: 198, Sale.RESERVED: 1, Sale.SOLD: 1}
    office.cancel(held)
    assert parterre(office).counts[Sale.RESERVED] == 0


def test_a_hold_that_has_ended_keeps_no_seat(office):
    office.order(seats=[seat(1)])
    office.later(minutes=10)
    assert office.services.seating.hall(SHOW, office.caller()).states == "v" * 200


def test_there_is_news_only_after_something_was_written(office):
    hall = office.services.seating.hall(SHOW, office.caller())
    assert not office.services.seating.has_news(hall.position)
    office.order()
    assert office.services.seating.has_news(hall.position)


def test_an_orders_hall_is_shown_without_asking_who_may_sell_it(office):
    order = office.services.history.order(office.order()).order
    hall = office.services.seating.hall(SHOW, office.caller())
    plans = office.services.seating.plans_of(order)
    assert [each.sectors for each in plans] == [each.sectors for each in hall.sets]
    assert office.services.seating.plans_of(order) is plans


def test_places_say_what_stands_on_a_ticket(office):
    [place] = office.services.seating.places([seat(21), "0" * 24]).values()
    assert place == {
        "number": 21,
        "set": "Parterre",
        "seat": {"sector": "54d7a0409cb538783b7bf8d5", "row": 2, "number": 1},
    }


@pytest.mark.parametrize("partner", [ORGANISER, SHOP])
def test_who_may_sell_a_show_may_look_at_it(office, partner):
    assert office.services.seating.hall(SHOW, office.caller(partner)).sets[0].id == PARTERRE


def test_a_stranger_may_not_an_auditor_may(office):
    with pytest.raises(ShowNotFound):
        office.services.seating.hall(SHOW, STRANGER)
    auditor = Caller(STRANGER.partner, "k", "en", (AUDIT,))
    assert office.services.seating.hall(SHOW, auditor).show.id == SHOW
    assert [each["id"] for each in office.services.shows.visible(STRANGER)] == []
    assert SHOW in [each["id"] for each in office.services.shows.visible(auditor)]


def test_rows_with_names_come_after_those_with_numbers():
    names = ["10", "2", "B", "A", "1", "²"]
    assert sorted(names, key=natural) == ["1", "2", "10", "A", "B", "²"]


def test_a_sector_that_the_catalogue_names_has_its_name(office):
    [sample] = office.services.seating.hall(SHOW, office.caller()).sets
    assert [sector.name for sector in sample.sectors] == [""]
    file = read_catalog_file(example_catalog())
    load_catalog(office.store, file, office.clock())
    office.services.catalog._look_again = 0.0
    show = file.events[0].show
    plans = office.services.seating.hall(show.id, Caller(show.org, "key", "en")).sets
    names = [[sector.name for sector in plan.sectors] for plan in plans]
    assert names == [["Stalls"], ["Gallery left", "Gallery right"], []]


def test_a_large_show_is_counted_without_its_seats(office):
    office.order(3)
    paid = office.order(2)
    office.start_payment(paid)
    office.change(paid, status=Status.DONE)
    whole = office.services.seating.hall(SHOW, office.caller())
    assert office.services.seating.hall(SHOW, office.caller(), most=200).states == whole.states
    counted = office.services.seating.hall(SHOW, office.caller(), most=199)
    assert counted.states == ""
    assert [(each.id, each.counts, each.amount) for each in counted.sets] == [
        (each.id, each.counts, each.amount) for each in whole.sets
    ]
    assert [each.sectors for each in counted.sets] == [[] for _ in counted.sets]
