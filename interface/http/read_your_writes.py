"""Read your writes: X-Wait-For-Position takes the X-Log-Position of an answer to a write."""

import re

from application.bootstrap import Services
from application.orders.commands import Answer
from application.projector.read_your_writes import wait_until_shown
from application.runtime.greenlet_bridge import slot_given_back
from interface.http.errors import BadRequest
from interface.http.exchange import Header, Incoming

POSITION = re.compile(r"[0-9]{1,18}\Z")


def position_of(answer: Answer) -> Header:
    """The header with the log's position after a write."""
    return "X-Log-Position", str(answer.position)


def wait_for_position(incoming: Incoming, services: Services, read_model: str) -> None:
    """Wait until a read model reaches the wanted position. Raises `BadRequest`, `ModelBehind`."""
    header = incoming.environ.get("HTTP_X_WAIT_FOR_POSITION")
    if header is None:
        return
    if not POSITION.match(header):
        raise BadRequest("bad_position", "X-Wait-For-Position has to be an X-Log-Position.")
    with slot_given_back():
        wait_until_shown(services.store, read_model, int(header), services.settings.wait_seconds)
