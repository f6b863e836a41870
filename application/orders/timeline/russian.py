"""The texts of a timeline in Russian."""

from types import MappingProxyType

from application.orders.timeline import russian_money, russian_promocodes
from application.orders.timeline.language import Language

SENTENCES = {
    # The present state.
    "now.executed": "Заказ оформляется. Бронь действует ещё {left:span_for}, до {till:time}.",
    "now.in_progress": "Заказ оплачивается. Бронь действует ещё {left:span_for}, до {till:time}.",
    "now.done": "Заказ оплачен {at:time}: {count:ticket} на сумму {value:money}.",
    "now.canceled": "Заказ отменён {at:time}.",
    "now.expired": "Срок заказа истёк: бронь закончилась {till:time}.",
    # What happened.
    "created": "Заказ создан: {count:ticket} на сумму {value:money}. Бронь действует до"
    " {till:time}.",
    "created.empty": "Заказ создан без билетов. Бронь действует до {till:time}.",
    "tickets.added": "В заказ {added:ticket_added}. Теперь в нём {count:ticket} на сумму"
    " {value:money}.",
    "tickets.removed": "Из заказа {removed:ticket_removed}. Теперь в нём {count:ticket} на сумму"
    " {value:money}.",
    "tickets.changed": "В заказ {added:ticket_added}, из заказа {removed:ticket_removed}. Теперь в"
    " нём {count:ticket} на сумму {value:money}.",
    "customer": "Указаны данные покупателя: {fields:words}.",
    "vendor_data": "Продавец сохранил при заказе: {fields:words}.",
    "payment.chosen": "Выбрана платёжная система {system}; оплата ещё не начата.",
    "payment.addresses": "Изменены адреса, на которые покупатель вернётся после оплаты.",
    "payment.by_mail": "Покупатель просит прислать билеты по электронной почте.",
    "payment.not_by_mail": "Присылать билеты по электронной почте не нужно.",
    "payment.started": "Начата оплата через {system}. Срок брони отсчитывается заново:"
    " {hold:span}, до {till:time}.",
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
    "refused": "Запрос отклонён ({code}).",
    "refused.too_late": "Запрос пришёл через {late:span_for} после окончания брони ({till:time}) и"
    " отклонён: {wanted:words}.",
    "refused.unknown_set": "Запрос билетов отклонён: у мероприятия нет набора {set}.",
    "refused.not_on_sale": "Запрос билетов отклонён: когда создавался заказ, на набор {set} не"
    " было цены.",
    "refused.unknown_ticket": "Запрос билетов отклонён: билета {ticket} не существует.",
    "refused.ticket_of_another_event": "Запрос билетов отклонён: билет {ticket} — на другое"
    " мероприятие.",
    "refused.unknown_payment_system": "Выбор платёжной системы отклонён: системы {system} не"
    " существует.",
    "refused.payment_system_missing": "Запрос об оплате отклонён: платёжная система не выбрана.",
    "refused.payment_locked": "Изменение оплаты отклонено: заказ уже {status:word}.",
    "refused.customer_locked": "Изменение данных покупателя отклонено: заказ уже {status:word}.",
    "refused.customer_incomplete": "Начать оплату не удалось: {system} требует данные покупателя:"
    " {missing:words}.",
    "refused.tickets_locked": "Изменение билетов отклонено: заказ уже {status:word}.",
    "refused.tickets_only_out": "Изменение билетов отклонено: во время оплаты их можно только"
    " убирать.",
    "refused.too_many_changes": "Изменение отклонено: достигнуто наибольшее число изменений заказа"
    " ({most}).",
    "refused.too_many_tickets": "Запрос билетов отклонён: больше {most} в заказе быть не может.",
    "refused.too_many_empty_orders": "Новый заказ отклонён: у продавца слишком много пустых"
    " заказов.",
    "refused.too_many_tickets_held": "Запрос билетов отклонён: у продавца уже забронировано"
    " наибольшее число билетов ({most}).",
    "refused.deal_ended": "Запрос дополнительных билетов отклонён: договор прекращён.",
    "refused.partner_suspended": "Запрос дополнительных билетов отклонён: работа партнёра"
    " приостановлена.",
    "refused.no_tickets": "Запрос отклонён: заказ без билетов нельзя оплатить.",
    "refused.move_not_allowed": "Перевод заказа в состояние «{wanted:word}» отклонён: заказ был в"
    " состоянии «{status:word}».",
    "refused.status_of_the_system": "Перевод заказа в состояние «{wanted:word}» отклонён: оно"
    " наступает только само, когда выходит срок.",
    "refused.confirmed_by_gateway": "Отметка об оплате отклонена: система {system} подтверждает"
    " оплату сама.",
    "refused.not_the_vendor": "Организатор мероприятия пытался изменить заказ и получил отказ: это"
    " может только продавец.",
    "refused.version_mismatch": "Запрос отклонён: он был рассчитан на другую версию заказа, а не"
    " на нынешнюю, {version}.",
    "refused.changed_meanwhile": "Запрос отклонён: пока он выполнялся, заказ изменил другой"
    " запрос.",
    "refused.tickets_short": "Нашлись не все запрошенные билеты: {missing:ticket_missing}.",
    "refused.tickets_short.all_or_nothing": "Запрошены были все билеты или ни одного, а нашлись не"
    " все. Билеты заказа не изменились.",
    "refused.tickets_incomplete": "Начало оплаты отклонено: её хотели начать только со всеми"
    " запрошенными билетами, а нашлись не все.",
    "refused.contended": "Запрошенные билеты раз за разом первыми занимали другие покупатели.",
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
