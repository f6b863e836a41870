"""The port to webhooks: the endpoints, the position of each, and the delivery log.

Endpoints are divided into shards by their ids. One process at a time holds a shard's lease, and
only this process advances its endpoints. An endpoint without a position of its own *follows* its
shard: it has the shard's position.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from application.ports.admin_trail import Deed
from application.ports.log_point import LogPoint

SHARDS = 16


def shard_of(webhook: str) -> int:
    """The shard of the webhook with this id: its last hex digit, which comes from a counter."""
    return int(webhook[-1], SHARDS)


class WebhookState(StrEnum):
    """Whether events are sent. An endpoint switches itself `off` by answering 410."""

    ACTIVE = "active"
    PAUSED = "paused"
    OFF = "off"


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook: where a partner has its orders' events sent.

    No `types` and no `shows` mean all. `generations` are the numbers of its live secrets, the
    newest last. Each change raises `revision`. `request` is the digest of the Idempotency-Key
    with which it was added.
    """

    id: str
    partner: str
    address: str
    created_at: datetime
    types: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    state: WebhookState = WebhookState.ACTIVE
    reason: str = ""
    generations: tuple[int, ...] = (1,)
    asymmetric: bool = False
    revision: int = 1
    request: bytes = b""
    fingerprint: bytes = b""


