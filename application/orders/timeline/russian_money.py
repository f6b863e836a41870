"""What timelines say of money, in Russian."""

SENTENCES = {
    # The present state.
    "now.refunded": "Покупателю возвращено {refunded:money} {currency}.",
    "now.due_back": "Покупателю осталось вернуть {due_back:money} {currency}.",
    "now.attention": "Деньги заказа ждут решения человека: {codes:clauses}.",
    # What happened.
    "money.started": "Начат платёж через {system}.",
    "money.failed": "Платёж через {system} не прошёл.",
    "money.received": "Получено {amount:money} {currency} через {system}.",
    "money.late": "Получено {amount:money} {currency} через {system}, когда заказ уже закончился.",
    "dispute.opened": "Банк покупателя требует вернуть {amount:money} {currency}.",
    "dispute.won": "Спор о {amount:money} {currency} выигран.",
    "dispute.lost": "Спор проигран: банк покупателя забрал {amount:money} {currency}.",
    "reinstated": "Заказ продолжается: поздние деньги пришли за {count:ticket}.",
    "refund.requested": "Запрошен возврат {value:money} {currency} за {count:ticket}:"
    " {culprit:word}.",
    "refund.required": "Покупателю нужно вернуть {value:money} {currency}: {reason:word}.",
    "refund.approved": "Возврат одобрен: нужно вернуть {value:money} {currency}."
    " {count:ticket_void}.",
    "refund.resold": "{resold:ticket_resold}.",
    "refund.rejected": "Возврат отклонён. Билеты остаются в силе.",
    "refund.paid": "Покупателю возвращено {amount:money} {currency}.",
    "refund.failed": "Вернуть {value:money} {currency} не удалось. Нужно попробовать ещё раз.",
    "money.kept": "Решено, что {amount:money} {currency} остаётся у продавца.",
    "money.borne": "Решено, что {amount:money} {currency} — убыток продавца: на столько ушло"
    " больше, чем пришло.",
    "money.waived": "Решено отказаться от {amount:money} {currency} из стоимости заказа.",
    "money.note": "Причина: {note}",
    # Rejected requests.
    "refused.too_many_refunds": "Запрос возврата отклонён: достигнуто наибольшее число возвратов"
    " заказа ({most}).",
    "refused.not_refundable": "Запрос возврата отклонён: заказ был в состоянии «{status:word}».",
    "refused.ticket_not_of_order": "Запрос возврата отклонён: билет {ticket} — не из этого заказа.",
    "refused.ticket_in_refund": "Запрос возврата отклонён: билет {ticket} уже был в другом"
    " возврате.",
    "refused.nothing_to_refund": "Запрос возврата отклонён: в нём не было билетов этого заказа.",
    "refused.event_has_begun": "Запрос возврата отклонён: мероприятие началось {at:time}.",
    "refused.unknown_refund": "Запрос отклонён: возврата {refund} не существует.",
    "refused.refund_decided": "Решение о возврате отклонено: он уже был в состоянии"
    " «{status:word}».",
    "refused.refund_exceeds_money": "Возврат на {value:money} не одобрен: от денег заказа осталось"
    " только {left:money}.",
    "refused.refund_not_approved": "Отметка о выплате возврата отклонена: он был в состоянии"
    " «{status:word}».",
    "refused.may_not_approve": "Решение о возврате отклонено: у запросившего нет такого права.",
    "refused.nothing_to_resolve": "Решение о деньгах отклонено: решения не ждала никакая сумма в"
    " {currency}.",
    "refused.cannot_accept": "Запрос принять меньшую сумму отклонён: заказ был в состоянии"
    " «{status:word}».",
}

WORDS = {
    "operator": "оператор",
    "gateway": "платёжная система",
    "new": "новый",
    "approved": "одобрен",
    "rejected": "отклонён",
    "failed": "не удался",
    "user": "так пожелал покупатель",
    "org": "по вине организатора",
    "late": "они пришли, когда заказ уже закончился",
    "underpaid": "их слишком мало",
    "overpaid": "их слишком много",
    "paid_twice": "заказ оплачен дважды",
    "other_currency": "они в другой валюте",
    "refund_required": "их нужно вернуть",
    "refund_failed": "вернуть их не удалось",
    "refund_differs": "возвращена не та сумма",
    "disputed": "о них идёт спор",
}

COUNTED = {
    "ticket_void": (
        "# билет больше не действует",
        "# билета больше не действуют",
        "# билетов больше не действуют",
    ),
    "ticket_resold": (
        "# билет снова в продаже",
        "# билета снова в продаже",
        "# билетов снова в продаже",
    ),
}
