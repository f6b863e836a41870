"""The texts of a timeline about promo codes, in English."""

SENTENCES = {
    "promocodes.applied": "The order's promo codes: {codes}. They take off {off:money}; the order"
    " now comes to {value:money}.",
    "promocodes.taken_off": "Promo codes that the order no longer has: {codes}. It now comes to"
    " {value:money}.",
    "promocodes.uses": "The uses of the order's promo codes were counted again.",
    "payment.free": "There is nothing to pay. The hold starts over, for {hold:span_for}, until"
    " {till:time}.",
    "ended.free": "The hold ended at {till:time}: there was nothing to pay, and nobody marked the"
    " order as done.",
    "refused.unknown_promocode": "A promo code was refused: the event has no code {promocode}.",
    "refused.promocode_not_begun": "The promo code {promocode} was refused: it was not in force"
    " yet.",
    "refused.promocode_ended": "The promo code {promocode} was refused: it was no longer in force.",
    "refused.promocode_used_up": "The promo code {promocode} was refused: it was used up.",
    "refused.promocode_used_up_by_buyer": "The promo code {promocode} was refused: the buyer had"
    " used it as often as one buyer may ({most}).",
    "refused.promocode_needs_buyer": "The start of the payment was refused: the uses of the promo"
    " code {promocode} are counted for each buyer, and the buyer's address was not known.",
    "refused.promocode_not_for_sets": "The promo code {promocode} was refused: it applies to none"
    " of the order's tickets.",
    "refused.promocode_too_few_tickets": "The promo code {promocode} was refused: the order had"
    " fewer tickets than it needs ({least}).",
    "refused.promocode_too_many_tickets": "The promo code {promocode} was refused: the order had"
    " more tickets than it allows ({most}).",
    "refused.promocodes_locked": "A change of the promo codes was refused: the order was already"
    " {status:word}.",
}
WORDS = {"wanted.promocodes": "a change of the promo codes"}
