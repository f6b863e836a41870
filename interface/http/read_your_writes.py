"""Lets a client read what it wrote: X-Wait-For-Position takes an answer's X-Log-Position."""

import re

from application.bootstrap import Services
from application.orders.service import Answer
from application.projector.read_your_writes import wait_until_shown
from application.runtime.greenlet_bridge import slot_given_back
from interface.http.errors import BadRequest
from interface.http.exchange import Header, Incoming

POSITION = re.compile(r"[0-9]{1,18}\Z")


def position_of(answer: Answer) -> Header:
    """The log's position that shows what was written: every write answers with it."""
    return "X-Log-Position", str(answer.position)


def wait_for_position(incoming: Incoming, services: Services, read_model: str) -> None:
    """Wait until a read model shows the wanted position. Raises `BadRequest`, `ModelBehind`."""
    header = incoming.environ.get("HTTP_X_WAIT_FOR_POSITION")
    if header is None:
        return
    if not POSITION.match(header):
        raise BadRequest("bad_position", "X-Wait-For-Position has to be an X-Log-Position.")
    with slot_given_back():
        wait_until_shown(services.store, read_model, int(header), services.settings.wait_seconds)
