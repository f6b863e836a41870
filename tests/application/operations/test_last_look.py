"""The caller for the service's health is answered at once, from what a thread has seen."""

import threading
from contextlib import contextmanager

from polling import until

from application.operations.health import Health
from application.operations.last_look import LastLook

GOOD = Health(ready=True, checks={"store": "ok"})


@contextmanager
def looking(look):
    last = LastLook(look, every=0.01)
    last.start()
    try:
        yield last
    finally:
        last.stop()


def test_a_look_that_does_not_come_to_its_end_makes_it_unready_until_one_does():
    answers = threading.Event()
    answers.set()

    def look():
        answers.wait()
        return GOOD

    with looking(look) as last:
        assert last.health() == GOOD
        answers.clear()
        found = until(lambda: not last.health().ready and last.health(), "it remains ready")
        assert found.checks["store"].startswith("has not answered for ")
        answers.set()
        until(lambda: last.health() == GOOD, "it does not come back")


def test_a_look_that_fails_is_told():
    with looking(lambda: 1 // 0) as last:
        assert last.health().checks == {
            "look": "ZeroDivisionError: integer division or modulo by zero"
        }
