"""The texts of a timeline about promo codes, in English."""

SENTENCES = {
    "promocodes.applied": "Promo codes of the order: {codes}. {off} is off; the order is now for"
    " {value}.",
    "promocodes.taken_off": "Promo codes that the order no longer has: {codes}. It is now for"
    " {value}.",
    "promocodes.uses": "The uses of the order's promo codes were counted anew.",
    "payment.free": "There is nothing to pay. The hold runs anew, for {hold:span_for}, until"
    " {till:time}.",
    "ended.free": "The hold ended at {till:time}: there was nothing to pay, and nobody said that"
    " the order is done.",
    "refused.unknown_promocode": "A promo code was refused: the event has no code {promocode}.",
    "refused.promocode_not_begun": "The promo code {promocode} was refused: it was not in force"
    " yet.",
    "refused.promocode_ended": "The promo code {promocode} was refused: it was no longer in force.",
    "refused.promocode_used_up": "The promo code {promocode} was refused: it was used up.",
    "refused.promocode_used_up_by_buyer": "The promo code {promocode} was refused: the buyer had"
    " used it as often as one may, {most}.",
    "refused.promocode_needs_buyer": "The start of the payment was refused: the promo code"
    " {promocode} is counted by buyer, and the buyer's address was not known.",
    "refused.promocode_not_for_sets": "The promo code {promocode} was refused: it is for none of"
    " the order's tickets.",
    "refused.promocode_too_few_tickets": "The promo code {promocode} was refused: it needs {least}"
    " tickets or more.",
    "refused.promocode_too_many_tickets": "The promo code {promocode} was refused: it allows at"
    " most {most} tickets.",
    "refused.promocodes_locked": "A change of the promo codes was refused: the order was already"
    " {status:word}.",
}
WORDS = {"wanted.promocodes": "a change of the promo codes"}
