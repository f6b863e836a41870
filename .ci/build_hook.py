"""Notes in a build which commit it was made from, for `orderlog --version`."""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

IN_PACKAGE = "application/commit.txt"


class CommitHook(BuildHookInterface):
    """Adds a file with the commit; none where there is no git, or no checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a build. An editable installation reads its checkout itself."""
        if version == "editable" or (Path(self.root) / IN_PACKAGE).exists():
            return
        asked = runpy.run_path(str(Path(self.root) / "application/runtime/installation.py"))
        if commit := asked["commit_of_checkout"]():
            noted = Path(self.directory) / "commit.txt"
            noted.parent.mkdir(parents=True, exist_ok=True)
            noted.write_text(f"{commit}\n")
            build_data["force_include"][str(noted)] = IN_PACKAGE
