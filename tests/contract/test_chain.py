"""Every event that is stored carries its hash, over its predecessor's."""

import hashlib
from contextlib import closing

import layout_1
import pytest
from hashes import expected, kept
from store_writes import append, event, one, refuse

from application.bootstrap import open_store as open_at
from application.event_log.hash_chain import genesis, link, links


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'orders.db'}"
    return request.getfixturevalue("database")


@pytest.fixture
def chained(url):
    with closing(open_at(url)) as store:
        yield store


def test_events_of_one_write_follow_each_other(chained, url):
    one(chained, append(chained, "a", 1, 2, 3))
    assert len(kept(url)) == 3
    assert kept(url) == expected(url)


def test_a_later_write_follows_the_earlier_one(chained, url):
    one(chained, append(chained, "a"))
    one(chained, append(chained, "a", 2, 3))
    one(chained, append(chained, "a", 4))
    assert kept(url) == expected(url)


def test_orders_of_one_batch_have_chains_of_their_own(chained, url):
    one(chained, append(chained, "a"))
    chained.write_all(
        [append(chained, "b"), append(chained, "a", 2), refuse(), append(chained, "c", 1, 2)]
    )
    assert kept(url).keys() == {("a", 1), ("a", 2), ("b", 1), ("c", 1), ("c", 2)}
    assert kept(url) == expected(url)


def test_two_processes_go_on_with_one_chain(chained, url):
    with closing(open_at(url)) as other:
        one(chained, append(chained, "a"))
        one(other, append(other, "a", 2))
        one(chained, append(chained, "a", 3))
    assert kept(url) == expected(url)


def test_events_that_come_without_a_batch_are_chained_too(chained, url):
    chained.recorder.insert_events([event("a"), event("a", 2)])
    chained.recorder.insert_events([event("a", 3), event("b")])
    assert len(kept(url)) == 4
    assert kept(url) == expected(url)


def test_events_from_before_there_were_hashes_get_theirs(url):
    if url.startswith("sqlite"):
        layout_1.lay_out_sqlite(url.removeprefix("sqlite:///"))
    else:
        layout_1.lay_out_postgres(url)
    with closing(open_at(url)):
        assert len(kept(url)) == 3
        assert kept(url) == expected(url)


# What is hashed.


def test_the_hash_is_of_the_predecessor_the_place_the_name_and_the_bytes():
    assert genesis("a") == hashlib.sha256(b"orderlog facts 1\0a").digest()
    assert (
        link(b"\1" * 32, "a", 2, "X.1", b"{}")
        == hashlib.sha256(
            b"\x20\x00\x01\x00\x03\x00\x00\x00\x00\x00\x00\x00\x02" + b"\1" * 32 + b"aX.1{}"
        ).digest()
    )


def test_each_part_counts_and_none_can_be_moved_into_another():
    same = link(b"p" * 32, "order", 2, "Name.1", b"state")
    others = [
        link(b"q" * 32, "order", 2, "Name.1", b"state"),
        link(b"p" * 32, "orde", 2, "rName.1", b"state"),
        link(b"p" * 32, "order", 3, "Name.1", b"state"),
        link(b"p" * 32, "order", 2, "Name.", b"1state"),
        link(b"p" * 32, "order", 2, "Name.1", b"states"),
        link(b"p" * 31, "porder", 2, "Name.1", b"state"),
    ]
    assert same not in others
    assert len(set(others)) == len(others)


def test_a_event_that_follows_nothing_known_is_not_passed_off_as_a_first_one():
    [alone] = links([event("a", 2)], {})
    assert alone == link(b"", "a", 2, "OrderCreated.1", b"{}")
    assert alone != link(genesis("a"), "a", 2, "OrderCreated.1", b"{}")
