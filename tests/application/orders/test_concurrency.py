from application.orders.concurrency import InFlightRequests


def test_nobody_is_late_where_nothing_changed():
    requests = InFlightRequests()
    with requests.taken("a") as one, requests.taken("a") as another:
        assert [one.late, another.late] == [False, False]


def test_whoever_was_there_before_a_change_is_late_and_who_made_it_is_not():
    requests = InFlightRequests()
    with (
        requests.taken("a") as one,
        requests.taken("a") as another,
        requests.taken("b") as elsewhere,
    ):
        requests.changed("a", by=another)
        with requests.taken("a") as later:
            assert [each.late for each in (one, another, elsewhere, later)] == [
                True,
                False,
                False,
                False,
            ]


def test_a_change_by_the_system_makes_everybody_late():
    requests = InFlightRequests()
    with requests.taken("a") as one:
        requests.changed("a")
        assert one.late
    requests.changed("a")


def test_nothing_is_kept_of_requests_that_have_ended():
    requests = InFlightRequests()
    with requests.taken("a"), requests.taken("a"):
        pass
    assert requests._under_way == {}
