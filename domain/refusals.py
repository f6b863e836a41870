"""Every refusal: one class each, with a stable code that clients may rely on."""

from collections.abc import Mapping
from typing import Any, ClassVar

from domain.errors import UserError


class Refusal(UserError):
    """A request that cannot be granted. Nothing was changed.

    `code` is stable and part of the contract; `about` holds the values that explain this case.
    """

    code: ClassVar[str]
    says: ClassVar[str]

    def __init__(self, **about: Any) -> None:
        super().__init__(self.says.format(**about))
        self.about = about


class RefusedByState(Refusal):
    """What the order's present state does not allow. In a lost race it is a conflict.

    `present` is that state, for the client to decide anew; None while there is no order yet.
    """

    present: Mapping[str, Any] | None = None


class NotFound(Refusal):
    """What the request is about does not exist, or is not for this caller to see."""


class Forbidden(Refusal):
    """What exists, but is not for this caller to do."""


class UnknownShow(Refusal):
    code = "unknown_event"
    says = "There is no event {event}."


class ShowNotFound(UnknownShow, NotFound):
    """An address names an event that does not exist, or that the caller may not sell."""


class PartnerNotFound(NotFound):
    """An address names a partner that does not exist, or whose events the caller may not sell."""

    code = "unknown_partner"
    says = "There is no partner {partner}."


class UnknownSet(Refusal):
    code = "unknown_set"
    says = "The event {event} has no set {set}."


class UnknownTicket(Refusal):
    code = "unknown_ticket"
    says = "There is no ticket {ticket}."


class TicketOfAnotherShow(Refusal):
    code = "ticket_of_another_event"
    says = "The ticket {ticket} is not for the event {event} of this order."


class TooManyTickets(Refusal):
    code = "too_many_tickets"
    says = "An order may have at most {most} tickets."


class TooManyTicketsHeld(Refusal):
    code = "too_many_tickets_held"
    says = "At most {most} tickets may be held at once without being paid."


class TooManyEmptyOrders(Refusal):
    code = "too_many_empty_orders"
    says = "At most {most} orders without tickets may be open at once; use or cancel some of them."


class NotOnSale(Refusal):
    code = "not_on_sale"
    says = "The set {set} had no price in force when the order was created."


class UnknownPaymentSystem(Refusal):
    code = "unknown_payment_system"
    says = "There is no payment system {system}."


class UnknownGateway(NotFound):
    code = "unknown_gateway"
    says = "There is no payment system {system} that takes notifications."


class PaymentSystemMissing(RefusedByState):
    code = "payment_system_missing"
    says = "The order has no payment system; name one in payment.system."


class PaymentLocked(RefusedByState):
    code = "payment_locked"
    says = "The payment can be changed only while the order is executed; it is {status}."


class CustomerLocked(RefusedByState):
    code = "customer_locked"
    says = "The customer can be changed only while the order is executed; it is {status}."


class CustomerIncomplete(RefusedByState):
    code = "customer_incomplete"
    says = "The payment system {system} needs these details of the buyer: {missing}."

    @property
    def fields(self) -> list[str]:
        """The names of the fields that are missing."""
        return str(self.about["missing"]).split(", ")


class PromocodeNeedsBuyer(CustomerIncomplete):
    code = "promocode_needs_buyer"
    says = "The promo code {promocode} is counted for each buyer; name the buyer: {missing}."


class TicketsLocked(RefusedByState):
    code = "tickets_locked"
    says = "Tickets cannot be changed in an order that is {status}."


class TicketsOnlyOut(RefusedByState):
    code = "tickets_only_out"
    says = "While the payment is in progress, tickets can only be taken out of the order."


class TicketsIncomplete(RefusedByState):
    code = "tickets_incomplete"
    says = "Not all of the requested tickets are available, so the payment does not start."


class TooManyChanges(RefusedByState):
    code = "too_many_changes"
    says = (
        "The order has been changed {most} times, which is as often as an order can be;"
        " it can still be paid or canceled."
    )


class NoTickets(RefusedByState):
    code = "no_tickets"
    says = "An order without tickets cannot be paid."


class MoveNotAllowed(RefusedByState):
    code = "move_not_allowed"
    says = "An order that is {status} cannot become {wanted}."


class StatusOfTheSystem(Refusal):
    code = "status_of_the_system"
    says = "Only the passing of time sets the status {wanted}, never a request."


class ConfirmedByGateway(Refusal):
    code = "confirmed_by_gateway"
    says = "The payment system {system} confirms its payments itself; a vendor cannot."


class UnknownPromocode(Refusal):
    code = "unknown_promocode"
    says = "The event has no promo code {promocode}."


class PromocodeNotBegun(Refusal):
    code = "promocode_not_begun"
    says = "The promo code {promocode} may be used from {at} on."


class PromocodeEnded(Refusal):
    code = "promocode_ended"
    says = "The promo code {promocode} could be used until {at}."


class PromocodeUsedUp(Refusal):
    code = "promocode_used_up"
    says = "The promo code {promocode} has no uses left."


class PromocodeUsedUpByBuyer(Refusal):
    code = "promocode_used_up_by_buyer"
    says = "This buyer has used the promo code {promocode} as often as one buyer may: {most}."


