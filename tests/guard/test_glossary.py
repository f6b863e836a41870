"""docs/glossary.md names at most forty terms, each with code that there is."""

import ast
import re

from source import ROOT

PAGE = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([^|]+) \| [^|]+ \| \[`(\w+)`\]\(\.\./([\w/.]+)\) \|$", re.MULTILINE)


def test_there_are_at_most_forty_terms_in_a_row_each():
    rows = ROW.findall(PAGE)
    assert 20 <= len(rows) <= 40
    assert len({term for term, _, _ in rows}) == len(rows) == PAGE.count("\n| ") - 1


def test_each_term_is_a_class_or_a_function_of_the_file_it_names():
    for term, name, path in ROW.findall(PAGE):
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        defined = {getattr(node, "name", "") for node in tree.body}
        assert name in defined, f"{term}: {path} does not define {name}"
