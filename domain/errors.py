"""The base of all errors that are an answer to the caller, and what replay cannot read."""


class UserError(Exception):
    """Something that the caller, a person or a program, has to know, in one sentence.

    It is no fault of the service: the command line prints it in one line, and HTTP answers with a
    problem document. Any other exception ends in a traceback, or in a 500.
    """


class UnknownEvent(UserError):
    """An event of a kind, or of a version of it, that this version of the service does not know.

    A later version recorded it, and this one runs after a roll-back. Nothing may be derived from
    such an order: no fold passes over an event that it does not know.
    """

    def __init__(self, name: str, order: str) -> None:
        super().__init__(
            f"{name} in order {order} is an event that this version of orderlog does not know:"
            " a later version recorded it."
        )


class UnreadableEvent(UnknownEvent):
    """The bytes of an event are not those that this version stores under its name."""

    def __init__(self, name: str, order: str) -> None:
        UserError.__init__(
            self,
            f"{name} in order {order} cannot be read by this version of orderlog: a later version"
            " recorded it, or it was changed (orderlog audit verify).",
        )
