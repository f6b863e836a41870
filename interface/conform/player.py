"""Plays printed exchanges against a server."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import msgspec

from domain.errors import UserError
from interface.conform.client import Answer, Client
from interface.conform.comparing import MISSING, OTHER, Difference, Place, compare
from interface.conform.names import Names, at_random
from interface.conform.pages import Exchange, Known, Page, Preparation, Scene, names_for

CATALOG = "/v1/sandbox/catalog"
"""Where an own sandbox takes the catalogue of a page."""
JSON = "application/json"
SENT = ("Accept", "Content-Type")
"""The printed headers that are sent as they are."""
PAUSE_SECONDS = 0.002
"""The pause before each call: moments have milliseconds, and one that moves has to differ."""

Report = Callable[[int, int], None]


class BadKey(UserError):
    """The server knows no such key."""

    def __init__(self) -> None:
        super().__init__("The server refuses this key: 401.")


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange that was played: what differs, and what differs as it is known."""

    page: str
    number: int
    title: str
    method: str
    path: str
    differences: list[Difference]
    known: list[tuple[str, Difference]]


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """A scene that is ready to be played: the names of its things, or why it cannot be."""

    page: Page
    scene: Scene
    exchanges: tuple[Exchange, ...]
    first: int
    names: dict[str, str]
    refused: str = ""


class Player:
    """Plays pages with one key."""

    def __init__(self, client: Client, key: str, names: Mapping[str, Mapping[str, str]]) -> None:
        """`names` are those of a server, by page; without any a sandbox is asked for them."""
        self._client = client
        self._key = key
        self._names = names
        self._is_sandbox = not names
        self._known_after = 0.0

    def play(self, pages: list[Page], report: Report) -> Iterator[Played]:
        """Play all exchanges. Raises `NotReached`, `CannotSend` and `BadKey`."""
        done, total = 0, sum(len(each.exchanges) for each in pages)
        report(done, total)
        scenes = [self._cast(*each) for each in _scenes(pages)]
        time.sleep(self._known_after)
        for each in scenes:
            report(done, total)
            yield from self._scene(each)
            done += len(each.exchanges)
        report(done, total)

    def _cast(self, page: Page, scene: Scene, exchanges: tuple[Exchange, ...], first: int) -> Cast:
        """Name the things of a scene: an own sandbox makes them."""
        names, refused = names_for(page.name, self._names), ""
        if self._is_sandbox and page.setup.catalog is not None:
            headers = {"Authorization": f"key {self._key}", "Content-Type": JSON}
            answer = self._client.send("POST", CATALOG, headers, page.setup.catalog)
            if answer.status == HTTPStatus.UNAUTHORIZED:
                raise BadKey
            made = _made(answer)
            if made is not None:
                names, self._known_after = made.names, made.known_after_seconds
            elif answer.status == HTTPStatus.BAD_REQUEST:
                refused = f"its catalogue is refused: {answer.problem}"
            else:
                self._is_sandbox = False
        return Cast(
            page=page, scene=scene, exchanges=exchanges, first=first, names=names, refused=refused
        )

    def _scene(self, cast: Cast) -> Iterator[Played]:
        before = cast.scene.before
        printed = [each.response.body for each in cast.exchanges]
        requests = [each.body for each in before]
        requests += [each.request.body for each in cast.exchanges]
        names = Names(cast.names, at_random(printed, requests))
        refused = cast.refused or self._prepare(names, before)
        for number, exchange in enumerate(cast.exchanges, cast.first):
            found = [_not_played(refused)] if refused else self._exchange(names, exchange)
            known = [(_known(each, cast.page.setup.known), each) for each in found]
            yield Played(
                page=cast.page.name,
                number=number,
                title=exchange.title,
                method=exchange.request.method,
                path=exchange.request.path,
                differences=[each for name, each in known if not name],
                known=[(name, each) for name, each in known if name],
            )

    def _prepare(self, names: Names, calls: tuple[Preparation, ...]) -> str:
        """Make the calls before a scene; the reason if one is refused."""
        for call in calls:
            headers = {} if call.body is None else {"Content-Type": JSON}
            said = f"key {call.key}"
            answer = self._send(names, call.method, call.path, said, headers, call.body)
            if answer.status >= HTTPStatus.BAD_REQUEST:
                came = f"{answer.status} {answer.problem}".strip()
                return f"the call that prepares it, {call.method} {call.path}, came to {came}"
            _learn(names, call.answer, answer.body)
        return ""

    def _exchange(self, names: Names, exchange: Exchange) -> list[Difference]:
        request, printed = exchange.request, exchange.response
        said = request.headers.get("Authorization", "")
        headers = {name: request.headers[name] for name in SENT if name in request.headers}
        answer = self._send(names, request.method, request.path, said, headers, request.body)
        if answer.status != printed.status:
            return [
                Difference(
                    field="status",
                    kind=OTHER,
                    printed=printed.status,
                    came=answer.status,
                    says=answer.problem,
                )
            ]
        found = [
            each
            for name, value in printed.headers.items()
            for each in _header(names, name, value, answer.headers.get(name.lower()))
        ]
        if printed.body is not None and answer.body is None:
            return [*found, Difference(field="body", kind=OTHER, says="the answer is not JSON")]
        field = "tickets" if request.path.partition("?")[0].endswith("/tickets") else ""
        return [*found, *compare(names, Place(field=field), printed.body, answer.body)]

    def _send(
        self,
        names: Names,
        method: str,
        path: str,
        said: str,
        headers: dict[str, str],
        body: Any,
    ) -> Answer:
        """Send a call with the key that stands for the printed one, or else the caller's own."""
        time.sleep(PAUSE_SECONDS)
        printed = said.removeprefix("key").strip()
        known = names.sent(printed)
        key = self._key if known == printed else known
        sent = {**headers, "Authorization": f"key {key}"} if said else headers
        return self._client.send(method, names.path(path), sent, names.sent(body))


