"""Signed checkpoints: made once by whoever is first, by a key that only the service can read."""

import stat
import threading
import time
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from seller import BoxOffice

from application.bootstrap import build, key_place_of
from application.integrity.chain_heads import advance, finalise
from application.integrity.checkpoint import Checkpoints, CheckpointsBusy
from application.integrity.checkpoint_check import check_series
from application.integrity.checkpointer import Checkpointer
from application.integrity.key_place import KeyMissing, KeyPlace, NoKey, WrongKey
from application.integrity.signing import BadKey, read_public, signer_at, verified
from application.integrity.statement import digest_of, is_signed, statement_of
from application.settings import Settings


@pytest.fixture
def shop(address, tmp_path):
    with BoxOffice(address, audit_key=str(tmp_path / "key")) as shop:
        yield shop


@pytest.fixture
def checkpoints(shop):
    return shop.services.checkpoints


def test_a_checkpoint_states_how_far_the_log_is_and_is_signed(shop, checkpoints):
    shop.paid_order()
    shop.order()
    made = checkpoints.make()
    statement = statement_of(made)
    assert (statement.number, statement.orders, statement.events) == (1, 2, 5)
    assert statement.position == shop.services.store.last_position()
    assert statement.at == shop.time.isoformat(timespec="microseconds")
    assert statement.key == checkpoints.public_key
    assert is_signed(made, statement)
    assert shop.services.store.audit().checkpoints() == [made]


def test_without_anything_new_the_last_one_stands(shop, checkpoints):
    shop.order()
    assert checkpoints.make() == checkpoints.make()


def test_each_one_names_the_one_before(shop, checkpoints):
    shop.order()
    first = checkpoints.make()
    shop.order()
    second = checkpoints.make()
    assert statement_of(second).previous == digest_of(first)
    assert statement_of(second).root != statement_of(first).root
    assert check_series([first, second]).findings == []


def test_a_checkpoint_over_nothing_is_possible(checkpoints):
    assert statement_of(checkpoints.make()).orders == 0


def test_the_digest_does_not_depend_on_how_it_came_about(address, tmp_path, shop, checkpoints):
    """Whether the recorded heads went along step by step or all at once."""
    shop.order()
    checkpoints.make()
    order = shop.order()
    checkpoints.make()
    shop.cancel(order)
    step_by_step = statement_of(checkpoints.make())
    records = shop.services.store.audit()
    records.forget_recorded_heads()
    advance(shop.services.store, step_by_step.position)
    at_once = finalise(shop.services.store, step_by_step.position)
    assert at_once.root.hex() == step_by_step.root
    assert (at_once.orders, at_once.events) == (step_by_step.orders, step_by_step.events)


def test_of_several_processes_one_makes_it(address, tmp_path, shop):
    for _ in range(5):
        shop.order(0)
    key = str(tmp_path / "key")
    made = []

    def make():
        with closing(build(Settings(database=address, audit_key=key))) as services:
            made.append(services.checkpoints.make())

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert set(map(msgspec.json.encode, made)) == {msgspec.json.encode(made[0])}


def test_who_finds_another_at_work_waits_but_not_for_ever(shop, tmp_path):
    shop.order()
    records = shop.services.store.audit()
    assert records.claim(60)
    assert not records.claim(60)
    place = KeyPlace(str(tmp_path / "key"))
    checkpoints = Checkpoints(shop.services.store, shop.services.clock, place, backoff_seconds=0.0)
    with pytest.raises(CheckpointsBusy):
        checkpoints.make()
    assert checkpoints.make_if_due(1) is None
    records.release()
    assert checkpoints.make_if_due(1) is not None


def test_a_checkpoint_is_due_when_the_last_is_old_and_something_is_new(shop, checkpoints):
    assert checkpoints.make_if_due(60) is None
    shop.order()
    assert checkpoints.make_if_due(60) is not None
    shop.later(seconds=61)
    assert checkpoints.make_if_due(60) is None
    shop.order()
    assert checkpoints.make_if_due(60) is not None
    shop.order()
    shop.later(seconds=59)
    assert checkpoints.make_if_due(60) is None
    shop.later(seconds=1)
    assert statement_of(checkpoints.make_if_due(60)).number == 3


def test_a_running_service_makes_them_by_itself(address, tmp_path):
    settings = Settings(database=address, audit_key=str(tmp_path / "key"), checkpoint_seconds=0.01)
    with closing(build(settings)) as services:
        services.start()
        with BoxOffice(address) as shop:
            shop.order(0)
            records = shop.services.store.audit()
            deadline = time.monotonic() + 60
            while records.last_checkpoint() is None and time.monotonic() < deadline:
                shop.services.store.wait_for_news(10**9, 0.01)
            assert records.last_checkpoint() is not None


