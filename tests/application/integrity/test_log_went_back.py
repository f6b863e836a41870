"""A log that went back is noticed and named, and what was made of it heals by itself."""

import json
import stat
from contextlib import closing
from pathlib import Path

import pytest
from log_backups import back_up, cut, put_back
from seller import BoxOffice, on_one_store
from tampering import Tampering

from application.bootstrap import open_store
from application.integrity.checkpoint import LogWentBack, SignerDisagrees
from application.integrity.log_watch import LogWatch
from application.integrity.statement import statement_of
from application.integrity.verification import verify
from application.integrity.workers import here
from application.operations import health
from application.operations.metrics import figures
from application.ports.read_models import ModelNotTrue, Page
from application.projector.acknowledgements import NothingToAcknowledge
from application.projector.code_fingerprint import code_fingerprint
from application.projector.generations import Stopped
from application.projector.read_your_writes import ModelBehind, wait_until_shown
from application.projector.rebuild import NothingKept, rebuild, roll_back
from application.read_models.registry import PROJECTIONS
from application.runtime.store_clock import StoreClock

ORDERS = PROJECTIONS["orders"]


def quietly(*_):
    """No progress is shown."""


def sell(shop, orders):
    made = [shop.order() for _ in range(orders)]
    shop.catch_up()
    shop.services.watch.look()
    return made


def listed(shop):
    return {row.key for row in models(shop).page("orders", Page("number", limit=1000))}


def models(shop):
    return shop.services.store.read_models()


def open_ones(shop):
    return shop.services.watch.open_setbacks()


def is_ready(shop):
    return health.check(shop.services.store, shop.services.store_clock).ready


def as_rebuilt(shop):
    """Whether every read model has the rows that a rebuild makes."""
    outcomes = [
        rebuild(shop.services.store, each, quietly, check=True) for each in PROJECTIONS.values()
    ]
    return all(each.differences == 0 and each.incomparable is None for each in outcomes)


@pytest.fixture
def shop(address, tmp_path):
    with BoxOffice(address, audit_key=str(tmp_path / "key")) as shop:
        yield shop


@pytest.fixture
def lite(tmp_path):
    return f"sqlite:///{tmp_path / 'orders.db'}"


@pytest.fixture
def put_back_one(lite, tmp_path):
    """Opens a shop whose log was put back: of its orders it has the first, and not the second."""
    with BoxOffice(lite) as shop:
        first = sell(shop, 3)
        shop.services.checkpoints.make()
        back_up(lite, tmp_path / "backup")
        lost = sell(shop, 4)
        shop.services.checkpoints.make()
    put_back(lite, tmp_path / "backup")
    with BoxOffice(lite) as shop:
        yield shop, set(first), set(lost)


def test_a_backup_put_back_is_named_and_lists_heal_by_themselves(put_back_one):
    shop, first, _ = put_back_one
    shop.services.look_back()
    assert not is_ready(shop)
    assert "went back" in health.check(shop.services.store, shop.services.store_clock).checks["log"]
    assert figures(shop.services.store, shop.services.queries, shop.time, 0.0).log_went_back
    new = {shop.order() for _ in range(6)}
    shop.catch_up()
    assert listed(shop) == first | new
    assert as_rebuilt(shop)
    assert not is_ready(shop)


def test_no_list_shows_what_never_was_before_it_is_made_anew(put_back_one):
    shop, first, _ = put_back_one
    shop.order()
    with pytest.raises(ModelNotTrue):
        listed(shop)
    with pytest.raises(ModelBehind):
        wait_until_shown(shop.services.store, "orders", 1, 0.02)
    shop.services.look_back()
    with pytest.raises(ModelNotTrue):
        listed(shop)
    with pytest.raises(ModelBehind):
        wait_until_shown(shop.services.store, "orders", 0, 0.02)
    shop.catch_up()
    assert listed(shop) >= first


def test_ahead_of_the_log_is_not_hidden(put_back_one):
    shop, *_ = put_back_one
    last = shop.services.store.last_position()
    assert models(shop).state("orders").behind(last) == -4
    assert (
        "4 ahead of the log"
        in health.check(shop.services.store, shop.services.store_clock).checks["projection orders"]
    )
    assert (
        figures(shop.services.store, shop.services.queries, shop.time, 0.0).models[0].behind == -4
    )


def test_a_log_that_has_grown_past_what_was_seen_is_noticed_too(put_back_one):
    shop, first, _ = put_back_one
    new = {shop.order() for _ in range(9)}
    shop.services.look_back()
    assert not is_ready(shop)
    shop.catch_up()
    assert listed(shop) == first | new


