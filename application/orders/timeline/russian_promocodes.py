"""The texts of a timeline about promo codes, in Russian."""

SENTENCES = {
    "promocodes.applied": "Промокоды заказа: {codes}. Скидка {off}; теперь заказ на сумму {value}.",
    "promocodes.taken_off": "Промокоды, которых в заказе больше нет: {codes}. Теперь заказ на сумму"
    " {value}.",
    "promocodes.uses": "Использования промокодов заказа пересчитаны.",
    "payment.free": "Платить нечего. Бронь отсчитывается заново: на {hold:span_for}, до"
    " {till:time}.",
    "ended.free": "Бронь закончилась {till:time}: платить было нечего, но заказ никто не завершил.",
    "refused.unknown_promocode": "В промокоде отказано: у мероприятия нет промокода {promocode}.",
    "refused.promocode_not_begun": "В промокоде {promocode} отказано: он ещё не действовал.",
    "refused.promocode_ended": "В промокоде {promocode} отказано: он больше не действовал.",
    "refused.promocode_used_up": "В промокоде {promocode} отказано: он израсходован.",
    "refused.promocode_used_up_by_buyer": "В промокоде {promocode} отказано: покупатель"
    " использовал его столько раз, сколько можно, {most}.",
    "refused.promocode_needs_buyer": "Начать оплату не удалось: промокод {promocode} считается по"
    " покупателям, а адрес покупателя не был известен.",
    "refused.promocode_not_for_sets": "В промокоде {promocode} отказано: он не для билетов этого"
    " заказа.",
    "refused.promocode_too_few_tickets": "В промокоде {promocode} отказано: для него нужно не"
    " меньше билетов, чем {least}.",
    "refused.promocode_too_many_tickets": "В промокоде {promocode} отказано: для него можно не"
    " больше билетов, чем {most}.",
    "refused.promocodes_locked": "В изменении промокодов отказано: заказ уже {status:word}.",
}
WORDS = {"wanted.promocodes": "изменение промокодов"}
