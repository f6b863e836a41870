"""`orderlog drill`: an on-sale rush against a service on this machine, with a proof."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from rich.table import Table
from rich.text import Text

from application.database_address import check_given_in_command
from interface.cli.shared.option_types import FiniteRange
from interface.cli.shared.progress_bars import orders_bar
from interface.cli.shared.session import Session, json_option, number
from interface.load.limits import (
    MOST_EVENTS,
    MOST_ORDERS,
    MOST_TICKETS,
    MOST_TICKETS_OF_EVENT,
    MOST_TICKETS_OF_ORDER,
)

if TYPE_CHECKING:  # see session.py
    from interface.load.gateway_desk import ThroughGateway
    from interface.load.linearizability import Checked
    from interface.load.pace import Stretch
    from interface.load.rush import Drilled

SHOWN = 10
PLACES = {
    "earned": "tickets",
    "due_back": "refunds due",
    "refunded": "refunds paid",
    "charged_back": "lost in disputes",
    "kept": "kept",
    "attention": "waiting for a person",
}
"""Where money can be, and how it is written."""

NOT_PROVEN = 3


@click.command()
@number(
    "--tickets",
    50_000,
    1,
    MOST_TICKETS,
    "How many tickets there are; with --orders, if not given, four for each order.",
)
@click.option(
    "--events",
    metavar="N",
    type=click.IntRange(1, MOST_EVENTS),
    help="How many events have the tickets; buyers choose among them. One if not given, or as many"
    " as the tickets need.",
)
@number("--buyers", 32, 1, 1000, "Buyers at once, each with a connection.")
@click.option(
    "--seconds",
    metavar="N",
    default=15.0,
    show_default=True,
    type=FiniteRange(1, 3600),
    help="How long they buy, in seconds.",
)
@click.option(
    "--orders",
    metavar="N",
    type=click.IntRange(1, MOST_ORDERS),
    help="How many orders they make, however long that takes; instead of --seconds.",
)
@number("--workers", 1, 1, 64, "Server processes.")
@click.option(
    "--database", metavar="URL", help="An empty database; default: a throw-away SQLite file."
)
@click.option("--kill", is_flag=True, help="Kill the server in the middle and start it again.")
@click.option(
    "--gateway",
    metavar="SHARE",
    default=0.1,
    show_default=True,
    type=FiniteRange(0, 1),
    help="The share of the orders that are paid through a payment gateway, which sends notices.",
)
@click.option(
    "--check",
    is_flag=True,
    help="Keep all answers, and prove that each order's and each ticket's history is linearizable.",
)
@json_option("the figures and the proof")
@click.pass_obj
def drill(session: Session, /, *, as_json: bool, **plan: Any) -> None:
    """Sell tickets to a crowd of buyers, then prove what was sold.

    The proof is that of audit verify, and that no acknowledged result was lost. Buyers take orders
    through their whole life cycle over HTTP: create, pay, confirm; some cancel, some give up. A
    share pays through a gateway, whose signed notices come doubled, shuffled, late and wrong, and
    whose sender is killed; their money is proven to the cent, by what the gateway sent. With
    --check every call and its answer are kept, and each order's and ticket's history is proven to
    be linearizable. Exit code 1 when the proof or the check fails, 3 when a history was too long to
    be searched.
    """
    from interface.load.put_on_sale import NotEmpty  # noqa: PLC0415
    from interface.load.rush import Plan  # noqa: PLC0415
    from interface.load.rush import drill as run  # noqa: PLC0415

    if plan["database"] is not None:
        check_given_in_command(plan["database"])
    plan = spread(limited(plan))
    with orders_bar(session, plan["orders"]) as report:
        try:
            result = run(session.settings, Plan(**plan), report)
        except NotEmpty as refused:
            session.refuse(refused)
    if as_json:
        session.print_json(as_document(result))
    else:
        show(session, result)
    history, money = result.history, result.money
    if result.trouble or not result.proof.holds or (history and history.bad):
        raise SystemExit(1)
    if money and not money.holds:
        raise SystemExit(1)
    if history and history.given_up:
        raise SystemExit(NOT_PROVEN)


def limited(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan, which ends after its orders or its seconds. Raises `UsageError` for both."""
    if plan["orders"] is None:
        return plan
    if given("seconds"):
        raise click.UsageError("A drill ends after --orders or after --seconds: give one of them.")
    tickets = plan["tickets"] if given("tickets") else MOST_TICKETS_OF_ORDER * plan["orders"]
    return plan | {"seconds": math.inf, "tickets": tickets}