class _Made(msgspec.Struct):
    """What an own sandbox answers when it has made a catalogue."""

    names: dict[str, str]
    known_after_seconds: float


def _made(answer: Answer) -> _Made | None:
    """The names of a catalogue that was made; None from a server that does not make any."""
    if answer.status != HTTPStatus.CREATED:
        return None
    with suppress(msgspec.MsgspecError):
        return msgspec.json.decode(answer.content, type=_Made)
    return None


def _scenes(pages: list[Page]) -> Iterator[tuple[Page, Scene, tuple[Exchange, ...], int]]:
    for page in pages:
        first = 1
        for scene, exchanges in page.scenes():
            yield page, scene, exchanges, first
            first += len(exchanges)


def _learn(names: Names, printed: Any, came: Any) -> None:
    """Learn from the answer to a preparing call what the named things are here."""
    if isinstance(printed, dict) and isinstance(came, dict):
        for name in printed.keys() & came.keys():
            _learn(names, printed[name], came[name])
    elif isinstance(printed, list) and isinstance(came, list):
        compare(names, Place(field="tickets"), printed, came)
    elif isinstance(printed, str) and isinstance(came, str):
        names.differs("id", "id", printed, came)


def _header(names: Names, name: str, printed: str, came: str | None) -> list[Difference]:
    if came is None:
        return [Difference(field=name, kind=MISSING, printed=printed)]
    return compare(names, Place(path=name, field=name), printed, came)


def _not_played(reason: str) -> Difference:
    return Difference(field="request", kind=OTHER, says=f"was not sent: {reason}")


def _known(difference: Difference, known: tuple[Known, ...]) -> str:
    """The name of a difference that is known; nothing for another one."""
    return next(
        (
            each.name
            for each in known
            if each.field == difference.field
            and each.kind == difference.kind
            and (each.came is None or re.fullmatch(each.came, str(difference.came)))
        ),
        "",
    )
