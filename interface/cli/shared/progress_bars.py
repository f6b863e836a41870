"""Progress bars for long work, on standard error, apart from the output."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from interface.cli.shared.session import Session

if TYPE_CHECKING:  # see session.py
    from rich.progress import TaskID

SHORTEST = 0.001


@contextmanager
def events_bar(
    session: Session, what: str, *, transient: bool = False
) -> Iterator[Callable[[int, int], None]]:
    """A bar with events, events a second and the time left; yields the function that updates it.

    At the end it shows the rate of the whole and how long that took, unless it is `transient`:
    then it is removed.
    """
    from rich.progress import (  # noqa: PLC0415 - see session.py
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} events/s"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=session.err, transient=transient) as progress:
        task = progress.add_task(what, rate="0", total=None)
        begun = time.monotonic()

        def report(done: int, total: int) -> None:
            speed = progress.tasks[0].speed if done < total else None
            passed = max(time.monotonic() - begun, SHORTEST)
            rate = f"{speed or done / passed:,.0f}"
            progress.update(task, completed=done, total=total, rate=rate)

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
