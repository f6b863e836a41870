"""A list without rows says what there is none of, and how there come to be some."""

import pytest
from seller import ORGANISER

NOTHING = {
    ("webhook", "list"): "There are no webhooks; orderlog webhook add makes one.",
    ("key", "list"): "There are no keys; orderlog key create makes one.",
    ("payment", "list"): "No order has money; it comes with payments and the notices of gateways.",
    ("payment", "list", "--attention"): "No money waits for a person.",
}


@pytest.fixture
def fresh(run, tmp_path):
    """Runs a command on a database with nothing but a partner."""
    database = f"sqlite:///{tmp_path / 'fresh.db'}"
    partners = f"partners:\n  - {{id: {ORGANISER}, name: Shop, language: en}}\n"
    loaded = run("catalog", "load", "-", "--database", database, stdin=partners.encode())
    assert loaded.exit_code == 0, loaded.err
    return lambda *words: run("--database", database, *words)


@pytest.mark.parametrize("words", NOTHING)
def test_a_list_says_that_there_is_nothing_yet(fresh, words):
    assert fresh(*words).out == f"{NOTHING[words]}\n"


@pytest.mark.parametrize("words", NOTHING)
def test_for_a_program_it_is_an_empty_list(fresh, words):
    assert fresh(*words, "--json").document == []


def test_a_feed_without_events_says_so_and_where_it_goes_on(fresh):
    assert fresh("feed", "show").out.splitlines() == [
        "There are no such events up to position 0; --follow waits for new ones.",
        "The next page begins --after 0.",
    ]


def test_parts_of_the_catalogue_that_are_empty_are_named(fresh):
    lines = fresh("catalog", "show").out.splitlines()
    assert lines[0].strip() == "Partners"
    for each in ("Payment systems", "Deals"):
        assert f"{each}: none; orderlog catalog load adds some." in lines
