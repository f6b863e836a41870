from contextlib import contextmanager

import pytest
from catalog import Venue
from clock import Clock
from http_seller import Seller

from application.bootstrap import build
from application.projector.loop import catch_up
from application.read_models.registry import PROJECTIONS
from application.settings import Settings
from interface.server.flask_app import create_app


class Running:
    """A service over a real store, with the clock that all of it goes by."""

    def __init__(self, settings, clock):
        self.settings = settings
        self.clock = clock
        self.services = build(settings, clock)
        self.app = create_app(self.services)

    @contextmanager
    def another(self):
        """One more process of the same service, or the same one after a restart."""
        running = Running(self.settings, self.clock)
        try:
            yield running
        finally:
            running.services.close()

    def catch_up(self):
        """Have the lists show everything that was written."""
        for name in PROJECTIONS:
            catch_up(self.services.store, name)


def settings(database):
    return Settings(database=database, wait_seconds=0.05, webhooks_to=("127.0.0.0/8",))


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def opened(request, tmp_path_factory):
    """A service for each kind of store: a file's tests stay apart by what they sell."""
    if request.param == "sqlite":
        running = Running(
            settings(f"sqlite:///{tmp_path_factory.mktemp('http')}/orders.db"), Clock()
        )
        yield running
        running.services.close()
    else:
        with request.getfixturevalue("server").laid_out_database() as url:
            running = Running(settings(url), Clock())
            yield running
            running.services.close()


@pytest.fixture
def running(opened):
    opened.clock.set()
    return opened


@pytest.fixture
def clock(running):
    return running.clock


@pytest.fixture
def services(running):
    return running.services


@pytest.fixture
def venue(services):
    """An organiser's venue, newly opened."""
    venue = Venue()
    venue.open(services)
    return venue


@pytest.fixture
def seller(running, venue):
    """The organiser, selling its own evening."""
    return Seller(running.app, venue.org_key, venue.evening)


@pytest.fixture
def shop(running, venue):
    """A ticket shop that has a deal with the organiser."""
    return Seller(running.app, venue.shop_key, venue.evening)


@pytest.fixture
def stranger(running, venue):
    """A ticket shop that has none."""
    return Seller(running.app, venue.stranger_key, venue.evening)


@pytest.fixture
def unchanged(services, seller, venue):
    """Shows that a block has changed nothing: not an event, not a ticket."""

    @contextmanager
    def nothing_changes():
        before = services.store.last_position(), services.store.tickets(venue.evening)
        yield
        assert (services.store.last_position(), services.store.tickets(venue.evening)) == before

    return nothing_changes
