"""Who may import whom. Each rule is also shown a file that breaks it."""

import ast
import re
from collections.abc import Callable, Iterator

import pytest
from source import PACKAGES, Module, is_within, module, modules

SQL_DRIVERS = frozenset(
    {"sqlite3", "psycopg", "psycopg_pool", "eventsourcing.sqlite", "eventsourcing.postgres"}
)
STORAGE = frozenset({"application.storage"})
OUTSIDE = frozenset({"interface", "tests", "flask", "werkzeug", "click", "rich", "granian"})
NAMED_IN_ANSWERS = frozenset(
    {"domain.order", "domain.status", "domain.refusals", "domain.commands", "domain.errors"}
    | {"domain.money", "domain.refunds"}
)
PURE = frozenset(
    {"abc", "collections", "dataclasses", "datetime", "decimal", "enum", "functools", "hashlib"}
    | {"itertools", "math", "operator", "re", "string", "types", "typing", "unicodedata"}
    | {"__future__"}
)
"""What of the standard library has no clock, no randomness and no I/O."""
CLOCKS_AND_FILES = {"now", "utcnow", "today", "open", "print", "input", "getenv", "read_text"}
NOT_ASKED = {"application.runtime.clock.now", "time.time"}
READS_A_CLOCK = {"now", "utcnow", "today", "time_ns", "gmtime", "localtime"}
SQL = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE (TABLE|INDEX))\b")

Rule = Callable[[Module], Iterator[str]]


def domain_imports_only_what_is_pure_msgspec_and_itself(it: Module) -> Iterator[str]:
    if it.path.startswith("domain/"):
        allowed = PURE | {"msgspec", "domain"}
        yield from (name for name in it.imports() if name.split(".")[0] not in allowed)


def domain_knows_no_clock_and_no_files(it: Module) -> Iterator[str]:
    if it.path.startswith("domain/"):
        yield from (name for name in it.calls() if name in CLOCKS_AND_FILES)


def application_knows_no_http_and_no_terminal(it: Module) -> Iterator[str]:
    if it.path.startswith("application/"):
        yield from (name for name in it.imports() if is_within(name, OUTSIDE))


def sql_drivers_appear_only_in_storage(it: Module) -> Iterator[str]:
    if not it.path.startswith("application/storage/"):
        yield from (name for name in it.imports() if is_within(name, SQL_DRIVERS))


def the_client_of_a_broker_appears_only_in_the_sink(it: Module) -> Iterator[str]:
    if not it.path.startswith("application/sink/"):
        yield from (name for name in it.imports() if is_within(name, frozenset({"nats", "nkeys"})))


def sql_is_written_only_in_storage(it: Module) -> Iterator[str]:
    if not it.path.startswith("application/storage/"):
        yield from (text for text in it.texts() if SQL.match(text))


def storage_is_imported_only_by_bootstrap(it: Module) -> Iterator[str]:
    if it.path != "application/bootstrap.py" and not it.path.startswith("application/storage/"):
        yield from (name for name in it.imports() if is_within(name, STORAGE))


def interface_imports_of_domain_what_answers_name(it: Module) -> Iterator[str]:
    if it.path.startswith("interface/"):
        domain = (name for name in it.imports() if name.split(".")[0] == "domain")
        yield from (name for name in domain if not is_within(name, NAMED_IN_ANSWERS))


def nobody_goes_by_the_machines_clock(it: Module) -> Iterator[str]:
    """Its time may be wrong: what asks for the present asks `Services.clock` or the store."""
    if it.path != "application/runtime/clock.py":
        yield from (name for name in it.calls() if name in READS_A_CLOCK)
        yield from (name for name in it.imports() if name in NOT_ASKED)
        named = (ast.unparse(node) for node in it.nodes if isinstance(node, ast.Attribute))
        yield from (name for name in named if name == "time.time")


def only_the_command_line_prints(it: Module) -> Iterator[str]:
    if not it.path.startswith("interface/cli/"):
        yield from (name for name in it.calls() if name in {"print", "echo", "secho"})


def imports_are_absolute_and_never_of_tests(it: Module) -> Iterator[str]:
    tests = frozenset({"tests"})
    yield from (n for n in it.imports() if n.startswith(".") or is_within(n, tests))


