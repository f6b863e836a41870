"""One digest over the heads of all orders, and short proofs that a head is under it."""

import hashlib

import pytest

from application.integrity.merkle_tree import (
    EMPTY,
    bucket,
    bucket_leaf,
    head_of,
    leaf,
    path,
    position_digest_of,
    root,
    root_of,
    verify_inclusion,
)
from application.ports.integrity_records import Bucket, Head, Link, bucket_of

LEAVES = [hashlib.sha256(b"%d" % number).digest() for number in range(40)]
ORDER = "56a73b7ff06c5a21c393806b"


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def test_the_root_of_few_leaves_is_as_written_down():
    a, b, c = LEAVES[:3]
    assert root([]) == EMPTY == hashlib.sha256(b"").digest()
    assert root([a]) == a
    assert root([a, b]) == node(a, b)
    assert root([a, b, c]) == node(node(a, b), c)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 31, 40])
def test_every_leaf_has_a_short_path_to_the_root(count):
    leaves = LEAVES[:count]
    for place, start in enumerate(leaves):
        steps = path(leaves, place)
        assert len(steps) <= count.bit_length()
        assert verify_inclusion(start, steps) == root(leaves)


@pytest.mark.parametrize("count", [2, 3, 9])
def test_no_other_leaf_gets_to_the_root_by_that_path(count):
    leaves = LEAVES[:count]
    steps = path(leaves, 0)
    assert verify_inclusion(LEAVES[-1], steps) != root(leaves)
    assert verify_inclusion(leaves[1], steps) != root(leaves)


def test_any_change_of_the_leaves_changes_the_root():
    roots = {root(LEAVES[:count]) for count in range(1, 41)}
    roots.add(root([LEAVES[1], LEAVES[0], *LEAVES[2:]]))
    roots.add(root([*LEAVES[:-1], LEAVES[0]]))
    assert len(roots) == 42


def test_a_head_is_digested_with_all_that_it_has():
    head = Head(ORDER, 3, b"h" * 32, b"t" * 32)
    written = b"\0\x18" + b"\0" * 7 + b"\3" + ORDER.encode() + b"h" * 32 + b"t" * 32
    assert leaf(head) == hashlib.sha256(written).digest()
    others = [
        Head(ORDER[:-1] + "c", 3, b"h" * 32, b"t" * 32),
        Head(ORDER, 2, b"h" * 32, b"t" * 32),
        Head(ORDER, 3, b"i" * 32, b"t" * 32),
        Head(ORDER, 3, b"h" * 32, b"u" * 32),
    ]
    assert len({leaf(each) for each in [head, *others]}) == 5


def test_the_position_digest_covers_the_positions_of_all_events_in_order():
    assert (
        position_digest_of([1, 2]) == hashlib.sha256(b"\0" * 7 + b"\1" + b"\0" * 7 + b"\2").digest()
    )
    assert len({position_digest_of(each) for each in ([1, 2], [2, 1], [1], [1, 2, 3])}) == 4
    links = [Link(1, b"a" * 32, 7), Link(2, b"b" * 32, 9)]
    assert head_of(ORDER, links) == Head(ORDER, 2, b"b" * 32, position_digest_of([7, 9]))


def test_orders_of_one_hour_lie_in_one_bucket():
    assert bucket_of(ORDER) == "56a73"
    assert bucket_of("56a73fff" + ORDER[8:]) == "56a73"
    assert bucket_of("56a74000" + ORDER[8:]) != "56a73"


def test_the_whole_is_the_tree_over_the_buckets():
    buckets = [bucket("56a73", 12, LEAVES[:4]), bucket("56a74", 1, LEAVES[4:5])]
    assert buckets[0] == Bucket("56a73", 4, 12, root(LEAVES[:4]))
    written = b"\2\5" + b"\0" * 7 + b"\4" + b"\0" * 7 + b"\x0c" + b"56a73" + root(LEAVES[:4])
    assert bucket_leaf(buckets[0]) == hashlib.sha256(written).digest()
    assert root_of(buckets) == node(bucket_leaf(buckets[0]), bucket_leaf(buckets[1]))