def test_it_is_acknowledged_once_and_named_for_ever(put_back_one, lite):
    shop, *_ = put_back_one
    shop.services.look_back()
    with pytest.raises(LogWentBack):
        shop.services.checkpoints.make()
    known = shop.services.acknowledgements.acknowledge("ann", "the disk died")
    assert known
    assert is_ready(shop)
    made = statement_of(shop.services.checkpoints.make())
    assert made.number == 3, "2 was signed already, over what is lost"
    assert {(each.by, each.reason) for each in made.resumes} == {("ann", "the disk died")}
    shop.order()
    assert statement_of(shop.services.checkpoints.make()).resumes == ()
    with pytest.raises(NothingToAcknowledge):
        shop.services.acknowledgements.acknowledge("ann", "again")
    shop.catch_up()
    report = verify(shop.services.store, here(shop.services.store), quietly)
    assert report.findings == []
    assert {each.kind for each in report.acknowledged} == {"went_back"}
    assert all("the disk died" in each.says for each in report.acknowledged)
    assert {each.checkpoint for each in report.acknowledged} == {3}


def test_what_nobody_has_acknowledged_is_a_finding(put_back_one):
    shop, *_ = put_back_one
    shop.services.look_back()
    shop.catch_up()
    report = verify(shop.services.store, here(shop.services.store), quietly)
    assert {each.kind for each in report.findings} >= {"went_back"}
    assert report.acknowledged == []


def test_what_was_acknowledged_is_known_after_the_same_backup_was_put_back_again(
    put_back_one, lite, tmp_path
):
    shop, *_ = put_back_one
    shop.services.acknowledgements.acknowledge("ann", "the disk died")
    shop.services.close()
    put_back(lite, tmp_path / "backup")
    with closing(open_store(lite)) as store:
        assert [each.reason for each in store.audit().setbacks() if not each.is_open]


def test_a_good_start_finds_nothing(shop):
    sell(shop, 3)
    shop.services.checkpoints.make()
    shop.services.look_back()
    sell(shop, 2)
    shop.services.look_back()
    assert open_ones(shop) == []
    assert is_ready(shop)
    with pytest.raises(NothingToAcknowledge):
        shop.services.acknowledgements.acknowledge("ann", "nothing")


def test_a_log_that_lost_its_end_is_noticed_by_a_process_that_has_seen_it(shop, address):
    """Whatever the database itself remembers went back as well."""
    first = sell(shop, 3)
    position = shop.services.store.last_position()
    sell(shop, 2)
    cut(address, position)
    with closing(open_store(address)) as store:
        store.audit().see(store.point_at(position))
    shop.services.watch.look()
    [setback] = open_ones(shop)
    assert setback.seen_by.startswith("process ")
    assert (setback.position, setback.found_position) == (position + 2, position)
    shop.services.watch.look()
    assert open_ones(shop) == [setback]
    shop.catch_up()
    assert listed(shop) == set(first)


def test_events_that_were_projected_between_two_looks_are_missed_once_others_have_their_places(
    shop, address
):
    """The batch began before the last look, so it does not continue what that one saw."""
    store, watch = shop.services.store, shop.services.watch
    sell(shop, 2)
    start = store.last_position()
    shop.order()
    watch.look()
    looked = store.last_position()
    shop.order()
    watch.see(store.excerpt(start, 100))
    cut(address, looked)
    sell(shop, 3)
    [setback] = open_ones(shop)
    assert setback.seen_by.startswith("process ")
    assert setback.position == looked + 1


def test_events_that_were_projected_during_a_look_are_missed_as_well(shop, address, monkeypatch):
    store, watch = shop.services.store, shop.services.watch
    sell(shop, 2)
    looked = store.last_position()
    point_at = store.point_at

    def sell_meanwhile(position):
        monkeypatch.undo()
        found = point_at(position)
        shop.order()
        watch.see(store.excerpt(looked, 100))
        return found

    monkeypatch.setattr(store, "point_at", sell_meanwhile)
    watch.look()
    cut(address, looked)
    sell(shop, 3)
    [setback] = open_ones(shop)
    assert (setback.seen_by.split()[0], setback.position) == ("process", looked + 1)


def test_a_log_that_lost_its_end_is_noticed_by_another_process_after_a_restart(shop, address):
    sell(shop, 3)
    position = shop.services.store.last_position()
    sell(shop, 2)
    cut(address, position)
    with closing(open_store(address)) as store:
        LogWatch(store).look()
        assert not health.check(store, StoreClock(store.moment)).ready
    assert not is_ready(shop)


