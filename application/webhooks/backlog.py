"""What waits for webhooks: how many events they lack, and since when."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from application.feed.reading import FeedReader, Wanted
from application.feed.thin_event import FeedEvent
from application.ports.webhooks import Progress, Webhook, WebhookRecords
from application.webhooks.sending_again import wanted_by

COUNTED = 1_000
"""How many events of the log are examined: a page about webhooks has to load at once."""
LANES = 100
"""How many of the orders that wait for a webhook are examined."""


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a webhook.

    `events` counts the wanted events that were not confirmed; with `more` there may be others.
    The first of them was recorded at `since`; None if there are none, or if it is not known.
    """

    events: int = 0
    more: bool = False
    since: datetime | None = None


class Lack(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook lacks: all beyond a position, and what is beyond that of each lane."""

    wanted: Wanted
    position: int
    lanes: Mapping[str, int]
    more_lanes: bool
    waiting_since: datetime | None

    def has(self, event: FeedEvent) -> bool:
        """Whether it lacks an event."""
        confirmed = self.lanes.get(event.order, self.position)
        return event.position > confirmed and self.wanted.has(event)

    @property
    def first(self) -> int:
        """Up to this position, it lacks nothing that is known."""
        return min((self.position, *self.lanes.values()))


def backlogs(
    feed: FeedReader, records: WebhookRecords, webhooks: Sequence[Webhook]
) -> dict[str, Backlog]:
    """The backlogs of webhooks, by their ids: exact for the last thousand events of the log."""
    progress = records.progress(webhooks)
    lacks = {each.id: _lack(records, each, progress[each.id]) for each in webhooks}
    end = feed.end().position
    behind = [each.first for each in lacks.values() if each.first < end]
    start = max(min(behind, default=end), end - COUNTED)
    last = feed.scan(start, COUNTED).events if behind else []
    return {name: _backlog(feed, lack, start, last) for name, lack in lacks.items()}


def _lack(records: WebhookRecords, webhook: Webhook, at: Progress) -> Lack:
    lanes = records.lanes_of(webhook.id, LANES) if at.lanes else []
    return Lack(
        wanted=wanted_by(webhook),
        position=at.position,
        lanes={each.order: each.position for each in lanes},
        more_lanes=at.lanes > len(lanes),
        waiting_since=at.waiting_since,
    )


def _backlog(feed: FeedReader, lack: Lack, start: int, last: Sequence[FeedEvent]) -> Backlog:
    """The backlog of a webhook, given the `last` events of the log, those beyond `start`."""
    events = [each for each in last if lack.has(each)]
    first = events[:1]
    if lack.position < start:
        first = feed.read(lack.position, 1, lack.wanted, scan=COUNTED).events
    moments = [each.at for each in first]
    if lack.waiting_since is not None:
        moments.append(lack.waiting_since)
    more = lack.more_lanes or lack.first < start
    return Backlog(events=len(events), more=more, since=min(moments, default=None))
