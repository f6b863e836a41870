"""What timelines say of money, in English."""

SENTENCES = {
    # The present state.
    "now.refunded": "{refunded:money} {currency} went back to the buyer.",
    "now.due_back": "{due_back:money} {currency} has yet to go back to the buyer.",
    "now.attention": "The order's money is waiting for a person to decide: {codes:clauses}.",
    # What happened.
    "money.started": "A payment by {system} was started.",
    "money.failed": "A payment by {system} failed.",
    "money.received": "{amount:money} {currency} was received by {system}.",
    "money.late": "{amount:money} {currency} was received by {system} after the order had ended.",
    "dispute.opened": "The buyer's bank asks for {amount:money} {currency} back.",
    "dispute.won": "The dispute over {amount:money} {currency} was won.",
    "dispute.lost": "The dispute was lost: the buyer's bank took {amount:money} {currency} back.",
    "reinstated": "The order goes on: the late money pays for {count:ticket}.",
    "refund.requested": "A refund of {value:money} {currency} for {count:ticket} was requested:"
    " {culprit:word}.",
    "refund.required": "{value:money} {currency} has to go back to the buyer: {reason:word}.",
    "refund.approved": "The refund was approved: {value:money} {currency} has to go back."
    " {count:ticket_void}.",
    "refund.resold": "{resold:ticket_resold}.",
    "refund.rejected": "The refund was rejected. Its tickets stay valid.",
    "refund.paid": "{amount:money} {currency} went back to the buyer.",
    "refund.failed": "{value:money} {currency} could not be paid back. It has to be tried again.",
    "money.kept": "It was decided that the seller keeps {amount:money} {currency}.",
    "money.borne": "It was decided that the seller bears {amount:money} {currency}: that much more"
    " went out than came in.",
    "money.waived": "It was decided to forgo {amount:money} {currency} of the order's worth.",
    "money.note": "The reason: {note}",
    # Rejected requests.
    "refused.too_many_refunds": "A refund was refused: the order already had {most} refunds, as"
    " many as an order can have.",
    "refused.not_refundable": "A refund was refused: the order was {status:word}.",
    "refused.ticket_not_of_order": "A refund was refused: the ticket {ticket} does not belong to"
    " the order.",
    "refused.ticket_in_refund": "A refund was refused: the ticket {ticket} was already part of"
    " another.",
    "refused.nothing_to_refund": "A refund was refused: the request gave back none of the order's"
    " tickets.",
    "refused.event_has_begun": "A refund was refused: the event had begun at {at:time}.",
    "refused.unknown_refund": "A request was refused: there is no refund {refund}.",
    "refused.refund_decided": "A decision on a refund was refused: the refund was already"
    " {status:word}.",
    "refused.refund_exceeds_money": "A refund of {value:money} was not approved: only {left:money}"
    " of the order's money was left.",
    "refused.refund_not_approved": "A request to mark a refund as paid was refused: the refund was"
    " {status:word}.",
    "refused.may_not_approve": "A decision on a refund was refused: the caller is not allowed to"
    " make it.",
    "refused.nothing_to_resolve": "A decision on money was refused: none in {currency} was waiting"
    " for one.",
    "refused.cannot_accept": "A request to accept less money was refused: the order was"
    " {status:word}.",
}

WORDS = {
    "operator": "the operator",
    "gateway": "the payment system",
    "new": "new",
    "approved": "approved",
    "rejected": "rejected",
    "failed": "failed",
    "user": "the buyer wanted it",
    "org": "the organiser is the cause",
    "late": "it came after the order had ended",
    "underpaid": "it is too little",
    "overpaid": "it is too much",
    "paid_twice": "the order was paid twice",
    "other_currency": "it is in another currency",
    "refund_required": "it has to go back",
    "refund_failed": "it could not be paid back",
    "refund_differs": "the amount that went back is not the one that was due",
    "disputed": "it is in dispute",
}

COUNTED = {
    "ticket_void": ("# ticket is no longer valid", "# tickets are no longer valid"),
    "ticket_resold": ("# ticket is on sale again", "# tickets are on sale again"),
}
