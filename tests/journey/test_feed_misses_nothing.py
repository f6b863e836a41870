"""Whoever pulls or follows all the time gets every event once, in order, whatever else goes on."""

import os
import signal
import threading
from contextlib import closing, contextmanager

import pytest
from feed_client import Followed
from log_tail import OurLog, follow
from polling import until
from server import orderlog, serving

from application.bootstrap import open_store

EACH = 3
SELLERS = 16
ORDERS = 8


class Puller:
    """Pulls from the beginning, in a thread of its own, and waits for more at the end."""

    def __init__(self, service, key):
        self._service = service
        self._key = key
        self.events = []
        self.next = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._pull, daemon=True)
        self._thread.start()

    def _pull(self):
        while not self._stopping.is_set():
            path = f"/v1/feed?wait=1&limit=50&after={self.next}"
            answer = self._service.call("GET", path, Authorization=f"key {self._key}")
            assert answer.status == 200, answer
            self.events += [each["data"] for each in answer.body["events"]]
            self.next = answer.body["next"]

    def close(self):
        self._stopping.set()
        self._thread.join(60)


@contextmanager
def consumers(service, key):
    """One that pulls, and two streams, each of which may be of another process."""
    path = "/v1/feed/stream?after=0"
    with (
        closing(Puller(service, key)) as puller,
        closing(Followed(service, path, key)) as one,
        closing(Followed(service, path, key)) as other,
    ):
        yield [puller, one, other]


def log_of(database):
    with closing(open_store(database)) as store:
        return [(each.id, each.originator_id, each.originator_version) for each in all_of(store)]


def all_of(store):
    found = []
    while more := store.log(found[-1].id if found else 0, 5000):
        found += more
    return found


def told(consumer):
    return [(each["position"], each["order"], each["version"]) for each in consumer.events]


def check(database, consumers):
    """Every event once, by position; so each order's without a gap, since the log has none."""
    there = log_of(database)
    for each in consumers:
        until(lambda each=each: len(each.events) >= len(there), "not all events come")
        assert told(each) == there
    versions = {}
    for _, order, version in there:
        assert version == versions.get(order, 0) + 1
        versions[order] = version
    return there


@pytest.mark.experiment
def test_sixteen_writers_with_slow_and_aborted_transactions(database, log):
    with serving(database, log, "--workers", "2") as service:
        key = service.create_key("--scope", "audit")
        os.kill(service.behind(), signal.SIGSTOP)  # nothing of this has to do with read models
        try:
            with consumers(service, key) as following, closing(OurLog(database)) as writing:
                follow(writing, appends=800, events_each=EACH)
                assert len(check(database, following)) > 600 * EACH
        finally:
            os.kill(service.behind(), signal.SIGCONT)


def sell(service):
    for number in range(ORDERS):
        order, buyer = service.order(), {"email": f"buyer-{number}@example.org"}
        service.call("PATCH", f"/v1/resources/orders/{order}", {"customer": buyer})


@pytest.mark.experiment
def test_while_read_models_are_rebuilt_and_without_a_projector(own_database, log):
    with serving(own_database, log, "--workers", "2") as service:
        key = service.create_key("--scope", "audit")
        with consumers(service, key) as following:
            sellers = [threading.Thread(target=sell, args=(service,)) for _ in range(SELLERS)]
            for each in sellers:
                each.start()
            rebuilt = orderlog("projection", "rebuild", "orders", "--database", own_database)
            assert rebuilt.returncode == 0, rebuilt.stderr
            os.kill(service.behind(), signal.SIGSTOP)
            try:
                for each in sellers:
                    each.join()
                there = check(own_database, following)
            finally:
                os.kill(service.behind(), signal.SIGCONT)
            assert len(there) == SELLERS * ORDERS * 2
