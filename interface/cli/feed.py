"""`orderlog feed`: the feed on the terminal, and published to a broker."""

import asyncio
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from application.runtime.clock import written
from interface.cli.shared.option_types import Position
from interface.cli.shared.progress_bars import events_bar
from interface.cli.shared.safe_console import safe
from interface.cli.shared.session import Session, database_option, extra, json_option, number
from interface.cli.shared.tables import listing, short

if TYPE_CHECKING:  # see session.py
    from application.feed.thin_event import FeedEvent
    from application.sink.address import BrokerAddress
    from application.sink.publisher import Published, Publisher

NEWS_SECONDS = 0.5
MOST_SHOWN = 10_000
STOPS = (signal.SIGTERM, signal.SIGINT)


def of_types(_: click.Context, __: click.Parameter, value: str | None) -> frozenset[str]:
    """The types that an option names, whole or without what all begin with."""
    from application.feed.thin_event import PREFIX, TYPES  # noqa: PLC0415 - see session.py

    named = {each.strip().removeprefix(PREFIX) for each in (value or "").split(",")} - {""}
    types = frozenset(PREFIX + each for each in named)
    if unknown := sorted(types - TYPES):
        known = ", ".join(sorted(each.removeprefix(PREFIX) for each in TYPES))
        raise click.BadParameter(
            f"there is no {unknown[0].removeprefix(PREFIX)}; there are {known}."
        )
    return types


types_option = click.option(
    "--types",
    metavar="TYPES",
    callback=of_types,
    help="Only events of these types, with commas between: StatusChanged,RefundPaid.",
)


@click.group()
def feed() -> None:
    """Show what happens to orders, and publish it to a broker."""


@feed.command()
@click.option(
    "--after",
    type=Position(),
    help="Begin after this position; if not given, at the start of the log, or with --follow at its"
    " end.",
)
@number("--limit", 100, 1, MOST_SHOWN, "How many events at most.")
@types_option
@click.option("--follow", is_flag=True, help="Go on as events come.")
@json_option("a page as GET /v1/feed answers; with --follow, one document for each event")
@database_option
def show(
    session: Session,
    after: int | None,
    limit: int,
    types: frozenset[str],
    *,
    follow: bool,
    as_json: bool,
) -> None:
    """Show what happened to orders, oldest first.

    It shows no data about buyers. With --follow it prints lines until SIGTERM or SIGINT (Ctrl-C).
    """
    if follow:
        _follow(session, after, types, as_json=as_json)
        return
    events, after = _page(session, after or 0, limit, types)
    if as_json:
        from application.feed.thin_event import cloud_event  # noqa: PLC0415 - see session.py

        session.print_json({"events": [cloud_event(each) for each in events], "next": after})
        return
    table = listing("position", "time", "type", "order", "number", "version", "status")
    for each in events:
        table.add_row(*_columns(each))
    nothing = f"There are no such events up to position {after}; --follow waits for new ones."
    session.print_list(table, nothing)
    session.out.print(f"The next page begins --after {after}.", highlight=False)


