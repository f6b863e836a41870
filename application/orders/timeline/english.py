"""The texts of a timeline in English."""

from types import MappingProxyType

from application.orders.timeline import english_money, english_promocodes
from application.orders.timeline.language import Language

SENTENCES = {
    # The present state.
    "now.executed": "The order is being put together. It is held for another {left:span_for},"
    " until {till:time}.",
    "now.in_progress": "The buyer is paying. The order is held for another {left:span_for},"
    " until {till:time}.",
    "now.done": "The order was paid at {at:time}: {count:ticket} for {value:money}.",
    "now.canceled": "The order was canceled at {at:time}.",
    "now.expired": "The order has expired: its hold ended at {till:time}.",
    # What happened.
    "created": "The order was made with {count:ticket} for {value:money}. It is held until"
    " {till:time}.",
    "created.empty": "The order was made without tickets. It is held until {till:time}.",
    "tickets.added": "{added:ticket_added}. The order now has {count:ticket} for {value:money}.",
    "tickets.removed": "{removed:ticket_removed}. The order now has {count:ticket} for"
    " {value:money}.",
    "tickets.changed": "{added:ticket_added}, {removed:ticket_removed}. The order now has"
    " {count:ticket} for {value:money}.",
    "customer": "The buyer's details were given: {fields:words}.",
    "vendor_data": "The seller kept with the order: {fields:words}.",
    "payment.chosen": "The payment system {system} was chosen; the payment has not started yet.",
    "payment.addresses": "The addresses that the buyer returns to were changed.",
    "payment.by_mail": "The buyer wants the tickets by e-mail.",
    "payment.not_by_mail": "The buyer does not want the tickets by e-mail.",
    "payment.started": "The payment by {system} started. The hold starts over, for"
    " {hold:span_for}, until {till:time}.",
    "other": "{name} was recorded.",
    "done": "The order was paid. {count:ticket_sold}, with barcodes.",
    "canceled": "The order was canceled. {count:ticket_let_go}.",
    "canceled.empty": "The order was canceled. It had no tickets.",
    # Ends that nobody asked for.
    "ended.empty": "The hold ended at {till:time}: the order had no tickets to pay for.",
    "ended.nothing_chosen": "The hold ended at {till:time}, {ago:span_for} after the order was"
    " made: no payment system had been chosen and no payment had been started.",
    "ended.not_started": "The hold ended at {till:time}: the payment system {system} had been"
    " chosen {ago:span_for} before, but the payment had never been started.",
    "ended.not_confirmed": "The hold ended at {till:time}: the payment by {system} had been started"
    " {ago:span_for} before, and nobody confirmed it.",
    "ended.gateway_silent": "The hold ended at {till:time}: the payment by {system} had been"
    " started {ago:span_for} before, and the payment system itself did not confirm it.",
    "ended.swept": "It was recorded {late:span_for} later, and the tickets are free.",
    "ended.wanted": "It was recorded {late:span_for} later, when another request wanted tickets.",
    "ended.unrecorded": "It is not recorded yet; it counts all the same.",
    # Rejected requests.
    "refused": "A request was refused ({code}).",
    "refused.too_late": "A request came {late:span_for} after the hold had ended at {till:time},"
    " and was refused: {wanted:words}.",
    "refused.unknown_set": "A request for tickets was refused: the event has no set {set}.",
    "refused.not_on_sale": "A request for tickets was refused: the set {set} had no price in force"
    " when the order was made.",
    "refused.unknown_ticket": "A request for tickets was refused: there is no ticket {ticket}.",
    "refused.ticket_of_another_event": "A request for tickets was refused: the ticket {ticket} is"
    " for another event.",
    "refused.unknown_payment_system": "The choice of a payment system was refused: there is none"
    " called {system}.",
    "refused.payment_system_missing": "A request about the payment was refused: no payment system"
    " had been chosen.",
    "refused.payment_locked": "A change of the payment was refused: the order was already"
    " {status:word}.",
    "refused.customer_locked": "A change of the buyer was refused: the order was already"
    " {status:word}.",
    "refused.customer_incomplete": "The start of the payment was refused: {system} needs to know of"
    " the buyer: {missing:words}.",
    "refused.tickets_locked": "A change of the tickets was refused: the order was already"
    " {status:word}.",
    "refused.tickets_only_out": "A change of the tickets was refused: during the payment they can"
    " only be taken out.",
    "refused.too_many_changes": "A change was refused: the order had been changed {most} times,"
    " as often as an order can be.",
    "refused.too_many_tickets": "A request for tickets was refused: an order may have at most"
    " {most}.",
    "refused.too_many_empty_orders": "A new order was refused: the vendor had too many empty ones.",
    "refused.too_many_tickets_held": "A request for tickets was refused: the vendor already held"
    " as many as it may ({most}).",
    "refused.deal_ended": "A request for more tickets was refused: the deal had ended.",
    "refused.partner_suspended": "A request for more tickets was refused: a partner was suspended.",
    "refused.no_tickets": "A request was refused: an order without tickets cannot be paid.",
    "refused.move_not_allowed": "A request to change the status to “{wanted:word}” was refused:"
    " the order was {status:word}.",
    "refused.status_of_the_system": "A request to change the status to “{wanted:word}” was"
    " refused: an order gets there only when its time runs out.",
    "refused.confirmed_by_gateway": "A request to mark the order as paid was refused: {system}"
    " confirms its payments itself.",
    "refused.not_the_vendor": "The organiser of the event tried to change the order and was"
    " refused: only its vendor may.",
    "refused.version_mismatch": "A request was refused: it was meant for a version of the order"
    " other than the present one, {version}.",
    "refused.changed_meanwhile": "A request was refused: another one changed the order in the"
    " meantime.",
    "refused.tickets_short": "Not all of the requested tickets were available:"
    " {missing:ticket_missing}.",
    "refused.tickets_short.all_or_nothing": "All of the tickets were requested or none, and not"
    " all were available. The order's tickets stayed as they were.",
    "refused.tickets_incomplete": "The start of the payment was refused: it was to start only with"
    " all of the requested tickets, and not all were available.",
    "refused.contended": "Other buyers kept taking the requested tickets first.",
}

