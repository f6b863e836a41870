"""An order's timeline as support staff read it to a buyer."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from string import Formatter

import pytest
from seller import SHOP, seat

from application.orders.commands import CONTENDED, ChangeOrder, RejectedRequest
from application.orders.timeline.english import ENGLISH
from application.orders.timeline.language import Language
from application.orders.timeline.russian import RUSSIAN
from application.orders.timeline.timeline import LANGUAGES, TOO_LATE
from domain import refusals
from domain.commands import Customer
from domain.refusals import Refusal, UnknownOrder
from domain.status import Status

EMPTY = ChangeOrder()


def told(office, order, language=ENGLISH):
    document = office.services.timelines.explain(order, language)
    return [each["sentence"] for each in document["story"]]


def last(office, order, language=ENGLISH):
    return told(office, order, language)[-1]


def entries(office, order):
    return office.services.timelines.explain(order)["story"]


def test_a_paid_order_from_beginning_to_end(office):
    order = office.order(2)
    office.later(minutes=1)
    office.name_buyer(order, email="buyer@example.com", first_name="A")
    office.choose_payment(order)
    office.later(minutes=1)
    office.start_payment(order)
    office.later(minutes=3)
    office.finish(order)
    assert told(office, order) == [
        "The order was made with 2 tickets for 200.00. It is held until 2030-01-26 09:35:19 UTC.",
        "The buyer's details were given: e-mail address, first name.",
        "The payment system api/BASE was chosen; the payment has not started yet.",
        (
            "The payment by api/BASE started. The hold starts over, for 30 minutes,"
            " until 2030-01-26 09:57:19 UTC."
        ),
        "The order was paid. 2 tickets are sold, with barcodes.",
    ]
    assert told(office, order, RUSSIAN) == [
        "Заказ создан: 2 билета на сумму 200,00. Бронь действует до 26.01.2030 09:35:19 UTC.",
        "Указаны данные покупателя: электронная почта, имя.",
        "Выбрана платёжная система api/BASE; оплата ещё не начата.",
        (
            "Начата оплата через api/BASE. Срок брони отсчитывается заново: 30 минут,"
            " до 26.01.2030 09:57:19 UTC."
        ),
        "Заказ оплачен. Продано 2 билета, штрихкоды выданы.",
    ]


def test_each_sentence_has_its_time_who_which_request_and_what_was_left(office):
    order = office.order()
    office.later(minutes=1, seconds=15)
    office.choose_payment(order)
    first, second = entries(office, order)
    assert second["at"] == "2030-01-26T09:26:34.378000+00:00"
    assert second["who"] == f"Sample partner (key {office.caller().key})"
    assert second["request"] == "request-2"
    assert (first["hold_left"], first["hold_left_seconds"]) == ("10 minutes", 600)
    assert (second["hold_left"], second["hold_left_seconds"]) == ("8 minutes 45 seconds", 525)
    assert (second["kind"], second["name"], second["version"]) == ("fact", "PaymentSystemSet", 2)


def test_nothing_is_left_on_the_hold_of_an_order_that_has_ended(office):
    assert entries(office, office.paid_order())[-1]["hold_left"] is None


def test_how_it_stands_comes_first(office):
    order = office.order()
    office.later(minutes=4)
    timelines = office.services.timelines
    assert timelines.explain(order)["now"] == (
        "The order is being put together. It is held for another 6 minutes,"
        " until 2030-01-26 09:35:19 UTC."
    )
    office.cancel(order)
    assert timelines.explain(order, RUSSIAN)["now"] == "Заказ отменён 26.01.2030 09:29:19 UTC."


def test_tickets_that_come_and_go(office):
    order = office.order(seats=[seat(1), seat(2)])
    office.request_seats(order, seat(2), seat(3), seat(4))
    assert last(office, order) == (
        "2 tickets were added, 1 ticket was taken out. The order now has 3 tickets for 300.00."
    )
    assert last(office, order, RUSSIAN) == (
        "В заказ добавлено 2 билета, из заказа убран 1 билет. Теперь в нём 3 билета"
        " на сумму 300,00."
    )
    office.request_seats(order)
    assert last(office, order) == (
        "3 tickets were taken out. The order now has 0 tickets for 0.00."
    )


# Ends that nobody asked for.


def test_a_payment_that_nobody_confirmed(office):
    order = office.order()
    office.later(minutes=5)
    office.start_payment(order)
    office.later(minutes=31)
    office.sweep()
    assert last(office, order) == (
        "The hold ended at 2030-01-26 10:00:19 UTC: the payment by api/BASE had been started"
        " 30 minutes before, and nobody confirmed it."
        " It was recorded 1 minute later, and the tickets are free."
    )
    assert last(office, order, RUSSIAN) == (
        "Бронь закончилась 26.01.2030 10:00:19 UTC: оплата через api/BASE была начата за"
        " 30 минут до этого, и никто её не подтвердил."
        " Это записано через 1 минуту, билеты свободны."
    )
    assert entries(office, order)[-1]["who"] == "the system"


def test_a_gateway_that_kept_silent(office):
    order = office.order()
    office.start_payment(order, "api/INVOICE")
    office.later(hours=12)
    office.sweep()
    assert "api/INVOICE had been started 12 hours before" in last(office, order)
    assert "the payment system itself did not confirm it" in last(office, order)


def test_a_payment_that_was_never_started(office):
    order = office.order()
    office.later(minutes=3)
    office.choose_payment(order)
    office.later(minutes=7)
    office.sweep()
    assert last(office, order) == (
        "The hold ended at 2030-01-26 09:35:19 UTC: the payment system api/BASE had been chosen"
        " 7 minutes before, but the payment had never been started."
        " It was recorded less than a second later, and the tickets are free."
    )


def test_an_order_that_was_forgotten(office):
    order = office.order()
    office.later(minutes=10)
    office.sweep()
    assert last(office, order).startswith(
        "The hold ended at 2030-01-26 09:35:19 UTC, 10 minutes after the order was made:"
        " no payment system had been chosen and no payment had been started."
    )


def test_an_empty_order_had_nothing_to_pay_for(office):
    order = office.order(0)
    office.later(minutes=10)
    assert "no tickets to pay for" in last(office, order)


def test_an_end_that_another_buyer_had_recorded(office):
    order = office.order(seats=[seat(1)])
    office.later(minutes=11)
    office.order(seats=[seat(1)])
    assert last(office, order).endswith(
        "It was recorded 1 minute later, when another request wanted tickets."
    )


def test_an_end_that_is_not_recorded_yet_is_told_all_the_same(office):
    order = office.order()
    office.later(minutes=10)
    entry = entries(office, order)[-1]
    assert (entry["kind"], entry["at"]) == ("note", "2030-01-26T09:35:19.378000+00:00")
    assert entry["sentence"].endswith("It is not recorded yet; it counts all the same.")
    assert office.services.timelines.explain(order)["now"].startswith("The order has expired")


# What was asked and could not be had.


def test_a_payment_that_started_too_late(office):
    order = office.order()
    office.choose_payment(order)
    office.later(minutes=10, seconds=12)
    with suppress(Refusal):
        office.change(order, status=Status.IN_PROGRESS)
    late = (
        "A request came 12 seconds after the hold had ended at 2030-01-26 09:35:19 UTC,"
        " and was refused: the start of the payment."
    )
    assert last(office, order) == late
    assert last(office, order, RUSSIAN) == (
        "Запрос пришёл через 12 секунд после окончания брони (26.01.2030 09:35:19 UTC)"
        " и отклонён: начало оплаты."
    )
    office.sweep()
    assert told(office, order)[-2] == late
    assert [each["kind"] for each in entries(office, order)][-2:] == ["attempt", "fact"]


def test_an_attempt_stands_where_it_happened(office):
    order = office.order()
    with suppress(Refusal):
        office.change(order, status=Status.IN_PROGRESS)
    office.start_payment(order)
    assert [each["name"] for each in entries(office, order)] == [
        "OrderCreated",
        "payment_system_missing",
        "PaymentSystemSet",
        "StatusChanged",
    ]
    assert entries(office, order)[1]["hold_left_seconds"] == 600


def test_an_attempt_before_an_end_that_is_not_recorded_stands_before_it(office):
    order = office.order()
    with suppress(Refusal):
        office.change(order, status=Status.DONE)
    office.later(minutes=10)
    assert [each["kind"] for each in entries(office, order)] == ["fact", "attempt", "note"]


def test_tickets_that_others_had(office):
    office.order(seats=[seat(1)])
    order = office.order(seats=[seat(1), seat(2)])
    assert last(office, order) == (
        "Not all of the requested tickets were available: 1 ticket was missing."
    )
    order = office.order(seats=[seat(1), seat(3)], all_or_nothing=True)
    assert last(office, order).startswith("All of the tickets were requested or none, and")


def test_a_shop_and_an_organiser_are_told_apart(office):
    order = office.order(partner=SHOP)
    with suppress(Refusal):
        office.change(order, customer=Customer(email="x@example.com"))
    first, second = entries(office, order)
    assert first["who"].startswith("Sample ticket shop")
    assert second["who"].startswith("Sample partner")


def test_a_stranger_is_told_nothing(office):
    with pytest.raises(UnknownOrder):
        office.services.timelines.explain(
            office.order(), caller=office.caller("56810047f06c5a6ac62f4e1f")
        )


# The languages.


def refusal_codes():
    return {
        each.code: each
        for each in vars(refusals).values()
        if isinstance(each, type) and issubclass(each, Refusal) and hasattr(each, "code")
    }


NOT_ABOUT_AN_ORDER = {
    "unknown_event",
    "no_deal",
    "unknown_order",
    "unknown_version",
    "not_yet_created",
    "idempotency_key_reused",
    "unknown_gateway",
    "unknown_partner",
    *("position_ahead", "position_of_another_log", "position_of_another_history"),
    *("unknown_webhook", "bad_webhook_address", "too_many_webhooks"),
    *("event_not_of_webhook", "too_many_to_send_again"),
}
"""What is refused where there is no order, or to a stranger."""

SAMPLES = {"at": "2030-01-26T12:35:19+03:00", "value": "5040.00", "left": "2520.00"}
"""What the rejection log has of moments and amounts."""


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=list(LANGUAGES))
def test_every_refusal_has_a_sentence_of_its_own(language):
    codes = refusal_codes().keys() - NOT_ABOUT_AN_ORDER
    assert codes > TOO_LATE
    assert [each for each in {*codes, CONTENDED} if not language.has(f"refused.{each}")] == []


@pytest.mark.parametrize("code", sorted(refusal_codes().keys() - NOT_ABOUT_AN_ORDER))
def test_a_refusals_sentence_says_only_what_the_refusal_knows(office, code):
    known = {name for _, name, _, _ in Formatter().parse(refusal_codes()[code].says) if name}
    known |= {"version"} if code == "version_mismatch" else set()
    about = {name: SAMPLES.get(name, "executed") for name in known}
    order = office.order()
    command = office.request()
    office.services.attempts.record(
        RejectedRequest(
            order=order,
            version=1,
            at=office.time,
            request=command,
            command=EMPTY,
            code=code,
            about=about,
        )
    )
    for language in LANGUAGES.values():
        assert last(office, order, language)


@pytest.mark.parametrize("table", ["sentences", "words", "counted"])
def test_both_languages_can_say_the_same(table):
    english, russian = getattr(ENGLISH, table), getattr(RUSSIAN, table)
    assert english.keys() == russian.keys()


@pytest.mark.parametrize("key", sorted(ENGLISH.sentences))
def test_both_languages_say_it_with_the_same_values(key):
    def names(language: Language):
        return {name for _, name, _, _ in Formatter().parse(language.sentences[key]) if name}

    assert names(ENGLISH) == names(RUSSIAN)


@pytest.mark.parametrize(
    ("language", "amount"), [(ENGLISH, "5,040.00"), (RUSSIAN, "5\u00a0040,00")]
)
def test_amounts_are_written_as_on_the_console(language, amount):
    sentence = language.render("refund.paid", amount=Decimal(5040), currency="RUB")
    assert f"{amount} RUB" in sentence


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=list(LANGUAGES))
def test_a_language_can_say_all_that_its_sentences_ask_of_it(language):
    asked = {
        spec
        for sentence in language.sentences.values()
        for _, _, spec, _ in Formatter().parse(sentence)
        if spec
    }
    formats = {"time", "money", "span", "span_for", "word", "words", "clauses"}
    assert asked - formats <= language.counted.keys()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0 билетов"),
        (1, "1 билет"),
        (2, "2 билета"),
        (4, "4 билета"),
        (5, "5 билетов"),
        (11, "11 билетов"),
        (12, "12 билетов"),
        (14, "14 билетов"),
        (20, "20 билетов"),
        (21, "21 билет"),
        (22, "22 билета"),
        (111, "111 билетов"),
        (112, "112 билетов"),
        (121, "121 билет"),
        (1001, "1001 билет"),
    ],
)
def test_russian_numbers_take_the_right_form(number, said):
    assert RUSSIAN.count(number, "ticket") == said


@pytest.mark.parametrize(
    ("span", "english", "named", "lasting"),
    [
        ({"milliseconds": 999}, "less than a second", "меньше секунды", "долю секунды"),
        ({"seconds": 1}, "1 second", "1 секунда", "1 секунду"),
        ({"minutes": 1, "seconds": 21}, "1 minute 21 seconds", *["1 минут{0} 21 секунд{0}"] * 2),
        ({"minutes": 10}, "10 minutes", "10 минут", "10 минут"),
        ({"hours": 2, "seconds": 5}, "2 hours 5 seconds", "2 часа 5 секунд", "2 часа 5 секунд"),
        ({"days": 3, "hours": 4, "minutes": 5}, "3 days 4 hours", "3 дня 4 часа", "3 дня 4 часа"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(span, english, named, lasting):
    length = timedelta(**span)
    assert ENGLISH.span(length) == english
    assert RUSSIAN.span(length) == named.format("а")
    assert RUSSIAN.span(length, "span_for") == lasting.format("у")
