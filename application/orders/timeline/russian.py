"""The texts of a timeline in Russian."""

from types import MappingProxyType

from application.orders.timeline import russian_money, russian_promocodes
from application.orders.timeline.language import Language

SENTENCES = {
    # The present state.
    "now.executed": "Заказ оформляется. Бронь действует ещё {left:span_for}, до {till:time}.",
    "now.in_progress": "Заказ оплачивается. Бронь действует ещё {left:span_for}, до {till:time}.",
    "now.done": "Заказ оплачен {at:time}: {count:ticket} на сумму {value}.",
    "now.canceled": "Заказ отменён {at:time}.",
    "now.expired": "Срок заказа истёк: бронь закончилась {till:time}.",
    # What happened.
    "created": "Заказ создан: {count:ticket} на сумму {value}. Бронь действует до {till:time}.",
    "created.empty": "Заказ создан без билетов. Бронь действует до {till:time}.",
    "tickets.added": "В заказ {added:ticket_added}. Теперь в нём {count:ticket} на сумму {value}.",
    "tickets.removed": "Из заказа {removed:ticket_removed}. Теперь в нём {count:ticket} на сумму"
    " {value}.",
    "tickets.changed": "В заказ {added:ticket_added}, из заказа {removed:ticket_removed}. Теперь в"
    " нём {count:ticket} на сумму {value}.",
    "customer": "Указаны данные покупателя: {fields:words}.",
    "vendor_data": "Продавец сохранил при заказе: {fields:words}.",
    "payment.chosen": "Выбрана платёжная система {system}; оплата ещё не начата.",
    "payment.addresses": "Изменены адреса, на которые покупатель вернётся после оплаты.",
    "payment.by_mail": "Покупатель просит прислать билеты по почте.",
    "payment.not_by_mail": "Присылать билеты по почте не нужно.",
    "payment.started": "Начата оплата через {system}. Бронь отсчитывается заново: на"
    " {hold:span_for}, до {till:time}.",
    "other": "Записано событие {name}.",
    "done": "Заказ оплачен. {count:ticket_sold}, штрихкоды выданы.",
    "canceled": "Заказ отменён. {count:ticket_let_go}.",
    "canceled.empty": "Заказ отменён. Билетов в нём не было.",
    # Ends that nobody asked for.
    "ended.empty": "Бронь закончилась {till:time}: в заказе не было билетов, оплачивать было"
    " нечего.",
    "ended.nothing_chosen": "Бронь закончилась {till:time}, через {ago:span_for} после создания"
    " заказа: платёжная система не была выбрана, оплата не начиналась.",
    "ended.not_started": "Бронь закончилась {till:time}: платёжная система {system} была выбрана"
    " за {ago:span_for} до этого, но оплату так и не начали.",
    "ended.not_confirmed": "Бронь закончилась {till:time}: оплата через {system} была начата за"
    " {ago:span_for} до этого, и никто её не подтвердил.",
    "ended.gateway_silent": "Бронь закончилась {till:time}: оплата через {system} была начата за"
    " {ago:span_for} до этого, и сама платёжная система её не подтвердила.",
    "ended.swept": "Это записано через {late:span_for}, билеты свободны.",
    "ended.wanted": "Это записано через {late:span_for}, когда билеты понадобились другому"
    " запросу.",
    "ended.unrecorded": "Это ещё не записано, но уже действует.",
    # Rejected requests.
    "refused": "В запросе отказано ({code}).",
    "refused.too_late": "Запрос пришёл через {late:span_for} после окончания брони ({till:time}),"
    " в нём отказано: {wanted:words}.",
    "refused.unknown_set": "В билетах отказано: у мероприятия нет набора {set}.",
    "refused.not_on_sale": "В билетах отказано: на набор {set} не было цены, когда создавался"
    " заказ.",
    "refused.unknown_ticket": "В билетах отказано: билета {ticket} не существует.",
    "refused.ticket_of_another_event": "В билетах отказано: билет {ticket} — на другое"
    " мероприятие.",
    "refused.unknown_payment_system": "В выборе платёжной системы отказано: системы {system} не"
    " существует.",
    "refused.payment_system_missing": "В запросе об оплате отказано: платёжная система не выбрана.",
    "refused.payment_locked": "В изменении оплаты отказано: заказ уже {status:word}.",
    "refused.customer_locked": "В изменении данных покупателя отказано: заказ уже {status:word}.",
    "refused.customer_incomplete": "Начать оплату не удалось: {system} требует данные покупателя:"
    " {missing:words}.",
    "refused.tickets_locked": "В изменении билетов отказано: заказ уже {status:word}.",
    "refused.tickets_only_out": "В изменении билетов отказано: во время оплаты их можно только"
    " убирать.",
    "refused.too_many_changes": "В изменении отказано: заказ уже меняли {most} раз, больше нельзя.",
    "refused.too_many_tickets": "В запросе билетов отказано: в заказе может быть не больше {most}.",
    "refused.too_many_empty_orders": "В новом заказе отказано: у продавца слишком много пустых.",
    "refused.too_many_tickets_held": "В запросе билетов отказано: продавец уже держит столько"
    " билетов, сколько может, {most}.",
    "refused.deal_ended": "В запросе билетов отказано: договор прекращён.",
    "refused.partner_suspended": "В запросе билетов отказано: партнёр приостановлен.",
    "refused.no_tickets": "В запросе отказано: заказ без билетов нельзя оплатить.",
    "refused.move_not_allowed": "В переводе заказа в состояние «{wanted:word}» отказано: его"
    " состояние — «{status:word}».",
    "refused.status_of_the_system": "В переводе заказа в состояние «{wanted:word}» отказано: так"
    " решает только время.",
    "refused.confirmed_by_gateway": "В отметке об оплате отказано: система {system} подтверждает"
    " оплату сама.",
    "refused.not_the_vendor": "Организатор мероприятия пытался изменить заказ, ему отказано: это"
    " может только продавец.",
    "refused.version_mismatch": "В запросе отказано: он был рассчитан на другую версию заказа, а"
    " не на нынешнюю, {version}.",
    "refused.changed_meanwhile": "В запросе отказано: пока он выполнялся, заказ изменил другой"
    " запрос.",
    "refused.tickets_short": "Нашлись не все желаемые билеты: {missing:ticket_missing}.",
    "refused.tickets_short.all_or_nothing": "Билеты были нужны все или ни одного, но все не"
    " нашлись. Билеты заказа не изменились.",
    "refused.tickets_incomplete": "Оплату хотели начать только со всеми желаемыми билетами; в ней"
    " отказано: нашлись не все.",
    "refused.contended": "Желаемые билеты раз за разом первыми занимали другие покупатели.",
}

