"""Editors check a catalogue by a JSON Schema, which is made of the schema that loads it."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

import application
from application.catalog.file import read_catalog_file
from application.catalog.json_schema import catalog_json_schema
from application.catalog.loading import example_catalog

KEPT = Path(__file__).parents[3] / "docs" / "catalog.schema.json"
SCHEMA = json.loads(catalog_json_schema())
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
