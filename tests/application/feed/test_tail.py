"""The tail of the feed: what it keeps, whom it wakes, and when it says that it does not know."""

import asyncio
from contextlib import contextmanager

import pytest
from polling import until
from seller import ORGANISER, SHOP, BoxOffice, on_one_store

from application.feed import tail as tails
from application.feed.reading import FeedReader, Wanted

ALL = Wanted()
SHOPS = Wanted(partner=SHOP)
STRANGER = "56810047f06c5a6ac62f4e1f"


@pytest.fixture
def office(address):
    with BoxOffice(address) as office:
        yield office


@contextmanager
def following(office):
    """A tail with a listener to all, once it follows the log."""
    tail = tails.FeedTail(office.store, FeedReader(office.store))
    loop = asyncio.new_event_loop()
    listener = tail.listen(None, loop)
    try:
        until(lambda: tail.after(office.store.last_position(), ALL, 1), "it does not follow")
        tail.loop = loop
        yield tail
    finally:
        tail.leave(listener)
        tail.stop()
        loop.close()


def knows(tail, position):
    until(lambda: tail._kept.end.position >= position, "it does not go on")


def positions(page):
    return None if page is None else [each.position for each in page.events]


def test_it_answers_what_a_reader_would(office):
    office.order()
    with following(office) as tail:
        for partner in (ORGANISER, SHOP, ORGANISER, SHOP):
            office.order(partner=partner)
        knows(tail, 5)
        reader = FeedReader(office.store)
        for wanted in (ALL, SHOPS, Wanted(partner=ORGANISER), Wanted(partner=STRANGER)):
            for after in (1, 2, 3, 5):
                for limit in (1, 2, 100):
                    read, known = (
                        reader.read(after, limit, wanted),
                        tail.after(after, wanted, limit),
                    )
                    assert positions(known) == positions(read)
                    assert known.end.log == read.end.log
                    if read.at_end:
                        assert (known.stamp, known.at_end) == (read.stamp, True)
                        assert known.next == read.next
        assert tail.after(0, ALL, 100) is None  # that was before it began


@on_one_store
def test_what_is_too_old_is_not_known_but_a_quiet_partner_missed_nothing(office, monkeypatch):
    monkeypatch.setattr(tails, "MOST_KEPT", 3)
    with following(office) as tail:
        office.order(partner=SHOP)
        for _ in range(5):
            office.order()
        knows(tail, 6)
        assert tail.after(2, ALL, 100) is None
        assert positions(tail.after(3, ALL, 100)) == [4, 5, 6]
        assert tail.after(0, SHOPS, 100) is None
        page = tail.after(1, SHOPS, 100)
        assert (page.events, page.next) == ([], 6)
        quiet = tail.after(0, Wanted(partner=STRANGER), 100)
        assert (quiet.events, quiet.next) == ([], 6)


@on_one_store
def test_only_those_whom_news_concerns_are_woken(office):
    with following(office) as tail:
        shop = tail.listen(SHOP, tail.loop)
        stranger = tail.listen(STRANGER, tail.loop)
        everybody = tail.listen(None, tail.loop)
        office.order(partner=SHOP)
        knows(tail, 1)
        until(lambda: ran(tail.loop) and shop.changed.is_set(), "it is not woken")
        assert everybody.changed.is_set()
        assert not stranger.changed.is_set()
        for each in (shop, stranger, everybody):
            tail.leave(each)
        assert set(tail._listeners) == {None}


def ran(loop):
    loop.run_until_complete(asyncio.sleep(0))
    return True


def test_a_log_that_went_back_ends_what_was_known(office, tampering):
    for _ in range(3):
        office.order()
    with following(office) as tail:
        office.order()
        knows(tail, 4)
        listener = tail.listen(STRANGER, tail.loop)
        [last] = office.store.log(3, 1)
        tampering.delete(last.originator_id, 1)
        office.order(partner=SHOP)
        until(lambda: tail.histories == 1, "it does not see it")
        until(lambda: ran(tail.loop) and listener.changed.is_set(), "nobody is woken")
        tail.leave(listener)


@on_one_store
def test_it_ends_when_nobody_listens_and_begins_again(office, monkeypatch):
    monkeypatch.setattr(tails, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(tails, "WAIT_SECONDS", 0.01)
    tail = tails.FeedTail(office.store, FeedReader(office.store))
    loop = asyncio.new_event_loop()
    for _ in range(2):
        listener = tail.listen(SHOP, loop)
        until(lambda: tail.after(office.store.last_position(), ALL, 1), "it does not follow")
        tail.leave(listener)
        until(lambda: tail._thread is None, "it goes on")
        assert tail.after(0, ALL, 1) is None
        office.order()
    tail.stop()
    loop.close()
