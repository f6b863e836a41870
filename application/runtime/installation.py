"""How this program was installed: from which commit, and so how an extra is added to it.

What only a sentence about it needs is imported for that: every command imports this file.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

NAME = "orderlog"
ROOT = Path(__file__).resolve().parents[2]
COMMIT = ROOT / "application" / "commit.txt"
"""Where a build notes its commit; a checkout has none, and is asked itself."""


def version_text() -> str:
    """The version and the commit, as far as they are known."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - see above

    try:
        released = version(NAME)
    except PackageNotFoundError:
        released = "not installed"
    commit = COMMIT.read_text().strip() if COMMIT.is_file() else commit_of_checkout()
    return f"{released} (commit {commit})" if commit else released


def commit_of_checkout() -> str:
    """The commit that is checked out, and whether it was changed; empty where git cannot say."""
    import subprocess  # noqa: PLC0415 - see above

    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return ""
    asked = subprocess.run(  # noqa: S603 - fixed words
        [git, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip()


def how_to_add(extra: str) -> str:
    """The command that adds an extra to what is installed."""
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415 - see above

    try:
        origin = distribution(NAME).read_text("direct_url.json")
    except PackageNotFoundError:
        return f"pip install '.[{extra}]', in the checkout"
    return command_for(extra, None if origin is None else json.loads(origin))


def command_for(extra: str, origin: Mapping[str, Any] | None) -> str:
    """The same for what was installed from `origin` (PEP 610), or from a registry if it is None."""
    from urllib.request import url2pathname  # noqa: PLC0415 - see above

    if origin is None:
        return f"pip install '{NAME}[{extra}]'"
    url = str(origin["url"])
    if "dir_info" not in origin:
        scheme = f"{origin['vcs_info']['vcs']}+" if "vcs_info" in origin else ""
        return f"pip install '{NAME}[{extra}] @ {scheme}{url}'"
    checkout = Path(url2pathname(urlsplit(url).path))
    if checkout == Path.cwd():
        return f"pip install '.[{extra}]'"
    if (checkout / "pyproject.toml").is_file():
        return f"pip install '{checkout}[{extra}]'"
    return f"pip install '.[{extra}]', in a checkout"
