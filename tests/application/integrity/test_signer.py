"""The signer has a memory: a forged past is not signed, and what was signed elsewhere counts."""

import json
import stat
from contextlib import closing, redirect_stderr
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from seller import BoxOffice
from tampering import Tampering

from application.bootstrap import build, key_place_of
from application.integrity.bundle import BadBundle, read_checkpoints
from application.integrity.checkpoint import LogContradicts, LogWentBack, SignerDisagrees
from application.integrity.checkpoint_check import check_series
from application.integrity.checkpointer import Checkpointer
from application.integrity.key_place import KeyMissing, KeyPlace, KeyRetired, MemoryMissing
from application.integrity.signing import BadKey, signer_at
from application.integrity.statement import statement_of
from application.integrity.verification import verify
from application.integrity.workers import here
from application.settings import Settings
from interface.server.logs import configure


class Shop(BoxOffice):
    """Has a paid order under a checkpoint."""

    def __init__(self, database, key):
        super().__init__(database)
        self.key = key
        self.checkpoints = self.services.checkpoints
        self.checkpoints.place = KeyPlace(str(key))
        self.paid = self.paid_order()
        self.first = self.checkpoints.make()
        self.catch_up()

    def verify(self, **more):
        store = self.services.store
        return verify(store, here(store), lambda *_: None, memory=self.checkpoints.memory, **more)

    @property
    def records(self):
        return self.services.store.audit()


@pytest.fixture
def shop(address, tmp_path):
    shop = Shop(address, tmp_path / "key")
    yield shop
    shop.services.close()


@pytest.fixture
def tampering(address):
    return Tampering(address)


def rewrite(shop, tampering):
    """Rewrite a signed event with hashes that fit."""
    tampering.edit(shop.paid, 2, b"api/BASE", b"api/EVIL")
    tampering.rechain(shop.paid)


def forget(tampering):
    """Have no checkpoint and no recorded head any more."""
    tampering.run("DELETE FROM checkpoints")
    tampering.run("DELETE FROM heads", file="-views-witness")
    tampering.run("DELETE FROM drawers", file="-views-witness")
    tampering.run("DELETE FROM seen", file="-views-witness")
    tampering.run("UPDATE witness SET position = 0, checkpoint = 0", file="-views-witness")


def test_a_forged_past_is_not_signed_when_all_that_was_signed_is_gone(shop, tampering):
    rewrite(shop, tampering)
    forget(tampering)
    with pytest.raises(SignerDisagrees):
        shop.checkpoints.make()
    with pytest.raises(SignerDisagrees):
        shop.checkpoints.signer()
    assert shop.records.checkpoints() == []
    assert "checkpoint 1" in " ".join(shop.verify(trusted=shop.checkpoints.public_key).not_proven)
    shop.services.watch.look()
    with pytest.raises(LogWentBack):
        shop.checkpoints.make()


def test_a_forged_past_is_not_signed_over_recorded_heads_that_were_forged_with_it(shop, tampering):
    rewrite(shop, tampering)
    tampering.rewitness(shop.paid)
    tampering.run("UPDATE drawers SET digest = NULL", file="-views-witness")
    shop.order(0)
    with pytest.raises(LogContradicts):
        shop.checkpoints.make()


def test_nor_when_the_digests_of_their_buckets_were_left(shop, tampering):
    rewrite(shop, tampering)
    tampering.rewitness(shop.paid)
    shop.order(0)
    with pytest.raises(LogContradicts):
        shop.checkpoints.make()


def test_recorded_heads_that_alone_were_changed_are_made_again(shop, tampering):
    tampering.run("UPDATE heads SET version = version + 1", file="-views-witness")
    shop.order(0)
    assert shop.checkpoints.make().number == 2
    shop.catch_up()
    assert shop.verify().good


def test_another_checkpoint_under_a_number_that_was_signed_is_found(shop, tampering, tmp_path):
    tampering.run("DELETE FROM checkpoints")
    tampering.run("UPDATE witness SET checkpoint = 0", file="-views-witness")
    shop.checkpoints.place = KeyPlace(str(copy_of(shop.key, tmp_path / "copy")))
    shop.later(minutes=1)
    other = shop.checkpoints.make(adopt=True)
    assert other.number == shop.first.number
    shop.checkpoints.place = KeyPlace(str(shop.key))
    shop.order(0)
    with pytest.raises(SignerDisagrees):
        shop.checkpoints.make()
    shop.catch_up()
    assert [each.checkpoint for each in shop.verify().findings] == [1]
    anchored = shop.verify(anchors=[shop.first], trusted=shop.checkpoints.public_key)
    assert any("two were signed" in each.says for each in anchored.findings)


def test_a_key_without_its_memory_signs_nothing_in_a_log_without_checkpoints(shop, tampering):
    tampering.run("DELETE FROM checkpoints")
    tampering.run("UPDATE witness SET checkpoint = 0", file="-views-witness")
    Path(shop.checkpoints.memory.path).unlink()
    with pytest.raises(MemoryMissing, match="both may have been lost"):
        shop.checkpoints.make()
    assert shop.checkpoints.make(adopt=True).number == 1


def copy_of(path, other):
    other.touch(0o600)
    other.write_bytes(Path(path).read_bytes())
    return other


# Rotation.


