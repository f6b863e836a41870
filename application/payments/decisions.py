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
from application.ports.gateway_notices import GatewayNotice, NoticeState
from application.ports.unit_of_work import IdempotencyRecord, LoadedState, ReadSet
from application.read_models.tickets import owned
from domain.commands import CommandMetadata
from domain.order import Order
from domain.refusals import ChangedMeanwhile, Refusal, RefusedByState, UnknownOrder


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What an order decides on: by whom and when it is asked, and what was loaded for it.

    Unless it is `final`, the decision may raise `TicketsShort`, which frees overdue holds first.
    """

    metadata: CommandMetadata
    loaded: LoadedState
    final: bool


Decide = Callable[[Order, Decision], None]
"""Lets the order decide. It may refuse; then nothing is recorded."""


class GatewayRequest(Request, frozen=True):
    """A notice of a gateway as a request: `key` is the notice's own id, once for ever.

    `digest` is that of its payment system and its id.
    """

    digest: bytes = b""


class OrderDecisions:
    """Carries out decisions of single orders. Each returns when its events are durable."""

    def __init__(self, orders: OrderService, clock: Callable[[], datetime]) -> None:
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
        recorded. `decide` gets an empty order where there is none. A refusal of what a person
        `asked` is in the rejection log, unless the caller may not see the order.
        Raises what it raises; `ChangedMeanwhile` where the order's state refuses, and was changed
        after the request had come.
        """
        snapshots = self._orders.kept_snapshots
        read_set = ReadSet(
            order=order_id,
            snapshot=snapshots.of(order_id),
            seats=seats,
            picks=dict(picks or {}),
            request=None if request.key is None else request.digest,
        )
        came_at = self._clock()
        seen = LastSeenState()
        with self._orders.in_flight.taken(order_id) as in_flight:

            def within(
                transaction: Any, loaded: LoadedState, *, final_attempt: bool
            ) -> Answer | IdempotencyRecord:
                if loaded.idempotency_record is not None:
                    return loaded.idempotency_record
                metadata = CommandMetadata(self._clock(), actor, request.id)
                decision = Decision(metadata=metadata, loaded=loaded, final=final_attempt)
                order = snapshots.replay(loaded.events, loaded.snapshot)
                before = owned(order)
                seen.version, seen.at = order.version, metadata.at if order.version else None
                self._decide(order, decision, decide, came_at, in_flight)
                if notice is not None:
                    state = NoticeState.ACTED if order.pending else NoticeState.IGNORED
                    transaction.notice = replace(notice, order=order.id, state=state)
                return self._orders.answer(
                    transaction, order, before, request, metadata, documented=False
                )

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
