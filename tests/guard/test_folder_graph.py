"""The graph of folders: it has no circle, and each folder says what it imports."""

import re
from collections import defaultdict

import pytest
from source import PACKAGES, ROOT, Module, module, modules

WIRING = "application/bootstrap.py"
"""The composition root: a node of its own, for only what is above it may import it."""

IMPORTS = re.compile(r"^Imports: (.+)\.$", re.MULTILINE | re.DOTALL)


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


def test_the_graph_of_folders_has_no_circle():
    graph = graph_of(everything())
    assert len(graph) > 15
    assert circle_in(graph) == []


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
