"""Finds the events that are to be sent to a webhook again."""

from datetime import datetime, timedelta

from application.feed.reading import FeedReader, Wanted
from application.ports.webhooks import Resend, Webhook
from application.webhooks.commands import MOST_AGAIN, SendAgain
from domain.refusals import EventNotOfWebhook, PositionAhead, TooManyToSendAgain

PAGE = 1000
SLACK = timedelta(minutes=1)
"""How far events may be out of order by time: clocks differ, and commits take time."""


def wanted_by(webhook: Webhook) -> Wanted:
    """The events that a webhook is for."""
    return Wanted(
        partner=webhook.partner, types=frozenset(webhook.types), shows=frozenset(webhook.shows)
    )


def resends(feed: FeedReader, webhook: Webhook, wanted: SendAgain) -> list[Resend]:
    """The requests to send again. Refuses unknown positions, and too many events."""
    if wanted.after is not None:
        last = feed.end().position
        if wanted.after > last:
            raise PositionAhead(position=wanted.after, last=last)
        return [Resend(webhook.id, wanted.after + 1, onwards=True)]
    if wanted.made is not None:
        found = _made_in(feed, webhook, *wanted.made)
    else:
        found = sorted(set(wanted.positions))
        for each in found:
            _refuse_other(feed, webhook, each)
    return [Resend(webhook.id, each) for each in found]


def _refuse_other(feed: FeedReader, webhook: Webhook, position: int) -> None:
    """Refuse a position that has no event of this webhook."""
    try:
        page = feed.read(position - 1, 1, wanted_by(webhook), scan=1)
    except PositionAhead:
        page = None
    if page is None or [each.position for each in page.events] != [position]:
        raise EventNotOfWebhook(position=position)


def _made_in(feed: FeedReader, webhook: Webhook, begin: datetime, end: datetime) -> list[int]:
    """The positions of a webhook's events that were made in a range of time."""
    position, last = _position_before(feed, begin - SLACK), feed.end().position
    found: list[int] = []
    wanted = wanted_by(webhook)
    while position < last:
        scanned = feed.scan(position, PAGE)
        if not scanned.events:
            break
        found += [e.position for e in scanned.events if begin <= e.at < end and wanted.has(e)]
        if len(found) > MOST_AGAIN:
            raise TooManyToSendAgain(most=MOST_AGAIN)
        if scanned.events[0].at >= end + SLACK:
            break
        position = scanned.end.position
    return found


def _position_before(feed: FeedReader, moment: datetime) -> int:
    """A position before all events since a moment, found by binary search."""
    low, high = 0, feed.end().position
    while low < high:
        middle = (low + high) // 2
        scanned = feed.scan(middle, 1)
        if scanned.events and scanned.events[0].at < moment:
            low = scanned.events[0].position
        else:
            high = middle
    return low
