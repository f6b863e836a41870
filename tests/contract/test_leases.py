"""Which of several processes projects a read model."""

import time

import pytest

from application.ports.read_models import Table

TABLE = Table("orders", {"vendor": str})
LONG, SHORT = 60.0, 0.05


@pytest.fixture
def models(store):
    store.read_models().ensure(TABLE)
    return store.read_models()


def projector(models):
    return models.state("orders").projector


def test_a_read_model_is_left_to_the_first_who_asks(models):
    assert projector(models) is None
    assert models.lease("orders", "first", LONG)
    assert not models.lease("orders", "second", LONG)
    assert projector(models) == "first"


def test_who_has_it_keeps_it_by_asking_again(models):
    assert models.lease("orders", "first", SHORT)
    assert models.lease("orders", "first", LONG)
    time_is_over = time.monotonic() + 2 * SHORT
    while time.monotonic() < time_is_over:
        assert not models.lease("orders", "second", LONG)


def test_another_has_it_once_the_first_has_not_asked_again(models):
    assert models.lease("orders", "first", SHORT)
    deadline = time.monotonic() + 60
    while projector(models) is not None:
        assert time.monotonic() < deadline
    assert models.lease("orders", "second", LONG)
    assert not models.lease("orders", "first", LONG)


def test_who_lets_go_leaves_it_to_others_at_once(models):
    models.lease("orders", "first", LONG)
    models.release("orders", "second")
    assert projector(models) == "first"
    models.release("orders", "first")
    assert projector(models) is None
    assert models.lease("orders", "second", LONG)


def test_a_rebuild_does_not_change_who_projects(models):
    models.lease("orders", "first", LONG)
    build = models.begin(TABLE, "code", 0, ())
    for partition in models.pending(build.state):
        models.load(build.state, partition, [], events=0)
    models.finish(build)
    assert models.swap(build.state)
    assert models.state("orders").generation == build.state.generation
    assert projector(models) == "first"
    assert not models.lease("orders", "second", LONG)


def test_a_clock_that_was_wrong_does_not_keep_it_for_ever(models):
    models.lease("orders", "wrong", 10 * LONG)
    assert models.lease("orders", "right", LONG)


def test_each_read_model_has_a_projector_of_its_own(models):
    models.ensure(Table("shows", {}))
    models.lease("orders", "first", LONG)
    assert models.lease("shows", "second", LONG)
    assert projector(models) == "first"


def test_two_processes_never_have_it_both(open_store):
    stores = [open_store().read_models() for _ in range(2)]
    for models in stores:
        models.ensure(TABLE)
    assert [
        models.lease("orders", name, LONG) for models, name in zip(stores, "ab", strict=True)
    ] == [
        True,
        False,
    ]
    assert {projector(models) for models in stores} == {"a"}
