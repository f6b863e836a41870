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
    says = "At most {most} orders without tickets may wait at once; use or cancel some of them."


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
    says = "The payment system {system} needs to know of the buyer: {missing}."

    @property
    def fields(self) -> list[str]:
        """The names of the fields that are missing."""
        return str(self.about["missing"]).split(", ")


class PromocodeNeedsBuyer(CustomerIncomplete):
    code = "promocode_needs_buyer"
    says = "The promo code {promocode} is counted by buyer; say who the buyer is: {missing}."


class TicketsLocked(RefusedByState):
    code = "tickets_locked"
    says = "Tickets cannot be changed in an order that is {status}."


class TicketsOnlyOut(RefusedByState):
    code = "tickets_only_out"
    says = "While the payment is in progress tickets can only be taken out of the order."


class TicketsIncomplete(RefusedByState):
    code = "tickets_incomplete"
    says = "Not all of the requested tickets can be had, so the payment does not start."


class TooManyChanges(RefusedByState):
    code = "too_many_changes"
    says = (
        "The order was changed {most} times, which is as often as an order can be changed;"
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
    says = "The status {wanted} is set by the passing of time, never by a request."


class ConfirmedByGateway(Refusal):
    code = "confirmed_by_gateway"
    says = "The payment system {system} confirms its payments itself; a vendor cannot say done."


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
    says = "The promo code {promocode} was used as often as it may be."


class PromocodeUsedUpByBuyer(Refusal):
    code = "promocode_used_up_by_buyer"
    says = "This buyer has used the promo code {promocode} as often as one buyer may: {most}."


class PromocodeNotForSets(Refusal):
    code = "promocode_not_for_sets"
    says = "The promo code {promocode} is for none of the order's tickets."


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
    says = "The ticket {ticket} is not one of this order's."


class TicketInRefund(RefusedByState):
    code = "ticket_in_refund"
    says = "The ticket {ticket} is in another refund of the order."


class TooManyRefunds(RefusedByState):
    code = "too_many_refunds"
    says = "An order can have {most} refunds at most."


class NothingToRefund(Refusal):
    code = "nothing_to_refund"
    says = "No ticket of the order would be given back."


class ShowHasBegun(Refusal):
    code = "event_has_begun"
    says = "A buyer can give tickets back until the event begins; it began at {at}."


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
    says = "The refund is of {value}, but only {left} of the order's money is left; reject it."


class MayNotApprove(Forbidden):
    code = "may_not_approve"
    says = "Refunds are approved by the organiser, and by the vendor only where the deal says so."


class NothingToResolve(RefusedByState):
    code = "nothing_to_resolve"
    says = "No money in {currency} of this order waits for a decision."


class CannotAccept(RefusedByState):
    code = "cannot_accept"
    says = (
        "Less money can be accepted only for an order whose payment is in progress; it is {status}."
    )


class NoDeal(Forbidden):
    code = "no_deal"
    says = "There is no deal by which {vendor} may sell the events of {org}."


class DealEnded(Forbidden):
    code = "deal_ended"
    says = "The deal {deal} has ended: orders that were begun can be paid, nothing new is sold."


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
    says = "Only the vendor of an order changes it; the organiser of its event may read it."


class VersionMismatch(Refusal):
    code = "version_mismatch"
    says = "The order is at version {version}, {but}."


class ChangedMeanwhile(Refusal):
    code = "changed_meanwhile"
    says = "The order was changed while this request was under way; now: {reason}"


class RequestReused(Refusal):
    code = "idempotency_key_reused"
    says = "This Idempotency-Key was used for another request."
