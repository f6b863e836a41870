from application.orders.concurrency import InFlightRequests


def test_nobody_is_late_where_nothing_changed():
    turns = InFlightRequests()
    with turns.taken("a") as one, turns.taken("a") as another:
        assert [one.late, another.late] == [False, False]


def test_whoever_was_there_before_a_change_is_late_and_who_made_it_is_not():
    turns = InFlightRequests()
    with turns.taken("a") as one, turns.taken("a") as another, turns.taken("b") as elsewhere:
        turns.changed("a", by=another)
        with turns.taken("a") as later:
            assert [each.late for each in (one, another, elsewhere, later)] == [
                True,
                False,
                False,
                False,
            ]


def test_a_change_by_the_system_makes_everybody_late():
    turns = InFlightRequests()
    with turns.taken("a") as one:
        turns.changed("a")
        assert one.late
    turns.changed("a")


def test_nothing_is_kept_of_turns_that_have_ended():
    turns = InFlightRequests()
    with turns.taken("a"), turns.taken("a"):
        pass
    assert turns._under_way == {}
