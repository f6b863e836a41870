"""`orderlog payment`: orders' money, what waits for a person, and what a person decides."""

import re
import secrets
from typing import Any

import click

from application.ports.admin_trail import Action
from domain.errors import UserError
from interface.cli.shared.payment_tables import (
    notice_table,
    payment_list_table,
    payments_table,
    written_totals,
)
from interface.cli.shared.session import Session, database_option, json_option

PAGE = 200
NOTICE = re.compile(r"[0-9a-f]{64}\Z")


@click.group()
def payment() -> None:
    """Orders' money: list what waits, show an order's, and decide.

    ORDER is an order's id or its number. A notice of an unknown buyer has its own name.
    """


@payment.command(name="list")
@click.option("--attention", is_flag=True, help="Only money that waits for a person.")
@click.option("--event", metavar="ID", help="Only money of this event.")
@json_option("a list, each as GET /v1/resources/payments has it")
@database_option
def list_(session: Session, event: str | None, *, attention: bool, as_json: bool) -> None:
    """List the orders that have money, the last changed first, with totals."""
    from application.payments.queries import PaymentFilter  # noqa: PLC0415 - see session.py

    documents = []
    cursor = None
    while True:
        wanted = PaymentFilter(
            attention=attention or None, show=event, page_size=PAGE, cursor=cursor
        )
        page = session.services.payments.page(None, wanted)
        documents += page.documents
        cursor = page.cursor
        if cursor is None:
            break
    if as_json:
        session.print_json(documents)
    else:
        _show_list(session, documents, wanted)


@payment.command()
@click.argument("name", metavar="ORDER")
@json_option("the order's money")
@database_option
def show(session: Session, name: str, *, as_json: bool) -> None:
    """Show an order's money: its payments, its refunds, and what waits."""
    order_id = session.services.search.id_of(name)
    _show(session, order_id, as_json=as_json)


@payment.command()
@click.argument("name", metavar="ORDER")
@click.option(
    "--as",
    "resolution",
    required=True,
    type=click.Choice(["refund", "keep", "accept"]),
    help="Send the money back, keep it, or accept it for the order although it is too little.",
)
@click.option("--currency", help="Money of this currency; if not given, the first that waits.")
@click.option("--note", required=True, help="Why, for those who read it later.")
@json_option("the order's money afterwards")
@database_option
def resolve(
    session: Session, name: str, resolution: str, currency: str | None, note: str, *, as_json: bool
) -> None:
    """Decide about an order's money that waits, or about money of an unknown buyer."""
    from application.orders.commands import Request  # noqa: PLC0415 - see session.py
    from application.payments.resolving import OPERATOR  # noqa: PLC0415

    request = Request(OPERATOR, f"orderlog payment resolve {secrets.token_hex(4)}")
    if NOTICE.match(name):
        _resolve_notice(session, name, resolution, request, note, as_json=as_json)
        return
    order_id = session.services.search.id_of(name)
    session.services.resolver.resolve(order_id, resolution, request, currency, note)
    session.note_decision(Action.MONEY_RESOLVED, order=order_id, decided=resolution, note=note)
    _show(session, order_id, as_json=as_json)


@payment.command()
@click.argument("refund_id", metavar="REFUND")
@click.option("--paid", is_flag=True, help="Its money was paid back. Has to be given.")
@click.option("--note", default="", help="How it was paid back, for those who read it later.")
@json_option("the order's money afterwards")
@database_option
def refund(session: Session, refund_id: str, note: str, *, paid: bool, as_json: bool) -> None:
    """Record that the approved refund REFUND was paid back.

    For money that no gateway reports, such as a bank transfer, and for refunds that failed.
    orderlog payment show has the ids of an order's refunds.
    """
    from application.orders.commands import Request  # noqa: PLC0415 - see session.py
    from application.payments.resolving import OPERATOR  # noqa: PLC0415

    if not paid:
        raise click.UsageError("Say what was done with the refund: --paid.")
    request = Request(OPERATOR, f"orderlog payment refund {secrets.token_hex(4)}")
    refunds = session.services.refunds
    before = refunds.read(refund_id.lower(), OPERATOR)
    known = refunds.pay(refund_id.lower(), request, note).document
    if known != before:
        about = {"order": known["order"], "refund": known["id"], "note": note}
        session.note_decision(Action.REFUND_PAID, **about)
    _show(session, known["order"], as_json=as_json)


def _show_list(session: Session, documents: list[Any], wanted: Any) -> None:
    orders = [each for each in documents if each["order"]]
    notices = [each for each in documents if each["notice"]]
    if orders or not notices:
        nothing = "No order has money; it comes with payments and the notices of gateways."
        if wanted.attention:
            nothing = "No money waits for a person."
        session.print_list(payment_list_table(orders), nothing)
    if notices:
        session.out.print(notice_table(notices))
    for each in session.services.payments.totals(None, wanted):
        session.out.print(written_totals(each), highlight=False)


def _resolve_notice(
    session: Session, name: str, resolution: str, request: Any, note: str, *, as_json: bool
) -> None:
    from application.payments.unknown_buyers import (  # noqa: PLC0415 - see session.py
        NoticeResolution,
        notice_document,
    )

    if resolution not in list(NoticeResolution):
        raise click.UsageError("No order is known that could be accepted: use refund or keep.")
    unknown = session.services.unknown_buyers
    before = unknown.find(name, request.caller)
    if before.resolved_at is not None:
        raise UserError(f"The notice {name} was resolved before, by {before.resolved_by}.")
    notice = unknown.resolve(name, NoticeResolution(resolution), request, note)
    document = notice_document(notice)
    if as_json:
        session.print_json(document)
    else:
        session.out.print(notice_table([{"notice": document, "attention": []}]))


def _show(session: Session, order_id: str, *, as_json: bool) -> None:
    document = session.services.payments.of_order(order_id)
    if as_json:
        session.print_json(document)
    else:
        session.out.print(payments_table(order_id, document))
