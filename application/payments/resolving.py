"""What a person decides about an order's money that waits: send it back, keep it, or accept it."""

import secrets

import msgspec

from application.catalog.access import Caller
from application.catalog.scopes import AUDIT, PAYMENTS_WRITE
from application.orders.commands import Answer, Request
from application.orders.loaded_order import refuse_others, refuse_unseen
from application.payments.decisions import Decision, OrderDecisions
from domain.order import Order
from domain.order_money import Resolution, balances_of, resolve
from domain.order_refunds import next_refund_id

OPERATOR = Caller("", "operator", "en", (PAYMENTS_WRITE, AUDIT))
"""Who decides on the command line: beyond partners."""

RESOLUTIONS = tuple(each.value for each in Resolution)
"""What can be decided, by its words."""


class PaymentResolver(msgspec.Struct, frozen=True):
    """Carries out what the vendor, the organiser or the operator decides about money."""

    _decisions: OrderDecisions

    def resolve(
        self,
        order_id: str,
        resolution: str,
        request: Request,
        currency: str | None = None,
        note: str = "",
    ) -> Answer:
        """Resolve the money that waits; without a `currency`, the first that does.

        Refuses an order that the caller neither sold nor organises, one that is at none of the
        request's versions, and where nothing waits.
        """
        caller = request.caller

        def decide(order: Order, decision: Decision) -> None:
            refuse_others(order, order_id, caller, OPERATOR.partner)
            refuse_unseen(order, request, decision.metadata.at)
            resolve(
                order,
                Resolution(resolution),
                decision.metadata,
                currency=currency or _waiting(order),
                note=note,
                refund=next_refund_id(order),
                secret=secrets.token_hex(20),
            )

        asked = {"resolution": resolution, "currency": currency}
        return self._decisions.carry_out(order_id, decide, request, actor=caller.actor, asked=asked)


def _waiting(order: Order) -> str:
    balances = balances_of(order)
    waiting = (each.currency for each in balances if each.attention)
    return next(waiting, balances[0].currency or "any currency")
