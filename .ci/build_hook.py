"""Notes in a build which commit it was made from (`orderlog --version`), and builds the guide."""

import importlib.util
import runpy
import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

IN_PACKAGE = "application/commit.txt"
GUIDE = "interface/guide/built"


class OrderlogHook(BuildHookInterface):
    """Adds a file with the commit, none where there is no git or no checkout; and the guide."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a build. An editable installation reads its checkout itself."""
        if version == "editable":
            return
        self.note_commit(build_data)
        if self.target_name == "wheel":
            self.build_guide(build_data)

    def note_commit(self, build_data: dict[str, Any]) -> None:
        """Note the commit, unless that was done when the source was packed."""
        if (Path(self.root) / IN_PACKAGE).exists():
            return
        asked = runpy.run_path(str(Path(self.root) / "application/runtime/installation.py"))
        if commit := asked["commit_of_checkout"]():
            noted = Path(self.directory) / "commit.txt"
            noted.parent.mkdir(parents=True, exist_ok=True)
            noted.write_text(f"{commit}\n")
            build_data["force_include"][str(noted)] = IN_PACKAGE

    def build_guide(self, build_data: dict[str, Any]) -> None:
        """Build the guide from `docs/` into the wheel."""
        root = Path(self.root)
        if not (root / "docs" / "README.md").is_file() or not importlib.util.find_spec("mkdocs"):
            self.app.display_warning("The guide is left out: it needs docs/ and mkdocs-material.")
            return
        built = Path(self.directory) / "guide"
        shutil.rmtree(built, ignore_errors=True)
        runpy.run_path(str(root / "interface/guide/building.py"))["build"](
            root / "docs", built, strict=False
        )
        build_data["force_include"][str(built)] = GUIDE