WORDS = {
    "executed": "оформляется",
    "in_progress": "оплачивается",
    "done": "оплачен",
    "canceled": "отменён",
    "expired": "истёк",
    "email": "электронная почта",
    "first_name": "имя",
    "last_name": "фамилия",
    "mobile": "телефон",
    "lang": "язык",
    "vendor.order_id": "свой номер заказа",
    "vendor.raw": "прочие данные",
    "wanted.tickets": "изменение билетов",
    "wanted.customer": "изменение данных покупателя",
    "wanted.payment": "выбор платёжной системы",
    "wanted.vendor_data": "изменение данных продавца при заказе",
    "wanted.in_progress": "начало оплаты",
    "wanted.done": "завершение оплаты",
    "wanted.canceled": "отмена",
    "wanted.executed": "возврат к оформлению",
    "wanted.nothing": "изменение",
    "system": "система",
    "key": "ключ",
    "column.when": "когда, кто, каким запросом",
    "column.what": "что произошло",
    "column.left": "осталось до конца брони",
    "span.moment": "меньше секунды",
    "span_for.moment": "долю секунды",
}

COUNTED = {
    "ticket": ("# билет", "# билета", "# билетов"),
    "ticket_missing": ("не хватило # билета", "не хватило # билетов", "не хватило # билетов"),
    "ticket_added": ("добавлен # билет", "добавлено # билета", "добавлено # билетов"),
    "ticket_removed": ("убран # билет", "убрано # билета", "убрано # билетов"),
    "ticket_sold": ("Продан # билет", "Продано # билета", "Продано # билетов"),
    "ticket_let_go": (
        "# билет вернулся в продажу",
        "# билета вернулись в продажу",
        "# билетов вернулись в продажу",
    ),
    "span.day": ("# день", "# дня", "# дней"),
    "span.hour": ("# час", "# часа", "# часов"),
    "span.minute": ("# минута", "# минуты", "# минут"),
    "span.second": ("# секунда", "# секунды", "# секунд"),
    "span_for.day": ("# день", "# дня", "# дней"),
    "span_for.hour": ("# час", "# часа", "# часов"),
    "span_for.minute": ("# минуту", "# минуты", "# минут"),
    "span_for.second": ("# секунду", "# секунды", "# секунд"),
}


RUSSIAN = Language(
    code="ru",
    moment="%d.%m.%Y %H:%M:%S UTC",
    sentences=MappingProxyType(SENTENCES | russian_money.SENTENCES | russian_promocodes.SENTENCES),
    words=MappingProxyType(WORDS | russian_money.WORDS | russian_promocodes.WORDS),
    counted=MappingProxyType(COUNTED | russian_money.COUNTED),
)
