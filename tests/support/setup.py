"""Set up a checkout: an environment with everything, and the checks of each commit.

    python3 -m tests.support.setup [FOLDER]

FOLDER is the environment's, `.venv` by itself. It may be there already: then it is brought up to
date. Needs nothing but Python.
"""

import argparse
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = ".[archive,checks,dask,nats,otel,postgres,site,test]"
LEAST = (3, 11)


def set_up(environment: Path) -> None:
    """Make or refresh an environment, and put the hook in place."""
    if not (environment / "bin" / "python").exists():
        print(f"Making {environment}")
        venv.create(environment, with_pip=True)
    print("Installing the service, its extras and what the tests and checks need")
    run(environment, "python", "-m", "pip", "install", "--quiet", "--editable", EXTRAS)
    if shutil.which("git") and (ROOT / ".git").exists():
        run(environment, "pre-commit", "install")
    run(environment, "orderlog", "--version")
    print(f"Ready. Now: . {environment}/bin/activate")


def run(environment: Path, command: str, *arguments: str) -> None:
    """Run a command of the environment in the checkout; end with its exit code if it fails."""
    done = subprocess.run([environment / "bin" / command, *arguments], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / ".venv")
    if sys.version_info < LEAST:
        sys.exit("Python 3.11 or newer is needed.")
    set_up(parser.parse_args().folder.resolve())


if __name__ == "__main__":
    main()
