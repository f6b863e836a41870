"""What came of sending a message: confirmed, to be sent again, or a webhook to switch off."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

import msgspec

HEAD_CHARACTERS = 500
LONGEST_RETRY_AFTER = 24 * 3600.0
GONE = 410
UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\u024f\u0370-\u1fff\u2010-\u2027\u20a0-\ud7ff]+")
"""What a console or a terminal could take for more than text."""


class Verdict(StrEnum):
    """What follows from an outcome."""

    CONFIRMED = "confirmed"
    RETRY = "retry"
    OFF = "off"


class Reason(StrEnum):
    """Why a message counts as not delivered: codes of the delivery log.

    Any other answer has its status in it, such as `answered_500`.
    """

    GONE = "gone"
    ADDRESS_REFUSED = "address_refused"
    NAME_UNKNOWN = "name_unknown"
    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_LOST = "connection_lost"
    CONNECT_TIMEOUT = "connect_timeout"
    TIMEOUT = "timeout"
    TLS_FAILED = "tls_failed"
    ANSWER_UNREADABLE = "answer_unreadable"
    REDIRECTED = "redirected"
    TOO_MANY_REDIRECTS = "too_many_redirects"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of sending a message once.

    `status` is that of the answer, 0 for none; `reason` is empty if it was confirmed; `head` is
    the beginning of the answer; `retry_after` is how many seconds the receiver asks to wait.
    """

    verdict: Verdict
    reason: str = ""
    status: int = 0
    seconds: float = 0.0
    head: str = ""
    retry_after: float | None = None


def failed(reason: Reason, seconds: float, status: int = 0) -> Outcome:
    """It has to be sent again."""
    return Outcome(verdict=Verdict.RETRY, reason=reason, status=status, seconds=seconds)


def answered(status: int, retry_after: str | None, now: datetime) -> Outcome:
    """What an answer with this status means, before its time and its beginning are known."""
    if 200 <= status < 300:  # noqa: PLR2004 - the statuses of success
        return Outcome(verdict=Verdict.CONFIRMED, status=status)
    if status == GONE:
        return Outcome(verdict=Verdict.OFF, reason=Reason.GONE, status=status)
    wait = seconds_of(retry_after, now) if retry_after else None
    return Outcome(
        verdict=Verdict.RETRY, reason=f"answered_{status}", status=status, retry_after=wait
    )


def seconds_of(retry_after: str, now: datetime) -> float | None:
    """The seconds of a `Retry-After`, at most a day; None if it is neither number nor date."""
    text = retry_after.strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        return min(float(text), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER)


def head_of(body: bytes, encoding: str) -> str:
    """The beginning of an answer as text that is safe to print; a packed one is not unpacked."""
    if encoding and encoding.lower() != "identity":
        return ""
    text = body[: HEAD_CHARACTERS * 4].decode("utf-8", errors="replace")
    return UNPRINTABLE.sub(" ", text)[:HEAD_CHARACTERS]
