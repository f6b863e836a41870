"""The port to the administrative trail: who changed keys and catalogue, and which data was read.

Each entry has a hash over its predecessor's, so none can be changed or removed unseen, and signed
checkpoints name the last one.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec


class Action(StrEnum):
    """The action of an entry: a kind of thing, and what was done to it (`docs/commands.md`)."""

    CATALOG_LOADED = "catalog.loaded"
    SANDBOX_MARKED = "sandbox.marked"
    KEY_CREATED = "key.created"
    KEY_ENDS = "key.ends"
    KEY_REVOKED = "key.revoked"
    KEYS_RENEWED = "keys.renewed"
    KEYS_RESET = "keys.reset"
    DEAL_ENDED = "deal.ended"
    DEAL_RESUMED = "deal.resumed"
    PARTNER_SUSPENDED = "partner.suspended"
    PARTNER_RESUMED = "partner.resumed"
    ORDERS_READ = "orders.read"
    MONEY_RESOLVED = "money.resolved"
    REFUND_PAID = "refund.paid"
    NOTICE_RESOLVED = "notice.resolved"
    WEBHOOK_ADDED = "webhook.added"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_ROTATED = "webhook.rotated"
    WEBHOOK_REMOVED = "webhook.removed"
    WEBHOOK_RESENT = "webhook.resent"


class Deed(msgspec.Struct, frozen=True):
    """Something that was done: when, by whom, what, and `about` which things, as JSON."""

    at: datetime
    actor: str
    action: str
    about: bytes


class TrailEntry(msgspec.Struct, frozen=True):
    """A deed in the administrative trail, with its number and hash."""

    number: int
    deed: Deed
    hash: bytes


class TrailRecords(Protocol):
    """The administrative trail."""

    def add(self, deed: Deed) -> None:
        """Add a deed, in a transaction of its own."""

    def entries(self, after: int = 0, limit: int = 1000) -> Sequence[TrailEntry]:
        """At most `limit` entries with a number beyond `after`, by number."""

    def last(self) -> tuple[int, bytes]:
        """The number and hash of the last entry; 0 and the first hash for none."""

    def counted(self) -> int:
        """How many entries were made in this database; copied ones are not among them."""
