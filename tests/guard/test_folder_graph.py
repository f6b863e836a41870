"""The graph of folders: what each may import and does import, and that there is no circle."""

import re
from collections import defaultdict
from functools import cache

import pytest
from source import PACKAGES, ROOT, Module, module, modules

WIRING = "application/bootstrap.py"
"""The composition root: a node of its own, for only what is above it may import it."""

CORE = {"domain", "application/ports", "application/runtime"}
DOCUMENTS = {"application/documents"}
BELOW_ORDERS = (
    CORE | DOCUMENTS | {"application/event_log", "application/read_models", "application/catalog"}
)
USE_CASES = BELOW_ORDERS | {
    *("application/orders", "application/orders/timeline", "application/projector"),
    *("application/payments", "application/payments/schemes"),
    *("application/integrity", "application/operations", "application/feed"),
    "application/webhooks",
    "application/webhooks/delivery",
}
MAY_IMPORT = {
    "domain": set(),
    "application/ports": {"domain"},
    "application/runtime": {"domain", "application/ports"},
    "application/event_log": CORE,
    "application/payments/schemes": set(),
    "application/documents": CORE,
    "application/catalog": CORE | DOCUMENTS | {"application/payments/schemes"},
    "application/read_models": CORE | DOCUMENTS,
    "application/feed": CORE | DOCUMENTS | {"application/catalog"},
    "application/sink": CORE | {"application/feed"},
    "application/integrity": CORE | {"application/event_log", "application/read_models"},
    "application/copying": CORE | {"application/integrity"},
    "application/archive": CORE | {"application/copying"},
    "application/projector": CORE
    | {"application/event_log", "application/read_models"}
    | {"application/integrity", "application/archive"},
    "application/orders": BELOW_ORDERS | {"application/projector"},
    "application/orders/timeline": BELOW_ORDERS | {"application/orders"},
    "application/payments": BELOW_ORDERS
    | {"application/orders", "application/projector", "application/payments/schemes"},
    "application/operations": BELOW_ORDERS
    | {"application/orders", "application/integrity", "application/payments"},
    "application/webhooks": CORE
    | DOCUMENTS
    | {"application/event_log", "application/catalog", "application/feed"},
    "application/webhooks/delivery": CORE
    | {"application/catalog", "application/feed", "application/webhooks"},
    "application/storage/shared": CORE | {"application/event_log"},
    "application/storage/sqlite": CORE | {"application/event_log", "application/storage/shared"},
    "application/storage/postgres": CORE | {"application/event_log", "application/storage/shared"},
    "application/storage": set(),
    "application": CORE,
    "application/operations/doctor": CORE
    | {"application", "application/catalog", "application/integrity"}
    | {"application/operations", "application/payments"},
    WIRING: USE_CASES
    | {"application", "application/storage/sqlite", "application/storage/postgres"},
    "interface": set(),
    "interface/http": USE_CASES - {"application/integrity"} | {"application", WIRING},
    "interface/guide": CORE | {"application", WIRING, "application/catalog", "interface/http"},
    "interface/console": USE_CASES | {"application", WIRING, "interface/http"},
    "interface/sandbox": USE_CASES | {"application", WIRING, "interface/http", "interface/console"},
    "interface/server": CORE
    | {"application", WIRING, "application/catalog", "application/feed"}
    | {"application/payments", "application/webhooks/delivery"}
    | {"interface/http", "interface/guide", "interface/console", "interface/sandbox"},
    "interface/load": CORE
    | {"application", WIRING, "application/catalog", "application/event_log"}
    | {"application/integrity", "application/payments"}
    | {"interface/sandbox", "interface/server"},
    "interface/conform": {"domain", "application/runtime"},
    "interface/cli/shared": USE_CASES | {"application", WIRING, "interface/server"},
    "interface/cli": USE_CASES
    | {"application/operations/doctor"}
    | {"application", WIRING, "application/archive", "application/copying"}
    | {
        "application/sink",
        "interface/server",
        "interface/load",
        "interface/cli/shared",
        "interface/sandbox",
    }
    | {"interface/conform"},
}
"""Every arrow points down: a folder may import only what stands above it in this table."""

