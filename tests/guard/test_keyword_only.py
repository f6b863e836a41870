"""Structs of many fields are keyword-only: each call says what its values are."""

import ast

import pytest
from source import PACKAGES, module, modules

MOST_BY_POSITION = 5

BY_POSITION = {
    "Attempt": "built from a database row",
    "Call": "a history has hundreds of thousands, written by a line each",
    "Finding": "its kind, place and sentence stand as they are read",
    "Good": "its sentence and its document come first in each of some forty answers",
    "ModelState": "built from a database row",
    "Page": "a sort and its conditions, as in SQL",
    "Request": "who asks and under which id come first, in every call",
    "Setback": "built from a database row",
    "Table": "a name, columns and indexes, as in CREATE TABLE",
    "Tally": "built from a database row",
    "Ticket": "built from a database row",
    "Verification": "built from a database row",
    "_Wanted": "its fields are private",
}
"""Those that may be built by position, and why."""


def offenders(tree):
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef) or "msgspec.Struct" not in map(
            ast.unparse, node.bases
        ):
            continue
        fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
        keyword_only = any(each.arg == "kw_only" for each in node.keywords)
        if len(fields) > MOST_BY_POSITION and not keyword_only:
            yield node.name


def test_structs_of_many_fields_are_keyword_only():
    found = {
        name for package in PACKAGES for each in modules(package) for name in offenders(each.tree)
    }
    assert found == set(BY_POSITION)


@pytest.mark.parametrize(("fields", "found"), [(5, []), (6, ["Long"])])
def test_a_long_struct_by_position_is_found(fields, found):
    body = "".join(f"    field_{number}: int\n" for number in range(fields))
    long = module("domain/long.py", f"class Long(msgspec.Struct):\n{body}")
    assert list(offenders(long.tree)) == found
