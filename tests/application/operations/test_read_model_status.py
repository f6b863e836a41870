"""How far the read models are, as operators and the console see it."""

from application.operations.read_model_status import Rebuild, read_model_statuses, rebuild_of
from application.read_models.registry import PROJECTIONS

NAMES = list(PROJECTIONS)


def by_name(services):
    return {each.name: each for each in read_model_statuses(services.store)}


def test_a_read_model_that_is_not_projected_falls_behind_and_catches_up(office):
    office.order()
    office.order()
    assert [each.behind for each in read_model_statuses(office.services.store)] == [2] * len(NAMES)
    office.catch_up()
    assert list(by_name(office.services)) == NAMES
    assert {each.behind for each in read_model_statuses(office.services.store)} == {0}
    assert {each.last for each in read_model_statuses(office.services.store)} == {2}


def test_why_one_stands_still_is_told(office):
    models = office.services.store.read_models()
    models.stop(models.state("sales"), "after position 0: an event that nobody knows")
    stopped = {name: each.stopped for name, each in by_name(office.services).items()}
    assert stopped.pop("sales") == "after position 0: an event that nobody knows"
    assert set(stopped.values()) == {None}


def test_a_rebuild_tells_how_far_it_has_come(office):
    models = office.services.store.read_models()
    build = models.begin(PROJECTIONS["holds"].table, "code", 40, ["5", "9"])
    assert rebuild_of(models, PROJECTIONS["holds"].table) == Rebuild(0, 40)
    partition = models.pending(build.state)[1]
    models.load(build.state, partition, [], 25)
    assert rebuild_of(models, PROJECTIONS["holds"].table) == Rebuild(25, 40)
    assert rebuild_of(models, PROJECTIONS["orders"].table) is None
    models.drop(build.state)
    assert rebuild_of(models, PROJECTIONS["holds"].table) is None
    assert models.loaded(build.state) == 0
