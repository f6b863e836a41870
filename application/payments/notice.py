"""The body of a notice: what a gateway says, strictly read.

Amounts are texts with at most two decimals, so that none is rounded, negative or no number at all.
"""

import re
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from domain.gateway import PaymentNotice

Visible = Annotated[str, Meta(pattern=r"^[!-~]{1,100}\Z")]
NoticeId = Annotated[str, Meta(pattern=r"^[!-~]{1,255}\Z")]
Amount = Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?\Z")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
Aware = Annotated[datetime, Meta(tz=True)]
AT = re.compile(r"(.*) - at `\$(.*)`\Z", re.DOTALL)
ALSO_A_NUMBER = re.compile(r"\[(\d+|\.\.\.)\]")
SAYS = {
    "/data/amount": 'Has to be a text like "100.00": not negative, with at most two decimals.',
    "/data/currency": "Has to be three capital letters.",
    "/data/customer": "Has to be the token that the buyer was sent with.",
    "/created_at": "Has to be a moment in ISO 8601, with its time zone.",
}


class NoticeType(StrEnum):
    """What a notice is about."""

    STARTED = "payment.started"
    FAILED = "payment.failed"
    SUCCEEDED = "payment.succeeded"
    REFUND_SUCCEEDED = "refund.succeeded"
    REFUND_FAILED = "refund.failed"
    DISPUTE_OPENED = "dispute.opened"
    DISPUTE_WON = "dispute.won"
    DISPUTE_LOST = "dispute.lost"


class BadNotice(Exception):
    """A notice cannot be read. `pointer` is where; None for a body that is no JSON object."""

    def __init__(self, detail: str, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.pointer = pointer


class _Data(msgspec.Struct, frozen=True, kw_only=True):
    customer: Visible
    payment: Visible
    amount: Amount
    currency: Currency
    refund: Visible | None = None


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    type: NoticeType
    created_at: Aware
    data: _Data
    id: NoticeId | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice as it was read. `id` is the gateway's own, `customer` the buyer's token."""

    id: str
    type: NoticeType
    customer: str
    about: PaymentNotice


_decode = msgspec.json.Decoder(_Body).decode


def notice_of(system: str, notice_id: str | None, body: bytes) -> Notice:
    """The notice in a body. `notice_id` is the signed one, if the body has not to name it.

    Raises `BadNotice`. Fields that are not known are passed over.
    """
    try:
        read = _decode(body)
    except msgspec.ValidationError as error:
        raise _fault(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadNotice(f"The body is not JSON: {error}") from error
    except RecursionError as error:
        raise BadNotice("The body is nested too deeply.") from error
    if notice_id is None and read.id is None:
        raise BadNotice("Is missing: it makes the notice count once.", "/id")
    if read.type is NoticeType.REFUND_FAILED and read.data.refund is None:
        raise BadNotice("Is missing: the id of the refund that failed.", "/data/refund")
    about = PaymentNotice(
        system=system,
        payment=read.data.payment,
        amount=Decimal(read.data.amount).quantize(Decimal("0.01")),
        currency=read.data.currency,
        refund=read.data.refund,
    )
    return Notice(
        id=notice_id or read.id or "", type=read.type, customer=read.data.customer, about=about
    )


def _fault(message: str) -> BadNotice:
    """What is wrong, and where: the decoder names a place as `$.data.amount`."""
    match = AT.match(message)
    detail, place = (match[1], match[2]) if match else (message, "")
    pointer = ALSO_A_NUMBER.sub(r"/\1", place).replace(".", "/")
    missing = re.search(r"missing required field `(\w+)`", detail)
    if missing is not None:
        return BadNotice("Is missing.", f"{pointer}/{missing[1]}")
    return BadNotice(SAYS.get(pointer, f"{detail}."), pointer)
