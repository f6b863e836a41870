"""The store: whether it keeps what is confirmed, and whether its clock and locks let it be sold."""

from collections.abc import Iterator

from application.operations.doctor.findings import (
    Finding,
    Installation,
    good,
    problem,
    warning,
)

SKEW_SECONDS = 1.0
REMEDIES = {
    "write_lock": "End that process, or let it go on (kill -CONT); docs/sqlite.md has more.",
    "disk": "Free some space; no restart is needed.",
}
LOOK_AT_FILES = "Stop the service, and look at the files (docs/sqlite.md)."


def examine_durability(it: Installation) -> Iterator[Finding]:
    """Whether what is confirmed survives a crash of the machine."""
    found = it.store.undurable_settings()
    if found:
        yield problem(
            "durability",
            f"{', '.join(found)}: a crash of the database's machine may undo confirmed orders.",
            "Turn it on again for the server, the database and the role, and restart.",
        )
    else:
        yield good("durability", "A commit is on the disk before it is confirmed.")


def examine_writing(it: Installation) -> Iterator[Finding]:
    """Whether the log can be written now."""
    troubles = it.store.troubles()
    for name, sentence in troubles.items():
        said = f"{sentence[0].upper()}{sentence[1:]}."
        yield problem("writing", said, REMEDIES.get(name, LOOK_AT_FILES))
    if not troubles:
        yield good("writing", "Nothing holds up writes to the log.")


def examine_clock(it: Installation) -> Iterator[Finding]:
    """The clock of this machine against the one that decides when holds end."""
    skew = it.clock.skew
    where = "ahead of" if skew > 0 else "behind"
    says = f"This machine's clock is {abs(skew):.1f} s {where} the one that decides."
    do = "Correct this machine's clock (NTP), or the database's if that one is wrong."
    if it.clock.too_far:
        yield problem("clock", f"{says} Servers here are not ready.", f"{do} See docs/clocks.md.")
    elif abs(skew) > SKEW_SECONDS:
        yield warning("clock", says, do)
    else:
        yield good("clock", says)


def examine_log(it: Installation) -> Iterator[Finding]:
    """Whether the log lacks what was seen of it."""
    lost = [each for each in it.store.audit().setbacks() if each.is_open]
    for each in lost:
        do = "Restore the whole log, or run orderlog audit acknowledge (docs/audit.md)."
        yield problem("log", each.says, do)
    if not lost:
        yield good("log", f"It ends at position {it.store.last_position()}; nothing seen is gone.")
