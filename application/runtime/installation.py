"""How this program was installed, and so how an extra is added to it."""

import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

NAME = "orderlog"


def how_to_add(extra: str) -> str:
    """The command that adds an extra to what is installed."""
    try:
        origin = distribution(NAME).read_text("direct_url.json")
    except PackageNotFoundError:
        return f"pip install '.[{extra}]', in the checkout"
    return command_for(extra, None if origin is None else json.loads(origin))


def command_for(extra: str, origin: Mapping[str, Any] | None) -> str:
    """The same for what was installed from `origin` (PEP 610), or from a registry if it is None."""
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
