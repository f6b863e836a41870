"""The old private words are gone from names and prose, but for stored names and everyday meanings.

Each of them had one or several meanings that the field has a term for (docs/glossary.md). Where a
word may stand is said in `ALLOWED`, with the reason.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from typing import NamedTuple

import pytest
from source import PACKAGES, ROOT

NOUNS = {
    "fact": r"facts?",
    "wish": r"wish(es|ed)?",
    "gathering": r"gatherings?",
    "story": r"story|stories",
    "attempt": r"attempts?",
    "keeper": r"keepers?",
    "cooperation": r"cooperations?",
    "strand": r"strands?",
    "horizon": r"horizons?",
    "patience": r"patience",
    "feeder": r"feed(s|er|ers|ing)|fed",
    "mend": r"mend(s|ed|ing)?",
    "politeness": r"politeness",
    "witness": r"witness(es|ed)?",
    "trail": r"trails?",
    "drawer": r"drawers?",
    "seal": r"seal(s|ed)?",
    "climb": r"climb(s|ed)?",
    "promise": r"promise[sd]?",
    "clerk": r"clerks?",
    "theatre": r"theatres?",
    "house": r"houses?",
    "forger": r"forgers?",
    "room": r"rooms?",
}
"""Words that have to be gone from names and from prose."""

VERBS = {
    "turn": r"turns?",
    "settle": r"settle[sd]?|settling",
    "tell": r"tells?|told|telling",
    "met": r"met",
    "standing": r"standing",
    "drawn": r"drawn",
    "nowhere": r"nowhere",
}
"""Words that have to be gone from the service's names; in prose they have their usual meaning."""

OLD_TYPES = {
    *("OrderWish", "Asked", "AtRandom", "Seats", "Needs", "Sought", "Write", "Draft", "Settled"),
    *("Gathering", "Job", "Answered", "Met", "NotHad", "Cooperation", "Strand", "Pause"),
}
"""Class names whose words have an everyday meaning otherwise."""

ANY = re.compile("|".join((*NOUNS.values(), *VERBS.values(), *OLD_TYPES)), re.IGNORECASE)


class Allowed(NamedTuple):
    """Where a word may stand: in files like `path`, in names or lines like `text`."""

    word: str
    path: str
    text: str
    why: str


ALLOWED = [
    Allowed("fact", "application/orders/document_types.py", r"^DiffFactDocument$", "OpenAPI name"),
    Allowed("story", "application/orders/document_types.py", r"(?i)^story", "OpenAPI names"),
    Allowed("attempt", "application/*", r"(?i)^_?(most_)?attempts?$", "the table `attempts`"),
    Allowed("attempt", "application/ports/rejection_log.py", r"^AttemptRecords$", "the same"),
    Allowed("attempt", "application/orders/*", r"final_attempt|attempt to decide", "a retry"),
    Allowed("attempt", "application/payments/*", r"final_attempt", "a retry"),
    Allowed("attempt", "application/*webhook*", r"(?i)attempt", "the log of deliveries: its table"),
    Allowed("attempt", "tests/*", r"(?i)attempt", "the table, and retries"),
    Allowed("trail", "*", r"audit[_ ]trail", "the usual term for a history"),
    Allowed(
        "trail",
        "*",
        r"(?i)admin(istrative)?[_ ]trail|^AdminTrail$|^Trail(Records|Entry)$|^_?trail$",
        "the administrative trail, of the command `orderlog trail`",
    ),
    Allowed("trail", "docs/commands.md", r"made from code: options of trail", "the same command"),
    Allowed("promise", "tests/faults/*", r"", "what an experiment tests, and its report's column"),
    Allowed("promise", "docs/reliability.md", r"^\| promise \|", "the column of that report"),
    Allowed("promise", "docs/postgres.md", r"", "what an answer guarantees"),
    Allowed("promise", "tests/*", r"(?i)promise", "the usual meaning, of a page or an answer"),
    Allowed("theatre", "tests/*", r"(?i)theatre", "a partner of the test catalogues, by its name"),
    Allowed("house", "tests/support/console_data.py", r"(?i)house", "The Playhouse, a partner"),
    Allowed("room", "*", r"(?i)room", "space, on a disk or in a queue"),
]


