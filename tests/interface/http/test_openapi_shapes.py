"""The contract in the shapes that client generators read: each of these was once misread."""

import json

import msgspec
import pytest
from seller import BoxOffice

from interface.http.openapi import document
from interface.server.flask_app import create_app


@pytest.fixture(scope="module")
def contract(tmp_path_factory):

    office = BoxOffice(f"sqlite:///{tmp_path_factory.mktemp('shapes')}/orders.db")
    app = create_app(office.services)
    with app.app_context():
        yield json.loads(msgspec.json.encode(document(app)))
    office.services.close()


def within(value, path=""):
    """Every object in a document, with its place."""
    if isinstance(value, dict):
        yield path, value
        for name, inner in value.items():
            yield from within(inner, f"{path}/{name}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from within(inner, f"{path}/{place}")


def test_an_enum_has_values_of_one_type(contract):
    enums = {path: each["enum"] for path, each in within(contract) if "enum" in each}
    assert len(enums) > 20
    mixed = {path for path, values in enums.items() if len({*map(type, values)}) > 1}
    assert mixed == set()


def test_a_problem_is_the_same_type_everywhere_and_names_its_codes(contract):
    answers = [
        answer
        for operations in contract["paths"].values()
        for operation in operations.values()
        if isinstance(operation, dict)
        for status, answer in operation["responses"].items()
        if int(status) >= 400
    ]
    assert len(answers) > 100
    for answer in answers:
        assert (
            answer["content"]
            == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
            or "application/json" in answer["content"]
        )
        if "application/problem+json" in answer["content"]:
            assert answer["x-codes"]
            assert all(f"`{code}`" in answer["description"] for code in answer["x-codes"])


def test_nothing_narrows_a_type_by_a_constant(contract):
    schemas = contract["components"]["schemas"]
    assert [path for path, each in within(schemas) if "const" in each] == []
    combined = [each["allOf"] for _, each in within(contract) if "allOf" in each]
    assert all(each.keys() == {"pattern"} for parts in combined for each in parts)


def test_every_moment_is_a_date_time(contract):
    fields = {
        f"{path}/{name}": field
        for path, each in within(contract["components"]["schemas"])
        if path.endswith("/properties")
        for name, field in each.items()
        if name in {"at", "start", "finish"} or name.endswith(("_at", "_till"))
    }
    assert len(fields) > 15
    moments = {"date-time", "moment-range"}
    assert [path for path, each in fields.items() if each.get("format") not in moments] == []


def test_what_may_be_left_out_of_a_body_has_no_default(contract):
    schemas = contract["components"]["schemas"]
    assert [path for path, each in within(schemas) if "default" in each] == []
    assert schemas["OrderIn"]["required"] == ["event"]
    assert "required" not in schemas["OrderChangeIn"]


def test_no_parameter_is_a_list_which_clients_repeat(contract):
    parameters = [each for _, each in within(contract) if {"in", "name", "schema"} <= each.keys()]
    assert len(parameters) > 50
    lists = [each["name"] for each in parameters if each["schema"].get("type") == "array"]
    assert lists == []


def test_an_address_is_a_uri_that_says_how_it_begins(contract):
    found = [each for _, each in within(contract) if each.get("format") in {"uri", "url"}]
    assert found
    assert {(each["format"], each.get("pattern")) for each in found} == {
        ("uri", "^[Hh][Tt][Tt][Pp][Ss]?://")
    }
