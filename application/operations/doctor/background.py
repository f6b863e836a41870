"""What runs beside requests: read models, checkpoints, verifications and webhooks."""

from collections.abc import Iterator
from datetime import datetime

from application.integrity.statement import BadStatement, statement_of
from application.operations.doctor.findings import (
    Finding,
    Installation,
    counted,
    good,
    lasting,
    problem,
    warning,
)
from application.operations.event_age import waited
from application.operations.last_checkpoint import MOST_MISSED
from application.operations.read_model_status import ReadModelStatus, read_model_statuses
from application.ports.integrity_records import Verification

LATE_SECONDS = 10.0
"""What waits for longer than this is behind, not under way."""
VERIFICATION_DAYS = 7


def serving(it: Installation) -> bool:
    """Whether some process holds a lease: a service is running on this database."""
    return any(each.projector for each in read_model_statuses(it.store))


def examine_read_models(it: Installation) -> Iterator[Finding]:
    """Each read model: projected by whom, how far, and why not further."""
    statuses = read_model_statuses(it.store)
    found = [finding for each in statuses if (finding := _of_model(it, each)) is not None]
    yield from found
    if not found:
        yield good("read models", f"All {len(statuses)} show the whole log.")


def _of_model(it: Installation, status: ReadModelStatus) -> Finding | None:
    check, name = "read models", status.name
    if status.stopped:
        do = f"Use a version that knows the event, or: orderlog projection rebuild {name}"
        return problem(check, f"{name} stopped at {status.position}: {status.stopped}", do)
    if status.untrue:
        return problem(check, f"{name}: {status.untrue}.", "orderlog audit verify names them.")
    late = waited(it.store, status.position, it.moment) if status.behind > 0 else 0.0
    behind = f"{name} is {counted(status.behind, 'position')} behind"
    if status.projector is None and status.behind > 0:
        do = "Start orderlog serve; if it runs, its background worker hangs: restart it."
        return problem(check, f"{behind}, and no process has the lease to project it.", do)
    if late is not None and late > LATE_SECONDS:
        do = f"{status.projector} projects it: look at its processor, disk and log."
        return problem(check, f"{behind}, for {lasting(late)}.", do)
    return None


def examine_checkpoints(it: Installation) -> Iterator[Finding]:
    """Whether the end of the log is signed in time."""
    check, every = "checkpoints", it.settings.checkpoint_seconds
    if not every:
        do = "Set it to a number of seconds, such as 300."
        yield warning(check, "ORDERLOG_CHECKPOINT_SECONDS is 0: no checkpoint is made.", do)
        return
    if it.key_place is None:
        do = "Name a file in ORDERLOG_AUDIT_KEY (docs/audit.md)."
        yield warning(check, "There is no file for the signing key: no checkpoint is made.", do)
        return
    yield _last_checkpoint(it, MOST_MISSED * every)


def _last_checkpoint(it: Installation, most: float) -> Finding:
    check, last = "checkpoints", it.store.audit().last_checkpoint()
    try:
        statement = None if last is None else statement_of(last)
    except BadStatement as error:
        return problem(check, f"The last one cannot be read: {error}", "orderlog audit verify")
    position = 0 if statement is None else statement.position
    late = waited(it.store, position, it.moment)
    said = "There is none yet."
    if statement is not None:
        age = (it.moment - datetime.fromisoformat(statement.at)).total_seconds()
        said = f"Number {statement.number} is {lasting(age)} old, up to position {position}."
    if late is None or late <= most:
        return good(check, said)
    do = "orderlog audit checkpoint makes one, or says why it cannot be made."
    return warning(check, f"{said} Later events have waited for {lasting(late)}.", do)


def examine_verification(it: Installation) -> Iterator[Finding]:
    """The last verification of the whole log."""
    check, last = "verification", it.store.audit().last_verification()
    do = "orderlog audit verify; run it every night."
    if last is None:
        if it.store.last_position():
            yield warning(check, "The log has never been verified.", do)
        return
    age = it.moment.timestamp() - last.at / 1000
    yield _judged(last, age, do)


def _judged(last: Verification, age: float, do: str) -> Finding:
    check, said = "verification", f"The last one, {lasting(age)} ago, "
    if last.findings > 0:
        wrong = counted(last.findings, "finding")
        return problem(check, f"{said}had {wrong}.", "orderlog audit verify names each.")
    if last.findings < 0:
        return warning(check, f"{said}proved nothing.", "orderlog audit verify says what it lacks.")
    if age > VERIFICATION_DAYS * 86_400:
        return warning(check, f"{said}found nothing wrong.", do)
    return good(check, f"{said}found nothing wrong up to position {last.position}.")
