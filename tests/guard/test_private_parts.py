"""Private parts of libraries that the source uses: as few as can be, each named here with why."""

import ast
from importlib import import_module

import pytest
from source import PACKAGES, Module, module, modules

PRIVATE = {
    "granian._granian.RSGIHTTPProtocol": "the real class of a request's protocol (rsgi.py)",
    "granian._granian.RSGIProtocolClosed": "what a body that breaks off raises (rsgi.py)",
    "asyncio._get_running_loop": "the public one raises where there is none (greenlet_bridge.py)",
    "multiprocessing.util.Finalize": "closes a worker's store at its end (worker_processes.py)",
}
UNDOCUMENTED = {"multiprocessing.util"}
"""Modules without an underscore that their library does not document."""


def private_parts(it: Module) -> set[str]:
    """What a file uses of a library's private modules and names."""
    taken = set()
    for name in it.imports():
        steps = name.split(".")
        ours = steps[0] in PACKAGES or steps[0] == "__future__"
        if not ours and (any(map(is_private, steps)) or ".".join(steps[:-1]) in UNDOCUMENTED):
            taken.add(name)
    known = {name.split(".")[0] for name in it.imports()} - set(PACKAGES)
    named = [node for node in it.nodes if isinstance(node, ast.Attribute)]
    of_modules = [(ast.unparse(each.value), each.attr) for each in named if is_private(each.attr)]
    return taken | {f"{owner}.{name}" for owner, name in of_modules if owner in known}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_the_source_uses_these_private_parts_and_no_others():
    everything = [each for package in PACKAGES for each in modules(package)]
    assert set().union(*map(private_parts, everything)) == set(PRIVATE)


@pytest.mark.parametrize(
    "text",
    [
        "from granian._granian import Other",
        "import asyncio\nasyncio._set_running_loop(None)",
        "from multiprocessing.util import get_logger",
        "from flask._internal import x",
    ],
)
def test_one_that_is_new_is_seen(text):
    assert private_parts(module("interface/x.py", text)) - set(PRIVATE)


@pytest.mark.parametrize("name", PRIVATE)
def test_the_library_still_has_it(name):
    path, _, attribute = name.rpartition(".")
    assert hasattr(import_module(path), attribute), f"{name} is gone: it is {PRIVATE[name]}"
