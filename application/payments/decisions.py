"""Has an order decide about its money, in the unit of work of `OrderService`.

Commands of buyers go through `OrderService.change`; those of gateways, organisers and persons who
resolve come here: each is a function that lets the order decide.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from application.orders.commands import Answer, ChangeOrder, Request
from application.orders.concurrency import InFlightRequest
from application.orders.loaded_order import LastSeenState, present_of
from application.orders.service import OrderService
from application.ports.gateway_notices import GatewayNotice, NoticeState, WaitingNotice
from application.ports.unit_of_work import IdempotencyRecord, LoadedState, ReadSet
from application.read_models.tickets import owned
from application.runtime.service_clock import ServiceClock
from domain.commands import CommandMetadata
from domain.order import Order
from domain.refusals import ChangedMeanwhile, Refusal, RefusedByState, RequestReused, UnknownOrder


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What an order decides on: by whom and when it is asked, and what was loaded for it.

    Holds that seem over at `latest` may be: each order knows by its own vendor's clock.
    Unless it is `final`, the decision may raise `TicketsShort`, which frees overdue holds first.
    """

    metadata: CommandMetadata
    loaded: LoadedState
    final: bool
    latest: datetime


Decide = Callable[[Order, Decision], None]
"""Lets the order decide. It may refuse; then nothing is recorded."""


class GatewayRequest(Request, frozen=True):
    """A notice of a gateway as a request: `key` is the notice's own id, once for ever.

    `digest` is that of its payment system and its id.
    """

    digest: bytes = b""


class NoticeResolved(Exception):
    """A person has resolved a notice whose buyer was not known: its order must not act on it."""


class OrderDecisions:
    """Carries out decisions of single orders. Each returns when its events are durable."""

    def __init__(self, orders: OrderService, clock: ServiceClock) -> None:
        self._orders = orders
        self._clock = clock

    def carry_out(
        self,
        order_id: str,
        decide: Decide,
        request: Request,
        *,
        actor: str,
        seats: tuple[str, ...] = (),
        picks: Mapping[str, int] | None = None,
        notice: GatewayNotice | None = None,
        asked: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Have the order decide, with these tickets loaded as well.

        A request with a key is carried out once. The `notice` that it came by is kept with what is
        recorded; one that waited is `repeated`. Raises `RequestReused` where another one waits
        under its id, and `NoticeResolved`. The answer to a `notice` that was decided about
        before has an empty order: nobody is shown it.

        `decide` gets an empty order where there is none. A refusal of what a person `asked` is in
        the rejection log, unless the caller may not see the order. Raises what `decide` raises;
        `ChangedMeanwhile` where the order's state refuses, and was changed after the request had
        come.
        """
        snapshots = self._orders.kept_snapshots
        read_set = ReadSet(
            order=order_id,
            snapshot=snapshots.of(order_id),
            seats=seats,
            picks=dict(picks or {}),
            request=None if request.key is None else request.digest,
            notice=notice is not None,
        )
        came_at = self._clock()
        seen = LastSeenState()
        with self._orders.in_flight.taken(order_id) as in_flight:

            def within(
                transaction: Any, loaded: LoadedState, *, final_attempt: bool
            ) -> Answer | IdempotencyRecord:
                record = loaded.idempotency_record
                if record is not None:
                    if notice is None or record.fingerprint != request.fingerprint:
                        return record
                    return Answer(snapshots.replay((), None), record.at, repeated=True)
                kept = notice and _first_of(notice, loaded.waiting)
                order = snapshots.replay(loaded.events, loaded.snapshot)
                metadata = CommandMetadata(self._clock.of(order.vendor), actor, request.id)
                decision = Decision(
                    metadata=metadata,
                    loaded=loaded,
                    final=final_attempt,
                    latest=self._clock.latest(),
                )
                before = owned(order)
                seen.version, seen.at = order.version, metadata.at if order.version else None
                arrived = self._clock.seen_by(order.vendor, came_at)
                self._decide(order, decision, decide, arrived, in_flight)
                if kept is not None:
                    state = NoticeState.ACTED if order.pending else NoticeState.IGNORED
                    transaction.notice = replace(kept, order=order.id, state=state)
                    transaction.waited = loaded.waiting is not None
                answer = self._orders.answer(
                    transaction, order, before, request, metadata, documented=False
                )
                return answer if loaded.waiting is None else replace(answer, repeated=True)

            try:
                return self._orders.carry_out(read_set, within, request, [])
            except Refusal as refusal:
                if asked is not None and not isinstance(refusal, UnknownOrder):
                    self._orders.record_rejected(
                        order_id, seen, ChangeOrder(), request, refusal, asked
                    )
                raise

    def _decide(
        self,
        order: Order,
        decision: Decision,
        decide: Decide,
        came_at: datetime,
        in_flight: InFlightRequest,
    ) -> None:
        present = present_of(order, decision.metadata.at)
        try:
            decide(order, decision)
        except RefusedByState as refusal:
            if in_flight.late or present.changed_at > came_at:
                raise ChangedMeanwhile(reason=refusal, **present.about()) from refusal
            refusal.present = present.about()
            raise
        if order.pending:
            self._orders.in_flight.changed(order.id, in_flight)


def _first_of(notice: GatewayNotice, waiting: WaitingNotice | None) -> GatewayNotice:
    """The notice as it came first."""
    if waiting is None:
        return notice
    if waiting.body != notice.body:
        raise RequestReused
    if waiting.resolved:
        raise NoticeResolved
    return replace(notice, came_at=waiting.came_at)
