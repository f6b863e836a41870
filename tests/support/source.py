"""The service's own source, read as a syntax tree, once for all tests."""

import ast
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "application", "interface")


@dataclass(frozen=True)
class Module:
    """One file of a package, by its path from the top, such as `domain/order.py`."""

    path: str
    tree: ast.Module

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def _imports(self) -> list[str]:
        found = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                before = "." * node.level + (node.module or "")
                found += [f"{before}.{alias.name}" for alias in node.names]
        return found

    def imports(self) -> list[str]:
        """Everything it imports, wherever the import stands; `from a import b` is `a.b`."""
        return self._imports

    def calls(self) -> list[str]:
        """The names of the functions and methods it calls."""
        calls = [node.func for node in self.nodes if isinstance(node, ast.Call)]
        return [getattr(each, "id", getattr(each, "attr", "")) for each in calls]

    def texts(self) -> list[str]:
        """The string literals in it."""
        constants = [node.value for node in self.nodes if isinstance(node, ast.Constant)]
        return [each for each in constants if isinstance(each, str)]


def module(path: str, text: str) -> Module:
    return Module(path, ast.parse(text, path))


@cache
def modules(package: str) -> list[Module]:
    """The files of a package. There is always at least one that imports something."""
    found = [
        module(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / package).rglob("*.py"))
    ]
    assert any(each.imports() for each in found), f"there is nothing to check in {package}"
    return found


def is_within(name: str, packages: frozenset[str]) -> bool:
    """Whether a dotted name is one of these packages or inside of one."""
    return any(name == each or name.startswith(f"{each}.") for each in packages)
