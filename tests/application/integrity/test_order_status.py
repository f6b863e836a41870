"""The integrity status of one order says whether its events are those that were recorded."""

import pytest
from box_office import BoxOffice, seat
from tampering import Tampering

from application.integrity.findings import Kind
from application.integrity.key_place import KeyPlace
from application.integrity.order_status import integrity_status_of


@pytest.fixture
def shop(address, tmp_path):
    """A ticket shop on each store, with a paid order that nobody has signed for yet."""
    shop = BoxOffice(address)
    shop.services.checkpoints.place = KeyPlace(str(tmp_path / "key"))
    shop.paid = shop.order(seats=[seat(1)])
    shop.start_payment(shop.paid)
    shop.finish(shop.paid)
    yield shop
    shop.services.close()


@pytest.fixture
def tampering(address):
    return Tampering(address)


def mark(shop):
    return integrity_status_of(shop.services.store, shop.paid)


def kinds(shop):
    return [(each.kind, each.version) for each in mark(shop).findings]


def test_before_the_first_checkpoint_the_chain_alone_speaks(shop):
    found = mark(shop)
    assert (found.events, found.signed, found.checkpoint, found.findings) == (4, 0, None, [])


def test_a_checkpoint_signs_what_was_there_then(shop):
    shop.services.checkpoints.make()
    other = shop.order(seats=[seat(2)])
    found = mark(shop)
    assert (found.events, found.signed, found.findings) == (4, 4, [])
    assert found.checkpoint.number == 1
    late = integrity_status_of(shop.services.store, other)
    assert (late.events, late.signed, late.findings) == (1, 0, [])


def test_an_order_that_went_on_is_signed_in_part(shop):
    order = shop.order(seats=[seat(3)])
    shop.services.checkpoints.make()
    shop.name_buyer(order, email="buyer@example.org")
    found = integrity_status_of(shop.services.store, order)
    assert (found.events, found.signed, found.findings) == (2, 1, [])


def test_a_changed_event_is_named(shop, tampering):
    tampering.edit(shop.paid, 2, b"api/BASE", b"api/EVIL")
    assert kinds(shop) == [(Kind.CHANGED, 2)]


def test_a_missing_event_is_named(shop, tampering):
    tampering.run(
        "DELETE FROM orders_events WHERE originator_id = ? AND originator_version = ?",
        shop.paid,
        2,
    )
    assert (Kind.MISSING, 2) in kinds(shop)


def test_a_event_without_a_hash_was_not_written_by_us(shop, tampering):
    tampering.set(shop.paid, 4, "hash", b"")
    assert kinds(shop) == [(Kind.INSERTED, 4)]


def test_hashes_that_were_made_anew_are_not_those_that_were_recorded(shop, tampering):
    shop.services.checkpoints.make()
    tampering.edit(shop.paid, 2, b"api/BASE", b"api/EVIL")
    tampering.rechain(shop.paid)
    assert kinds(shop) == [(Kind.REWRITTEN, 4)]


def test_a_checkpoint_with_another_signature_is_none(shop, tampering):
    shop.services.checkpoints.make()
    tampering.run("UPDATE checkpoints SET signature = ?", b"x" * 64)
    found = mark(shop)
    assert [each.kind for each in found.findings] == [Kind.CHECKPOINT]
    assert (found.signed, found.checkpoint) == (0, None)
    tampering.run("UPDATE checkpoints SET statement = ?", b"nonsense")
    assert [each.kind for each in mark(shop).findings] == [Kind.CHECKPOINT]