class PromocodeNotForSets(Refusal):
    code = "promocode_not_for_sets"
    says = "The promo code {promocode} applies to none of the order's tickets."


class PromocodeTooFewTickets(Refusal):
    code = "promocode_too_few_tickets"
    says = "The promo code {promocode} is for orders with {least} or more tickets of its sets."


class PromocodeTooManyTickets(Refusal):
    code = "promocode_too_many_tickets"
    says = "The promo code {promocode} is for orders with at most {most} tickets of its sets."


class PromocodesLocked(RefusedByState):
    code = "promocodes_locked"
    says = "Promo codes can be changed only while the order is executed; it is {status}."


class NotRefundable(RefusedByState):
    code = "not_refundable"
    says = "Only tickets of an order that is done can be refunded; it is {status}."


class TicketNotOfOrder(Refusal):
    code = "ticket_not_of_order"
    says = "The ticket {ticket} is not in this order."


class TicketInRefund(RefusedByState):
    code = "ticket_in_refund"
    says = "The ticket {ticket} is in another refund of the order."


class TooManyRefunds(RefusedByState):
    code = "too_many_refunds"
    says = "An order can have {most} refunds at most."


class NothingToRefund(Refusal):
    code = "nothing_to_refund"
    says = "The request gives back no ticket of the order."


class ShowHasBegun(Refusal):
    code = "event_has_begun"
    says = "A buyer can give tickets back only until the event begins; it began at {at}."


class UnknownRefund(NotFound):
    code = "unknown_refund"
    says = "There is no refund {refund}."


class RefundDecided(RefusedByState):
    code = "refund_decided"
    says = "The refund is {status}; only a new one can be approved or rejected."


class RefundNotApproved(RefusedByState):
    code = "refund_not_approved"
    says = "Only an approved refund can be paid; it is {status}."


class RefundExceedsMoney(RefusedByState):
    code = "refund_exceeds_money"
    says = "The refund is for {value}, but the order has only {left} left; reject it."


class MayNotApprove(Forbidden):
    code = "may_not_approve"
    says = "Only the organiser approves refunds, unless the deal lets the vendor do so."


class NothingToResolve(RefusedByState):
    code = "nothing_to_resolve"
    says = "The order has no money in {currency} that waits for a decision."


class CannotAccept(RefusedByState):
    code = "cannot_accept"
    says = (
        "Less money can be accepted only for an order whose payment is in progress; it is {status}."
    )


class NoDeal(Forbidden):
    code = "no_deal"
    says = "There is no deal under which {vendor} may sell the events of {org}."


class DealEnded(Forbidden):
    code = "deal_ended"
    says = "The deal {deal} has ended: existing orders can be paid, but nothing new can be sold."


class PartnerSuspended(Forbidden):
    code = "partner_suspended"
    says = (
        "The partner {partner} is suspended: orders that were begun can be paid, nothing new is"
        " sold."
    )


class UnknownOrder(NotFound):
    code = "unknown_order"
    says = "There is no order {order}."


class UnknownVersion(NotFound):
    code = "unknown_version"
    says = "The order {order} has no version {version}; its last is {last}."


class NotYetCreated(NotFound):
    code = "not_yet_created"
    says = "The order {order} did not exist at {at}; it was created at {created_at}."


class NotTheVendor(Forbidden):
    code = "not_the_vendor"
    says = "Only the vendor of an order may change it; the organiser of its event may only read it."


class VersionMismatch(Refusal):
    code = "version_mismatch"
    says = "The order is at version {version}, {but}."


class ChangedMeanwhile(Refusal):
    code = "changed_meanwhile"
    says = "The order changed while this request was running; now: {reason}"


class RequestReused(Refusal):
    code = "idempotency_key_reused"
    says = "This Idempotency-Key was used for another request."


class PositionAhead(Refusal):
    """A consumer is further than the log: it was set back, or is another one."""

    code = "position_ahead"
    says = "The log ends at position {last}: the position {position} is ahead of it."


class PositionOfAnotherLog(Refusal):
    """A consumer's position was read from another database."""

    code = "position_of_another_log"
    says = "The position belongs to the log {log}; this is the log {own}."


class PositionOfAnotherHistory(Refusal):
    """The log went back behind a consumer's position, and has grown beyond it since."""

    code = "position_of_another_history"
    says = "A backup was restored: the log has another event at {position} than the one read there."


class UnknownWebhook(NotFound):
    code = "unknown_webhook"
    says = "There is no webhook {webhook}."


class WebhookChanged(VersionMismatch):
    says = "The webhook is at version {version}, {but}."


class BadWebhookAddress(Refusal):
    code = "bad_webhook_address"
    says = "Webhooks cannot be sent to this address: {why}."


class TooManyWebhooks(Refusal):
    code = "too_many_webhooks"
    says = "A partner may have at most {most} webhooks."


class EventNotOfWebhook(Refusal):
    code = "event_not_of_webhook"
    says = "There is no event for this webhook at the position {position}."


class TooManyToSendAgain(Refusal):
    code = "too_many_to_send_again"
    says = "At most {most} events may wait to be sent again; ask for a shorter range."
