"""What a load would change can be seen before, and what it takes off sale has to be agreed to."""

import copy

import pytest
import yaml
from seller import DONE, asks, at_random, seats
from test_catalog_loading import EVENING, FILE, FLOOR, PARTERRE, PAY, SEATS, SHOP, THEATRE

from application.catalog.differences import TakesOffSale
from application.catalog.file import read_catalog_file
from application.catalog.loading import diff_catalog, load_catalog
from application.catalog.noted_change import NotedChange, UnwrittenChange
from application.ports.catalog import CatalogChange


def read(document):
    return read_catalog_file(yaml.safe_dump(document))


@pytest.fixture
def file():
    return copy.deepcopy(FILE)


@pytest.fixture
def loaded(services, clock):
    load_catalog(services.store, read(FILE), clock())
    return services


@pytest.fixture
def diff(loaded, clock):
    """What loading a document would change; the store is the same afterwards."""

    def diff(document):
        before = everything(loaded.store)
        found = diff_catalog(loaded.store, read(document), clock(), loaded.key_secret)
        assert everything(loaded.store) == before
        return found

    return diff


@pytest.fixture
def load(loaded, clock):
    def load(document, agreed=()):
        return load_catalog(loaded.store, read(document), clock(), None, agreed)

    return load


def everything(store):
    return store.catalog_version(), store.catalog(), store.tickets(EVENING)


def order(services, command, *steps):
    made = services.orders.create(EVENING, command, asks(THEATRE)).order
    for step in steps:
        services.orders.change(made.id, step, asks(THEATRE))
    return made


def parterre(file):
    return file["events"][0]["sets"][0]


def floor(file):
    return file["events"][0]["sets"][1]


def test_the_same_file_changes_nothing(diff, file):
    found = diff(file)
    assert (found.documents, found.tickets, found.keys_added) == ([], [], 0)
    assert (found.takes_off_sale, found.left, found.refused) == ([], [], {})


def test_what_is_changed_is_shown_with_what_was_there_before(diff, file):
    file["events"][0] |= {"title": "Late evening", "hold_minutes": 20}
    parterre(file)["rules"][0]["nominal"] = "120.00"
    file["partners"].append(
        {"name": "Kiosk", "language": "en", "keys": ["ab" * 8 + "cd" * 8 + "ef" * 4]}
    )
    found = diff(file)
    added, changed = sorted(found.documents, key=lambda each: each.what)
    assert (added.what, added.kind, added.name, added.fields) == ("added", "partner", "Kiosk", {})
    assert (changed.kind, changed.id, changed.name) == ("event", EVENING, "Late evening")
    assert changed.fields == {
        "title": ("Evening", "Late evening"),
        "hold_minutes": (None, 20),
        "sets[Parterre].rules[56a6254bf06c5a059b938021].nominal": ("100.00", "120.00"),
    }
    assert found.keys_added == 1
    assert found.takes_off_sale == []


def test_tickets_that_leave_are_counted_with_what_is_sold_and_held(diff, loaded, file):
    order(loaded, at_random({FLOOR: 1}), PAY, DONE)
    order(loaded, at_random({FLOOR: 2}))
    floor(file)["tickets"]["count"] = 4
    parterre(file)["tickets"].append({"id": "56a6253df06c5a059a93803f"})
    parterre(file)["tickets"][0]["seat"] = {"row": 9}
    found = diff(file)
    sets = {each.set: each for each in found.tickets}
    assert (sets[FLOOR].removed, sets[FLOOR].added) == (1, 0)
    assert (sets[FLOOR].sold, sets[FLOOR].held, sets[FLOOR].vacant) == (1, 2, 2)
    assert (sets[PARTERRE].added, sets[PARTERRE].reseated, sets[PARTERRE].vacant) == (1, 1, 4)
    [loss] = found.takes_off_sale
    assert "1 of 5 tickets leave the sale (1 are sold, 2 held, 2 vacant)" in loss


