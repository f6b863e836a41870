"""Progress bars for long work, on standard error, apart from the output."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from interface.cli.shared.session import Session

if TYPE_CHECKING:  # see session.py
    from rich.progress import Progress, ProgressColumn, TaskID

SHORTEST = 0.001
NEARLY = 0.999
"""What is complete has no clock that goes on."""


def _bar(session: Session, *figures: "ProgressColumn | str", transient: bool) -> "Progress":
    """A bar with its description before it; after it come figures and the time left."""
    from rich.progress import (  # noqa: PLC0415 - see session.py
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        *figures,
        TimeRemainingColumn(elapsed_when_finished=True),
        console=session.err,
        transient=transient,
    )


@contextmanager
def events_bar(
    session: Session, what: str, *, transient: bool = False
) -> Iterator[Callable[[int, int], None]]:
    """A bar with events, events a second and the time left; yields the function that updates it.

    At the end it shows the rate of the whole and how long that took, unless it is `transient`:
    then it is removed.
    """
    from rich.progress import MofNCompleteColumn  # noqa: PLC0415 - see session.py

    rate_column = "{task.fields[rate]} events/s"
    with _bar(session, MofNCompleteColumn(), rate_column, transient=transient) as progress:
        task = progress.add_task(what, rate="0", total=None)
        begun = time.monotonic()

        def report(done: int, total: int) -> None:
            speed = progress.tasks[0].speed if done < total else None
            passed = max(time.monotonic() - begun, SHORTEST)
            rate = f"{speed or done / passed:,.0f}"
            progress.update(task, completed=done, total=total, rate=rate)

        yield report


@contextmanager
def orders_bar(session: Session, total: int | None) -> Iterator[Callable[[str, float, int], None]]:
    """A bar for a sale of `total` orders, if that is known, and for what comes before and after.

    Yields the function that updates it, with the name of a step, its part that is done (0 to 1)
    and the number of orders so far. The bar begins anew with each step, and so does its time.
    """
    of = "" if total is None else f" of {total:,}"
    with _bar(session, "{task.fields[orders]}", transient=True) as progress:
        task = progress.add_task("", total=1.0, orders="")
        begun, first = time.monotonic(), 0

        def report(what: str, part: float, orders: int) -> None:
            nonlocal begun, first
            if progress.tasks[0].description != what:
                progress.reset(task, description=what)
                begun, first = time.monotonic(), orders
            rate = (orders - first) / max(time.monotonic() - begun, SHORTEST)
            said = f"{orders:,}{of} orders"
            if orders > first:
                said += f", {rate:,.0f} orders/s"
            progress.update(task, completed=min(part, NEARLY), orders=said)

        yield report


@contextmanager
def bars_of_steps(session: Session) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each part of the work; yields the function that reports progress."""
    from rich.progress import (  # noqa: PLC0415 - see session.py
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    progress = Progress(*columns, console=session.err)
    tasks: dict[str, TaskID] = {}

    def report(what: str, done: int, total: int) -> None:
        if not tasks:  # what is refused before any work shows no bars
            progress.start()
        if what not in tasks:
            tasks[what] = progress.add_task(what)
        progress.update(tasks[what], completed=done, total=total)

    try:
        yield report
    finally:
        if tasks:
            progress.stop()