def test_a_service_without_a_key_goes_on_without_checkpoints(shop):
    shop.order()
    shop.services.checkpoints.place = None
    checkpointer = Checkpointer(shop.services.checkpoints, 0.01)
    checkpointer.start()
    checkpointer._thread.join(60)
    assert not checkpointer._thread.is_alive()
    assert shop.services.store.audit().last_checkpoint() is None
    with pytest.raises(NoKey):
        shop.services.checkpoints.make()


# Keys.


def test_a_key_is_made_on_first_use_for_its_owner_alone(tmp_path):
    path = str(tmp_path / "key")
    signer = signer_at(path)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [tmp_path / "key"]
    assert signer_at(path).public == signer.public
    assert verified(signer.public, b"message", signer.sign(b"message"))
    assert not verified(signer.public, b"massage", signer.sign(b"message"))
    assert not verified("zz", b"message", signer.sign(b"message"))


def test_a_key_that_others_can_read_is_refused(tmp_path):
    signer_at(str(tmp_path / "key"))
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(BadKey):
        signer_at(str(tmp_path / "key"))


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_file_that_is_no_key_is_refused(tmp_path, content):
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(BadKey):
        signer_at(str(path))


@pytest.mark.parametrize("content", ["", "nonsense", "0" * 63, "g" * 64])
def test_a_file_that_is_no_public_key_is_refused(tmp_path, content):
    path = tmp_path / "key.pub"
    path.write_text(content)
    with pytest.raises(BadKey):
        read_public(str(path))
    path.write_text(f"  {'AB' * 32}\n")
    assert read_public(str(path)) == "ab" * 32


@pytest.mark.parametrize(
    ("database", "key", "place"),
    [
        ("sqlite:////data/orders.db", "beside", "/data/orders.db-audit-key"),
        ("sqlite:////data/orders.db", "/keys/a", "/keys/a"),
        ("postgresql://u@h/d", "/keys/a", "/keys/a"),
    ],
)
def test_where_the_key_is(database, key, place):
    assert key_place_of(Settings(database=database, audit_key=key)).path == place


def test_elsewhere_than_for_an_sqlite_file_the_key_has_no_place_by_default():
    assert key_place_of(Settings(database="postgresql://u@h/d")) is None


def test_a_new_key_is_announced_by_the_old_one(shop, checkpoints):
    shop.order()
    old = checkpoints.public_key
    first = checkpoints.make()
    announced = checkpoints.rotate()
    new = checkpoints.public_key
    assert new != old
    assert (statement_of(announced).key, statement_of(announced).next_key) == (old, new)
    shop.order()
    fourth = checkpoints.make()
    assert statement_of(fourth).key == new
    series = shop.services.store.audit().checkpoints()
    assert (series[:2], series[3:]) == ([first, announced], [fourth])
    for trusted in (None, old, new):
        assert check_series(series, trusted).findings == []
        assert check_series(series[:3], trusted).findings == []
    assert check_series(series, "ab" * 32).findings
    assert check_series([first, *series[2:]]).findings


def test_a_rotation_that_was_cut_short_is_finished_by_the_next_checkpoint(
    shop, checkpoints, tmp_path
):
    shop.order()
    checkpoints.make()
    old = (tmp_path / "key").read_bytes()
    announced = statement_of(checkpoints.rotate())
    (tmp_path / "key").rename(tmp_path / "key.next")
    (tmp_path / "key").touch(0o600)
    (tmp_path / "key").write_bytes(old)
    shop.order()
    assert statement_of(checkpoints.make()).key == announced.next_key
    assert checkpoints.public_key == announced.next_key
    assert not Path(tmp_path / "key.next").exists()


def test_another_key_signs_only_if_somebody_says_so(shop, checkpoints, tmp_path):
    shop.order()
    checkpoints.make()
    (tmp_path / "key").unlink()
    shop.order()
    with pytest.raises(KeyMissing):
        checkpoints.make()
    signer_at(str(tmp_path / "key"))
    with pytest.raises(WrongKey):
        checkpoints.make()
    adopted = checkpoints.make(adopt=True)
    shop.order()
    last = checkpoints.make()
    assert statement_of(last).key == statement_of(adopted).key
    series = shop.services.store.audit().checkpoints()
    assert [each.checkpoint for each in check_series(series).findings] == [2]
    assert check_series(series, statement_of(adopted).key).findings == []


def test_a_shop_that_never_signed_has_nothing_to_show(office: BoxOffice):
    assert office.services.store.audit().last_checkpoint() is None
    assert check_series([]).findings == []