def test_what_would_be_refused_is_shown_as_that(diff, loaded, file):
    made = order(loaded, seats(SEATS[0]))
    del parterre(file)["tickets"][0]
    assert diff(file).refused == {SEATS[0]: f"is held or sold by order {made.id}"}


def test_an_event_that_the_file_does_not_name_stays_and_is_named(diff, file):
    file["events"] = []
    assert [(each.id, each.title) for each in diff(file).left] == [(EVENING, "Evening")]


def without_a_set(file):
    del file["events"][0]["sets"][1]


def without_the_deal(file):
    file["deals"] = []


def with_another_vendor(file):
    file["partners"].append({"id": "56810047f06c5a6ac62f4e99", "name": "Kiosk", "language": "en"})
    file["deals"][0]["vendor"] = "56810047f06c5a6ac62f4e99"


def of_another_organiser(file):
    file["events"][0]["org"] = SHOP


def without_a_price(file):
    floor(file)["rules"][0]["from"] = "2031-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (without_a_set, "5 of 5 tickets"),
        (without_the_deal, "Shop sells nothing new of Theatre"),
        (with_another_vendor, "Shop sells nothing new of Theatre"),
        (of_another_organiser, "no longer sold for its organiser"),
        (without_a_price, "has no price any more"),
    ],
)
def test_a_load_takes_nothing_off_sale_unless_that_is_agreed(loaded, load, file, change, says):
    change(file)
    before = everything(loaded.store)
    with pytest.raises(TakesOffSale) as asked:
        load(file)
    [loss] = asked.value.losses
    assert says in loss.text
    assert everything(loaded.store) == before
    load(file, {loss.key})
    assert everything(loaded.store) != before
    load(file)


def test_what_was_sold_in_between_need_not_be_agreed_to_again(loaded, load, file):
    floor(file)["tickets"]["count"] = 4
    with pytest.raises(TakesOffSale) as asked:
        load(file)
    order(loaded, at_random({FLOOR: 2}))
    assert load(file, {each.key for each in asked.value.losses}).tickets_removed == 1


def test_what_is_agreed_to_is_no_more_than_that(load, file):
    floor(file)["tickets"]["count"] = 4
    with pytest.raises(TakesOffSale) as asked:
        load(file)
    without_the_deal(file)
    with pytest.raises(TakesOffSale):
        load(file, {each.key for each in asked.value.losses})


def test_a_noted_change_can_do_whatever_a_change_can():
    asked = {name for name in vars(CatalogChange) if not name.startswith("_")}
    assert asked <= set(vars(NotedChange))
    assert asked <= set(vars(UnwrittenChange))


def test_a_diff_is_of_one_version_of_the_catalogue(loaded, load, file, clock, monkeypatch):
    """Another load comes between what the diff reads."""
    asked, other = loaded.store.catalog, copy.deepcopy(file)
    parterre(other)["tickets"].pop()
    other["events"][0]["title"] = "Late evening"
    others = iter([other])

    def read_slowly():
        found = asked()
        for each in others:
            load(each, agreed=None)
        return found

    monkeypatch.setattr(loaded.store, "catalog", read_slowly)
    found = diff_catalog(loaded.store, read(file), clock(), loaded.key_secret)
    monkeypatch.undo()
    assert found == diff_catalog(loaded.store, read(file), clock(), loaded.key_secret)
    assert [(each.added, each.removed) for each in found.tickets] == [(1, 0)]
    assert [each.fields for each in found.documents] == [{"title": ("Late evening", "Evening")}]


def test_what_is_equal_in_python_and_not_in_json_is_a_change(load, diff, file):
    show = file["events"][0]
    show["show"] = {"media": {"wide": 1}}
    load(file)
    show["show"] = {"media": {"wide": True}}
    [changed] = diff(file).documents
    assert repr(changed.fields) == "{'page.media.wide': (1, True)}"
