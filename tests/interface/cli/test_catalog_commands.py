"""`orderlog catalog`: what is sold, by whom, at what price."""

import json
from pathlib import Path

import pytest
from seller import PARTERRE, SHOW

import application
from application.bootstrap import open_store

SAMPLE = Path(application.__file__).with_name("sample_catalog.yaml")
BAD = """
partners:
  - {id: "56810047f06c5a6ac62f4e1d", name: Shop, language: russian, keys: ["short"]}
payment_systems:
  - {id: "545b544a5d645a463e779d53", alias: a, hold_minutes: 0, confirmed_by: nobody}
events:
  - id: "x"
    org: "56810047f06c5a6ac62f4e1d"
    title: Evening
    starts_at: 2030-06-01T19:00:00
    ends_at: 2030-06-01T22:00:00+03:00
    sets:
      - id: "56a6254bf06c5a059b93800c"
        name: Parterre
        rules: [{id: "56a6254bf06c5a059b93800b", nominal: "-1.00", extra: "0.00"}]
        tickets: {count: -5}
"""
WRONG = (
    "partners[0].language",
    "partners[0].keys[0]",
    "payment_systems[0].hold_minutes",
    "payment_systems[0].confirmed_by",
    "events[0].id",
    "events[0].starts_at",
    "events[0].sets[0].rules[0].nominal",
    "events[0].sets[0].tickets.count",
)


@pytest.fixture
def new(run, tmp_path):
    """Runs a command on a database that does not exist yet."""
    return lambda *arguments, **more: run(
        "--database", f"sqlite:///{tmp_path / 'new.db'}", *arguments, **more
    )


def test_loading_a_file_tells_what_came_of_it(new):
    said = new("catalog", "load", str(SAMPLE))
    assert said.exit_code == 0
    assert said.out == (
        "9 added, 0 updated, 0 unchanged; 3 keys added; tickets: 755 added, 0 changed, 0 removed.\n"
    )


def test_loading_it_again_changes_nothing(new):
    new("catalog", "load", str(SAMPLE))
    before = new("catalog", "show", "--json").document
    report = new("catalog", "load", str(SAMPLE), "--json").document
    assert {name: count for name, count in report.items() if count} == {"unchanged": 9}
    assert new("catalog", "show", "--json").document == before


def test_a_file_can_come_by_standard_input_and_the_sample_by_name(new):
    assert new("catalog", "load", "-", stdin=SAMPLE.read_bytes()).exit_code == 0
    assert new("catalog", "load", "--sample", "--json").document["unchanged"] == 9


def test_a_bad_file_is_refused_whole_with_the_path_of_every_wrong_value(orderlog):
    before = orderlog("catalog", "show", "--json").document
    said = orderlog("catalog", "load", "-", stdin=BAD.encode())
    assert said.exit_code == 1
    assert said.out == ""
    first, *lines = said.err.splitlines()
    assert first == "The catalogue was refused; nothing was changed."
    assert {line.strip().partition(": ")[0] for line in lines} >= set(WRONG)
    assert orderlog("catalog", "show", "--json").document == before


@pytest.mark.parametrize(
    "file", [b"", b"[1, 2]", b"a: [", b"\xff\xfe\x00", b"key: *nobody", b"\x00", b"- !!python/x y"]
)
def test_what_is_no_catalogue_is_refused(new, file):
    said = new("catalog", "load", "-", stdin=file)
    assert said.exit_code == 1
    assert len(said.err.splitlines()) == 2


def test_a_file_that_is_not_there_is_wrong_usage(orderlog, tmp_path):
    assert orderlog("catalog", "load", str(tmp_path / "none.yaml")).wrong_usage("none.yaml")


def test_a_folder_is_no_file(orderlog, tmp_path):
    assert orderlog("catalog", "load", str(tmp_path)).wrong_usage("directory")


@pytest.mark.parametrize("arguments", [[], ["--sample", str(SAMPLE)]])
def test_either_a_file_or_the_sample(orderlog, arguments):
    assert orderlog("catalog", "load", *arguments).wrong_usage("--sample")


def test_tickets_that_are_sold_are_not_taken_out_of_the_catalogue(office, orderlog):
    order = office.paid_order()
    [sold] = office.services.history.order(order).order.tickets
    without = [line for line in SAMPLE.read_text("utf-8").splitlines() if sold not in line]
    said = orderlog("catalog", "load", "-", stdin="\n".join(without).encode())
    assert said.exit_code == 1
    assert sold in said.err


def test_what_is_shown_says_how_many_tickets_can_be_had(office, orderlog):
    office.order(3)
    [evening] = [
        each
        for each in orderlog("catalog", "show", "--json").document["events"]
        if each["id"] == SHOW
    ]
    [parterre] = [each for each in evening["sets"] if each["id"] == PARTERRE]
    assert (parterre["amount"], parterre["vacant"]) == (200, 197)
    line = next(line for line in orderlog("catalog", "show").out.splitlines() if PARTERRE in line)
    assert line.split() == [PARTERRE, "Parterre", "200", "197"]


def test_what_is_shown_names_everything_that_requests_have_to_name(orderlog):
    shown = orderlog("catalog", "show").out
    known = orderlog("catalog", "show", "--json").document
    names = [SHOW, PARTERRE, "api/BASE", *(partner["id"] for partner in known["partners"])]
    assert [name for name in names if name not in shown] == []


def test_what_is_shown_fits_into_80_columns(orderlog, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = orderlog("catalog", "show").out
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown


def test_what_is_shown_says_how_often_a_promo_code_can_be_used(office, orderlog, tmp_path):
    code = "570fb8952d70951b382b0b65"
    terms = f'{{id: "{code}", code: PROMO, percent: 30, limit: 5}}'
    text = SAMPLE.read_text(encoding="utf-8")
    place = text.index("    sets:", text.index(SHOW))
    file = tmp_path / "codes.yaml"
    file.write_text(f"{text[:place]}    promocodes: [{terms}]\n{text[place:]}", encoding="utf-8")
    assert orderlog("catalog", "load", str(file)).exit_code == 0
    office.services.catalog._look_again = 0.0
    office.order(1, promocodes=("PROMO",))
    line = next(line for line in orderlog("catalog", "show").out.splitlines() if code in line)
    assert line.split() == ["PROMO", code, "30", "%", "5", "4"]
    events = orderlog("catalog", "show", "--json").document["events"]
    [shown] = [each["promocodes"] for each in events if each.get("promocodes")]
    assert (shown[0]["limit"], shown[0]["left"]) == (5, 4)


def test_an_empty_catalogue_is_shown_too(new, tmp_path):
    open_store(f"sqlite:///{tmp_path / 'new.db'}").close()
    assert new("catalog", "show").exit_code == 0
    assert json.dumps(new("catalog", "show", "--json").document)
    assert new("catalog", "show", "--json").document["events"] == []