BROKEN: list[tuple[Rule, str, str]] = [
    (domain_imports_only_what_is_pure_msgspec_and_itself, "domain/x.py", "import flask"),
    (
        domain_imports_only_what_is_pure_msgspec_and_itself,
        "domain/x.py",
        "from application.ports.store import Store",
    ),
    (domain_imports_only_what_is_pure_msgspec_and_itself, "domain/x.py", "import random"),
    (domain_knows_no_clock_and_no_files, "domain/x.py", "datetime.now(UTC)"),
    (application_knows_no_http_and_no_terminal, "application/x.py", "from flask import g"),
    (application_knows_no_http_and_no_terminal, "application/x.py", "import interface.http.app"),
    (sql_drivers_appear_only_in_storage, "application/x.py", "import sqlite3"),
    (sql_drivers_appear_only_in_storage, "interface/cli/x.py", "def f():\n import psycopg.rows"),
    (
        sql_drivers_appear_only_in_storage,
        "application/x.py",
        "from eventsourcing import sqlite, utils",
    ),
    (the_client_of_a_broker_appears_only_in_the_sink, "interface/cli/x.py", "import nats.js"),
    (sql_is_written_only_in_storage, "application/x.py", "f'SELECT * FROM {table}'"),
    (storage_is_imported_only_by_bootstrap, "application/x.py", "from application import storage"),
    (
        storage_is_imported_only_by_bootstrap,
        "interface/x.py",
        "from application.storage.sqlite import SqliteStore",
    ),
    (
        interface_imports_of_domain_what_answers_name,
        "interface/x.py",
        "from domain.events import OrderCreated",
    ),
    (interface_imports_of_domain_what_answers_name, "interface/x.py", "import domain"),
    (nobody_goes_by_the_machines_clock, "interface/cli/x.py", "time.time()"),
    (nobody_goes_by_the_machines_clock, "application/x.py", "datetime.now(UTC)"),
    (
        nobody_goes_by_the_machines_clock,
        "application/x.py",
        "from application.runtime.clock import now",
    ),
    (only_the_command_line_prints, "interface/http/x.py", "print(1)"),
    (imports_are_absolute_and_never_of_tests, "domain/x.py", "from .order import Order"),
    (imports_are_absolute_and_never_of_tests, "interface/x.py", "import tests"),
]
RULES = list(dict.fromkeys(rule for rule, _, _ in BROKEN))


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_holds_in_every_package(rule):
    everything = [each for package in PACKAGES for each in modules(package)]
    broken = {each.path: list(rule(each)) for each in everything if any(rule(each))}
    assert broken == {}


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN)
def test_the_rule_sees_a_file_that_breaks_it(rule, path, text):
    assert list(rule(module(path, text)))


def test_every_rule_of_this_page_is_checked():
    here = [
        value
        for value in globals().values()
        if getattr(value, "__annotations__", {}).get("it") is Module
    ]
    assert here == RULES


def seen(folder):
    return {name for each in modules(folder) for name in each.imports()}


@pytest.mark.parametrize(
    ("folder", "packages"),
    [
        ("domain", ["domain.events", "msgspec"]),
        ("application", ["domain.order", "application.ports.store", "eventsourcing"]),
        ("application/sink", ["nats", "nkeys"]),
        ("application/storage", ["sqlite3", "psycopg", "application.ports.store"]),
        ("interface/http", ["application.bootstrap", "domain.refusals", "flask"]),
        ("interface/cli", ["application.bootstrap", "click"]),
    ],
)
def test_what_the_rules_are_about_is_really_there(folder, packages):
    """Rules about names that nobody imports any more would hold for ever."""
    for package in packages:
        assert any(is_within(name, frozenset({package})) for name in seen(folder)), package


def test_bootstrap_is_where_the_stores_are_picked():
    [bootstrap] = [each for each in modules("application") if each.path.endswith("/bootstrap.py")]
    assert any(is_within(name, STORAGE) for name in bootstrap.imports())


def test_there_is_sql_in_storage_and_printing_on_the_command_line():
    assert any(SQL.match(text) for each in modules("application/storage") for text in each.texts())
    said = {name for each in modules("interface/cli") for name in each.calls()}
    assert said & {"print", "echo", "secho"}