IMPORTS = re.compile(r"^Imports: (.+)\.$", re.MULTILINE | re.DOTALL)


@cache
def folder_of(name: str) -> str | None:
    """The folder that a dotted name of ours lies in; the composition root is its own."""
    path = ROOT.joinpath(*name.split("."))
    while path != ROOT and not path.is_dir():
        if f"{path.relative_to(ROOT).as_posix()}.py" == WIRING:
            return WIRING
        path = path.parent
    return path.relative_to(ROOT).as_posix() if name.split(".", maxsplit=1)[0] in PACKAGES else None


def node_of(it: Module) -> str:
    return it.path if it.path == WIRING else it.path.rpartition("/")[0]


def graph_of(everything: list[Module]) -> dict[str, set[str]]:
    """By folder, the folders that its files import."""
    graph: defaultdict[str, set[str]] = defaultdict(set)
    for it in everything:
        own = node_of(it)
        graph[own] |= {found for name in it.imports() if (found := folder_of(name))} - {own}
    return dict(graph)


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    """Folders that lead back to the first of them; empty where there is no circle."""
    done: set[str] = set()

    def walk(node: str, way: list[str]) -> list[str]:
        if node in way:
            return [*way[way.index(node) :], node]
        if node in done:
            return []
        for further in sorted(graph.get(node, ())):
            if circle := walk(further, [*way, node]):
                return circle
        done.add(node)
        return []

    return next((circle for node in sorted(graph) if (circle := walk(node, []))), [])


def everything() -> list[Module]:
    return [each for package in PACKAGES for each in modules(package)]


def forbidden(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """By folder, the folders that its files import and may not."""
    return {node: more for node, found in graph.items() if (more := found - MAY_IMPORT[node])}


def test_each_folder_imports_only_what_it_may():
    graph = graph_of(everything())
    assert set(graph) == set(MAY_IMPORT)
    assert forbidden(graph) == {}


def test_the_table_has_every_folder_below_those_that_may_import_it():
    above: set[str] = set()
    for folder, allowed in MAY_IMPORT.items():
        assert allowed <= above, folder
        above.add(folder)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("application/orders/x.py", "from application.integrity.verification import verify"),
        ("application/catalog/x.py", "import application.orders.service"),
        ("interface/http/x.py", "from application.storage.sqlite.store import SqliteStore"),
    ],
)
def test_a_file_that_imports_what_its_folder_may_not_is_seen(path, text):
    assert forbidden(graph_of([module(path, text)])).keys() == {path.rpartition("/")[0]}


def test_the_graph_of_folders_has_no_circle():
    assert circle_in(graph_of(everything())) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("domain/x.py", "from application.orders.service import OrderService"),
        ("application/ports/x.py", "from application.projector import loop"),
        ("application/integrity/x.py", "from application.bootstrap import open_store"),
    ],
)
def test_a_file_that_closes_a_circle_is_seen(path, text):
    assert circle_in(graph_of([*everything(), module(path, text)]))


def test_nothing_below_the_composition_root_imports_it():
    graph = graph_of(everything())
    below, todo = set(), [WIRING]
    while todo:
        todo += graph.get(todo.pop(), set()) - below
        below |= set(todo)
    assert {"application/orders", "application/storage/sqlite", "domain"} <= below
    assert WIRING not in below


@pytest.mark.parametrize("package", sorted({node_of(each) for each in everything()} - {WIRING}))
def test_a_folder_imports_what_its_readme_says_and_nothing_else(package):
    text = (ROOT / package / "README.md").read_text(encoding="utf-8")
    said = IMPORTS.search(text)
    assert said, f"{package}/README.md does not say what the folder imports"
    inside = [each for each in everything() if each.path.rpartition("/")[0] == package]
    found: set[str] = set()
    for each in inside:
        found |= {name for one in each.imports() if (name := folder_of(one))}
    found = {"application" if name == WIRING else name for name in found} - {package}
    assert sorted(re.findall(r"`([^`]+)`", said[1])) == sorted(found)
