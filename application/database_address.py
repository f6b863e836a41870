"""The address of a database: which names are real files, and what of it nobody may see."""

import re
from pathlib import Path

from domain.errors import UserError

SQLITE = "sqlite:///"
POSTGRES = "postgresql://"
HIDDEN = "***"

IN_URL = re.compile(r"(://[^:/@\s]*):(?!\d{1,5}/[^@\s]*\?)\S*@")
"""`user:password@`, up to the last @ there is: in a wrong address a password may have one, too.
A port before the options is none."""

NAMED = re.compile(
    r"\b((?:\w*password|\w*secret|scram_\w+_key)\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&]+)", re.IGNORECASE
)
"""`password=...` among the options of an address, or in a text of libpq's."""

AMBIGUOUS = re.compile(r"\w+://[^:/@\s]*:(?!\d{1,5}/)[^?]*[/@][^?]*@")
"""libpq would take a part of such a password for a host or a port, and say it."""


class BadDatabase(UserError):
    """A database address that names no known store."""


def without_passwords(text: str) -> str:
    """The text, with every password of a database address in it hidden."""
    return NAMED.sub(rf"\1{HIDDEN}", IN_URL.sub(rf"\1:{HIDDEN}@", text))


def check_given_in_command(address: str) -> None:
    """Refuse, on the command line, a name that is no file, and a password in an address.

    Everybody sees the password in the list of processes. Raises `BadDatabase`.
    """
    sqlite_file(address)
    if without_passwords(address) != address:
        raise BadDatabase(
            "A password on the command line is seen by everybody in the list of processes: leave"
            " it out of the address, and give it in PGPASSWORD or ~/.pgpass, or give the whole"
            " address in ORDERLOG_DATABASE."
        )


def refuse_unclear_password(address: str) -> None:
    """Refuse an address of which it is not clear where the password ends. Raises `BadDatabase`."""
    if AMBIGUOUS.match(address):
        raise BadDatabase(
            "The password in the database address has a character that has to be written as a"
            " code there, such as %40 for @ or %2F for /; or give it in PGPASSWORD or ~/.pgpass."
        )


def sqlite_file(address: str) -> str | None:
    """The file that an address names; None if it is no address of SQLite's. Raises `BadDatabase`.

    SQLite reads some names as something else than a file: what is stored there would be gone.
    """
    if not address.startswith(SQLITE):
        return None
    path = address.removeprefix(SQLITE)
    plain = str(Path(path))
    reason = None
    if not path.strip() or "\0" in path:
        reason = "names no file"
    elif plain.startswith(":") or Path(path).name.startswith(":"):
        reason = "would be kept in memory, and be gone at the end"
    elif plain.lower().startswith("file:"):
        reason = "is an SQLite URI, which is not accepted"
    elif Path(path).is_dir() or path.endswith("/"):
        reason = "is a folder"
    elif Path(path).exists() and not Path(path).is_file():
        reason = "is a device or a pipe, which keeps nothing"
    if reason is not None:
        shown = address.replace("\0", "\\0")
        raise BadDatabase(f"{shown} {reason}; use sqlite:///FILE with the name of a file.")
    return path
