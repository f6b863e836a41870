"""For how long what is not dealt with yet has waited."""

from datetime import datetime

import msgspec

from application.ports.store import Store


class Dated(msgspec.Struct):
    """When an event was recorded, whether this version knows its kind or not."""

    at: datetime


_DATED = msgspec.json.Decoder(Dated)


def waited(store: Store, position: int, moment: datetime) -> float | None:
    """For how many seconds the first event beyond a position has been there; None: not known."""
    events = store.log(position, 1)
    if not events:
        return 0.0
    try:
        recorded = _DATED.decode(events[0].state).at
        return max(0.0, (moment - recorded).total_seconds())
    except (msgspec.MsgspecError, UnicodeDecodeError, TypeError):
        return None
