"""The texts of a timeline about promo codes, in Russian."""

SENTENCES = {
    "promocodes.applied": "Промокоды заказа: {codes}. Скидка — {off:money}, теперь сумма заказа —"
    " {value:money}.",
    "promocodes.taken_off": "Промокоды, которых в заказе больше нет: {codes}. Теперь сумма заказа"
    " — {value:money}.",
    "promocodes.uses": "Использования промокодов заказа пересчитаны.",
    "payment.free": "Платить нечего. Срок брони отсчитывается заново: {hold:span}, до {till:time}.",
    "ended.free": "Бронь закончилась {till:time}: платить было нечего, но заказ никто не завершил.",
    "refused.unknown_promocode": "Промокод отклонён: у мероприятия нет промокода {promocode}.",
    "refused.promocode_not_begun": "Промокод {promocode} отклонён: он ещё не действовал.",
    "refused.promocode_ended": "Промокод {promocode} отклонён: он больше не действовал.",
    "refused.promocode_used_up": "Промокод {promocode} отклонён: он израсходован.",
    "refused.promocode_used_up_by_buyer": "Промокод {promocode} отклонён: покупатель уже"
    " использовал его столько раз, сколько можно ({most}).",
    "refused.promocode_needs_buyer": "Начать оплату не удалось: использования промокода"
    " {promocode} считаются по покупателям, а адрес покупателя не был известен.",
    "refused.promocode_not_for_sets": "Промокод {promocode} отклонён: он не действует ни на один"
    " билет этого заказа.",
    "refused.promocode_too_few_tickets": "Промокод {promocode} отклонён: билетов в заказе меньше,"
    " чем для него нужно ({least}).",
    "refused.promocode_too_many_tickets": "Промокод {promocode} отклонён: билетов в заказе больше,"
    " чем для него можно ({most}).",
    "refused.promocodes_locked": "Изменение промокодов отклонено: заказ уже {status:word}.",
}
WORDS = {"wanted.promocodes": "изменение промокодов"}
