"""Promo codes: what is applied, what it takes off, which uses it takes, and when it falls away."""

from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from order_case import given, numbered
from order_commands import metadata, seats_are_requested, the_buyer_says, the_order_moves_to
from order_states import (
    A1,
    A2,
    A3,
    B1,
    BALCONY,
    CREATED,
    GATEWAY,
    NOW,
    PARTERRE,
    PRICES,
    SHOW,
    a_canceled_order,
    a_paid_order,
    after,
    an_empty_order,
    an_executed_order,
    an_order_in_payment,
    creation,
    event,
)

from domain.events import (
    CustomerSet,
    OrderCreatedWithPromocodes,
    PaymentSystemSet,
    PromocodesApplied,
    PromocodeUsesChanged,
    StatusChanged,
    TicketsChanged,
)
from domain.order import Order
from domain.order_promocodes import apply_promocodes, count_buyer
from domain.pricing import Price
from domain.promocodes import (
    Discount,
    Promocode,
    discounted,
    discounts_of,
    normal,
    use_of,
    uses_of,
    uses_of_buyer,
)
from domain.refusals import (
    PaymentSystemMissing,
    PromocodeEnded,
    PromocodeNotBegun,
    PromocodeNotForSets,
    PromocodesLocked,
    PromocodeTooFewTickets,
    PromocodeTooManyTickets,
    PromocodeUsedUp,
    PromocodeUsedUpByBuyer,
    UnknownPromocode,
)
from domain.status import Status

MAIL = "anna@example.org"
THIRTY = Promocode(id="p30", code="Promo", percent=Decimal(30))
PAIR = Promocode(id="p2", code="PAIR", amount=Decimal("5.00"), sets=(PARTERRE,), least_tickets=2)
FEW = Promocode(id="few", code="FEW", percent=Decimal(10), limit=3)
MINE = Promocode(id="mine", code="MINE", percent=Decimal(10), per_buyer=1)
GIFT = Promocode(id="gift", code="GIFT", percent=Decimal(100))
OFFERED = (THIRTY, PAIR, FEW, MINE, GIFT)


@dataclass
class Free:
    """The free uses of codes and buyers."""

    uses: dict = field(default_factory=dict)

    def take(self, uses, _):
        return self.uses.get(uses)


PLENTY = Free(
    {uses_of("few"): "promocode/few/2", uses_of_buyer("mine", MAIL): use_of("promocode-buyer/x", 1)}
)


def codes(*named, free=PLENTY, at=NOW, offered=OFFERED):
    return lambda order: apply_promocodes(order, named, offered, metadata(at), free.take)


def the_buyer_is_counted(free=PLENTY):
    return lambda order: count_buyer(order, metadata(), free.take)


def applied(*promocodes, off=None, uses=(), at=NOW):
    by = tuple(each.id for each in promocodes)
    return event(
        PromocodesApplied,
        at,
        promocodes=tuple(each.terms for each in promocodes),
        discounts={name: Discount(Decimal(amount), by) for name, amount in (off or {}).items()},
        uses=uses,
    )


THIRTY_OFF = {PARTERRE: "30.00", BALCONY: "10.00"}
TEN_OFF = {PARTERRE: "10.00", BALCONY: "3.33"}


def with_thirty():
    return numbered([*an_executed_order(), applied(THIRTY, off=THIRTY_OFF, at=after(1))])


# What is applied.


def test_a_code_is_frozen_into_the_order_with_what_it_takes_off():
    order = given(an_executed_order()).when(codes(" pROMO ")).then(applied(THIRTY, off=THIRTY_OFF))
    assert (order.worth.full, order.discount) == (Decimal("140.00"), Decimal("60.00"))
    assert order.updated_at == NOW
    assert order.reserved_till == after(10)
    assert order.shows_discount


def test_an_order_of_a_show_with_codes_is_made_by_an_event_that_says_so():
    events = numbered([event(OrderCreatedWithPromocodes, CREATED, **_made())])
    order = Order.replay(events)
    assert order.shows_discount
    assert order.worth.full == Decimal("100.00")
    assert not SHOW.promocodes


