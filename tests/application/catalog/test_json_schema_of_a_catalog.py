"""Editors check a catalogue by a JSON Schema, which is made of the schema that loads it."""

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

import application
from application.catalog.file import read_catalog_file
from application.catalog.file_fields import Moment, Money, Reference
from application.catalog.json_schema import catalog_json_schema
from application.catalog.loading import example_catalog

KEPT = Path(__file__).parents[3] / "docs" / "catalog.schema.json"
SCHEMA = json.loads(catalog_json_schema())
SENTENCE = re.compile(r"[A-Z0-9].*\.")
PACKAGED = sorted(Path(application.__file__).parent.glob("*_catalog.yaml"))


class _Texts(yaml.SafeLoader):
    """Reads moments as texts, as editors do."""


_Texts.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if not tag.endswith("timestamp")]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def faults(text):
    validator = Draft202012Validator(SCHEMA)
    return [error.json_path for error in validator.iter_errors(yaml.load(text, _Texts))]


def test_the_kept_schema_is_the_current_one():
    """`orderlog catalog schema > docs/catalog.schema.json` makes it current."""
    assert KEPT.read_bytes() == catalog_json_schema()


def test_it_is_a_json_schema():
    Draft202012Validator.check_schema(SCHEMA)
    assert "x-" not in json.dumps(SCHEMA)


def test_every_field_and_every_kind_of_entry_has_a_description():
    kinds = {"the file": SCHEMA, **SCHEMA["$defs"]}
    described = {name: kind.get("description", "") for name, kind in kinds.items()}
    for name, kind in kinds.items():
        fields = kind["properties"].items()
        described |= {f"{name}.{field}": own.get("description", "") for field, own in fields}
    assert {"the file.events", "Rule.nominal", "Venue.point", "Bank.bik"} <= described.keys()
    assert [name for name, says in described.items() if not SENTENCE.fullmatch(says)] == []


def test_a_description_does_not_say_only_how_a_value_is_written():
    """The kind of a field says that; what the field is, its own description has to say."""
    only = {Moment.json_schema["description"], Money.json_schema["description"]}
    only |= {
        field.json_schema["description"] for field in (Reference("partner"), Reference("sector"))
    }
    bare = [
        f"{name}.{field}"
        for name, kind in SCHEMA["$defs"].items()
        for field, own in kind["properties"].items()
        if own.get("description") in only
    ]
    assert bare == []


def test_a_default_that_a_person_could_write_is_in_it():
    events, rules = (SCHEMA["$defs"][each]["properties"] for each in ("Event", "Rule"))
    assert events["currency"]["default"] == "RUB"
    assert rules["extra"]["default"] == "0.00"
    assert SCHEMA["$defs"]["ShowPage"]["properties"]["age_rating"]["default"] == 0
    assert SCHEMA["$defs"]["Refunds"]["properties"]["resell"]["default"] is False
    assert "default" not in events["id"]


@pytest.mark.parametrize("file", PACKAGED, ids=lambda file: file.name)
def test_the_files_of_the_package_are_right_by_it(file):
    assert faults(file.read_text("utf-8")) == []


def test_the_example_loads_and_names_the_schema():
    text = example_catalog().decode()
    assert text.startswith("# yaml-language-server: $schema=catalog.schema.json\n")
    file = read_catalog_file(text)
    assert [each.amount for each in file.events[0].show.sets] == [200, 45, 100]
    assert file.events[0].show.hold_minutes == 15


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("hold_minutes: 15", "hold_minute: 15", "$.events[0]"),
        ("hold_minutes: 15", "hold_minutes: often", "$.events[0].hold_minutes"),
        ("seats: {rows: 10", "seats: {row: 10", "$.events[0].sets[0].seats"),
        ("tickets: {count: 100}", "tickets: {count: 0}", "$.events[0].sets[2].tickets"),
        ("tickets: {count: 100}", "", "$.events[0].sets[2]"),
        ("confirmed_by: vendor  ", "confirmed_by: nobody  ", "$.payment_systems[0].confirmed_by"),
        ("currency: EUR", "currency: euro", "$.events[0].currency"),
        ('nominal: "18.00"', 'nominal: "18.001"', "$.events[0].sets[1].rules[0].nominal"),
        ("  - name: Town hall", "  - id: 7\n    name: Town hall", "$.partners[0].id"),
        ("org: Town hall, vendor: Ticket shop", "org: Town hall", "$.deals[0]"),
    ],
)
def test_what_is_wrong_is_wrong_by_it(old, new, path):
    text = example_catalog().decode()
    assert old in text
    assert path in faults(text.replace(old, new, 1))


def test_no_object_is_limited_like_a_text():
    """JSON Schema ignores `maxLength` of an object: it has to be `maxProperties`."""

    def objects(part):
        if isinstance(part, dict):
            if part.get("type") == "object":
                yield part
            part = list(part.values())
        for each in part if isinstance(part, list) else ():
            yield from objects(each)

    found = list(objects(SCHEMA))
    assert any("maxProperties" in each for each in found)
    assert not any("maxLength" in each for each in found)
