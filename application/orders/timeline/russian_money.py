"""What timelines say of money, in Russian."""

SENTENCES = {
    # The present state.
    "now.refunded": "Покупателю возвращено {refunded} {currency}.",
    "now.due_back": "Покупателю осталось вернуть {due_back} {currency}.",
    "now.attention": "Деньги ждут решения человека: {codes:words}.",
    # What happened.
    "money.started": "Начат платёж через {system}.",
    "money.failed": "Платёж через {system} не прошёл.",
    "money.received": "Получено {amount} {currency} через {system}.",
    "money.late": "Получено {amount} {currency} через {system}, когда заказ уже закончился.",
    "dispute.opened": "Банк покупателя требует вернуть {amount} {currency}.",
    "dispute.won": "Спор о {amount} {currency} выигран.",
    "dispute.lost": "Спор проигран: банк покупателя забрал {amount} {currency}.",
    "reinstated": "Заказ продолжается: {count:ticket}, за которые пришли поздние деньги.",
    "refund.requested": "Запрошен возврат: {count:ticket}, {value} {currency}; {culprit:word}.",
    "refund.required": "Покупателю нужно вернуть {value} {currency}: {reason:word}.",
    "refund.approved": "Возврат одобрен: нужно вернуть {value} {currency}. {count:ticket_void}.",
    "refund.resold": "{resold:ticket_resold}.",
    "refund.rejected": "В возврате отказано. Билеты остаются в силе.",
    "refund.paid": "Покупателю возвращено {amount} {currency}.",
    "refund.failed": "Вернуть {value} {currency} не удалось. Нужно попробовать ещё раз.",
    "money.kept": "Решено, что {amount} {currency} остаются у продавца.",
    "money.borne": "Решено, что {amount} {currency} — убыток продавца: настолько больше ушло,"
    " чем пришло.",
    "money.waived": "Решено обойтись без {amount} {currency} от стоимости заказа.",
    "money.note": "Причина: {note}",
    # Rejected requests.
    "refused.too_many_refunds": "В возврате отказано: у заказа уже {most} возвратов, больше быть не"
    " может.",
    "refused.not_refundable": "В возврате отказано: заказ в состоянии «{status:word}».",
    "refused.ticket_not_of_order": "В возврате отказано: билет {ticket} — не из этого заказа.",
    "refused.ticket_in_refund": "В возврате отказано: билет {ticket} уже в другом возврате.",
    "refused.nothing_to_refund": "В возврате отказано: ни один билет не возвращался бы.",
    "refused.event_has_begun": "В возврате отказано: мероприятие началось {at}.",
    "refused.unknown_refund": "В запросе отказано: возврата {refund} не существует.",
    "refused.refund_decided": "В решении о возврате отказано: он уже в состоянии «{status:word}».",
    "refused.refund_exceeds_money": "Возврат на {value} не одобрен: от денег заказа осталось только"
    " {left}.",
    "refused.refund_not_approved": "Возврат назвали выплаченным, в этом отказано: он в состоянии"
    " «{status:word}».",
    "refused.may_not_approve": "В решении о возврате отказано: у запросившего нет такого права.",
    "refused.nothing_to_resolve": "В решении о деньгах отказано: денег в {currency} не ждало.",
    "refused.cannot_accept": "Меньшую сумму хотели принять, в этом отказано: заказ в состоянии"
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
    "org": "причина в организаторе",
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