def _made():
    made = creation({A1: PARTERRE})
    own = ("number", "show", "org", "vendor", "deal", "lang", "prices", "tickets", "reserved_till")
    return {name: getattr(made, name) for name in own}


def test_the_same_code_twice_is_once_and_again_is_nothing_new():
    given(an_executed_order()).when(codes("PROMO", "promo")).then(applied(THIRTY, off=THIRTY_OFF))
    given(with_thirty()).when(codes("promo")).then_nothing()
    given(an_executed_order()).when(codes()).then_nothing()


def test_none_takes_all_off():
    order = given(with_thirty()).when(codes()).then(applied())
    assert order.worth.full == Decimal("200.00")


def test_a_code_of_the_order_keeps_its_terms_whatever_the_catalogue_says_now():
    dearer = Promocode(id="p30", code="promo", percent=Decimal(90))
    order = (
        given(with_thirty())
        .when(codes("promo", "pair", offered=(dearer, PAIR)))
        .then(
            event(
                PromocodesApplied,
                promocodes=(THIRTY.terms, PAIR.terms),
                discounts={
                    PARTERRE: Discount(Decimal("35.00"), ("p30", "p2")),
                    BALCONY: Discount(Decimal("10.00"), ("p30",)),
                },
            )
        )
    )
    assert order.worth.full == Decimal("130.00")
    given(with_thirty()).when(codes("promo", offered=())).then_nothing()


@pytest.mark.parametrize(
    ("promocode", "refusal", "about"),
    [
        (Promocode(id="x", code="X", from_=after(6)), PromocodeNotBegun, {"at": after(6)}),
        (Promocode(id="x", code="X", till=NOW), PromocodeEnded, {"at": NOW}),
        (Promocode(id="x", code="X", sets=(BALCONY,)), PromocodeNotForSets, {}),
        (Promocode(id="x", code="X", least_tickets=3), PromocodeTooFewTickets, {"least": 3}),
        (Promocode(id="x", code="X", most_tickets=1), PromocodeTooManyTickets, {"most": 1}),
        (Promocode(id="x", code="X", limit=1), PromocodeUsedUp, {}),
    ],
)
def test_what_may_not_be_applied_is_refused(promocode, refusal, about):
    (
        given(an_executed_order())
        .when(codes("promo", "X", offered=(THIRTY, promocode)))
        .then_refused(refusal, promocode="X", **about)
    )


def test_a_code_that_is_not_offered_is_refused_and_so_is_one_for_no_tickets():
    given(an_executed_order()).when(codes("none")).then_refused(UnknownPromocode, promocode="none")
    given(an_empty_order()).when(codes("promo")).then_refused(
        PromocodeNotForSets, promocode="Promo"
    )


@pytest.mark.parametrize(
    ("timeline", "status"),
    [
        (an_order_in_payment, Status.IN_PROGRESS),
        (a_paid_order, Status.DONE),
        (a_canceled_order, Status.CANCELED),
    ],
)
def test_codes_change_only_while_the_order_is_executed(timeline, status):
    given(timeline()).when(codes("promo")).then_refused(PromocodesLocked, status=status)
    given(timeline()).when(codes()).then_nothing()


# Tickets.


def test_a_code_falls_away_with_the_tickets_that_it_was_for():
    pair = numbered([*an_executed_order(), applied(PAIR, off={PARTERRE: "5.00"}, at=after(1))])
    order = (
        given(pair)
        .when(seats_are_requested(A1, A2, A3))
        .then(event(TicketsChanged, added={A3: PARTERRE}))
    )
    assert order.worth.full == Decimal("285.00")
    order = (
        given(pair)
        .when(seats_are_requested(A1, B1))
        .then(event(TicketsChanged, added={B1: BALCONY}, removed=(A2,)), applied())
    )
    assert order.worth.full == Decimal("136.67")


# Uses.


