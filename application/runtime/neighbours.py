"""Whether another distribution has files in the folders that this one is installed into."""

import base64
import hashlib
import re
from importlib.metadata import distributions
from pathlib import Path

from application.runtime.installation import NAME
from domain.errors import UserError

PACKAGES = ("domain/", "application/", "interface/")
"""The folders that a wheel brings; `orderlog.py` comes with them."""
IN_PACKAGES = re.compile(f"^(?:{'|'.join(PACKAGES)})", re.MULTILINE)


class PackagesOverwritten(UserError):
    """Another distribution was installed over files of this one."""

    def __init__(self, file: Path, others: str) -> None:
        super().__init__(
            f"{file} is not the file that Orderlog was installed with: {others} has files in the"
            " same folder. Install Orderlog into a virtual environment of its own."
        )


def check_packages(path: list[str] | None = None) -> str:
    """A sentence if another distribution has files in our packages; "" if none has.

    Looks where `path` says, or in this environment. Raises `PackagesOverwritten` if one of our
    files is not as it was installed.
    """
    found = distributions() if path is None else distributions(path=path)
    sharing = [each for each in found if has_packages(each.read_text("RECORD") or "")]
    ours = next((each for each in sharing if each.name == NAME), None)
    others = " and ".join(sorted({each.name for each in sharing} - {NAME}))
    if ours is None or not others:
        return ""
    for each in ours.files or ():
        if each.hash and str(each).startswith(PACKAGES):
            place = Path(str(ours.locate_file(each)))
            if not place.is_file() or digest_of(place) != each.hash.value:
                raise PackagesOverwritten(place, others)
    return (
        f"{others} has files in the packages of Orderlog (domain, application, interface): to"
        " change or remove one may break the other. Give each a virtual environment of its own."
    )


def has_packages(record: str) -> bool:
    """Whether a list of installed files (RECORD) has files in folders that have our names."""
    return IN_PACKAGES.search(record) is not None


def digest_of(file: Path) -> str:
    """The SHA-256 of a file, as RECORD writes it."""
    digest = hashlib.sha256(file.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
