"""Printed names and what came in their place: a name that is printed twice is one name."""

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from application.runtime.ids import is_id

ID_IN_PATH = re.compile(r"(?<![0-9a-f])[0-9a-f]{24}(?![0-9a-f])")
OF_PARTNERS = frozenset({"org", "partner", "vendor", "X-Partner"})
"""Fields that name partners: two that are printed may be one here, such as vendor and organiser."""


class Names:
    """What each printed name of a scene is here."""

    def __init__(self, given: Mapping[str, str], unsure: Collection[str] = ()) -> None:
        """`given` is said by the server or the caller; of what is `unsure` answers say it first."""
        self._sent = dict(given)
        self._come = {("id", printed): name for printed, name in given.items() if is_id(printed)}
        self._come = {each: name for each, name in self._come.items() if each[1] not in unsure}
        self._printed: dict[tuple[str, str], str] = {}
        self._moments: dict[tuple[str, str], tuple[str, str]] = {}

    def copy(self) -> "Names":
        """Names to try something with."""
        other = Names(self._sent)
        other._come, other._printed = dict(self._come), dict(self._printed)
        other._moments = dict(self._moments)
        return other

    def here(self, printed: str) -> str | None:
        """What a printed id is here, as far as it is known."""
        return self._come.get(("id", printed))

    def sent(self, value: Any) -> Any:
        """A printed value of a request as it is sent."""
        if isinstance(value, dict):
            return {self.sent(name): self.sent(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.sent(each) for each in value]
        return self._sent.get(value, value) if isinstance(value, str) else value

    def path(self, printed: str) -> str:
        """A printed path as it is asked for."""
        return ID_IN_PATH.sub(lambda found: quote(self.sent(found[0])), printed)

    def differs(self, kind: str, field: str, printed: str, came: str) -> str | None:
        """Take `came` for a printed name; what is wrong with that, if it cannot be."""
        before = self._come.setdefault((kind, printed), came)
        if before != came:
            return f"{printed} is {before} here elsewhere"
        self._sent.setdefault(printed, came)
        if field not in OF_PARTNERS:
            other = self._printed.setdefault((kind, came), printed)
            if other != printed:
                return f"is what came for {other} as well"
        return None

    def moment_differs(self, thing: str, field: str, printed: str, came: str) -> str | None:
        """Take `came` for the moment of a thing: it moves when the printed one moves."""
        last = self._moments.get((thing, field))
        self._moments[thing, field] = printed, came
        if last is None or (printed != last[0]) == (came != last[1]):
            return None
        return "moved, and is printed as before" if came != last[1] else "is printed as moved"


def at_random(bodies: Collection[Any], requests: Collection[Any]) -> set[str]:
    """Printed ids in lists of tickets which no request names: the server chooses those tickets."""
    named = set(_texts(list(requests)))
    return {each for each in _tickets(list(bodies)) if each not in named}


def _tickets(value: Any) -> set[str]:
    found: set[str] = set()
    if isinstance(value, dict):
        listed = value.get("tickets")
        found |= {each for each in listed if isinstance(each, str)} if listed else set()
        value = list(value.values())
    if isinstance(value, list):
        found = found.union(*map(_tickets, value))
    return found


def _texts(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        value = [*value, *value.values()]
    return set().union(*map(_texts, value)) if isinstance(value, list) else set()
