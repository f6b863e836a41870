"""`orderlog audit`: proofs that nothing was changed and nothing sold twice."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from rich.table import Table
from rich.text import Text

from interface.cli.shared.option_types import Position
from interface.cli.shared.progress_bars import events_bar
from interface.cli.shared.safe_console import safe
from interface.cli.shared.session import Session, database_option, json_option, workers_option

if TYPE_CHECKING:  # see session.py
    from collections.abc import Sequence

    from application.integrity.bundle import BundleReport
    from application.integrity.findings import Finding
    from application.integrity.report import Report
    from application.integrity.workers import Workers
    from application.ports.integrity_records import SignedCheckpoint
    from domain.money import Balance

SHOWN = 50
NOT_PROVEN = 3


@click.group()
def audit() -> None:
    """Prove that nothing was changed, and nothing sold twice."""


@audit.command()
@click.option(
    "--adopt-key",
    is_flag=True,
    help="Go on with a key that no checkpoint announced, because the last one was lost.",
)
@json_option("the checkpoint, to be kept elsewhere for --checkpoint of orderlog audit verify")
@database_option
def checkpoint(session: Session, *, adopt_key: bool, as_json: bool) -> None:
    """Sign the present heads of all orders' chains.

    If there are no new events, the last checkpoint is shown.
    """
    from application.runtime.worker_processes import lower_priority  # noqa: PLC0415 - see session.py

    lower_priority()
    made = session.services.checkpoints.make(adopt=adopt_key)
    _show_checkpoint(session, made, as_json=as_json)


@audit.command("rotate-key")
@json_option("the checkpoint, to be kept elsewhere for --checkpoint of orderlog audit verify")
@database_option
def rotate_key(session: Session, *, as_json: bool) -> None:
    """Replace the private key with a new one.

    A checkpoint announces it, signed by the old one.
    """
    made = session.services.checkpoints.rotate()
    _show_checkpoint(session, made, as_json=as_json)


@audit.command()
@click.option("--reason", required=True, help="Why the log went back, for those who verify later.")
@click.option("--by", help="Who acknowledges it; default: the system's user.")
@database_option
def acknowledge(session: Session, reason: str, by: str | None) -> None:
    """Acknowledge that the log went back.

    Until then the service is not ready and signs nothing. The acknowledgement is kept for ever:
    every verification names it, and so does the next checkpoint, which is made at once if the key
    is available.
    """
    from application.integrity.key_place import NoKey  # noqa: PLC0415
    from application.integrity.statement import statement_of  # noqa: PLC0415 - see session.py

    if not reason.strip():
        raise click.UsageError("--reason has to say why the log went back.")
    services = session.services
    known = services.acknowledgements.acknowledge(by or getuser(), reason.strip())
    for each in known:
        click.echo(safe(each.says))
    try:
        made = services.checkpoints.make()
    except NoKey:
        click.echo("Acknowledged. The key is not available here: the next checkpoint will name it.")
        return
    statement = statement_of(made)
    click.echo(
        f"Acknowledged. Checkpoint {made.number} goes on from position {statement.position}."
    )


@audit.command()
@database_option
def key(session: Session) -> None:
    """Print the public key, for those who verify."""
    click.echo(session.services.checkpoints.public_key)


def _show_checkpoint(session: Session, made: "SignedCheckpoint", *, as_json: bool) -> None:
    from application.integrity.bundle import BundledCheckpoint  # noqa: PLC0415 - see session.py
    from application.integrity.statement import statement_of  # noqa: PLC0415

    if as_json:
        kept = BundledCheckpoint(made.statement.decode(), made.signature.hex())
        session.print_json(msgspec.to_builtins(kept))
        return
    statement = statement_of(made)
    table = Table(title=f"Checkpoint {made.number}", show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in msgspec.to_builtins(statement).items():
        if value is not None:
            table.add_row(name, Text(str(value)))
    table.add_row("signature", Text(made.signature.hex()))
    session.out.print(table)


@audit.command()
@workers_option("Processes that verify")
@click.option(
    "--key",
    "key_file",
    type=click.Path(dir_okay=False),
    help="The file of the public key that you trust: other signatures do not count.",
)
@click.option(
    "--checkpoint",
    "anchor_files",
    type=click.Path(dir_okay=False),
    multiple=True,
    help="A file of checkpoints that were kept elsewhere, which the log has to agree with: a"
    " document, or lines of the service's log. Can be repeated.",
)
@click.option(
    "--at-least",
    type=Position(),
    default=0,
    help="A position that the log is known to have reached: one that ends before it lacks events.",
)
@click.option(
    "--bundle",
    type=click.Path(dir_okay=False),
    help="Check this bundle instead of a log; it needs no database.",
)
@json_option("the report, which names at most a thousand findings and counts all")
@database_option
def verify(
    session: Session,
    workers: int | None,
    key_file: str | None,
    anchor_files: tuple[str, ...],
    at_least: int,
    bundle: str | None,
    *,
    as_json: bool,
) -> None:
    """Verify the whole log, or a bundle.

    This checks every event's hash, every checkpoint, the rows of tickets and of read models, the
    notices of gateways, and that no two orders ever had a ticket at the same instant. The service
    may keep running. Exit code 1 on any finding; 3 if nothing is wrong but nothing proves it
    either, or if the log cannot be reached.
    """
    from application.integrity.signing import read_public  # noqa: PLC0415 - see session.py
    from application.runtime.worker_processes import lower_priority  # noqa: PLC0415

    trusted = None if key_file is None else read_public(key_file)
    if bundle is not None:
        if anchor_files or workers or at_least:
            raise click.UsageError("--bundle is checked on its own: only --key goes with it.")
        _verify_bundle(session, bundle, trusted, as_json=as_json)
        return
    anchors = [each for path in anchor_files for each in _anchors(path)]
    _require_log(session)
    lower_priority()
    report = _run(session, workers or os.cpu_count() or 1, trusted, anchors, at_least)
    if as_json:
        session.print_json(
            {
                **msgspec.to_builtins(report),
                "rate": round(report.events / max(report.seconds, 0.001)),
            }
        )
    else:
        _show_report(session, report)
    _end(report)


def _require_log(session: Session) -> None:
    """End as not proven if there is no log, or it cannot be reached: that is no finding."""
    from application.bootstrap import NoDatabase, require_log  # noqa: PLC0415 - see session.py
    from application.ports.store import StoreUnavailable  # noqa: PLC0415 - see session.py

    try:
        require_log(session.settings.database)
    except (NoDatabase, StoreUnavailable) as reason:
        session.err.print(Text(f"Not proven: {reason}", style="yellow"), soft_wrap=True)
        raise SystemExit(NOT_PROVEN) from reason


def _end(report: "Report | BundleReport") -> None:
    """Exit with the code of the outcome."""
    if not report.good:
        raise SystemExit(1)
    if report.not_proven:
        raise SystemExit(NOT_PROVEN)


def _run(
    session: Session,
    count: int,
    trusted: str | None,
    anchors: "Sequence[SignedCheckpoint]",
    at_least: int,
) -> "Report":
    from application.integrity.verification import verify as run  # noqa: PLC0415 - see session.py

    with (
        _workers(session, count) as workers,
        events_bar(session, "Verifying", transient=True) as report,
    ):
        return run(
            session.services.store,
            workers,
            report,
            trusted=trusted,
            anchors=anchors,
            at_least=at_least,
            memory=session.services.checkpoints.memory,
        )


@contextmanager
def _workers(session: Session, count: int) -> "Iterator[Workers]":
    """`count` processes, or this one alone where the log is short.

    They are started before the store is opened: with it come threads, and then no fork is safe.
    """
    from application.bootstrap import opener_of  # noqa: PLC0415
    from application.integrity.ranges import is_short  # noqa: PLC0415
    from application.integrity.workers import here, started  # noqa: PLC0415

    processes = started(opener_of(session.settings.database), count) if count > 1 else nullcontext()
    with processes as shared:
        store = session.services.store
        yield here(store) if shared is None or is_short(store) else shared


def _anchors(path: str) -> "Sequence[SignedCheckpoint]":
    """The checkpoints in a file."""
    from application.integrity.bundle import BadBundle, read_checkpoints  # noqa: PLC0415 - see session.py

    try:
        return read_checkpoints(Path(path).read_bytes())
    except BadBundle as error:
        raise BadBundle(f"{path}: {error}") from error


def _verify_bundle(session: Session, path: str, trusted: str | None, *, as_json: bool) -> None:
    from application.integrity.bundle import check_bundle, read_bundle  # noqa: PLC0415

    report = check_bundle(read_bundle(Path(path).read_bytes()), trusted)
    if as_json:
        session.print_json(msgspec.to_builtins(report))
    else:
        _show_bundle(session, report)
    _end(report)


@audit.command()
@click.argument("orders", metavar="ORDER...", nargs=-1, required=True)
@click.option(
    "--to", "path", required=True, type=click.Path(dir_okay=False), help="The file to write."
)
@database_option
def export(session: Session, orders: tuple[str, ...], path: str) -> None:
    """Write orders with their proof, for a verification elsewhere.

    They are proven by the newest checkpoint, which is made if there are new events.
    """
    from application.integrity.bundle import make_bundle  # noqa: PLC0415 - see session.py
    from application.integrity.statement import statement_of  # noqa: PLC0415
    from application.runtime.private_files import write_named  # noqa: PLC0415

    services = session.services
    ids = [services.search.id_of(each) for each in orders]
    session.note_reading(orders=ids)
    bundle = make_bundle(services.store, services.checkpoints, ids)
    write_named(path, msgspec.json.format(msgspec.json.encode(bundle)) + b"\n")
    statement = statement_of(bundle.checkpoint.signed)
    count = sum(len(order.events) for order in bundle.orders)
    click.echo(
        f"{path} has {count} events of {len(bundle.orders)} orders, under checkpoint"
        f" {statement.number}, signed with {statement.key}."
    )


# For people.


def _show_report(session: Session, report: "Report") -> None:
    rate = report.events / max(report.seconds, 0.001)
    session.out.print(
        f"{report.events:,} events of {report.orders:,} orders up to position {report.position:,},"
        f" in {report.seconds:.1f} s ({rate:,.0f} a second)."
    )
    session.out.print(
        f"{report.holdings:,} times a ticket came to an order, {report.tickets:,} different ones."
    )
    if report.promocode_uses:
        session.out.print(f"{report.promocode_uses:,} times an order took a use of a promo code.")
    if report.recorded:
        session.out.print(
            f"{report.recorded:,} idempotency records; no event proves {report.unproven:,} of them,"
            f" whose requests changed nothing, and {report.recorded_before:,} from before events"
            " named their keys."
        )
    if not report.with_tickets:
        session.out.print(
            "There is no catalogue here, and there are no rows of tickets to compare."
        )
    if report.checkpoint is not None:
        session.out.print(
            f"{report.checkpoints:,} good checkpoints; the last is number"
            f" {report.checkpoint.number} of {report.checkpoint.at}, signed with"
            f" {report.checkpoint.key}. {report.unsigned:,} events came after it.",
            highlight=False,
        )
    notices = report.notices
    if msgspec.structs.astuple(notices) != (0, 0, 0, 0):
        session.out.print(
            f"{notices.acted:,} notices of gateways were acted on, {notices.ignored:,} said nothing"
            f" new, {notices.pending:,} wait for their order, {notices.of_nobody:,} are of nobody."
        )
    for balance in report.money:
        session.out.print(_said_of(balance))
    for each in report.acknowledged:
        session.out.print(Text(each.says, style="yellow"))
    show_findings(session, report.findings, report.wrong, report.not_proven)


def _said_of(balance: "Balance") -> Text:
    """Where the money of one currency is, in one line."""
    if not balance.currency:
        return Text(
            f"Received by vendors: {balance.received} = tickets {balance.earned}"
            f" + refunds due {balance.due_back} + refunds paid {balance.refunded}."
        )
    return Text(
        f"Received in {balance.currency}: {balance.received} = tickets {balance.earned}"
        f" + refunds due {balance.due_back} + refunds paid {balance.refunded}"
        f" + lost in disputes {balance.charged_back} + kept {balance.kept}"
        f" + waiting for a person {balance.attention}."
    )


def _show_bundle(session: Session, report: "BundleReport") -> None:
    statement = report.checkpoint
    session.out.print(
        f"{report.events} events of {report.orders} orders, under checkpoint {statement.number} of"
        f" {statement.at}, signed with {report.key}.",
        highlight=False,
    )
    show_findings(session, report.findings, len(report.findings), report.not_proven)


def show_findings(
    session: Session, findings: "Sequence[Finding]", count: int, not_proven: "Sequence[str]"
) -> None:
    """Print the findings, or that there are none, and what is not proven."""
    for reason in not_proven:
        session.out.print(Text(f"Not proven: {reason}", style="yellow"))
    if not count:
        if not not_proven:
            session.out.print(Text("Nothing is wrong.", style="bold green"))
        return
    table = Table(title=f"{count:,} findings", show_lines=True)
    table.add_column("what", style="bold red", no_wrap=True)
    table.add_column("where", overflow="fold", ratio=2)
    table.add_column("how", overflow="fold", ratio=3)
    for finding in findings[:SHOWN]:
        table.add_row(finding.kind, Text(_where(finding)), Text(finding.says))
    session.out.print(table)
    if count > SHOWN:
        session.out.print(f"{count - SHOWN:,} more: --json names up to a thousand.")


def _where(finding: "Finding") -> str:
    named: dict[str, Any] = msgspec.to_builtins(finding)
    return "\n".join(
        f"{name} {named[name]}"
        for name in ("order", "version", "position", "ticket", "checkpoint", "model")
        if name in named
    )
