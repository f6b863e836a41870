"""Findings of a verification, each with its order, version and position where it has them."""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """The kinds of findings. Their values are stable."""

    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    REORDERED = "reordered"
    UNREADABLE = "unreadable"
    REWRITTEN = "rewritten"
    CHECKPOINT = "checkpoint"
    RECORDED_HEADS = "witness"
    TICKET = "ticket"
    READ_MODEL = "read_model"
    OVERSOLD = "oversold"
    WENT_BACK = "went_back"
    IDEMPOTENCY = "idempotency"
    REPEATED = "repeated"
    NUMBER = "number"
    MONEY = "money"
    NOTICE = "notice"
    PROMOCODE = "promocode"
    ADMIN_TRAIL = "admin_trail"


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong, in a sentence."""

    kind: Kind
    says: str
    order: str | None = None
    version: int | None = None
    position: int | None = None
    ticket: str | None = None
    checkpoint: int | None = None
    model: str | None = None
