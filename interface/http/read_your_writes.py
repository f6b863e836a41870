"""Read your writes: X-Wait-For-Position takes the X-Log-Position of an answer to a write."""

import re
from collections.abc import Collection

from application.bootstrap import Services
from application.orders.commands import Answer
from application.projector.read_your_writes import NeverGivenOut, is_shown, wait_until_shown
from application.runtime.greenlet_bridge import slot_given_back
from interface.http.errors import BadRequest
from interface.http.exchange import Environ, Header, Incoming

WAIT = "HTTP_X_WAIT_FOR_POSITION"
WAITED = "orderlog.waited"
"""Set in the head of a request that has waited already."""
POSITION = re.compile(r"[0-9]{1,18}\Z")


def position_of(answer: Answer) -> Header:
    """The header with the log's position after a write."""
    return "X-Log-Position", str(answer.position)


def wanted_position(environ: Environ) -> int | None:
    """The position that a request waits for, if it does. Raises `BadRequest`."""
    header = environ.get(WAIT)
    if header is None:
        return None
    if not POSITION.match(header):
        raise BadRequest("bad_position", "X-Wait-For-Position has to be an X-Log-Position.")
    return int(header)


def wait_for_position(incoming: Incoming, services: Services, read_model: str) -> None:
    """Wait until a read model reaches the wanted position. Raises `BadRequest`, `ModelBehind`.

    A request that has waited on the event loop (`interface/server/fair_share.py`) waits no more.
    """
    position = wanted_position(incoming.environ)
    if position is None:
        return
    seconds = 0.0 if WAITED in incoming.environ else services.settings.wait_seconds
    try:
        with slot_given_back():
            wait_until_shown(services.store, read_model, position, seconds)
    except NeverGivenOut as error:
        detail = f"No answer has had the X-Log-Position {position}."
        raise BadRequest("bad_position", detail) from error


def needless(services: Services, read_model: str, wanted: Collection[int]) -> set[int]:
    """The positions that need no more waiting: a read model shows them, or no event has them."""
    shown = {each for each in wanted if is_shown(services.store, read_model, each)}
    if len(shown) == len(wanted):
        return shown
    last = services.store.assigned_position()
    return shown | {each for each in wanted if each > last}
