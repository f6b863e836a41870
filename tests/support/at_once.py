"""Several sellers asking at the same time, each from a thread of its own."""

import threading

BACKOFF_SECONDS = 20
FIRST, SECOND = "asks first", "asks second"
DECIDES = "commits"
"""The thread that decides, for all who ask."""


def at_once(*asks):
    """The answers to these questions (functions), asked at the same moment, in their order."""
    start = threading.Barrier(len(asks))
    answers = [None] * len(asks)

    def run(place, ask):
        start.wait(BACKOFF_SECONDS)
        answers[place] = ask()

    in_threads([threading.Thread(target=run, args=each) for each in enumerate(asks)])
    return answers


def in_threads(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(BACKOFF_SECONDS)
    assert not any(thread.is_alive() for thread in threads)


class Meeting:
    """Holds up the first one at one of its looks at the clock until the second one has come."""

    def __init__(self, at_look, *, by_looking):
        self.looks_left = at_look
        self.by_looking = by_looking
        self.first_is_held = threading.Event()
        self.second_has_come = threading.Event()

    def look(self):
        who = threading.current_thread().name
        if who == FIRST or who.startswith(DECIDES):
            self.looks_left -= 1
            if self.looks_left == 0:
                self.first_is_held.set()
                self.second_has_come.wait(BACKOFF_SECONDS)
        elif who == SECOND and self.by_looking:
            self.second_has_come.set()

    def come(self, *_, **__):
        if threading.current_thread().name == SECOND:
            self.second_has_come.set()


def overtaken(clock, first, second, *, at_look=2, comes_with=None):
    """The answers to two questions: the second one comes while the first is being decided.

    Whoever decides looks at the clock; `at_look` says which look of the first one that is. There
    it is held up until the second one has come: it looks at the clock, too, or sends the signal
    `comes_with`.
    """
    meeting = Meeting(at_look, by_looking=comes_with is None)
    answers = {}

    def run(ask):
        if threading.current_thread().name == SECOND:
            assert meeting.first_is_held.wait(BACKOFF_SECONDS)
        answers[threading.current_thread().name] = ask()

    clock.on_look = meeting.look
    if comes_with is not None:
        comes_with.connect(meeting.come)
    try:
        in_threads(
            [
                threading.Thread(target=run, args=(ask,), name=name)
                for name, ask in ((FIRST, first), (SECOND, second))
            ]
        )
    finally:
        clock.on_look = lambda: None
    assert meeting.second_has_come.is_set()
    return answers[FIRST], answers[SECOND]
