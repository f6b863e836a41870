"""Notes in a build which commit it was made from, for `orderlog --version`."""

import subprocess
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
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )
        if found.returncode == 0:
            noted = Path(self.directory) / "commit.txt"
            noted.parent.mkdir(parents=True, exist_ok=True)
            noted.write_text(found.stdout)
            build_data["force_include"][str(noted)] = IN_PACKAGE
