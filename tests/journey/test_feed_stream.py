"""Streams of the feed from a real server: curl, a browser, slow readers, and how streams end."""

import json
import re
import signal
import subprocess
import time
from contextlib import closing, contextmanager

import pytest
from feed_client import Followed, key_with
from polling import until
from server import KEY, ORDERS, orderlog, serving

STREAM = "/v1/feed/stream"


@contextmanager
def following(service, path=STREAM, **more):
    with closing(Followed(service, path, **more)) as followed:
        assert followed.answer.status == 200
        yield followed


def last_position(service):
    with following(service) as stream:
        order = service.order()
        return stream.has(1).events[0]["position"], order


def test_events_come_as_they_happen_and_in_order(service):
    with following(service) as stream:
        orders = [service.order() for _ in range(5)]
        assert [each["order"] for each in stream.has(5).events] == orders
    assert stream.positions == sorted(stream.positions)
    pulled = service.call("GET", f"/v1/feed?after={stream.positions[0] - 1}&limit=5").body
    assert [each["data"] for each in pulled["events"]] == stream.events


def test_it_goes_on_at_a_position_or_after_the_last_event(service):
    position, _ = last_position(service)
    order = service.order()
    with following(service, f"{STREAM}?after={position}") as stream:
        assert stream.has(1).events[0]["order"] == order
    with following(service, f"{STREAM}?after=0", Last_Event_ID=str(position)) as stream:
        assert stream.has(1).events[0]["order"] == order
    with following(service, f"{STREAM}?after=0") as stream:  # from the log, in many pages
        stream.has(position)
        assert stream.positions == sorted(set(stream.positions))


def test_a_bad_position_is_refused_before_the_stream_begins(service):
    for path, headers in ((f"{STREAM}?after=900000000", {}), (STREAM, {"Last_Event_ID": "x"})):
        answer = service.call("GET", path, **headers)
        assert answer.status == 400
        assert answer.body["code"] in {"position_ahead", "bad_last_event_id"}


def test_curl_follows_it(service):
    address = f"{service.address}{STREAM}"
    command = ["curl", "-sN", "-H", f"Authorization: key {KEY}", address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as curl:
        try:
            assert curl.stdout.readline() == "retry: 1000\n"
            order = service.order()
            lines = [curl.stdout.readline() for _ in range(4)]
        finally:
            curl.kill()
    assert re.match(r"\nid: \d+\nevent: orderlog.order.OrderCreated\ndata: {.*}\n", "".join(lines))
    assert json.loads(lines[3].removeprefix("data: "))["subject"] == order


def test_a_ticket_opens_it_and_is_written_nowhere(service):
    stream = service.call("POST", "/v1/feed/tickets").body["stream"]
    ticket = stream.partition("=")[2]
    with following(service, stream, key=False) as followed:
        order = service.order()
        assert followed.has(1).events[0]["order"] == order
    until(lambda: service.log("feed_stream_ended"), "it is not logged")
    assert ticket not in service.complaints()
    refused = service.send("GET", f"{STREAM}?ticket={ticket[:-1]}x", {})
    assert refused.status == 401
    assert service.send("GET", f"/v1/feed?ticket={ticket}", {}).status == 401


PAGE = """
<!doctype html><script>
window.seen = [];
window.closed = false;
const source = new EventSource("%s");
source.addEventListener("orderlog.order.OrderCreated", (event) => {
  window.seen.push([event.lastEventId, JSON.parse(event.data).subject]);
});
source.onopen = () => { window.opened = (window.opened || 0) + 1; };
</script>
"""


def test_a_browsers_event_source_follows_it(service, browser):
    """It sends no key, and a page of another origin may read it."""
    stream = service.call("POST", "/v1/feed/tickets").body["stream"]
    page = browser.new_page()
    try:
        page.set_content(PAGE % (service.address + stream))
        page.wait_for_function("window.opened === 1")
        orders = [service.order() for _ in range(3)]
        page.wait_for_function("window.seen.length === 3")
        seen = page.evaluate("window.seen")
    finally:
        page.close()
    assert [order for _, order in seen] == orders
    assert all(position.isdecimal() for position, _ in seen)


def test_a_revoked_key_and_a_server_that_stops_end_their_streams(own_database, log):
    with serving(own_database, log) as service:
        key = service.create_key("--scope", "orders:read")
        name = key_with(own_database, "orders:read")
        with following(service) as stays, following(service, key=key) as ends:
            ticket = service.call("POST", "/v1/feed/tickets", Authorization=f"key {key}").body
            with following(service, ticket["stream"], key=False) as by_ticket:
                service.order()
                for each in (stays, ends, by_ticket):
                    each.has(1)
                assert orderlog("key", "revoke", name, "--database", own_database).returncode == 0
                revoked_at = time.monotonic()
                for each in (ends, by_ticket):
                    assert each.ends().ended_at - revoked_at < 1
                    assert each.comments == ["the key works no more"]
            assert not stays.ended
            order = service.order()
            assert stays.has(2).events[-1]["order"] == order
            service.process.send_signal(signal.SIGTERM)
            assert stays.ends().comments == ["the server stops"]
        assert service.process.wait(60) == 0
        ended = service.log("feed_stream_ended")
        assert {each["why"] for each in ended} == {"the key works no more", "the server stops"}
        assert {each["position"] for each in ended} == {1, 2}
        assert not [line for line in service.complaints().splitlines() if "Traceback" in line]


def test_metrics_count_streams(service):
    with following(service) as stream:
        service.order()
        stream.has(1)
        text = service.send("GET", "/metrics", {}).content.decode()
        assert re.search(r"^orderlog_feed_streams_open [1-9]", text, re.MULTILINE)
        assert re.search(r"^orderlog_feed_stream_lag_events \d", text, re.MULTILINE)
        assert re.search(
            r'^orderlog_feed_events_sent_total{way="stream"} [1-9]', text, re.MULTILINE
        )


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_other_methods_are_none(service, method):
    assert service.call(method, STREAM, {}).status == 405
    assert service.call("GET", ORDERS).status == 200