class ShardState(msgspec.Struct, frozen=True):
    """A shard: its position in which log, who leases it until when, and who asks for it."""

    point: LogPoint
    owner: str | None = None
    till: datetime | None = None
    asked_by: str | None = None

    def is_leased(self, moment: datetime) -> bool:
        """Whether a process has it at this moment of the store's clock."""
        return self.owner is not None and self.till is not None and moment <= self.till


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """An order whose events wait because an endpoint has not confirmed one of them.

    All events of the order up to `position` are confirmed. `tries` counts the failed tries,
    `reason` is that of the last one.
    """

    webhook: str
    order: str
    position: int
    tries: int
    first_failed_at: datetime
    next_try_at: datetime
    reason: str


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try to deliver an event: what was answered, or the `reason` why it is not confirmed.

    `status` is 0 if there was no answer, and `reason` is empty if the event was confirmed. `head`
    is the beginning of the answer's body. `again`: a person asked to send it again. The store
    assigns `id`.
    """

    webhook: str
    position: int
    order: str
    at: datetime
    status: int
    reason: str
    seconds: float
    head: str
    try_number: int = 1
    again: bool = False
    id: int = 0


class Resend(msgspec.Struct, frozen=True):
    """A request to send an event again; with `onwards`, all events from its position on."""

    webhook: str
    position: int
    onwards: bool = False


class Moves(msgspec.Struct, kw_only=True):
    """What a commit of a shard writes, all of it or nothing.

    `endpoints` that map to None follow their shard again. The `freed` lanes (webhook and order)
    and the `resent` requests are removed. `states` changes only active endpoints.
    """

    point: LogPoint | None = None
    endpoints: dict[str, int | None] = {}
    lanes: list[Lane] = []
    freed: list[tuple[str, str]] = []
    resent: list[Resend] = []
    states: dict[str, tuple[WebhookState, str]] = {}
    attempts: list[Attempt] = []


class Progress(msgspec.Struct, frozen=True):
    """How far an endpoint is: all events up to `position` are confirmed, except those of `lanes`.

    `waiting_since` is the earliest first failure of its lanes.
    """

    position: int
    lanes: int = 0
    waiting_since: datetime | None = None


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """All endpoints together: how many are in each state, and how far the active ones are.

    `position` is that of the endpoint furthest behind; None if there is none. `lanes` counts the
    orders that wait for active endpoints after a failed try, the first one since
    `waiting_since`. `shards` are those with an active endpoint.
    """

    states: Mapping[str, int]
    position: int | None = None
    lanes: int = 0
    waiting_since: datetime | None = None
    shards: frozenset[int] = frozenset()


class WebhookRecords(Protocol):
    """The webhooks."""

    def version(self) -> int:
        """A number that grows with every change of an endpoint.

        Read `all()` first and `positions()` then: so no position of a new one is missed.
        """

    def all(self) -> list[Webhook]:
        """All endpoints, by their ids."""

    def page(
        self, partner: str | None, after: str, limit: int, state: WebhookState | None = None
    ) -> list[Webhook]:
        """At most `limit` endpoints, by their ids, beyond the id `after`.

        Those of a partner (None: of all), in a state (None: in any).
        """

    def find(self, webhook: str) -> Webhook | None:
        """The endpoint with this id."""

    def find_request(self, digest: bytes) -> Webhook | None:
        """The endpoint that was added by the request with this digest."""

    def add(self, webhook: Webhook, after: int, end: LogPoint, most: int, deed: Deed) -> bool:
        """Add an endpoint at the position `after`, with the deed in the administrative trail.

        `end` is the position of a shard that is new. False if the partner has `most` already,
        or another endpoint was added by the same request.
        """

    def change(self, webhook: Webhook, deed: Deed) -> bool:
        """Store a changed endpoint, with the deed; False unless it had the revision before."""

    def remove(self, webhook: str, revision: int, deed: Deed) -> bool:
        """Remove an endpoint with all that waits for it; False unless it has this revision."""

    def shards(self) -> dict[int, ShardState]:
        """The shards that have ever had an endpoint, whoever has them."""

    def lease(self, shards: Iterable[int], owner: str, seconds: float) -> dict[int, ShardState]:
        """Take or renew leases. Shards that are empty or leased by another process are absent."""

    def ask(self, shard: int, owner: str) -> None:
        """Ask whoever has a shard to give it back; the request ends when somebody takes it."""

    def release(self, owner: str, shards: Collection[int] | None = None) -> None:
        """Give back the leases of an owner: all, or those of these shards."""

    def positions(self, shard: int) -> dict[str, int]:
        """The endpoints of a shard that have a position of their own."""

    def lanes(self, shard: int) -> list[Lane]:
        """The lanes of a shard, by when they are to be tried next."""

    def resends(self, shard: int, limit: int) -> list[Resend]:
        """At most `limit` requests to send again, by webhook and position."""

    def send_again(self, resends: Sequence[Resend], most: int, deed: Deed) -> bool:
        """Store requests to send again; False, and nothing is stored, if more than `most` wait.

        They are for one endpoint.
        """

    def commit(self, shard: int, owner: str, moves: Moves) -> bool:
        """Write the moves, as durably as an order; False, without writing, if the lease was lost.

        Moves of endpoints that were removed meanwhile are left out.
        """

    def commit_all(self, owner: str, moves: Mapping[int, Moves]) -> set[int]:
        """Write the moves of several shards in one commit, except those whose lease was lost."""

    def note(self, attempt: Attempt) -> None:
        """Add a try to the log that changes no position: a ping."""

    def progress(self, webhooks: Sequence[Webhook]) -> Mapping[str, Progress]:
        """How far these endpoints are, by their ids."""

    def totals(self) -> Totals:
        """All endpoints together."""

    def lanes_of(self, webhook: str, limit: int) -> list[Lane]:
        """At most `limit` lanes of an endpoint, by the time of their first failure."""

    def attempts(
        self,
        webhook: str,
        limit: int,
        before: int | None = None,
        position: int | None = None,
        *,
        failed: bool = False,
    ) -> list[Attempt]:
        """At most `limit` tries, newest first: with ids below `before`, of the event at a position.

        With `failed` only those that did not confirm.
        """

    def last_attempts(self, webhooks: Sequence[str]) -> Mapping[str, Attempt]:
        """The last try of each of these endpoints that has any."""

    def prune(self, before: datetime, limit: int) -> int:
        """Remove at most `limit` of the oldest tries from before a moment; return how many."""
