"""`orderlog drill`: an on-sale rush against a service on this machine, with a proof."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table
from rich.text import Text

from application.database_address import check_given_in_command
from interface.cli.shared.option_types import FiniteRange
from interface.cli.shared.session import Session, json_option, number

if TYPE_CHECKING:  # see session.py
    from interface.load.gateway_desk import ThroughGateway
    from interface.load.linearizability import Checked
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
NEARLY = 0.999
"""What is complete has no clock that goes on."""


@click.command()
@number("--tickets", 50_000, 1, 1_000_000, "How many tickets there are.")
@number("--buyers", 32, 1, 1000, "Buyers at once, each with a connection.")
@click.option(
    "--seconds",
    metavar="N",
    default=15.0,
    show_default=True,
    type=FiniteRange(1, 3600),
    help="How long they buy, in seconds.",
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
    from rich.progress import (  # noqa: PLC0415 - see session.py
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    from interface.load.put_on_sale import NotEmpty  # noqa: PLC0415
    from interface.load.rush import Plan  # noqa: PLC0415
    from interface.load.rush import drill as run  # noqa: PLC0415

    if plan["database"] is not None:
        check_given_in_command(plan["database"])
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[orders]:,} orders"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=session.err, transient=True) as progress:
        task = progress.add_task("", total=1.0, orders=0)

        def report(what: str, part: float, orders: int) -> None:
            progress.update(task, description=what, completed=min(part, NEARLY), orders=orders)

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


def as_document(result: "Drilled") -> dict[str, Any]:
    """The figures, with the numbers of oversold tickets and of lost results."""
    proof, history, money = result.proof, result.history, result.money
    spent = result.processor_us_per_order
    return {
        "orders_per_second": round(result.orders_per_second, 1),
        "p50_ms": round(result.p50_ms, 2),
        "p95_ms": round(result.p95_ms, 2),
        "p99_ms": round(result.p99_ms, 2),
        "noop_per_second": round(result.noop_per_second, 1),
        "ratio": round(result.ratio, 3),
        "processor_us_per_order": spent and round(spent),
        "oversold": proof.report.oversold,
        "lost": len(proof.lost),
        "stranded": len(proof.stranded),
        "wrong": proof.report.wrong,
        "orders": result.orders,
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
    speed.add_row("orders", f"{result.orders:,} in {result.seconds:.1f} s{killed}")
    speed.add_row("orders a second", Text(f"{result.orders_per_second:,.0f}", style="bold"))
    speed.add_row("requests a second", f"{result.requests_per_second:,.0f}")
    speed.add_row("no-op route, by the same clients", f"{result.noop_per_second:,.0f} a second")
    speed.add_row("ratio of orders to no-op", f"{result.ratio:.2f}")
    speed.add_row(
        "creating an order, p50 / p95 / p99",
        f"{result.p50_ms:.1f} / {result.p95_ms:.1f} / {result.p99_ms:.1f} ms",
    )
    spent = result.processor_us_per_order
    speed.add_row(
        "processor time an order, all server processes",
        f"{spent:,.0f} µs" if spent else "not known",
    )
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
