"""Starts `orderlog` once it is sure that the packages that it imports are its own.

Their names are common ones, and another distribution may have a `domain`, too. A wheel ships this
file as `orderlog.py`, a name that is ours alone, and it imports none of them before it has looked.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("domain", "application", "interface")
OURS = Path("application") / "sandbox_catalog.yaml"
"""A file by which the folder with our packages is known."""


def main() -> None:
    """Run the command line, or say in a sentence why it cannot be."""
    if foreign := foreign_packages(sys.path):
        name, place = next(iter(foreign.items()))
        sys.exit(
            f"Python finds another {name} before the package {name} of Orderlog: {place}. Take its"
            " folder off PYTHONPATH, or install Orderlog into a virtual environment of its own."
        )
    import_module("interface.cli.main").main()


def foreign_packages(path: list[str]) -> dict[str, str]:
    """What Python imports from elsewhere under the names of our packages, each with its place."""
    folders = [Path(each).resolve() for each in path]
    ours = next((each for each in folders if (each / OURS).is_file()), None)
    places = {name: place_of(name) for name in PACKAGES}
    return {
        name: str(place)
        for name, place in places.items()
        if place is not None and place != (ours and ours / name)
    }


def place_of(name: str) -> Path | None:
    """The folder of a package, or the file of a module; None if there is none."""
    spec = find_spec(name)
    if spec is None:
        return None
    folders = list(spec.submodule_search_locations or ())
    place = folders[0] if folders else spec.origin
    return None if place is None else Path(place).resolve()
