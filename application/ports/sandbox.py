"""The mark of a sandbox's database: a document in its catalogue, which is copied with it."""

from collections.abc import Iterable

from domain.errors import UserError

MARK = ("sandbox", "mark")
"""The document of the mark, by kind and name."""

SANDBOX = "545b544a5d645a463e779d5a"
"""The id of the payment system `sandbox/GATE`."""

OF_EARLIER_VERSIONS = ("payment_system", SANDBOX)
"""What a sandbox left in the catalogue in versions that did not set the mark yet."""

Name = tuple[str, str]
"""The kind and the name of a document."""


class OfTheSandbox(UserError):
    """A sandbox's database would be used for real sales."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(
            f"{what} is of the sandbox (orderlog serve --sandbox), where nothing is really sold:"
            f" {remedy}"
        )


class SoldForReal(UserError):
    """The sandbox would be started on a database with real sales."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The sandbox is not served: this database {why}. Leave out --sandbox, or name another"
            " database."
        )


def carries_mark(names: Iterable[Name]) -> bool:
    """Whether the documents of a catalogue are those of a sandbox."""
    return any(name in {MARK, OF_EARLIER_VERSIONS} for name in names)
