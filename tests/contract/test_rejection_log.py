from datetime import timedelta

import pytest
from msgspec.structs import replace
from store_writes import NOON

from application.ports.rejection_log import MOST_ATTEMPTS, Attempt

LATE = Attempt(
    order="order-1",
    at=NOON,
    version=3,
    actor="partner:p key:k",
    request="request-1",
    code="move_not_allowed",
    wanted=b'{"status":"done"}',
    about=b'{"status":"expired"}',
)


@pytest.fixture
def attempts(store):
    return store.attempts()


def test_an_attempt_is_read_as_it_was_noted(attempts):
    attempts.add([LATE])
    assert attempts.of("order-1") == [LATE]
    assert attempts.of("order-2") == []


def test_attempts_come_by_their_time(attempts):
    later = replace(LATE, at=NOON + timedelta(milliseconds=1), request="request-2")
    attempts.add([later, LATE, replace(LATE, order="order-2")])
    assert attempts.of("order-1") == [LATE, later]


def test_attempts_on_one_order_fill_no_disk(attempts):
    for _ in range(3):
        attempts.add([LATE] * (MOST_ATTEMPTS // 2))
    assert len(attempts.of("order-1")) == MOST_ATTEMPTS
    attempts.add([replace(LATE, order="order-2")])
    assert len(attempts.of("order-2")) == 1


def test_old_attempts_are_forgotten(attempts):
    later = replace(LATE, at=NOON + timedelta(milliseconds=1))
    attempts.add([LATE, LATE, later])
    assert attempts.purge(NOON, most=10) == 0
    assert attempts.purge(NOON + timedelta(milliseconds=1), most=1) == 1
    assert attempts.purge(NOON + timedelta(milliseconds=1), most=10) == 1
    assert attempts.of("order-1") == [later]
