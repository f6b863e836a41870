"""Compares who has which ticket with the log, and repairs what differs.

The tickets' rows change in the same commit as the events, so there is nothing to swap: a table is
built from the log, both are compared at one position, and it is dropped again.
"""

import msgspec

from application.ports.read_models import ModelState
from application.ports.store import Store
from application.projector.comparison import differences
from application.projector.generations import (
    HERE,
    Loading,
    Progress,
    make_generation,
    project_up_to,
)
from application.projector.rebuild import SHOWN, Outcome, outcome_of
from application.projector.ticket_rows import RowsCompared, check_rows
from application.read_models.registry import TICKETS
from application.runtime.pacing import paced_by


def check_tickets(
    store: Store, progress: Progress, loading: Loading = HERE, *, repair: bool = False
) -> Outcome:
    """Compare the tickets' rows with their lists and the log; with `repair` correct what differs.

    Raises `BeingRebuilt`, `Stopped` and what `make_generation` raises: `KeyTwice` where the log
    gives a ticket to two orders.
    """
    models = store.read_models()
    with models.rebuilding(TICKETS.table.name), paced_by(store.last_position):
        rows = check_rows(store, repair=repair)
        state = make_generation(store, TICKETS, store.last_position(), progress, loading)
        outcome = _compared(store, state)
        if repair and outcome.differences:
            outcome = _repaired(store, state, outcome)
        models.drop(state)
    return _together(rows, outcome, repair=repair)


def _together(rows: RowsCompared, outcome: Outcome, *, repair: bool) -> Outcome:
    """The outcomes of comparing the rows with their lists, and their owners with the log."""
    if not rows.differences:
        return outcome
    return msgspec.structs.replace(
        outcome,
        differences=len(rows.differences) + outcome.differences,
        shown=(*rows.differences, *outcome.shown)[:SHOWN],
        needs_acceptance=rows.left or outcome.needs_acceptance,
        swapped=repair,
    )


def _compared(store: Store, state: ModelState) -> Outcome:
    """Compare at one position of the log."""
    with store.ownership().snapshot() as (position, owned):
        project_up_to(store, TICKETS, state, position)
        with store.read_models().snapshot(state) as (_, expected):
            return outcome_of(position, owned, expected)


def _repaired(store: Store, state: ModelState, outcome: Outcome) -> Outcome:
    """Write the log's state to the rows, while nobody appends to the log.

    A ticket that is not in the catalogue has no row to write to; it stays a difference.
    """
    with store.ownership().repairing() as repairing:
        project_up_to(store, TICKETS, state, repairing.position, repairing.log)
        with store.read_models().snapshot(state) as (_, expected):
            wrong = list(differences(repairing.rows(), expected))
        left = [each for each in wrong if not repairing.put(each.key, each.new)]
    return msgspec.structs.replace(
        outcome,
        differences=len(wrong),
        shown=tuple(wrong[: len(outcome.shown)]),
        needs_acceptance=bool(left),
        swapped=True,
    )