def test_nothing_is_signed_over_a_log_that_is_shorter_than_what_was_signed(shop, address):
    sell(shop, 3)
    shop.services.checkpoints.make()
    cut(address, 1)
    shop.services.watch.look()
    with pytest.raises(LogWentBack):
        shop.services.checkpoints.make()
    shop.services.acknowledgements.acknowledge("ann", "cut")
    made = statement_of(shop.services.checkpoints.make())
    assert (made.number, made.position) == (2, 1)


def test_the_signer_remembers_what_the_database_and_its_files_have_lost(shop, address, tmp_path):
    sell(shop, 3)
    signed = shop.services.checkpoints.make()
    memory = Path(shop.services.checkpoints.memory.path)
    assert stat.S_IMODE(memory.stat().st_mode) == 0o600
    assert json.loads(memory.read_text(encoding="utf-8"))["last"]["number"] == signed.number
    records = shop.services.store.audit()
    records.restart_recorded_heads(0)
    Tampering(address).run("DELETE FROM checkpoints")
    with pytest.raises(SignerDisagrees):
        shop.services.checkpoints.make()
    shop.services.watch.look()
    assert ["signer" in each.seen_by for each in open_ones(shop)] == [True]
    shop.services.acknowledgements.acknowledge("ann", "lost")
    assert shop.services.checkpoints.make().number == signed.number + 1


def test_a_signer_that_died_before_a_checkpoint_was_kept_goes_on(shop, monkeypatch):
    sell(shop, 3)
    records = type(shop.services.store.audit())
    shop.services.checkpoints.make()
    sell(shop, 1)

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(records, "add_checkpoint", die)
        with pytest.raises(KeyboardInterrupt):
            shop.services.checkpoints.make()
    assert statement_of(shop.services.checkpoints.make()).number == 2
    shop.services.watch.look()
    assert open_ones(shop) == []


def test_an_earlier_generation_of_another_history_is_not_gone_back_to(shop, address):
    sell(shop, 4)
    assert rebuild(shop.services.store, ORDERS, quietly).swapped
    cut(address, 2)
    shop.services.look_back()
    with pytest.raises(NothingKept):
        roll_back(shop.services.store, ORDERS)


def test_a_kept_generation_is_refused_even_where_the_live_one_is_true(shop, address):
    sell(shop, 4)
    assert rebuild(shop.services.store, ORDERS, quietly).swapped
    kept = models(shop).kept("orders")
    cut(address, 2)
    state = models(shop).state("orders")
    build = models(shop).begin(ORDERS.table, "code", 2, ())
    for partition in models(shop).pending(build.state):
        models(shop).load(build.state, partition, [], events=0)
    models(shop).finish(build)
    assert models(shop).swap(build.state), "a live one that has diverged is not waited for"
    assert models(shop).kept("orders").generation == state.generation != kept.generation
    with pytest.raises(NothingKept, match="another history"):
        roll_back(shop.services.store, ORDERS)


def test_a_rebuild_during_which_the_log_goes_back_is_not_swapped_in(shop, address):
    sell(shop, 4)
    generation = models(shop).state("orders").generation

    def go_back(loaded, _):
        if loaded:
            cut(address, 2)

    with pytest.raises(Stopped):
        rebuild(shop.services.store, ORDERS, go_back, accept_differences=True)
    assert models(shop).state("orders").generation == generation
    shop.services.look_back()
    shop.catch_up()
    assert as_rebuilt(shop)


def test_what_a_rebuild_has_loaded_of_another_history_is_not_used(shop, address):
    first = sell(shop, 2)
    sell(shop, 2)
    build = models(shop).begin(ORDERS.table, code_fingerprint(), 4, ())
    assert not models(shop).reload(build.state).diverged
    cut(address, 2)
    first += [shop.order() for _ in range(3)]
    assert models(shop).build(ORDERS.table).state.diverged
    outcome = rebuild(shop.services.store, ORDERS, quietly, accept_differences=True)
    assert outcome.swapped
    assert listed(shop) == set(first)


@on_one_store
def test_two_processes_make_it_anew_once(shop, address):
    first = sell(shop, 3)
    sell(shop, 2)
    cut(address, 3)
    with BoxOffice(address) as other:
        states = [models(each).state("orders") for each in (shop, other)]
        anew = [models(each).begin_anew(states[0], 3) for each in (shop, other)]
        assert anew == [True, False]
        other.catch_up()
        assert listed(shop) == listed(other) == set(first)
