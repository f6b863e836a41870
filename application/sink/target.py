"""Which stream the feed is published to."""

import re

import msgspec

from application.sink.address import BrokerAddress
from application.sink.credentials import FileCredentials
from domain.errors import UserError

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
SUBJECT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


class BadTarget(UserError):
    """No stream, or no subject, can be called so."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A stream: of which broker and name, for which log, with which subjects.

    `begins` is the position after which a stream begins that has no message. Raises `BadTarget`.
    """

    address: BrokerAddress
    credentials: FileCredentials | None
    stream: str
    subject: str
    log: str
    begins: int | None

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.stream):
            raise BadTarget("A stream's name has letters, digits, _ and - only.")
        if not SUBJECT.fullmatch(self.subject):
            raise BadTarget(
                "A subject is words with dots between, of letters, digits, _ and -, without"
                " wildcards: orderlog.order"
            )
