from datetime import timedelta

import pytest
from store_writes import NOON, TEN_PAST, append, look, one, owners, refuse, sell, take

from application.ports.unit_of_work import ReadSet, TicketChange, TicketTaken, UnitOfWork, Written

MOMENT = timedelta(milliseconds=1)


def change(store, order, version=2, **what):
    return append(store, order, version, change=TicketChange(order=order, **what))


def test_taken_tickets_are_the_orders_until_the_hold_ends(store):
    seats = sell(store, 3)
    assert one(store, take(store, "a", seats=seats[:2])) == seats[:2]
    first, second, third = store.tickets("show")
    assert (first.order, first.held_till) == ("a", TEN_PAST) == (second.order, second.held_till)
    assert (third.order, third.held_till) == (None, None)
    assert (first.show, first.set, first.number, first.seat) == (
        "show",
        "parterre",
        1,
        b'{"row": 1}',
    )


def test_freed_tickets_are_nobodys(store):
    seats = sell(store, 2)
    one(store, take(store, "a", seats=seats))
    one(store, change(store, "a", freed=[seats[0]], kept=[seats[1]], held_till=TEN_PAST))
    assert owners(store) == {seats[0]: None, seats[1]: "a"}


def test_kept_tickets_are_held_longer(store):
    seats = sell(store, 1)
    one(store, take(store, "a", seats=seats))
    one(store, change(store, "a", kept=seats, held_till=TEN_PAST + MOMENT))
    assert store.tickets("show")[0].held_till == TEN_PAST + MOMENT


def test_sold_tickets_are_the_orders_for_good(store):
    seats = sell(store, 1)
    one(store, take(store, "a", seats=seats))
    one(store, change(store, "a", kept=seats, held_till=None))
    assert (store.tickets("show")[0].order, store.tickets("show")[0].held_till) == ("a", None)
    assert store.vacancies(["show"], TEN_PAST) in ({}, {"parterre": 0})


def test_a_taken_ticket_cannot_be_taken_again(store):
    seats = sell(store, 2)
    one(store, take(store, "a", seats=seats[:1]))
    with pytest.raises(TicketTaken):
        one(store, change(store, "b", 1, taken=seats, held_till=TEN_PAST))
    assert owners(store) == {seats[0]: "a", seats[1]: None}
    assert list(store.events("b")) == []


@pytest.mark.parametrize("what", ["kept", "freed"])
def test_nobody_changes_the_tickets_of_another_order(store, what):
    seats = sell(store, 1)
    one(store, take(store, "a", seats=seats))
    with pytest.raises(TicketTaken):
        one(store, change(store, "b", 1, **{what: seats}))
    assert owners(store) == {seats[0]: "a"}


def test_who_loses_a_ticket_does_not_spoil_the_others(store):
    seats = sell(store, 3)
    one(store, take(store, "first", seats=seats[:1]))
    outcomes = store.write_all(
        [
            take(store, "a", seats=seats[1:2]),
            change(store, "loser", 1, taken=seats[:1], held_till=TEN_PAST),
            take(store, "b", seats=seats[2:]),
        ]
    )
    assert [type(each) for each in outcomes] == [Written, TicketTaken, Written]
    assert list(owners(store).values()) == ["first", "a", "b"]


def test_of_two_who_want_a_seat_at_once_one_has_it(store):
    seats = sell(store, 1)
    outcomes = store.write_all([take(store, order, seats=seats) for order in "ab"])
    assert [each.result for each in outcomes] == [seats, []]
    assert owners(store) == {seats[0]: "a"}


def test_a_seat_let_go_can_be_had_by_the_next_in_line(store):
    seats = sell(store, 1)
    one(store, take(store, "a", seats=seats))
    outcomes = store.write_all([change(store, "a", freed=seats), take(store, "b", seats=seats)])
    assert outcomes[1].result == seats
    assert owners(store) == {seats[0]: "b"}


def test_a_random_ticket_let_go_can_be_had_by_the_next_in_line(store):
    seats = sell(store, 1)
    one(store, take(store, "a", seats=seats))
    outcomes = store.write_all([change(store, "a", freed=seats), take(store, "b", parterre=1)])
    assert outcomes[1].result == seats


def test_who_has_a_wanted_seat_is_told(store):
    seats = sell(store, 2)
    one(store, take(store, "a", seats=seats[:1]))
    found = one(store, look(seats=(*seats, "unknown", "no\0thing"))).seats
    assert {ticket.id: ticket.order for ticket in found} == {seats[0]: "a", seats[1]: None}


def test_a_picked_and_a_wanted_ticket_are_never_the_same(store):
    seats = sell(store, 4)
    outcomes = store.write_all(
        [take(store, "a", parterre=2), take(store, "b", seats=seats), take(store, "c", parterre=2)]
    )
    had = [ticket for each in outcomes for ticket in each.result]
    assert sorted(had) == seats
    assert None not in owners(store).values()


def test_random_tickets_are_vacant_ones_of_the_set(store):
    sell(store, 5)
    sell(store, 5, show="other", ticket_set="balcony")
    picked = one(store, take(store, "a", parterre=3, balcony=2))
    assert len(set(picked)) == 5
    assert sorted(each.split("-")[0] for each in picked) == ["balcony"] * 2 + ["parterre"] * 3
    assert owners(store) | owners(store, "other") == {
        each: "a" if each in picked else None for each in owners(store) | owners(store, "other")
    }


