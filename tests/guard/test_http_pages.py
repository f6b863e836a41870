"""docs/http-api.md and docs/http/ describe every call, every problem and every field."""

import ast
import re

import pytest
from http_pages import PAGES, a_reader, examples
from source import ROOT, modules

from domain import refusals
from interface.http import problems
from interface.http.openapi import document
from interface.http.problems import OF_A_BODY, Problem, problem_of
from interface.server.flask_app import create_app

DOCS = ROOT / "docs"
INDEX = (DOCS / "http-api.md").read_text(encoding="utf-8")
IN_QUOTES = re.compile(r"`([^`]+)`")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
EVERYWHERE = {
    "X-Request-Id",
    "X-Partner",
    "Retry-After",
    "RateLimit-Policy",
    "RateLimit",
    "WWW-Authenticate",
    "Content-Language",
    "Accept-Encoding",
    "Cache-Control",
    "X-Content-Type-Options",
    "Strict-Transport-Security",
}
"""Headers that the index describes once for all."""


@pytest.fixture(scope="module")
def contract():
    with a_reader() as reader:
        app = create_app(reader.office.services)
        with app.app_context():
            return document(app)


def calls(contract):
    """Every call with its page."""
    for path, operations in contract["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                yield f"{method.upper()} {path}", page_of(operation["tags"][0]), operation


def page_of(tag):
    page = DOCS / "http" / f"{tag.replace(' ', '-')}.md"
    return INDEX if tag == "contract" else page.read_text(encoding="utf-8")


def problems_there_are():
    """Every code with its statuses."""
    kinds = [each for each in vars(refusals).values() if hasattr(each, "code")]
    found = {problem_of(each) for each in kinds} | set(OF_A_BODY)
    found |= {each for each in vars(problems).values() if isinstance(each, Problem)}
    statuses = {}
    for each in found:
        statuses.setdefault(each.code, set()).add(each.status)
    return {code: sorted(own) for code, own in statuses.items()}


PLACES = {"BadRequest": 0, "problem": 1, "checked": 2}
"""Where the code stands among what these are called with."""


def codes_in(tree):
    """The codes with which a file's source refuses."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in PLACES:
            place = PLACES[node.func.id]
            code = node.args[place] if len(node.args) > place else None
        elif isinstance(node, ast.FunctionDef) and node.name == "error_code":
            code = next(each.body for each in ast.walk(node) if isinstance(each, ast.IfExp))
        else:
            continue
        if isinstance(code, ast.Constant):
            yield code.value


def names_in(schema, contract):
    """The names of all fields in a schema."""
    if isinstance(schema, list):
        return {name for each in schema for name in names_in(each, contract)}
    if not isinstance(schema, dict):
        return set()
    if "$ref" in schema:
        schema = contract["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    own = set(schema.get("properties", {}))
    inside = [*schema.get("properties", {}).values(), schema.get("items"), *schema.get("anyOf", ())]
    return own | names_in(inside, contract)


def said_on(page):
    """What a page has in back quotes, as a whole and by words."""
    quoted = IN_QUOTES.findall(FENCED.sub("", page))
    return set(quoted) | {word for each in quoted for word in re.split(r"[^\w-]+", each)}


def test_every_call_is_in_the_index_and_has_a_page(contract):
    listed = set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", INDEX, re.MULTILINE))
    assert listed == {call for call, _, _ in calls(contract)}
    for call, page, _ in calls(contract):
        assert f"`{call}`" in page, f"the page of {call} does not name it"


def test_the_index_has_every_problem_with_its_statuses_and_no_other():
    rows = re.findall(r"^\| `(\w+)` \| ([\d, ]+) \|", INDEX, re.MULTILINE)
    told = {code: [int(each) for each in statuses.split(",")] for code, statuses in rows}
    assert len(told) == len(rows)
    assert told == problems_there_are()


def test_the_source_refuses_with_no_code_that_is_not_in_the_table():
    sources = [each for each in modules("interface") if each.path.startswith("interface/http/")]
    codes = {code for each in sources for code in codes_in(each.tree)}
    assert len(codes) > 10
    assert codes <= problems_there_are().keys()


def test_the_pages_name_every_parameter_and_header_of_a_call(contract):
    for call, page, operation in calls(contract):
        asked = {each["name"] for each in operation["parameters"] if each["in"] != "path"}
        told = {name for each in operation["responses"].values() for name in each["headers"]}
        missing = (asked | told) - EVERYWHERE - said_on(page)
        assert not missing, f"the page of {call} does not name {missing}"


def test_the_index_names_the_headers_of_every_call():
    assert EVERYWHERE - {"WWW-Authenticate", "Content-Language"} <= said_on(INDEX)


def test_the_pages_name_every_field_of_an_answer(contract):
    for call, page, operation in calls(contract):
        for answer in operation["responses"].values():
            schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
            whole, *shaped = schema.get("items", schema).get("anyOf", [schema])
            missing = names_in(whole, contract) - said_on(page)
            assert page is INDEX or not missing, f"the page of {call} does not name {missing}"
            assert names_in(shaped, contract) <= said_on(INDEX) | said_on(page)


def test_the_index_names_every_field_of_a_problem(contract):
    assert names_in({"$ref": "#/components/schemas/Problem"}, contract) <= said_on(INDEX)


def test_the_page_of_orders_describes_every_field_of_an_order_in_a_table(contract):
    rows = rows_of(page_of("orders"))
    for chapter, schemas in (
        ("What an order shows", ("Order", "Payment")),
        ("Create an order", ("OrderIn",)),
    ):
        for schema in schemas:
            fields = contract["components"]["schemas"][schema]["properties"].keys()
            assert fields <= rows[chapter], f"{chapter} does not describe {fields - rows[chapter]}"


def rows_of(page):
    """By chapter, what stands in the first column of its tables."""
    chapters = re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return {
        name: said_on(" ".join(re.findall(r"^\| (`.+?`) \|", text, re.MULTILINE)))
        for name, text in chapters
    }


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_examples_of_a_page_are_what_is_answered(path):
    page = path.read_text(encoding="utf-8")
    tried = 0
    with a_reader() as reader:
        for request, told in examples(page):
            reader.compare(told, reader.try_out(request))
            tried += 1
    assert tried


def test_every_page_is_in_the_index_by_question():
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    pages = [each.relative_to(DOCS).as_posix() for each in DOCS.rglob("*.md")]
    pages = [each for each in pages if not each.startswith("decisions/") and each != "README.md"]
    assert pages
    assert [each for each in pages if f"({each})" not in index] == []