def spread(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan with a number of events that can have its tickets. Raises `UsageError`."""
    tickets, events = plan["tickets"], plan["events"]
    needed = -(-tickets // MOST_TICKETS_OF_EVENT)
    if events is None:
        return plan | {"events": needed}
    if events > tickets:
        raise click.UsageError(
            f"--events {events} are too many for {tickets} tickets: each event has at least one."
        )
    if events < needed:
        raise click.UsageError(
            f"--events {events} are too few for {tickets} tickets: an event has at most"
            f" {MOST_TICKETS_OF_EVENT}. Give at least --events {needed}, or fewer --tickets."
        )
    return plan


def given(option: str) -> bool:
    """Whether an option of this run was given, and not left to its default."""
    source = click.get_current_context().get_parameter_source(option)
    return source is not ParameterSource.DEFAULT


def as_document(result: "Drilled") -> dict[str, Any]:
    """The figures, with the numbers of oversold tickets and of lost results."""
    proof, history, money = result.proof, result.history, result.money
    return {
        "orders_per_second": round(result.orders_per_second, 1),
        "p50_ms": round(result.p50_ms, 2),
        "p95_ms": round(result.p95_ms, 2),
        "p99_ms": round(result.p99_ms, 2),
        "noop_per_second": round(result.noop_per_second, 1),
        "ratio": round(result.ratio, 3),
        "processor_us_per_order": whole(result.processor_us_per_order),
        "oversold": proof.report.oversold,
        "lost": len(proof.lost),
        "stranded": len(proof.stranded),
        "wrong": proof.report.wrong,
        "events": result.events,
        "tickets": result.tickets,
        "sold_out": result.sold_out,
        "orders": result.orders,
        "pace": [
            {
                "orders_per_second": round(each.orders_per_second, 1),
                "processor_us_per_order": whole(each.processor_us_per_order),
            }
            for each in result.pace
        ],
        "requests_per_second": round(result.requests_per_second, 1),
        "seconds": round(result.seconds, 1),
        "retries": result.retries,
        "killed": result.killed,
        "facts": proof.report.events,
        "promises": proof.acknowledged_results,
        "findings": [
            *result.trouble,
            *proof.oversold,
            *proof.lost,
            *proof.stranded,
            *proof.wrong,
            *(history.bad if history else ()),
            *(history.given_up if history else ()),
            *((*money.proof.missing, *money.proof.wrong, *money.trouble) if money else ()),
        ],
        **history_document(history),
        **money_document(money),
    }


def whole(figure: float | None) -> int | None:
    """A figure as a whole number, if it is known."""
    return None if figure is None else round(figure)


def money_document(money: "ThroughGateway | None") -> dict[str, Any]:
    """What went through the gateway, and where its money is; empty without one."""
    if money is None:
        return {}
    proof = money.proof
    return {
        "gateway": {
            "share": money.share,
            "orders": money.buyers,
            "refunds": money.refunds,
            "notices": proof.notices,
            "notices_sent": money.tries,
            "notices_of_nobody": proof.unknown,
            "sender_killed": money.kills,
            "missing": len(proof.missing),
            "wrong": len(proof.wrong),
            "money": [
                {
                    "currency": balance.currency,
                    "sent": str(proof.sent[balance.currency]),
                    "received": str(balance.received),
                    **{name: str(getattr(balance, name)) for name in PLACES},
                    "of_nobody": str(proof.of_nobody.get(balance.currency, 0)),
                }
                for balance in proof.balances
            ],
        }
    }


def history_document(history: "Checked | None") -> dict[str, Any]:
    """The number of checked calls and the result of the check; empty without one."""
    if history is None:
        return {}
    return {
        "linearizable": history.linearizable,
        "calls": history.calls,
        "calls_without_answer": history.unknown,
        "histories": history.orders + history.tickets,
        "not_linearizable": len(history.bad),
        "given_up": len(history.given_up),
    }


def show(session: Session, result: "Drilled") -> None:
    """Print the figures and the proof on one page."""
    speed = Table(title="The rush", show_header=False)
    speed.add_column()
    speed.add_column(justify="right")
    killed = ", the server killed in the middle" if result.killed else ""
    events = "an event" if result.events == 1 else f"{result.events:,} events"
    sold_out = ", sold out" if result.sold_out else ""
    speed.add_row("for sale", f"{result.tickets:,} tickets of {events}{sold_out}")
    wanted = "" if result.wanted in {None, result.orders} else f" of {result.wanted:,}"
    speed.add_row("orders", f"{result.orders:,}{wanted} in {result.seconds:.1f} s{killed}")
    speed.add_row("orders a second", Text(f"{result.orders_per_second:,.0f}", style="bold"))
    speed.add_row("requests a second", f"{result.requests_per_second:,.0f}")
    speed.add_row("no-op route, by the same clients", f"{result.noop_per_second:,.0f} a second")
    speed.add_row("ratio of orders to no-op", f"{result.ratio:.2f}")
    speed.add_row(
        "creating an order, p50 / p95 / p99",
        f"{result.p50_ms:.1f} / {result.p95_ms:.1f} / {result.p99_ms:.1f} ms",
    )
    speed.add_row(
        "processor time an order, all server processes",
        microseconds(result.processor_us_per_order),
    )
    for name, part in named_parts(result.pace):
        spent = microseconds(part.processor_us_per_order)
        speed.add_row(f"{name} tenth", f"{part.orders_per_second:,.0f} orders a second, {spent}")
    speed.add_row("retries after no answer", f"{result.retries:,}")
    steps = Table("step", "answers", "p50 ms", "p99 ms", title="Step by step")
    for step, (count, p50, p99) in result.steps.items():
        steps.add_row(step, f"{count:,}", f"{p50:.1f}", f"{p99:.1f}")
    proof = result.proof
    session.out.print(speed)
    session.out.print(steps)
    session.out.print(
        f"The proof: {proof.report.events:,} events of {proof.report.orders:,} orders were verified"
        f" and compared with {proof.acknowledged_results:,} acknowledged results."
    )
    if result.money is not None:
        show_money(session, result.money)
    for name, found in findings_of(result):
        style = "red" if found else "green"
        session.out.print(Text.assemble("  ", (f"{len(found):>6,}", style), f" {name}"))
        for each in found[:SHOWN]:
            session.out.print(f"         {each}", style="red", highlight=False)


def microseconds(spent: float | None) -> str:
    """Processor time as it is shown."""
    return "not known" if spent is None else f"{spent:,.0f} µs"


def named_parts(pace: "Sequence[Stretch]") -> "Iterator[tuple[str, Stretch]]":
    """The first, the middle and the last part of a sale that has enough of them."""
    if len(pace) > 2:  # noqa: PLR2004 - that many are named
        yield from zip(
            ("first", "middle", "last"), (pace[0], pace[len(pace) // 2], pace[-1]), strict=True
        )


def show_money(session: Session, money: "ThroughGateway") -> None:
    """Print what went through the gateway, and where its money is."""
    proof = money.proof
    session.out.print(
        f"The gateway: {money.buyers:,} orders were paid there; {proof.notices:,} notices were"
        f" answered with 200, {proof.unknown:,} of them about nobody; they were sent"
        f" {money.tries:,} times, and the sender was killed {money.kills} times."
        f" {money.refunds:,} refunds were approved."
    )
    for balance in proof.balances:
        places = " + ".join(f"{says} {getattr(balance, name)}" for name, says in PLACES.items())
        session.out.print(
            f"Sent in {balance.currency}: {proof.sent[balance.currency]} = {places}.",
            highlight=False,
        )


def findings_of(result: "Drilled") -> Iterator[tuple[str, list[str]]]:
    """The kinds of findings, and what was found of each."""
    proof, history, money = result.proof, result.history, result.money
    yield "tickets in two orders", proof.oversold
    yield "acknowledged and missing", proof.lost
    yield "tickets kept by an order that does not have them", proof.stranded
    yield "other findings of audit verify", proof.wrong
    yield "buyers in trouble", result.trouble
    if money is not None:
        yield "notices answered with 200 and missing", money.proof.missing
        yield "orders whose money does not add up", money.proof.wrong
        yield "troubles of the gateway", money.trouble
    if history is not None:
        yield f"histories that cannot be, of {history.calls:,} calls", history.bad
        yield "histories too long to be searched", history.given_up
