"""The index of calls in docs/http-api.md, from the document that programs read."""

import re
from collections.abc import Iterator
from functools import cache

from http_pages import a_reader
from source import ROOT

from interface.http.openapi import document
from interface.server.flask_app import create_app

DOCS = ROOT / "docs"
OF_THE_INDEX = {
    "GET /": "[this page](#where-things-are)",
    "GET /docs": "[this page](#a-page-to-try-it)",
}
CHAPTER = re.compile(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


@cache
def contract() -> dict:
    """The OpenAPI document of the service."""
    with a_reader() as reader:
        app = create_app(reader.office.services)
        with app.app_context():
            return document(app)


def calls() -> Iterator[tuple[str, dict]]:
    """Every call with what the document says of it."""
    for path, operations in contract()["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                yield f"{method.upper()} {path}", operation


def calls_table() -> str:
    """Every call by what it is about, with the chapter that describes it."""
    tags = [each["name"] for each in contract()["tags"]]
    lines = ["| call | what it does | page |", "|---|---|---|"]
    for call, operation in sorted(calls(), key=lambda each: tags.index(each[1]["tags"][0])):
        tag = operation["tags"][0]
        lines.append(f"| `{call}` | {operation['summary']} | {chapter_of(call, tag)} |")
    return "\n".join(lines) + "\n"


def chapter_of(call: str, tag: str) -> str:
    """A link to where a call is described."""
    name = f"http/{tag.replace(' ', '-')}.md"
    if tag == "contract":
        return OF_THE_INDEX.get(call, "this page")
    text = (DOCS / name).read_text(encoding="utf-8")
    [heading] = [title for title, text in CHAPTER.findall(text) if f"\n`{call}`\n" in text]
    anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
    return f"[{tag}]({name}#{anchor})"