@feed.command()
@click.option(
    "--to",
    "address",
    metavar="URL",
    help="The broker: nats://HOST:PORT or tls://HOST:PORT, several with commas between;"
    " ORDERLOG_FEED_TO if not given.",
)
@click.option(
    "--stream",
    metavar="NAME",
    default="ORDERLOG",
    show_default=True,
    help="The stream, which is made if it is missing.",
)
@click.option(
    "--subject",
    metavar="WORDS",
    default="orderlog.order",
    show_default=True,
    help="What the subjects of messages begin with.",
)
@click.option(
    "--creds",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="A file of NATS credentials (a JWT and an NKEY seed).",
)
@types_option
@click.option(
    "--after",
    type=Position(),
    help="Where a stream without messages begins; the start of the log if not given.",
)
@click.option(
    "--once",
    is_flag=True,
    help="End at the end of the log; a broker that goes away is waited for a minute.",
)
@database_option
def publish(
    session: Session,
    address: str | None,
    stream: str,
    subject: str,
    creds: str | None,
    types: frozenset[str],
    after: int | None,
    *,
    once: bool,
) -> None:
    """Publish the feed to NATS JetStream.

    It continues from the end of the stream, until SIGTERM or SIGINT (Ctrl-C). If the broker goes
    away, it waits.
    """
    with extra("nats"):
        from application.sink.credentials import read_credentials  # noqa: PLC0415 - an extra
        from application.sink.publisher import Publisher  # noqa: PLC0415 - an extra
        from application.sink.target import Target  # noqa: PLC0415 - an extra

    broker = _broker(session, address)
    store = session.services.store
    target = Target(
        address=broker,
        credentials=None if creds is None else read_credentials(creds),
        stream=stream,
        subject=subject,
        log=store.log_id(),
        begins=after,
    )
    with _progress(session, store.last_position) as report:
        publisher = Publisher(store, target, types, once=once, report=report)
        published = asyncio.run(_until_stopped(publisher))
    session.out.print(
        f"The stream {stream} stands at position {published.position};"
        f" {published.events} events were published.",
        highlight=False,
    )


def _page(
    session: Session, after: int, limit: int, types: frozenset[str]
) -> "tuple[list[FeedEvent], int]":
    """At most `limit` events, and the position after them."""
    from application.feed.reading import FeedReader, Wanted  # noqa: PLC0415 - see session.py

    reader = FeedReader(session.services.store)
    events: list[FeedEvent] = []
    while len(events) < limit:
        page = reader.read(after, limit - len(events), Wanted(types=types))
        events += page.events
        after = page.next
        if page.at_end:
            break
    return events, after


def _follow(session: Session, after: int | None, types: frozenset[str], *, as_json: bool) -> None:
    """Print events as they come, a line each, until the process is told to stop."""
    from application.feed.thin_event import encoded  # noqa: PLC0415 - see session.py

    store = session.services.store
    position = store.last_position() if after is None else after
    with suppress(KeyboardInterrupt), _interrupted_by(signal.SIGTERM):
        while True:
            events, position = _page(session, position, MOST_SHOWN, types)
            for each in events:
                line = encoded(each).decode() if as_json else "  ".join(_columns(each))
                click.echo(safe(line))
            store.wait_for_news(position, NEWS_SECONDS)


def _columns(event: "FeedEvent") -> tuple[str, ...]:
    kind = event.type.rpartition(".")[2]
    at = short(written(event.at))
    numbers = str(event.number), str(event.version)
    return str(event.position), at, kind, event.order, *numbers, event.status


@contextmanager
def _interrupted_by(number: signal.Signals) -> Iterator[None]:
    """A signal ends the work as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, interrupt)
    try:
        yield
    finally:
        signal.signal(number, before)


def _broker(session: Session, given: str | None) -> "BrokerAddress":
    """The broker's address. Raises `BadBroker`."""
    from application.sink.address import broker_address, given_in_command  # noqa: PLC0415

    if given is not None:
        return given_in_command(given)
    if not session.settings.feed_to:
        raise click.UsageError("Where to? Give --to nats://HOST:PORT, or set ORDERLOG_FEED_TO.")
    return broker_address(session.settings.feed_to)


@contextmanager
def _progress(session: Session, last: Callable[[], int]) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, up to the end of the log; elsewhere nothing."""
    if not session.err.is_terminal:
        yield lambda _: None
        return
    with events_bar(session, "published", transient=True) as report:
        yield lambda position: report(position, last())


async def _until_stopped(publisher: "Publisher") -> "Published":
    """Publish; the first signal ends it after what is on its way, a second one at once."""
    # It complains of how the client ends a connection with TLS, which does no harm.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        publisher.stop()
        for each in STOPS:
            loop.remove_signal_handler(each)

    for each in STOPS:
        loop.add_signal_handler(each, stop)
    return await publisher.run()
