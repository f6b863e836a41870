"""The limits of streams: heartbeats, slow readers, and how many there may be."""

import re
import socket
import sys
from contextlib import ExitStack, closing

import pytest
import server
from eventsourcing.persistence import StoredEvent
from feed_client import Followed
from polling import until
from server import EVENT, KEY, PARTNER, serving

from application.bootstrap import open_store
from application.ports.unit_of_work import ReadSet, UnitOfWork

STREAM = "/v1/feed/stream"
SOONER = """
import interface.server.feed_calls as calls
import interface.server.feed_stream as stream
calls.MOST_OF_PARTNER = 3
stream.HEARTBEAT_SECONDS = 0.2
stream.SLOW_SECONDS = 0.5
from interface.cli.main import main
main()
"""
"""The same service with smaller limits."""

MANY = 20_000
"""More than the buffers of the server and the kernel hold."""
ID = re.compile(rb"^id: (\d+)$", re.MULTILINE)
STATE = b'{"at":"2030-01-26T10:00:00Z","number":1,"show":"%s","org":"%s","vendor":"%s"}' % (
    (EVENT.encode(),) + (PARTNER.encode(),) * 2
)


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    folder = tmp_path_factory.mktemp("limited")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "ORDERLOG", (sys.executable, "-c", SOONER))
        with serving(f"sqlite:///{folder}/orders.db", folder / "log") as service:
            yield service


def test_a_quiet_stream_shows_that_it_lives_and_where_it_is(limited):
    with closing(Followed(limited, f"{STREAM}?after=0&types=StatusChanged")) as stream:
        limited.order()
        until(lambda: stream.ids and stream.ids[-1] == 1, "the position does not go on")
        assert set(stream.comments) == {"nothing new"}
        assert stream.events == []


def test_a_partner_may_have_only_so_many(limited):
    with ExitStack() as opened:
        streams = [opened.enter_context(closing(Followed(limited))) for _ in range(3)]
        refused = limited.call("GET", STREAM)
        assert (refused.status, refused.body["code"]) == (429, "too_many_streams")
        assert int(refused.headers["retry-after"]) >= 1
        assert not any(each.ended for each in streams)
    until(lambda: can_be_opened(limited), "no place is free again")


def can_be_opened(service):
    with closing(Followed(service)) as stream:
        return stream.answer.status == 200


def happen(database, count):
    """Have many events in the log at once."""
    with closing(open_store(database)) as store:
        events = [StoredEvent(f"{each:024x}", 1, "OrderCreated.1", STATE) for each in range(count)]

        def decide(within, found):
            store.recorder.insert_events(events, within=within)

        store.write_all([UnitOfWork(ReadSet(), decide)])
        return store.last_position()


def test_a_slow_reader_is_dropped_and_goes_on_where_it_was(limited):
    """It takes nothing, while more happened than buffers hold."""
    last = happen(limited.database, MANY)
    with closing(socket.socket()) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((limited.host, limited.port))
        slow.sendall(
            f"GET {STREAM}?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: key {KEY}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        until(lambda: dropped(limited), "it is not dropped")
        [line] = dropped(limited)
        slow.settimeout(10)
        with slow.makefile("rb") as answer:
            got = [
                int(each) for each in ID.findall(re.sub(rb"\r\n[0-9a-f]+\r\n", b"", answer.read()))
            ]
    assert 0 < line["position"] < last
    assert got == list(range(1, len(got) + 1))
    assert got[-1] <= line["position"]
    with closing(Followed(limited, STREAM, Last_Event_ID=str(got[-1]))) as again:
        again.has(last - got[-1])
        assert again.positions == list(range(got[-1] + 1, last + 1))
    text = limited.send("GET", "/metrics", {}).content.decode()
    assert "\norderlog_feed_streams_dropped_total 1.0\n" in text


def dropped(service):
    ended = service.log("feed_stream_ended")
    return [each for each in ended if each["why"] == "the client is too slow"]
