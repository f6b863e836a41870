"""The drill waits for its gateway as long as something goes on there, and shows how far it is."""

import pytest
from test_outbox import LATER, letter

from interface.load.caretaker import throw_away_folder
from interface.load.gateway_desk import Desk
from interface.load.outbox import Tried
from interface.load.servers import free_port

NOTICES = 5
AT_ONCE = 0.0


@pytest.fixture
def desk():
    """A gateway whose service does not answer, with notices that are not due yet."""
    with throw_away_folder("orderlog-test-") as caretaker:
        desk = Desk(0.5, caretaker)
        desk.open(free_port(), "key")
        desk.outbox.put([letter(str(number), LATER) for number in range(NOTICES)])
        yield desk
        desk.close()


def test_it_waits_while_answers_come(desk):
    parts = []

    def report(part):
        parts.append(part)
        if len(parts) <= NOTICES:
            desk.outbox.note([Tried(len(parts) - 1, 200)])

    desk.finish(AT_ONCE, report)
    assert desk.trouble == []
    assert parts == sorted(parts)
    assert 0 == parts[0] < parts[-1] < 1


def test_it_gives_up_when_nothing_goes_on(desk):
    desk.finish(AT_ONCE, lambda _part: None)
    assert f"{NOTICES} notices were never answered with 200" in desk.trouble