class Place(NamedTuple):
    """A name or a line of prose in a file."""

    path: str
    text: str
    is_name: bool


def names(tree: ast.Module) -> Iterator[str]:
    """The names that a file gives: to classes, functions, arguments, variables and attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def prose(source: str, tree: ast.Module) -> Iterator[str]:
    """The lines of docstrings and comments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield from str(node.value.value).splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def places(path: str, source: str) -> Iterator[Place]:
    """All names and lines of prose in a file; what stands between backticks is not prose."""
    if path.endswith(".md"):
        lines = re.sub(r"^```.*?^```", "", source, flags=re.MULTILINE | re.DOTALL).splitlines()
    else:
        tree = ast.parse(source, path)
        yield from (Place(path, name, is_name=True) for name in set(names(tree)))
        lines = list(prose(source, tree))
    for line in lines:
        yield Place(path, re.sub(r"`[^`]*`|\]\([^)]*\)", "", line).strip(), is_name=False)


def words_of(name: str) -> list[str]:
    return [each.lower() for each in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def has(place: Place, word: str, pattern: str) -> bool:
    if place.is_name:
        return any(re.fullmatch(pattern, each) for each in words_of(place.text))
    return bool(re.search(rf"\b({pattern})\b", place.text, re.IGNORECASE))


def is_allowed(place: Place, word: str) -> bool:
    return any(
        each.word == word and fnmatch(place.path, each.path) and re.search(each.text, place.text)
        for each in ALLOWED
    )


def old_words(found: Iterator[Place]) -> Iterator[str]:
    """Each place with a word that may not be there."""
    for place in found:
        if not ANY.search(place.text):
            continue
        checked = dict(NOUNS)
        if place.is_name and not place.path.startswith("tests/"):
            checked |= VERBS
        for word, pattern in checked.items():
            if has(place, word, pattern) and not is_allowed(place, word):
                yield f"{place.path}: {word}: {place.text}"
        if place.is_name and place.text in OLD_TYPES:
            yield f"{place.path}: {place.text}"


@cache
def sources() -> dict[str, str]:
    """Code, tests and pages by path; decision records keep the words of their time."""
    roots = (*PACKAGES, "tests")
    files = [
        each for root in roots for end in ("py", "md") for each in (ROOT / root).rglob(f"*.{end}")
    ]
    files += [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs/http").glob("*.md")]
    found = {each.relative_to(ROOT).as_posix(): each.read_text(encoding="utf-8") for each in files}
    found.pop("tests/guard/test_words.py")
    return {path: text for path, text in found.items() if "/vendor/" not in path}


@pytest.mark.parametrize("part", [*PACKAGES, "tests", "docs", "README.md"])
def test_old_words_are_gone(part):
    files = {path: text for path, text in sources().items() if path.startswith(part)}
    assert files
    found = [each for path, text in files.items() for each in old_words(places(path, text))]
    assert found == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("domain/order.py", "class OrderStory: pass"),
        ("domain/order.py", "class Asked: pass"),
        ("application/orders/service.py", "def create(wish): pass"),
        ("application/orders/service.py", "self.settled_at = 1"),
        ("application/projector/loop.py", "# Feeds the read models."),
        ("application/projector/loop.py", "def feeding(store): pass"),
        ("interface/load/buyers.py", '"""What was promised to buyers."""'),
        ("interface/cli/audit.py", "def attempt_of(order): pass"),
        ("tests/support/catalog.py", "drawers = []"),
        ("docs/audit.md", "The witness is in a drawer."),
    ],
)
def test_a_file_that_has_one_is_found(path, text):
    assert list(old_words(places(path, text)))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("application/ports/rejection_log.py", "MOST_ATTEMPTS = 200"),
        ("application/orders/document_types.py", "class StoryDocument: pass"),
        ("docs/audit.md", "The file `FILE-views-witness` has the recorded heads."),
        ("docs/audit.md", "```console\n4 facts\n```"),
        ("domain/order.py", '"""What a caller was told."""'),
    ],
)
def test_stored_names_and_usual_meanings_are_allowed(path, text):
    assert list(old_words(places(path, text))) == []
