"""The feed: events by position, a page at a time or as a stream.

The server's event loop answers these calls itself (`interface/server/feed_calls.py`), because they
wait for news: these handlers are their parts that do not, and answer where there is no such loop.
"""

import re

import msgspec

from application.bootstrap import Services
from application.catalog.access import Caller
from application.catalog.scopes import AUDIT, ORDERS_READ
from application.feed.counts import FEED_COUNTS
from application.feed.reading import FeedPage, Wanted
from application.feed.thin_event import FeedEvent, encoded
from application.runtime.clock import written
from domain.refusals import PositionAhead, PositionOfAnotherHistory, PositionOfAnotherLog
from interface.http.body import load_query
from interface.http.calls import Calls
from interface.http.contract import Good, Operation
from interface.http.errors import BadRequest
from interface.http.exchange import Header as Sent
from interface.http.exchange import Incoming, Outgoing, bytes_answer, json_answer
from interface.http.feed_schemas import (
    MOST_POSITION,
    USUAL_EVENTS,
    FeedDocument,
    FeedIn,
    FeedTicketDocument,
    StreamIn,
)
from interface.http.headers import FEED_LOG, LAST_EVENT_ID, OF_A_STREAM
from interface.http.problems import BAD_LAST_EVENT_ID, TOO_MANY_STREAMS
from interface.http.schemas import NothingIn

FEED_IN = FeedIn()
STREAM_IN = StreamIn()
NOTHING_IN = NothingIn()
EVENT_STREAM = "text/event-stream"
FEED, STREAM = "/v1/feed", "/v1/feed/stream"
DIGITS = re.compile(r"[0-9]{1,18}\Z")
RETRY = b"retry: 1000\n\n"
"""A client whose stream ended connects again after a second."""

READ_FEED = Operation(
    scopes=(ORDERS_READ, AUDIT),
    names_buyers=False,
    tag="feed",
    summary="Read what happened since a position",
    says="The events of the orders that the key's partner sells, and of those for its events, by"
    " their position, oldest first; with the scope audit those of all. They are CloudEvents 1.0"
    " without the buyer's data. Store next, and go on there: no event is left out, and none comes"
    " twice. With wait the answer comes as soon as there is an event.",
    query=FEED_IN,
    answers={200: Good("The next events.", FeedDocument, headers=(FEED_LOG,))},
    refuses=(PositionAhead, PositionOfAnotherLog, PositionOfAnotherHistory),
)

STREAM_FEED = Operation(
    scopes=(ORDERS_READ, AUDIT),
    names_buyers=False,
    tag="feed",
    summary="Follow what happens as it happens",
    says="The same events as server-sent events, as they happen: id is the position, event the"
    " type, data the CloudEvent. Without a position it begins at the present. A browser's"
    " EventSource, which sends no key, opens it with a ticket. A client that takes nothing for ten"
    " seconds is dropped; it goes on at the id that it saw last.",
    query=STREAM_IN,
    headers=(LAST_EVENT_ID,),
    answers={200: Good("The events.", headers=OF_A_STREAM, media=EVENT_STREAM)},
    refuses=(
        PositionAhead,
        PositionOfAnotherLog,
        PositionOfAnotherHistory,
        BAD_LAST_EVENT_ID,
        TOO_MANY_STREAMS,
    ),
)

MAKE_TICKET = Operation(
    scopes=(ORDERS_READ, AUDIT),
    names_buyers=False,
    tag="feed",
    summary="Make a ticket that opens a stream in a browser",
    says="A ticket opens a stream for what the key may see, for a minute. The stream goes on after"
    " that, and ends when the key is revoked.",
    query=NOTHING_IN,
    answers={201: Good("The ticket.", FeedTicketDocument)},
)

MOST_FRAMES = 1_000
_frames: dict[int, tuple[FeedEvent, bytes]] = {}

FEED_CALLS = Calls("feed", FEED)


class FeedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a call asks of the feed. `after` is None for the present."""

    after: int | None
    limit: int
    wanted: Wanted
    wait: int = 0
    stamp: str | None = None


def wanted_page(incoming: Incoming) -> FeedRequest:
    """What is asked of a page. Raises `BadRequest`."""
    query = load_query(incoming, FEED_IN)
    return FeedRequest(
        after=query["after"],
        limit=query["limit"],
        wanted=_wanted(incoming.caller, query),
        wait=query["wait"],
        stamp=query["log"],
    )


def wanted_stream(incoming: Incoming) -> FeedRequest:
    """What is asked of a stream. Raises `BadRequest`."""
    query = load_query(incoming, STREAM_IN)
    after, stamp = query["after"], query["log"]
    if last := incoming.environ.get("HTTP_LAST_EVENT_ID"):
        if not DIGITS.match(last) or int(last) > MOST_POSITION:
            raise BadRequest(BAD_LAST_EVENT_ID.code, BAD_LAST_EVENT_ID.says)
        after = int(last)
        stamp = stamp and stamp.partition(".")[0]  # it is of the position in the address
    wanted = _wanted(incoming.caller, query)
    return FeedRequest(after=after, limit=USUAL_EVENTS, wanted=wanted, stamp=stamp)


def _wanted(caller: Caller, query: dict[str, frozenset[str] | None]) -> Wanted:
    partner = None if caller.sees_all else caller.partner
    types, shows = query["types"] or frozenset(), query["events"] or frozenset()
    return Wanted(partner=partner, types=types, shows=shows)


def page_answer(page: FeedPage) -> Outgoing:
    """A page of the feed."""
    FEED_COUNTS.own.pulled += len(page.events)
    FEED_COUNTS.write()
    events = b",".join(map(encoded, page.events))
    body = b'{"events":[%s],"next":%d}' % (events, page.next)
    return bytes_answer(body, headers=(log_header(page.stamp),))


def log_header(log: str) -> Sent:
    """The header that names the log that positions belong to, by its id or a page's stamp."""
    return FEED_LOG.name, log


def frame(event: FeedEvent) -> bytes:
    """An event as a stream has it: encoded once for all streams that send it now."""
    known = _frames.get(event.position)
    if known is not None and known[0] is event:
        return known[1]
    if len(_frames) >= MOST_FRAMES:
        _frames.clear()
    kind = event.type.encode()
    # JSON has no line breaks: it escapes them.
    framed = b"id: %d\nevent: %s\ndata: %s\n\n" % (event.position, kind, encoded(event))
    _frames[event.position] = event, framed
    return framed


def stream_headers(log: str) -> list[Sent]:
    """The headers of a stream. A page of any origin may read it: no cookie opens it."""
    return [
        ("Content-Type", EVENT_STREAM),
        ("X-Accel-Buffering", "no"),
        ("Access-Control-Allow-Origin", "*"),
        log_header(log),
    ]


@FEED_CALLS.get("", READ_FEED)
def read_feed(incoming: Incoming, services: Services) -> Outgoing:
    """Read the next events, without waiting for any."""
    asked = wanted_page(incoming)
    return page_answer(
        services.feed.read(asked.after or 0, asked.limit, asked.wanted, stamp=asked.stamp)
    )


@FEED_CALLS.get("/stream", STREAM_FEED)
def stream_feed(incoming: Incoming, services: Services) -> Outgoing:
    """Read what there is as a stream that ends: the client connects again."""
    asked = wanted_stream(incoming)
    after = services.feed.end().position if asked.after is None else asked.after
    page = services.feed.read(after, asked.limit, asked.wanted, stamp=asked.stamp)
    body = RETRY + b"".join(map(frame, page.events))
    return Outgoing(200, [("Content-Length", str(len(body))), *stream_headers(page.end.log)], body)


@FEED_CALLS.post("/tickets", MAKE_TICKET)
def make_feed_ticket(incoming: Incoming, services: Services) -> Outgoing:
    """Make a ticket that opens a stream."""
    load_query(incoming, NOTHING_IN)
    ticket = services.feed_tickets.make(incoming.caller)
    document: FeedTicketDocument = {
        "ticket": ticket.text,
        "expires_at": written(ticket.expires_at),
        "stream": f"{STREAM}?ticket={ticket.text}",
    }
    return json_answer(document, 201)
