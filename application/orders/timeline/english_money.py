"""What timelines say of money, in English."""

SENTENCES = {
    # The present state.
    "now.refunded": "{refunded} {currency} went back to the buyer.",
    "now.due_back": "{due_back} {currency} have yet to go back to the buyer.",
    "now.attention": "Its money waits for a person: {codes:words}.",
    # What happened.
    "money.started": "A payment by {system} was begun.",
    "money.failed": "A payment by {system} failed.",
    "money.received": "{amount} {currency} were received by {system}.",
    "money.late": "{amount} {currency} were received by {system}, when the order had ended.",
    "dispute.opened": "The buyer's bank asks for {amount} {currency} back.",
    "dispute.won": "The dispute about {amount} {currency} was won.",
    "dispute.lost": "The dispute was lost: the buyer's bank took {amount} {currency} back.",
    "reinstated": "The order goes on with {count:ticket}, for which the late money came.",
    "refund.requested": "A refund of {count:ticket} was asked for, of {value} {currency}:"
    " {culprit:word}.",
    "refund.required": "{value} {currency} have to go back to the buyer: {reason:word}.",
    "refund.approved": "The refund was approved: {value} {currency} have to go back."
    " {count:ticket_void}.",
    "refund.resold": "{resold:ticket_resold}.",
    "refund.rejected": "The refund was rejected. Its tickets stay good.",
    "refund.paid": "{amount} {currency} went back to the buyer.",
    "refund.failed": "{value} {currency} could not be paid back. It has to be tried again.",
    "money.kept": "It was decided that {amount} {currency} stay with the seller.",
    "money.borne": "It was decided that the seller bears {amount} {currency}: so much more went"
    " away than came.",
    "money.waived": "It was decided to go without {amount} {currency} of the order's worth.",
    "money.note": "The reason: {note}",
    # Rejected requests.
    "refused.too_many_refunds": "A refund was refused: the order had {most} refunds already, as"
    " many as an order can have.",
    "refused.not_refundable": "A refund was refused: the order was {status:word}.",
    "refused.ticket_not_of_order": "A refund was refused: the ticket {ticket} is not the order's.",
    "refused.ticket_in_refund": "A refund was refused: the ticket {ticket} is in another one.",
    "refused.nothing_to_refund": "A refund was refused: no ticket would have been given back.",
    "refused.event_has_begun": "A refund was refused: the event had begun at {at}.",
    "refused.unknown_refund": "A request was refused: there is no refund {refund}.",
    "refused.refund_decided": "A decision on a refund was refused: it was {status:word} already.",
    "refused.refund_exceeds_money": "A refund of {value} was not approved: only {left} of the"
    " order's money was left.",
    "refused.refund_not_approved": "A refund was said to be paid, which was refused: it was"
    " {status:word}.",
    "refused.may_not_approve": "A decision on a refund was refused: the caller may not make it.",
    "refused.nothing_to_resolve": "A decision on money was refused: none in {currency} waited.",
    "refused.cannot_accept": "Less money was to be accepted, which was refused: the order was"
    " {status:word}.",
}

WORDS = {
    "operator": "the operator",
    "gateway": "the payment system",
    "new": "new",
    "approved": "approved",
    "rejected": "rejected",
    "failed": "failed",
    "user": "the buyer wished it",
    "org": "the organiser is the cause",
    "late": "it came when the order had ended",
    "underpaid": "it is too little",
    "overpaid": "it is too much",
    "paid_twice": "the order was paid twice",
    "other_currency": "it is of another currency",
    "refund_required": "it has to go back",
    "refund_failed": "it could not be paid back",
    "refund_differs": "another amount went back than was to",
    "disputed": "it is in dispute",
}

COUNTED = {
    "ticket_void": ("# ticket is no longer valid", "# tickets are no longer valid"),
    "ticket_resold": ("# ticket is on sale again", "# tickets are on sale again"),
}