WORDS = {
    "executed": "being put together",
    "in_progress": "in payment",
    "done": "paid",
    "canceled": "canceled",
    "expired": "expired",
    "email": "e-mail address",
    "first_name": "first name",
    "last_name": "last name",
    "mobile": "phone number",
    "lang": "language",
    "vendor.order_id": "its own order number",
    "vendor.raw": "further data",
    "wanted.tickets": "a change of the tickets",
    "wanted.customer": "a change of the buyer",
    "wanted.payment": "a choice of payment system",
    "wanted.vendor_data": "a change of what the seller keeps with the order",
    "wanted.in_progress": "the start of the payment",
    "wanted.done": "the end of the payment",
    "wanted.canceled": "a cancellation",
    "wanted.executed": "a step back",
    "wanted.nothing": "a change",
    "system": "the system",
    "key": "key",
    "column.when": "when, who, by which request",
    "column.what": "what happened",
    "column.left": "left on the hold",
    "span.moment": "less than a second",
    "span_for.moment": "less than a second",
}

COUNTED = {
    "ticket": ("# ticket", "# tickets"),
    "ticket_missing": ("# ticket was missing", "# tickets were missing"),
    "ticket_added": ("# ticket was added", "# tickets were added"),
    "ticket_removed": ("# ticket was taken out", "# tickets were taken out"),
    "ticket_sold": ("# ticket is sold", "# tickets are sold"),
    "ticket_let_go": ("# ticket was released", "# tickets were released"),
    "span.day": ("# day", "# days"),
    "span.hour": ("# hour", "# hours"),
    "span.minute": ("# minute", "# minutes"),
    "span.second": ("# second", "# seconds"),
    "span_for.day": ("# day", "# days"),
    "span_for.hour": ("# hour", "# hours"),
    "span_for.minute": ("# minute", "# minutes"),
    "span_for.second": ("# second", "# seconds"),
}


ENGLISH = Language(
    code="en",
    moment="%Y-%m-%d %H:%M:%S UTC",
    sentences=MappingProxyType(SENTENCES | english_money.SENTENCES | english_promocodes.SENTENCES),
    words=MappingProxyType(WORDS | english_money.WORDS | english_promocodes.WORDS),
    counted=MappingProxyType(COUNTED | english_money.COUNTED),
)
