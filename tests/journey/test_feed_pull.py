"""Pulling the feed from a real server: a page that waits comes with the news."""

import signal
import threading
import time

import pytest
from feed_client import key_with
from server import orderlog, serving

FEED = "/v1/feed"


class Pull:
    """A pull in a thread of its own: its answer, and how long it took."""

    def __init__(self, service, query, **headers):
        self._thread = threading.Thread(target=self._pull, args=(service, query, headers))
        self._began = time.monotonic()
        self._thread.start()

    def _pull(self, service, query, headers):
        self._answer = service.call("GET", f"{FEED}?{query}", **headers)
        self.ended = time.monotonic()

    @property
    def answer(self):
        self._thread.join()
        return self._answer

    @property
    def took(self):
        self._thread.join()
        return self.ended - self._began


def end_of(service):
    position = 0
    while (page := service.call("GET", f"{FEED}?limit=1000&after={position}").body)["events"]:
        position = page["next"]
    return page["next"]


def test_news_ends_the_wait(service):
    delays = []
    for _ in range(5):
        end = end_of(service)
        pull = Pull(service, f"after={end}&wait=20")
        time.sleep(0.2)
        order = service.order()
        made = time.monotonic()
        events = pull.answer.body["events"]
        assert [each["subject"] for each in events] == [order]
        assert pull.answer.body["next"] == events[-1]["data"]["position"]
        delays.append(pull.ended - made)
    assert sorted(delays)[1] < 0.1, delays


def test_without_news_it_ends_when_its_time_is_over(service):
    end = end_of(service)
    pull = Pull(service, f"after={end}&wait=1")
    assert pull.answer.body == {"events": [], "next": end}
    assert 1 <= pull.took < 5
    assert Pull(service, f"after={end}").took < 1


def test_news_that_is_not_wanted_does_not_end_it(service):
    end = end_of(service)
    pull = Pull(service, f"after={end}&wait=1&types=StatusChanged")
    service.order()
    assert pull.answer.body["events"] == []
    assert pull.answer.body["next"] > end
    assert pull.took >= 1


def test_many_waits_take_no_thread(service):
    """More than there are threads, and other calls are answered meanwhile."""
    end = end_of(service)
    pulls = [Pull(service, f"after={end}&wait=20") for _ in range(60)]
    time.sleep(0.3)
    began = time.monotonic()
    assert service.call("GET", "/v1/resources/orders?page_size=1").status == 200
    assert time.monotonic() - began < 5
    order = service.order()
    assert {each.answer.body["events"][0]["subject"] for each in pulls} == {order}


def test_a_revoked_key_and_a_server_that_stops_end_waits(own_database, log):
    with serving(own_database, log) as service:
        key = service.create_key("--scope", "orders:read")
        name = key_with(own_database, "orders:read")
        cut_off = Pull(service, "after=0&wait=30", Authorization=f"key {key}")
        waiting = Pull(service, "after=0&wait=30")
        time.sleep(0.3)
        revoked_at = time.monotonic()
        assert orderlog("key", "revoke", name, "--database", own_database).returncode == 0
        assert cut_off.answer.status == 401
        assert cut_off.ended - revoked_at < 10
        stopped_at = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        assert waiting.answer.body == {"events": [], "next": 0}
        assert waiting.ended - stopped_at < 5
        assert service.process.wait(60) == 0


@pytest.mark.parametrize("query", ["after=9000000&wait=5", "wait=5&log=" + "0" * 32])
def test_a_position_of_elsewhere_is_refused_without_a_wait(service, query):
    pull = Pull(service, query)
    assert pull.answer.status == 400
    assert pull.took < 3
