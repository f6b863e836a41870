"""The pages of reference that are written by the code: python tests/support/reference_pages.py

Each has a part between two marks. `test_reference_pages.py` compares it with what the code has now.
"""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from reference_calls import calls
from source import ROOT

from domain import refusals
from interface.http import problems
from interface.http.problems import (
    ANEW,
    NEVER,
    OF_A_BODY,
    OF_THE_SANDBOX,
    SAME,
    Problem,
    problem_of,
    repeated,
)

DOCS = ROOT / "docs"
BEGIN, END = "<!-- written by the code -->\n", "<!-- end -->"
PART = re.compile(f"(?<={BEGIN}).*(?={END})", re.DOTALL)
MANY = 4
QUOTE = '"'
WORDS = {"integer": "whole number", "array": "list", "boolean": "true or false"}
FORMATS = {"date-time": "moment", "uri": "web address"}
LIMITS = {
    "integer": ("minimum", "maximum", ""),
    "number": ("minimum", "maximum", ""),
    "string": ("minLength", "maxLength", " characters"),
    "array": ("minItems", "maxItems", ""),
}
"""By type of JSON Schema, the names of the lower and the upper limit, and the unit of both."""
SANDBOX = "[the sandbox](sandbox.md)"
HEADINGS = {
    SAME: "## Send the same request again",
    ANEW: "## Read the order again, and decide anew",
    NEVER: "## Change the request",
}
SAYS = {
    SAME: "If the answer has `Retry-After`, wait that long first. Send a command with the"
    " `Idempotency-Key` that it had before.",
    ANEW: "Somebody else changed the order meanwhile. `current` has its present state; if that is"
    " missing, read the order again.",
    NEVER: "Unchanged, it will be refused again. `detail` says why, and `errors` names the fields.",
}


def errors() -> str:
    """Every code by what a client does about it."""
    lines = []
    where = calls_by_code()
    for how, heading in HEADINGS.items():
        lines += [heading, "", SAYS[how], "", "| code | status | meaning | calls |"]
        lines.append("|---|---|---|---|")
        for code, found in problems_by_code().items():
            if repeated(found[0]) == how:
                statuses = ", ".join(str(each) for each in sorted({one.status for one in found}))
                says = " ".join(dict.fromkeys(spoken(one.says) for one in found))
                calls = SANDBOX if found[0] in OF_THE_SANDBOX else named(where.get(code, []))
                lines.append(f"| `{code}` | {statuses} | {says} | {calls} |")
        lines.append("")
    return "\n".join(lines)


def problems_by_code() -> dict[str, list[Problem]]:
    """Every problem that the source has, by code."""
    kinds = [each for each in vars(refusals).values() if hasattr(each, "code")]
    found = {problem_of(each) for each in kinds} | set(OF_A_BODY)
    found |= {each for each in vars(problems).values() if isinstance(each, Problem)}
    by_code = defaultdict(list)
    for each in sorted(found, key=lambda one: (one.code, one.status, one.says)):
        by_code[each.code].append(each)
    return by_code


def spoken(says: str) -> str:
    """A sentence of a problem, with a mark for each value that it is filled with."""
    return re.sub(r"\{[^}]*\}", "…", says).replace("|", "\\|")


def calls_by_code() -> dict[str, list[str]]:
    """The calls that can be refused with a code, as the contract has them."""
    found = defaultdict(list)
    for call, operation in calls():
        codes = {
            code for each in operation["responses"].values() for code in each.get("x-codes", ())
        }
        for code in codes:
            found[code].append(f"`{call}`")
    return found


def named(calls: list[str]) -> str:
    """Where a code can come from."""
    if not calls:
        return "any request"
    return "<br>".join(calls) if len(calls) <= MANY else f"{len(calls)} calls"


def catalog_fields() -> str:
    """Every field of a catalogue file, by the kind of entry, from its schema."""
    schema = json.loads((DOCS / "catalog.schema.json").read_text(encoding="utf-8"))
    lines = []
    for name, kind in {"The file": schema, **schema["$defs"]}.items():
        if "properties" not in kind:
            continue
        lines += [f"## {name}", "", kind["description"], ""]
        lines += ["| field | value | needed | meaning |", "|---|---|---|---|"]
        for field, value in kind["properties"].items():
            needed = "yes" if field in kind.get("required", ()) else ""
            says = meaning_of(value).replace("|", "\\|")
            lines.append(f"| `{field}` | {value_of(value)} | {needed} | {says} |")
        lines.append("")
    return "\n".join(lines)


def meaning_of(schema: dict) -> str:
    """What a field is, how each value of a list is written, and what it is if it is left out."""
    parts = [schema["description"], schema.get("items", {}).get("description", "")]
    if "default" in schema:
        parts.append(f"Default: `{json.dumps(schema['default']).strip(QUOTE)}`.")
    return " ".join(each for each in parts if each)


def value_of(schema: dict) -> str:
    """What may stand for a field, in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{each}`" for each in schema.get("enum", [schema.get("const")]))
    if several := schema.get("anyOf", schema.get("oneOf")):
        return " or ".join(dict.fromkeys(value_of(each) for each in several))
    kind = schema.get("type", "anything")
    kinds = kind if isinstance(kind, list) else [kind]
    named = " or ".join(f"{word_for(each, schema)}{limits_of(each, schema)}" for each in kinds)
    inside = schema.get("items", schema.get("additionalProperties"))
    return f"{named} of {value_of(inside)}" if isinstance(inside, dict) else named


def word_for(kind: str, schema: dict) -> str:
    """A type of JSON Schema as a page calls it."""
    return (
        FORMATS.get(schema.get("format", ""), "text") if kind == "string" else WORDS.get(kind, kind)
    )


def limits_of(kind: str, schema: dict) -> str:
    """The limits of a number, of the length of a text, or of a list."""
    least, most, unit = LIMITS.get(kind, ("", "", ""))
    low, high = schema.get(least), schema.get(most)
    if high is None:
        return f" (at least {low}{unit})" if low else ""
    if low is None or (unit and low == 1):
        return f" (at most {high}{unit})"
    return f" (exactly {low}{unit})" if low == high else f" ({low} to {high}{unit})"


PAGES = {"errors.md": errors, "catalog-fields.md": catalog_fields}


def write() -> None:
    """Write all of them anew."""
    for name, part in PAGES.items():
        before, mark, rest = (DOCS / name).read_text(encoding="utf-8").partition(BEGIN)
        text = before + mark + part() + rest[rest.index(END) :]
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
