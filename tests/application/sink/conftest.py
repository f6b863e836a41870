import itertools

import own_loop
import pytest
from nats_server import nats_server
from seller import BoxOffice

from application.sink.address import broker_address
from application.sink.publisher import Publisher
from application.sink.target import Target

_names = itertools.count(1)


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """A server for all tests that leave it as it is."""
    with nats_server(tmp_path_factory.mktemp("nats")) as running:
        yield running


@pytest.fixture
def stream():
    """A stream's name that no other test has."""
    return f"FEED-{next(_names)}"


class Shop(BoxOffice):
    """A ticket shop whose feed is published to a broker."""

    def target(self, broker, stream, **more):
        about = {"address": broker_address(broker.address), "credentials": None, "begins": None}
        about |= {"subject": f"{stream}.order", "log": self.store.log_id(), "stream": stream}
        return Target(**about | more)

    def publisher(self, broker, stream, types=(), **more):
        target = self.target(broker, stream, **more)
        return Publisher(self.store, target, frozenset(types), once=True, report=lambda _: None)

    def publish(self, broker, stream, types=(), **more):
        """Publish what there is."""

        async def run():
            return await self.publisher(broker, stream, types, **more).run()

        return own_loop.run(run())

    def positions(self):
        return [each.id for each in self.store.log(0, 10_000)]


@pytest.fixture
def shop(address):
    with Shop(address) as opened:
        yield opened
