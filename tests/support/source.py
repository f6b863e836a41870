"""The service's own source, read as a syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "application", "interface")


@dataclass(frozen=True)
class Module:
    """One file of a package, by its path from the top, such as `domain/order.py`."""

    path: str
    tree: ast.Module

    def imports(self) -> Iterator[str]:
        """Everything it imports, wherever the import stands; `from a import b` is `a.b`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                before = "." * node.level + (node.module or "")
                yield from (f"{before}.{alias.name}" for alias in node.names)

    def calls(self) -> Iterator[str]:
        """The names of the functions and methods it calls."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield getattr(node.func, "id", getattr(node.func, "attr", ""))

    def texts(self) -> Iterator[str]:
        """The string literals in it."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def module(path: str, text: str) -> Module:
    return Module(path, ast.parse(text, path))


def modules(package: str) -> list[Module]:
    """The files of a package. There is always at least one that imports something."""
    found = [
        module(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / package).rglob("*.py"))
    ]
    assert any(any(each.imports()) for each in found), f"there is nothing to check in {package}"
    return found


def is_within(name: str, packages: frozenset[str]) -> bool:
    """Whether a dotted name is one of these packages or inside of one."""
    return any(name == each or name.startswith(f"{each}.") for each in packages)
