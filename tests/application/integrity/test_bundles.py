"""Orders that an auditor takes home, to be checked without a database."""

import msgspec
import pytest
from seller import BoxOffice
from tampering import Tampering

from application.event_log.hash_chain import genesis, link
from application.integrity.bundle import (
    BadBundle,
    CannotBundle,
    check_bundle,
    make_bundle,
    read_bundle,
    read_checkpoints,
)
from application.integrity.findings import Kind
from application.integrity.signing import signer_at
from domain.refusals import UnknownOrder

ENCODE = msgspec.json.encode


@pytest.fixture
def shop(address, tmp_path):
    with BoxOffice(address, audit_key=str(tmp_path / "key")) as shop:
        shop.orders = [shop.paid_order(), shop.order(2), shop.order(0)]
        shop.later(hours=3)
        shop.orders += [shop.order(0) for _ in range(4)]
        yield shop


def bundle(shop, *orders):
    services = shop.services
    return make_bundle(services.store, services.checkpoints, orders or shop.orders)


def opened(shop, *orders):
    """A bundle as plain data, to be changed."""
    return msgspec.to_builtins(bundle(shop, *orders))


def kinds(data, trusted=None):
    return [each.kind for each in check_bundle(read_bundle(ENCODE(data)), trusted).findings]


def test_a_bundle_that_nobody_touched_is_good(shop):
    report = check_bundle(read_bundle(ENCODE(bundle(shop))), shop.services.checkpoints.public_key)
    assert report.findings == []
    assert (report.orders, report.events) == (7, 10)
    assert report.key == shop.services.checkpoints.public_key


@pytest.mark.parametrize("place", range(7))
def test_one_order_is_proven_by_itself(shop, place):
    data = opened(shop, shop.orders[place])
    assert kinds(data) == []
    assert len(data["orders"]) == 1


def test_it_says_what_the_log_says(shop):
    order = shop.orders[0]
    [bundled] = bundle(shop, order).orders
    stored = shop.services.store.events(order)
    assert [(each.version, each.position, each.name) for each in bundled.events] == [
        (each.originator_version, each.id, each.topic) for each in stored
    ]
    assert [each.state.encode() for each in bundled.events] == [each.state for each in stored]


@pytest.mark.parametrize(
    ("field", "value"), [("name", "CustomerSet.1"), ("state", "{}"), ("hash", "00" * 32)]
)
def test_a_changed_event_is_found(shop, field, value):
    data = opened(shop, shop.orders[0])
    data["orders"][0]["facts"][1][field] = value
    assert kinds(data)


def test_a_changed_position_is_found(shop):
    data = opened(shop, shop.orders[0])
    data["orders"][0]["facts"][3]["position"] += 1
    assert kinds(data) == [Kind.REWRITTEN]


def test_events_with_hashes_made_anew_are_found(shop):
    data = opened(shop, shop.orders[0])
    order, own = data["orders"][0], genesis(shop.orders[0])
    order["facts"][1]["state"] = order["facts"][1]["state"].replace("api/BASE", "api/EVIL")
    for event in order["facts"]:
        own = link(own, order["id"], event["version"], event["name"], event["state"].encode())
        event["hash"] = own.hex()
    assert kinds(data) == [Kind.REWRITTEN]


def test_events_that_are_left_out_are_found(shop):
    data = opened(shop, shop.orders[0])
    del data["orders"][0]["facts"][-1]
    assert kinds(data) == [Kind.REWRITTEN]
    data["orders"][0]["facts"] = []
    assert kinds(data) == [Kind.MISSING]


def test_an_order_under_another_name_is_found(shop):
    data = opened(shop, shop.orders[1])
    data["orders"][0]["id"] = shop.orders[2]
    assert kinds(data)


def test_a_changed_path_is_found(shop):
    for path in ("to_drawer", "to_root"):
        data = opened(shop, shop.orders[0])
        data["orders"][0][path][0]["digest"] = "00" * 32
        assert kinds(data) == [Kind.REWRITTEN]


def test_a_changed_checkpoint_is_found(shop):
    data = opened(shop)
    data["checkpoint"]["statement"] = data["checkpoint"]["statement"].replace(
        '"orders":7', '"orders":8'
    )
    assert kinds(data) == [Kind.CHECKPOINT]


def test_a_checkpoint_by_a_stranger_is_found_by_who_knows_the_key(shop, tmp_path):
    data = opened(shop)
    stranger = signer_at(str(tmp_path / "stranger"))
    statement = data["checkpoint"]["statement"].replace(
        shop.services.checkpoints.public_key, stranger.public
    )
    data["checkpoint"] = {
        "statement": statement,
        "signature": stranger.sign(statement.encode()).hex(),
    }
    assert kinds(data) == []
    assert kinds(data, shop.services.checkpoints.public_key) == [Kind.CHECKPOINT]


def test_who_knows_an_earlier_key_is_led_to_the_present_one(shop):
    shop.services.checkpoints.make()
    first = shop.services.checkpoints.public_key
    shop.services.checkpoints.rotate()
    shop.services.checkpoints.rotate()
    shop.order(0)
    data = opened(shop)
    assert len(data["keys"]) == 2
    assert kinds(data, first) == kinds(data, shop.services.checkpoints.public_key) == []
    del data["keys"][0]
    assert kinds(data, first) == [Kind.CHECKPOINT]


def test_an_order_that_does_not_exist_is_refused(shop):
    with pytest.raises(UnknownOrder):
        bundle(shop, "e" * 24)


def test_an_order_that_was_tampered_with_is_not_proven(shop, address):
    bundle(shop)
    tampering = Tampering(address)
    tampering.edit(shop.orders[0], 2, b"api/BASE", b"api/EVIL")
    with pytest.raises(CannotBundle):
        bundle(shop, shop.orders[0])
    tampering.rechain(shop.orders[0])
    with pytest.raises(CannotBundle):
        bundle(shop, shop.orders[0])
    assert kinds(opened(shop, shop.orders[1])) == []


@pytest.mark.parametrize(
    "data",
    [b"", b"nonsense", b"[]", b'{"format": "orderlog bundle 1"}', b"\xff"],
)
def test_a_file_that_is_no_bundle_is_refused(data):
    with pytest.raises(BadBundle):
        read_bundle(data)
    with pytest.raises(BadBundle):
        read_checkpoints(data)


@pytest.mark.parametrize("signature", ["zz", "0"])
def test_a_bundle_with_nonsense_in_it_is_refused(shop, signature):
    data = opened(shop)
    with pytest.raises(BadBundle):
        read_bundle(ENCODE({**data, "format": "orderlog bundle 2"}))
    data["checkpoint"]["signature"] = signature
    with pytest.raises(BadBundle):
        read_bundle(ENCODE(data))