def test_a_limited_code_takes_a_use_and_keeps_it():
    few = applied(FEW, off=TEN_OFF, uses=("promocode/few/2",))
    order = given(an_executed_order()).when(codes("few")).then(few)
    assert order.own_uses == {"promocode/few/2": "promocode/few"}
    events = numbered([*an_executed_order(), few])
    canceled = (
        given(events)
        .when(the_order_moves_to(Status.CANCELED))
        .then(event(StatusChanged, status=Status.CANCELED))
    )
    assert canceled.own_uses == {}


def test_a_buyer_is_counted_once_known():
    mine = uses_of_buyer("mine", MAIL)
    free = Free({mine: use_of(mine, 1)})
    events = numbered([*an_executed_order(), applied(MINE, off=TEN_OFF, at=after(1))])
    order = (
        given(events)
        .when(the_buyer_says(email=MAIL), the_buyer_is_counted(free))
        .then(event(CustomerSet, email=MAIL), event(PromocodeUsesChanged, uses=(use_of(mine, 1),)))
    )
    assert order.own_uses == {use_of(mine, 1): mine}
    assert order.updated_at == after(1)
    case = given(events).when(the_buyer_says(email=MAIL), the_buyer_is_counted(Free()))
    assert type(case.refusal) is PromocodeUsedUpByBuyer
    assert uses_of_buyer("mine", "Anna@EXAMPLE.org") == mine


# Nothing to pay.


def free_of_charge(*more):
    gift = applied(GIFT, off={PARTERRE: "100.00", BALCONY: "33.33"}, at=after(1))
    return numbered([*an_executed_order(), gift, *more])


def started(*, address=None, minutes=10):
    return event(
        StatusChanged,
        status=Status.IN_PROGRESS,
        reserved_till=after(5 + minutes),
        redirect_url=address,
    )


def test_nothing_to_pay_needs_no_payment_system():
    order = given(free_of_charge()).when(the_order_moves_to(Status.IN_PROGRESS)).then(started())
    assert order.engaged is None
    given(an_executed_order()).when(the_order_moves_to(Status.IN_PROGRESS)).then_refused(
        PaymentSystemMissing
    )
    given(an_empty_order()).when(the_order_moves_to(Status.IN_PROGRESS)).then_refused(
        PaymentSystemMissing
    )


def test_nothing_to_pay_needs_no_gateway_to_confirm_it():
    events = free_of_charge(event(PaymentSystemSet, after(2), system=GATEWAY), started())
    order = Order.replay(events)
    order.move_to(Status.DONE, metadata(after(6)), "5" * 40)
    assert order.status is Status.DONE
    assert len(order.barcodes) == 2


# Money.


cents = st.integers(0, 999_999_999).map(lambda each: Decimal(each).scaleb(-2))
percents = st.integers(1, 10_000).map(lambda each: Decimal(each).scaleb(-2))


@st.composite
def some_promocodes(draw):
    return [
        Promocode(
            id=f"p{n}",
            code=f"P{n}",
            sets=draw(st.sampled_from([(), (PARTERRE,), (BALCONY,)])),
            **draw(
                st.one_of(
                    percents.map(lambda each: {"percent": each}),
                    cents.map(lambda each: {"amount": each}),
                )
            ),
        )
        for n in range(draw(st.integers(0, 4)))
    ]


@drawn(some_promocodes(), cents, cents)
def test_prices_are_whole_cents_and_never_below_nothing(promocodes, nominal, extra):
    prices = {PARTERRE: Price("r", nominal, extra), BALCONY: Price("r", extra, nominal)}
    for name, discount in discounts_of(promocodes, prices).items():
        price = discounted(prices[name], discount)
        assert 0 <= price.nominal <= prices[name].nominal
        assert price.nominal + discount.off == prices[name].nominal
        assert price.nominal == price.nominal.quantize(Decimal("0.01"))
        assert price.extra == prices[name].extra
        assert discount.by


def test_half_a_cent_is_rounded_up():
    assert discounts_of([Promocode(id="p", code="P", percent=Decimal(50))], PRICES)[
        BALCONY
    ].off == Decimal("16.67")


@pytest.mark.parametrize("written", ["Cafe\u0301 ", "CAFÉ", "café", " cafÉ"])
def test_a_code_is_compared_in_any_case_and_form(written):
    assert normal(written) == "café"
