"""The service as its users have it: a wheel, in an environment without the checkout."""

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import click
from source import ROOT

BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
SECONDS = 120


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel; what it depends on comes from the environment of the tests."""

    folder: Path
    wheel: Path

    @property
    def packages(self) -> Path:
        [found] = (self.folder / "lib").glob("python3*/site-packages")
        return found

    def run(self, command: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        """Run a command of the environment in an empty folder."""
        empty = self.folder / "empty"
        empty.mkdir(exist_ok=True)
        kept = {name: each for name, each in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            (self.folder / "bin" / command, *arguments),
            cwd=empty,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env=kept | environment,
            check=False,
        )


def install(folder: Path) -> Installed:
    """Build the wheel and install it into a new environment."""
    built = subprocess.run(
        (sys.executable, "-c", BUILD, folder), cwd=ROOT, capture_output=True, text=True, check=True
    )
    environment = folder / "environment"
    venv.create(environment)
    made = Installed(environment, folder / built.stdout.split()[-1])
    others = Path(click.__file__).parents[1]
    (made.packages / "others.pth").write_text(f"{others}\n", encoding="utf-8")
    # The environment of the tests may have the service, too: that does not count.
    options = ("--quiet", "--no-deps", "--no-index", "--ignore-installed")
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    added = made.run("python", "-m", "pip", "install", *options, str(made.wheel), **quiet)
    assert added.returncode == 0, added.stdout + added.stderr
    return made
