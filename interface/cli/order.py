"""`orderlog order`: an order as it is and was, and its history."""

from datetime import datetime

import click

from interface.cli.shared.option_types import Moment
from interface.cli.shared.session import Session, database_option, json_option
from interface.cli.shared.tables import diff_table, document_table, history_table, timeline_table


@click.group()
def order() -> None:
    """Orders: show one as it is or was, and its history.

    ORDER is an order's id or its number.
    """


order_argument = click.argument("name", metavar="ORDER")
"""An order by its id or by its number."""


def _read_order(session: Session, name: str) -> str:
    """The id of an order that is going to be read, which the administrative trail notes."""
    order_id = session.services.search.id_of(name)
    session.note_reading(order=order_id)
    return order_id


@order.command()
@order_argument
@click.option(
    "--version", metavar="N", type=click.IntRange(1), help="As its event number N left it."
)
@click.option("--at", type=Moment(), help="As it was at this moment.")
@json_option("the answer of GET /v1/resources/orders/{id}, with ?version= or ?at=")
@database_option
def show(
    session: Session, name: str, version: int | None, at: datetime | None, *, as_json: bool
) -> None:
    """Show an order as it is, or as it was."""
    from application.documents.order import order_document  # noqa: PLC0415 - see session.py

    history = session.services.history
    if version is not None and at is not None:
        raise click.UsageError("Either --version or --at, not both.")
    order_id = _read_order(session, name)
    if version is not None:
        answer = history.at_version(order_id, version)
    elif at is not None:
        answer = history.at_time(order_id, at)
    else:
        answer = history.order(order_id)
    document = order_document(answer.order, answer.at)
    if as_json:
        session.print_json(document)
    else:
        session.out.print(document_table(document, answer.order.version))


@order.command()
@order_argument
@json_option("the answer of GET /v1/resources/orders/{id}/history")
@database_option
def history(session: Session, name: str, *, as_json: bool) -> None:
    """Print an order's history, event by event.

    Each event has its time, actor, request and the fields that it changed.
    """
    order_id = _read_order(session, name)
    if as_json:
        session.print_json(session.services.history.history(order_id))
    else:
        session.out.print(history_table(order_id, session.services.history.changes(order_id)))


@order.command()
@order_argument
@click.option(
    "--from",
    "from_",
    metavar="N",
    required=True,
    type=click.IntRange(0),
    help="The older version; 0 is before the order was made.",
)
@click.option("--to", metavar="N", required=True, type=click.IntRange(0), help="The newer version.")
@json_option("the answer of GET /v1/resources/orders/{id}/diff")
@database_option
def diff(session: Session, name: str, from_: int, to: int, *, as_json: bool) -> None:
    """Print what changed between two versions, and by which event.

    Version 0 is before the order was created.
    """
    if from_ > to:
        raise click.UsageError("--from has to be the older version.")
    order_id = _read_order(session, name)
    document = session.services.history.diff(order_id, from_, to)
    if as_json:
        session.print_json(document)
    else:
        session.out.print(diff_table(document))


@order.command()
@order_argument
@click.option(
    "--lang",
    default="en",
    show_default=True,
    type=click.Choice(["en", "ru"]),
    help="The language of the sentences.",
)
@json_option("the answer of GET /v1/resources/orders/{id}/explain")
@database_option
def explain(session: Session, name: str, lang: str, *, as_json: bool) -> None:
    """Print an order's timeline in plain sentences.

    Rejected requests are included.
    """
    from application.orders.timeline.timeline import LANGUAGES  # noqa: PLC0415 - see session.py

    order_id = _read_order(session, name)
    document = session.services.timelines.explain(order_id, LANGUAGES[lang])
    if as_json:
        session.print_json(document)
    else:
        session.out.print(timeline_table(document, LANGUAGES[lang].words))