def test_random_tickets_are_not_always_the_same(store):
    sell(store, 200)
    picks = {tuple(one(store, look(picks={"parterre": 3})).picks) for _ in range(5)}
    assert len(picks) > 1


def test_a_ticket_is_picked_once_until_all_are_gone(store):
    seats = sell(store, 30)
    outcomes = store.write_all([take(store, f"order-{n}", parterre=3) for n in range(12)])
    had = [ticket for each in outcomes for ticket in each.result]
    assert sorted(had) == sorted(seats)
    assert [len(each.result) for each in outcomes] == [3] * 10 + [0] * 2


def test_the_last_tickets_go_to_the_first_in_line(store):
    sell(store, 5)
    outcomes = store.write_all([take(store, order, parterre=3) for order in "ab"])
    assert [len(each.result) for each in outcomes] == [3, 2]


def test_what_a_refused_request_was_offered_goes_to_the_next(store):
    seats = sell(store, 3)
    outcomes = store.write_all([refuse(picks={"parterre": 3}), take(store, "a", parterre=3)])
    assert sorted(outcomes[1].result) == seats


def test_a_set_without_tickets_offers_none(store):
    assert one(store, look(picks={"nowhere": 2})).picks == {}


def test_vacancies_count_what_can_be_had_now(store):
    seats = sell(store, 5)
    sell(store, 2, ticket_set="balcony")
    sell(store, 4, show="other", ticket_set="stalls")
    one(store, take(store, "held", seats=seats[:2]))
    one(store, take(store, "sold", seats=seats[2:3], held_till=None))
    assert store.vacancies(["show"], NOON) == {"parterre": 2, "balcony": 2}
    assert store.vacancies(["show", "other"], TEN_PAST - MOMENT)["parterre"] == 2
    assert store.vacancies(["show", "other"], TEN_PAST) == {
        "parterre": 4,
        "balcony": 2,
        "stalls": 4,
    }
    assert store.vacancies([], NOON) == {}


def test_a_count_of_what_can_be_had_says_how_long_it_stays_so(store):
    seats = sell(store, 5)
    sell(store, 2, ticket_set="balcony")
    sell(store, 1, show="other", ticket_set="stalls")
    one(store, take(store, "held", seats=seats[:2]))
    one(store, take(store, "longer", seats=seats[2:3], held_till=TEN_PAST + MOMENT))
    one(store, take(store, "sold", seats=seats[3:4], held_till=None))
    assert store.vacant_until(["parterre", "balcony"], NOON) == {
        "parterre": (1, TEN_PAST),
        "balcony": (2, None),
    }
    assert store.vacant_until(["parterre"], TEN_PAST)["parterre"] == (3, TEN_PAST + MOMENT)
    assert store.vacant_until(["parterre", "stalls", "none"], TEN_PAST + MOMENT) == {
        "parterre": (4, None),
        "stalls": (1, None),
        "none": (0, None),
    }
    assert store.vacant_until([], NOON) == {}


def test_reservations_count_what_is_held_now_and_not_sold(store):
    seats = sell(store, 5)
    sell(store, 3, show="other", ticket_set="stalls")
    one(store, take(store, "held", seats=seats[:2]))
    one(store, take(store, "sold", seats=seats[2:3], held_till=None))
    one(store, take(store, "elsewhere", stalls=1))
    assert store.reservations(["show"], NOON) == {"parterre": 2}
    both = ["show", "other"]
    assert store.reservations(both, TEN_PAST - MOMENT) == {"parterre": 2, "stalls": 1}
    assert store.reservations(both, TEN_PAST) == {}
    assert store.reservations([], NOON) == {}


def test_overdue_are_the_orders_whose_holds_have_ended(store):
    seats = sell(store, 4)
    one(store, take(store, "early", seats=seats[:1]))
    one(store, take(store, "late", seats=seats[1:2], held_till=TEN_PAST + MOMENT))
    one(store, take(store, "sold", seats=seats[2:3], held_till=None))
    assert store.overdue(seats, [], TEN_PAST - MOMENT) == []
    assert store.overdue(seats, [], TEN_PAST) == ["early"]
    assert store.overdue([], ["parterre"], TEN_PAST) == ["early"]
    assert sorted(store.overdue(seats, ["parterre"], TEN_PAST + MOMENT)) == ["early", "late"]
    assert store.overdue(seats[1:2], ["balcony"], TEN_PAST) == []
    assert store.overdue([], [], TEN_PAST) == []


def test_tickets_are_found_by_their_ids(store):
    seats = sell(store, 3)
    found = store.tickets_by_id([seats[2], "unknown", seats[0]])
    assert {ticket.id for ticket in found} == {seats[0], seats[2]}
    assert list(store.tickets_by_id([])) == []


def test_what_was_found_may_be_left_alone(store):
    seats = sell(store, 2)
    one(
        store,
        UnitOfWork(ReadSet(seats=tuple(seats), picks={"parterre": 2}), lambda within, found: 1),
    )
    assert set(owners(store).values()) == {None}
    assert len(one(store, take(store, "a", parterre=2))) == 2
