"""What goes into the administrative trail: who did what, to which keys, partners and orders."""

import getpass
import socket
from datetime import datetime
from typing import Any

import msgspec

from application.ports.admin_trail import Action, Deed

UNKNOWN = "unknown"


def deed_of(at: datetime, action: Action, actor: str = "", **about: Any) -> Deed:
    """A deed; without an `actor` it is that of whoever runs this command."""
    return Deed(at, actor or operator(), action.value, msgspec.json.encode(about))


def operator() -> str:
    """Whoever runs this command, as the system knows them, and on which machine."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = UNKNOWN
    return f"operator:{user} host:{socket.gethostname() or UNKNOWN}"