def test_what_was_kept_before_a_rotation_stays_good(shop):
    old = shop.checkpoints.public_key
    announced = shop.checkpoints.rotate()
    new = shop.checkpoints.public_key
    for trusted in (None, old, new):
        report = shop.verify(trusted=trusted, anchors=[shop.first, announced])
        assert report.good, report.findings
        assert report.not_proven == []


def test_a_stranger_s_checkpoint_is_no_anchor(shop, tmp_path):
    signer = signer_at(str(tmp_path / "stranger"))
    statement = shop.first.statement.replace(
        shop.checkpoints.public_key.encode(), signer.public.encode()
    )
    forged = type(shop.first)(1, statement, signer.sign(statement))
    report = shop.verify(trusted=shop.checkpoints.public_key, anchors=[forged])
    assert "another key" in report.findings[0].says


def test_a_key_that_was_replaced_signs_nothing_new(shop, tmp_path):
    old = copy_of(shop.key, tmp_path / "old")
    shop.checkpoints.rotate()
    shop.order(0)
    old.replace(shop.key)
    for adopt in (False, True):
        with pytest.raises(KeyRetired):
            shop.checkpoints.make(adopt=adopt)


def test_nor_does_it_count_for_those_who_still_trust_it(shop, tmp_path):
    old = copy_of(shop.key, tmp_path / "old")
    trusted = shop.checkpoints.public_key
    shop.checkpoints.rotate()
    shop.order(0)
    shop.checkpoints.place = KeyPlace(str(old))
    shop.checkpoints.make(adopt=True)
    series = check_series(shop.records.checkpoints(), trusted)
    assert 4 in {each.checkpoint for each in series.findings}


# Where the key is.


@pytest.fixture
def private(tmp_path, monkeypatch):
    """A folder of the user's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def test_the_key_is_not_beside_the_database(private, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    shop = BoxOffice(f"sqlite:///{folder / 'orders.db'}")
    shop.order(0)
    shop.services.checkpoints.make()
    shop.services.close()
    assert not [each for each in folder.iterdir() if "audit-key" in each.name]
    [key] = private.glob("orderlog/orders.db-*/audit-key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert key.with_name("audit-key.memory").exists()


def test_databases_of_one_name_have_keys_of_their_own(private, tmp_path):
    places = {
        key_place_of(Settings(database=f"sqlite:///{tmp_path / each / 'orders.db'}")).path
        for each in "ab"
    }
    assert len(places) == 2
    assert not private.exists()


def test_a_key_beside_the_database_is_brought_away_with_its_memory(private, tmp_path):
    database = f"sqlite:///{tmp_path / 'orders.db'}"
    shop = BoxOffice(database)
    shop.services.checkpoints.place = key_place_of(Settings(database=database, audit_key="beside"))
    shop.order(0)
    first = shop.services.checkpoints.make()
    beside = tmp_path / "orders.db-audit-key"
    assert beside.exists()
    shop.services.checkpoints.place = key_place_of(Settings(database=database))
    assert shop.services.checkpoints.memory.highest() == 1
    shop.order(0)
    second = shop.services.checkpoints.make()
    assert statement_of(second).key == statement_of(first).key
    assert not list(tmp_path.glob("orders.db-audit-key*"))
    assert shop.services.checkpoints.memory.highest() == 2
    shop.services.close()


def test_no_key_is_made_in_the_place_of_one_that_signed(shop):
    shop.key.unlink()
    shop.order(0)
    with pytest.raises(KeyMissing):
        shop.checkpoints.make()
    assert not shop.key.exists()


def test_a_folder_that_is_not_there_is_named(shop, tmp_path):
    shop.checkpoints.place = KeyPlace(str(tmp_path / "none" / "key"))
    with pytest.raises(BadKey, match="none"):
        shop.checkpoints.make()


# The log of the service.


def test_a_line_of_the_log_is_an_anchor(shop, address, tmp_path):
    lines = TextIOWrapper(BytesIO())
    with redirect_stderr(lines):
        configure("INFO")
        shop.order(0)
        shop.later(minutes=10)
        Checkpointer(shop.checkpoints, 1.0)._look()
    logged = lines.buffer.getvalue()
    [line] = [each for each in logged.splitlines() if b'"checkpoint"' in each]
    assert json.loads(line)["number"] == 2
    [anchor] = read_checkpoints(b"no line of ours\n2030-01-26 host " + line + b"\n{}\n")
    assert anchor == shop.records.last_checkpoint()
    shop.catch_up()
    assert shop.verify(anchors=[anchor]).good
    with pytest.raises(BadBundle):
        read_checkpoints(b"no line of ours\n{}\n")


def test_a_database_that_is_begun_anew_is_not_taken_for_the_old_one(private, tmp_path):
    """Its whole past may be forged: an operator says that it is meant."""
    database = f"sqlite:///{tmp_path / 'orders.db'}"
    shop = BoxOffice(database)
    shop.order(0)
    shop.services.checkpoints.make()
    shop.services.close()
    for each in tmp_path.glob("orders.db*"):
        each.unlink()
    with closing(build(Settings(database=database))) as services:
        with pytest.raises(SignerDisagrees, match="acknowledge"):
            services.checkpoints.make()
        services.watch.look()
        services.acknowledgements.acknowledge("ann", "begun anew")
        assert services.checkpoints.make().number == 2
