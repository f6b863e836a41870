"""The one clock of a service under test. It stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2030, 6, 1, 12, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class Clock:
    """Tells the same moment again and again; `on_look` is called whenever somebody looks."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.moment = NOON
        self.on_look = lambda: None

    def __call__(self):
        self.on_look()
        return self.moment

    def forward(self, **much):
        self.moment += timedelta(**much)


def written(moment):
    """A moment as the documented answers write it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}+00:00"
