"""The port to the notices of gateways, kept as they came."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from application.ports.admin_trail import Deed
from application.ports.partitions import Range


class NoticeState(StrEnum):
    """What came of a notice.

    A notice is `ignored` if it says nothing new, and `pending` while its order cannot act on it.
    """

    ACTED = "acted"
    IGNORED = "ignored"
    UNKNOWN_BUYER = "unknown_buyer"
    PENDING = "pending"


class GatewayNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice as it came: its raw bytes, when, and what came of it.

    `digest` identifies it for ever: it is computed from its system and the gateway's own id.
    `order` is the order that its buyer's token names, if there is one. If the buyer is not known,
    a person resolves the notice.
    """

    digest: bytes
    system: str
    notice: str
    type: str
    came_at: datetime
    body: bytes
    state: NoticeState
    order: str | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None


class WaitingNotice(msgspec.Struct, frozen=True):
    """What a decision needs of a waiting notice: its bytes, when it came, and its state."""

    body: bytes
    came_at: datetime
    resolved: bool


class KeptNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice about an order as it is stored, right or wrong. `id` is the gateway's own."""

    order: str
    digest: bytes
    system: str
    id: str
    type: str
    body: bytes
    state: str


class NoticeRecords(Protocol):
    """The stored notices. Those that an order acts on are stored in the commit of its events."""

    def keep(self, notice: GatewayNotice) -> bool:
        """Keep a notice in a transaction of its own; False if its id was used before."""

    def find(self, digest: bytes) -> GatewayNotice | None:
        """The notice with this digest."""

    def pending(
        self, limit: int, after: tuple[datetime, bytes] | None = None
    ) -> Sequence[GatewayNotice]:
        """At most `limit` notices that wait for their order to decide, oldest first.

        `after` is when the last one of the page before came, and its digest.
        """

    def find_no_buyer(self, notice: GatewayNotice) -> None:
        """Note that nobody is known as the buyer of this notice, if it was pending."""

    def unknown(self, after: tuple[datetime, bytes] | None, limit: int) -> Sequence[GatewayNotice]:
        """At most `limit` unresolved notices whose buyer is not known, oldest first.

        `after` is when the last one of the page before came, and its digest.
        """

    def of_order(self, order: str) -> Sequence[GatewayNotice]:
        """The notices about an order, oldest first."""

    def of_range(self, partition: Range) -> Sequence[KeptNotice]:
        """The notices about the orders of a range, by order."""

    def waiting_by_state(self, came_till: datetime) -> Mapping[NoticeState, int]:
        """How many unresolved notices have an unknown buyer, and how many are pending.

        Of those only the ones that came by `came_till` count.
        """

    def of_nobody(self) -> int:
        """How many notices name no order."""

    def resolve(self, digest: bytes, deed: Deed) -> bool:
        """Note that a person has resolved a notice, with the `deed` in the administrative trail.

        False, and nothing is noted, if there is no such notice or it was resolved before.
        """
