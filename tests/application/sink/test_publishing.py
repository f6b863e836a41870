"""The feed in a stream of a real NATS server: each position once, in order, wherever it begins."""

import asyncio

import own_loop
import pytest
from nats.js.api import RetentionPolicy
from seller import on_one_store

from application.feed.reading import FeedReader, Wanted
from application.feed.thin_event import encoded
from application.sink.jetstream import StreamMoved, StreamRefused, connected


def positions(broker, stream):
    return [each.position for each in broker.messages(stream)]


def test_the_stream_has_what_the_feed_has(shop, broker, stream):
    shop.paid_order()
    published = shop.publish(broker, stream)
    events = FeedReader(shop.store).read(0, 1000, Wanted()).events
    assert (published.events, published.position) == (len(events), events[-1].position)
    found = broker.messages(stream)
    assert [each.body for each in found] == [encoded(each) for each in events]
    log = shop.store.log_id()
    assert [each.headers["Nats-Msg-Id"] for each in found] == [
        f"{log}-{each.position}" for each in events
    ]
    assert found[0].subject == f"{stream}.order.OrderCreated"
    assert found[0].headers["Content-Type"] == "application/cloudevents+json; charset=utf-8"


def test_the_next_run_goes_on_where_the_stream_ends(shop, broker, stream):
    assert shop.publish(broker, stream).events == 0
    for number in range(3):
        shop.order(0)
        assert shop.publish(broker, stream).events == 1, number
    assert shop.publish(broker, stream).events == 0
    assert positions(broker, stream) == shop.positions()


@on_one_store
def test_more_than_fits_on_the_way_at_once(shop, broker, stream, monkeypatch):
    monkeypatch.setattr("application.sink.publisher.WINDOW", 3)
    for _ in range(10):
        shop.order(0)
    shop.publish(broker, stream)
    assert positions(broker, stream) == shop.positions()


@on_one_store
def test_only_some_types(shop, broker, stream):
    shop.paid_order()
    shop.paid_order()
    shop.publish(broker, stream, {"orderlog.order.StatusChanged"})
    shop.paid_order()
    shop.publish(broker, stream, {"orderlog.order.StatusChanged"})
    found = broker.messages(stream)
    assert {each.event["type"] for each in found} == {"orderlog.order.StatusChanged"}
    assert [each.event["data"]["status"] for each in found] == ["in_progress", "done"] * 3


def test_two_that_publish_at_once_do_no_harm(shop, broker, stream, monkeypatch):
    """Each in windows of its own size, so that one meets another in the middle of a window."""
    for _ in range(40):
        shop.order(0)

    async def both():
        publishers = [shop.publisher(broker, stream) for _ in range(3)]
        sizes = iter([2, 3, 5] * 100)
        for each in publishers:
            read, size = each._reader.read, next(sizes)
            each._reader.read = lambda after, _, *more, read=read, size=size: read(
                after, size, *more
            )
        return await asyncio.gather(*(each.run() for each in publishers))

    runs = own_loop.run(both())
    assert positions(broker, stream) == shop.positions()
    assert {each.position for each in runs} == {shop.positions()[-1]}


@on_one_store
def test_what_was_not_confirmed_is_sent_again_and_is_there_once(shop, broker, stream):
    """As after a kill between a publication and its confirmation."""
    for _ in range(5):
        shop.order(0)
    events = FeedReader(shop.store).read(0, 3, Wanted()).events

    async def unconfirmed():
        target = await connected(shop.target(broker, stream))
        await target.end(None)
        await target.publish(events, 0)
        await target.close()

    own_loop.run(unconfirmed())
    assert shop.publish(broker, stream).events == 2
    assert positions(broker, stream) == shop.positions()


@on_one_store
def test_a_stream_that_takes_messages_of_others_is_refused(shop, broker, stream):
    async def make(jetstream):
        await jetstream.add_stream(name=stream, subjects=[f"{stream}.>"])
        await jetstream.publish(f"{stream}.other", b"{}")

    broker.ask(make)
    with pytest.raises(StreamRefused, match="not of a feed: it needs its own stream"):
        shop.publish(broker, stream)


@on_one_store
@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"no_ack": True}, "confirms nothing"),
        ({"retention": RetentionPolicy.WORK_QUEUE}, "drops what was consumed"),
        ({"subjects": ["elsewhere"]}, "does not take the subjects"),
    ],
)
def test_a_stream_that_cannot_keep_the_feed_is_refused(shop, broker, stream, config, reason):
    about = {"name": stream, "subjects": [f"{stream}.order.*"]} | config
    broker.ask(lambda jetstream: jetstream.add_stream(**about))
    shop.order(0)
    with pytest.raises(StreamRefused, match=reason):
        shop.publish(broker, stream)
    broker.ask(lambda jetstream: jetstream.delete_stream(stream))


@on_one_store
def test_the_stream_of_another_log_is_refused(shop, broker, stream, tmp_path):
    shop.order(0)
    shop.publish(broker, stream)
    with type(shop)(f"sqlite:///{tmp_path / 'other.db'}") as other:
        other.order(0)
        with pytest.raises(StreamRefused, match="has the feed of another log"):
            other.publish(broker, stream)


@on_one_store
def test_a_log_that_was_set_back_is_refused(shop, broker, stream, tmp_path):
    """A backup of it is put back: first it is shorter than the stream, then it goes on anew."""
    log = shop.store.log_id()
    for _ in range(3):
        shop.order(0)
    shop.publish(broker, stream)
    with type(shop)(f"sqlite:///{tmp_path / 'restored.db'}") as restored:
        restored.order(0)
        with pytest.raises(StreamRefused, match="another history: it was set back"):
            restored.publish(broker, stream, log=log)
        for _ in range(3):
            restored.order(0)
        with pytest.raises(StreamRefused, match="another history: it was set back"):
            restored.publish(broker, stream, log=log)


@on_one_store
def test_a_stream_without_its_last_message_needs_a_position(shop, broker, stream):
    for _ in range(4):
        shop.order(0)
    shop.publish(broker, stream)
    at = shop.positions()[-1]
    broker.ask(lambda jetstream: jetstream.purge_stream(stream))
    shop.order(0)
    with pytest.raises(StreamRefused, match="--after"):
        shop.publish(broker, stream)
    assert shop.publish(broker, stream, begins=at).events == 1


@on_one_store
def test_a_stream_begins_where_it_is_said_and_never_skips(shop, broker, stream):
    for _ in range(4):
        shop.order(0)
    first, second, third, _ = shop.positions()
    assert shop.publish(broker, stream, begins=second).events == 2
    assert shop.publish(broker, stream, begins=first).events == 0
    shop.order(0)
    with pytest.raises(StreamRefused, match="would miss what is between"):
        shop.publish(broker, stream, begins=shop.positions()[-1])
    assert third in positions(broker, stream)


@on_one_store
def test_what_would_stand_elsewhere_than_it_should_is_not_taken(shop, broker, stream):
    """As of one that looked before another published: also what no message id tells of."""
    for _ in range(5):
        shop.order(0)
    events = FeedReader(shop.store).read(0, 5, Wanted()).events

    async def late():
        target = await connected(shop.target(broker, stream))
        await target.end(None)
        await target.publish(events[:3], 0)
        for wrong in (2, 4):
            with pytest.raises(StreamMoved):
                await target.publish(events[4:], wrong)
        await target.close()

    own_loop.run(late())
    assert positions(broker, stream) == shop.positions()[:3]
