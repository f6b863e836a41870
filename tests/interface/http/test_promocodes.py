"""Promo codes over HTTP: as printed, what each refusal is, and how uses are counted."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from catalog import TILL_TOMORROW
from http_seller import pointers, refused
from promocodes import promocode, put_on

MAIL = {"email": "anna@example.org"}
OTHER_MAIL = {"email": "otto@example.org"}


@pytest.fixture
def codes(services, venue):
    """Puts promo codes on the evening; returns them."""

    def put(*promocodes, **more):
        put_on(services, venue, *promocodes, **more)
        return promocodes

    return put


@pytest.fixture
def promo(codes, venue):
    """The printed code: 30 per cent off."""
    return codes(promocode("PROMO", percent="30"))[0]


def used(services, code):
    """How many uses of a code are taken."""
    return sum(row.order is not None for row in services.store.tickets(f"promocode/{code['id']}"))


# As it is printed.


def test_an_order_of_an_event_with_codes_shows_its_discount(seller, venue, promo):
    order = seller.order(random={venue.parterre: 3})
    assert order["promocodes"] == []
    values = order["values"]
    assert values.keys() == {"discount", "extra", "full", "nominal", "sets"}
    assert (values["discount"], values["full"], values["nominal"]) == ("0.00", "300.00", "300.00")
    shown = {each["id"]: each for each in values["sets"]}
    assert shown.keys() == order["rules"].keys()
    assert shown[venue.parterre] == {"d": "0.00", "id": venue.parterre, "p": "100.00", "ps": []}


def test_a_code_of_thirty_per_cent_is_applied_as_printed(seller, venue, promo, clock):
    order = seller.order(random={venue.parterre: 3})
    clock.forward(minutes=1)
    changed = seller.change(order, promocodes=["PROMO"])
    assert changed["promocodes"] == [promo["id"]]
    assert (changed["value"], changed["value_extra"]) == ("210.00", "0.00")
    values = changed["values"]
    assert (values["discount"], values["full"], values["nominal"]) == ("90.00", "210.00", "210.00")
    ours = next(each for each in values["sets"] if each["id"] == venue.parterre)
    assert ours == {"d": "30.00", "id": venue.parterre, "p": "70.00", "ps": [promo["id"]]}
    assert changed["updated_at"] > order["updated_at"]
    assert changed["reserved_till"] == order["reserved_till"]
    assert seller.history(order) == ["OrderCreated", "PromocodesApplied"]
    assert seller.look(order) == changed


def test_an_order_of_an_event_without_codes_shows_no_discount(seller, venue, codes):
    order = seller.order(random={venue.parterre: 1})
    assert order["values"].keys() == {"extra", "full", "nominal"}
    codes(promocode("LATER", percent="10"))
    assert seller.look(order)["values"].keys() == {"extra", "full", "nominal"}
    assert seller.change(order, promocodes=["later"])["values"]["discount"] == "10.00"


def test_codes_may_be_given_at_creation_in_any_case_and_twice(seller, venue, promo):
    order = seller.order(tickets=venue.a[:2], promocodes=[" promo ", "PrOmO"])
    assert order["promocodes"] == [promo["id"]]
    assert order["value"] == "140.00"
    assert seller.change(order, promocodes=["PROMO"]) == order
    assert seller.history(order) == ["OrderCreated", "PromocodesApplied"]


def test_a_code_is_the_same_in_any_form_of_its_letters(seller, venue, codes):
    (street,) = codes(promocode("Grüne Straße", percent="50"))
    order = seller.order(tickets=venue.a[:1], promocodes=["GRU\u0308NE STRASSE"])
    assert order["promocodes"] == [street["id"]]


def test_none_takes_codes_off(seller, venue, promo):
    order = seller.order(tickets=venue.a[:2], promocodes=["PROMO"])
    bare = seller.change(order, promocodes=[])
    assert (bare["promocodes"], bare["value"], bare["values"]["discount"]) == ([], "200.00", "0.00")
    assert seller.change(order, promocodes=[]) == bare


def test_several_codes_take_off_in_turn_and_never_more_than_the_price(seller, venue, codes):
    ten, fifteen = codes(promocode("TEN", percent="10"), promocode("OFF15", amount="15.00"))
    one = seller.order(tickets=venue.a[:1], promocodes=["TEN", "OFF15"])
    assert (one["value"], one["promocodes"]) == ("75.00", [ten["id"], fifteen["id"]])
    other = seller.change(one, promocodes=["OFF15", "TEN"])
    assert (other["value"], other["values"]["discount"]) == ("76.50", "23.50")


def test_a_discount_is_rounded_half_up_by_ticket_and_leaves_the_fee(seller, venue, codes):
    codes(promocode("HALF", percent="50"), promocode("ALL", amount="1000.00"))
    order = seller.order(tickets=venue.b[:3], promocodes=["HALF"])  # 33.33 and 3.34 each
    values = order["values"]
    ours = next(each for each in values["sets"] if each["id"] == venue.balcony)
    assert (ours["d"], ours["p"]) == ("16.67", "20.00")
    assert (values["discount"], values["nominal"], values["extra"]) == ("50.01", "49.98", "10.02")
    assert order["value"] == values["full"] == "60.00"
    free = seller.change(order, promocodes=["ALL"])
    assert (free["value"], free["values"]["nominal"]) == ("10.02", "0.00")


def test_a_change_of_tickets_counts_anew(seller, venue, codes):
    (code,) = codes(promocode("PAIR", percent="20", least_tickets=2, sets=[venue.parterre]))
    order = seller.order(tickets=venue.a[:3], promocodes=["PAIR"])
    assert order["value"] == "240.00"
    fewer = seller.change(order, tickets=[*venue.a[:2], venue.b[0]])
    assert (fewer["value"], fewer["promocodes"]) == ("196.67", [code["id"]])
    alone = seller.change(order, tickets=venue.a[:1])
    assert (alone["value"], alone["promocodes"], alone["values"]["discount"]) == (
        "100.00",
        [],
        "0.00",
    )
    assert seller.history(order)[-2:] == ["TicketsChanged", "PromocodesApplied"]


def test_the_discount_can_be_chosen_by_fields_schema(seller, venue, promo):
    order = seller.order(tickets=venue.a[:2], promocodes=["PROMO"])
    query = "?fields-schema=promocodes,values{discount,sets{id,d}}"
    shown = seller.get(f"/v1/resources/orders/{order['id']}{query}").json
    assert shown["promocodes"] == [promo["id"]]
    assert shown["values"]["discount"] == "60.00"
    assert {"id": venue.parterre, "d": "30.00"} in shown["values"]["sets"]


# What is refused, with nothing changed.


def test_codes_that_may_not_be_used_are_refused_each_by_its_own_code(
    seller, venue, codes, unchanged
):
    codes(
        promocode("LATER", percent="1", **{"from": TILL_TOMORROW}),
        promocode("ENDED", percent="1", till="2030-01-01T00:00:00+00:00"),
        promocode("BALCONY", percent="1", sets=[venue.balcony]),
        promocode("FOUR", percent="1", least_tickets=4),
        promocode("ONE", percent="1", most_tickets=1),
        promocode("GOOD", percent="1"),
        matinee=[promocode("MATINEE", percent="1")],
    )
    order = seller.order(tickets=venue.a[:2])
    expected = {
        "NONE": "unknown_promocode",
        "MATINEE": "unknown_promocode",
        "LATER": "promocode_not_begun",
        "ENDED": "promocode_ended",
        "BALCONY": "promocode_not_for_sets",
        "FOUR": "promocode_too_few_tickets",
        "ONE": "promocode_too_many_tickets",
    }
    with unchanged():
        for code, refusal in expected.items():
            refused(seller.patch(order, promocodes=["GOOD", code]), 400, refusal)
            refused(seller.create(tickets=venue.a[2:4], promocodes=[code]), 400, refusal)
    assert seller.look(order) == order


def test_a_code_of_another_partner_is_unknown(stranger, seller, venue, promo, running):
    order = seller.order(tickets=venue.a[:1])
    refused(stranger.patch(order, promocodes=["PROMO"]), 404, "unknown_order")
    refused(stranger.create(promocodes=["PROMO"]), 403, "no_deal")


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ("PROMO", "/promocodes"),
        ({"PROMO": 1}, "/promocodes"),
        (None, "/promocodes"),
        ([1], "/promocodes/0"),
        ([None], "/promocodes/0"),
        ([["PROMO"]], "/promocodes/0"),
        (["PROMO", ""], "/promocodes/1"),
        (["   "], "/promocodes/0"),
        (["x" * 101], "/promocodes/0"),
        (["PRO\x00MO"], "/promocodes/0"),
        (["x"] * 11, "/promocodes"),
    ],
)
def test_bad_values_are_refused(seller, venue, promo, unchanged, said, pointer):
    with unchanged():
        answer = seller.create(tickets=venue.a[:1], promocodes=said)
        refused(answer, 400, "bad_body")
    assert pointers(answer) == [pointer]


def test_codes_change_only_while_the_order_is_executed(seller, venue, promo):
    order = seller.order(tickets=venue.a[:2], promocodes=["PROMO"], payment={"system": "api/BASE"})
    seller.change(order, status="in_progress")
    assert seller.change(order, promocodes=["promo"])["promocodes"] == [promo["id"]]
    refused(seller.patch(order, promocodes=[]), 400, "promocodes_locked")
    seller.change(order, status="done")
    refused(seller.patch(order, promocodes=[]), 400, "promocodes_locked")


def test_a_code_keeps_its_terms_in_orders_that_have_it(seller, venue, codes, promo):
    order = seller.order(tickets=venue.a[:2], promocodes=["PROMO"])
    codes({**promo, "percent": "90", "code": "RENAMED"}, promocode("TEN", percent="10"))
    assert seller.look(order)["value"] == "140.00"
    both = seller.change(order, promocodes=["promo", "TEN"])
    assert both["value"] == "126.00"
    assert seller.change(order, tickets=venue.a[:1])["value"] == "63.00"
    refused(seller.patch(seller.order(), promocodes=["promo"]), 400, "unknown_promocode")


# Uses.


def test_a_code_is_used_as_often_as_it_may_be_and_given_back(seller, services, venue, codes, clock):
    (code,) = codes(promocode("TWO", percent="10", limit=2))
    first = seller.order(tickets=venue.a[:1], promocodes=["TWO"])
    second = seller.order(tickets=venue.a[1:2])
    seller.change(second, promocodes=["TWO"])
    assert used(services, code) == 2
    third = seller.order(tickets=venue.a[2:3])
    refused(seller.patch(third, promocodes=["TWO"]), 400, "promocode_used_up")
    refused(seller.create(tickets=venue.a[3:4], promocodes=["two"]), 400, "promocode_used_up")
    seller.change(second, promocodes=[])
    seller.change(third, promocodes=["TWO"])
    seller.cancel(first)
    assert used(services, code) == 1
    clock.forward(minutes=11)  # the third order expires, and nobody has recorded it
    assert used(services, code) == 1
    for n in (0, 1):
        seller.order(tickets=[venue.a[n]], promocodes=["TWO"])
    assert used(services, code) == 2
    assert seller.history(third)[-1] == "StatusChanged"


def test_what_was_paid_stays_used_also_when_it_is_refunded(seller, services, venue, codes):
    (code,) = codes(promocode("ONCE", percent="10", limit=1))
    order = seller.order(
        tickets=venue.a[:2],
        promocodes=["ONCE"],
        payment={"system": "api/BASE"},
        status="in_progress",
    )
    seller.change(order, status="done")
    body = {"order": order["id"], "tickets_refund": order["tickets"], "culprit": "org"}
    refund = seller.ask("POST", "/v1/resources/refund_requests", json=body)
    assert (refund.status_code, refund.json["value"]) == (201, "180.00"), refund.text
    approved = seller.ask(
        "PATCH", f"/v1/resources/refund_requests/{refund.json['id']}", json={"status": "approved"}
    )
    assert approved.status_code == 201, approved.text
    assert used(services, code) == 1


def test_a_buyer_uses_a_code_as_often_as_one_may(seller, venue, codes, clock):
    codes(promocode("MINE", percent="10", per_buyer=1))
    first = seller.order(tickets=venue.a[:1], promocodes=["MINE"], customer=MAIL)
    again = seller.order(tickets=venue.a[1:2], customer={"email": "Anna@EXAMPLE.org"})
    refused(seller.patch(again, promocodes=["MINE"]), 400, "promocode_used_up_by_buyer")
    nobody = seller.order(tickets=venue.a[2:3], promocodes=["MINE"])
    refused(seller.patch(nobody, customer=MAIL), 400, "promocode_used_up_by_buyer")
    assert "email" not in seller.look(nobody)["customer"]
    before = seller.look(nobody)["updated_at"]
    named = seller.change(nobody, customer=OTHER_MAIL)
    assert (named["updated_at"], named["value"]) == (before, "90.00")
    assert seller.history(nobody)[-2:] == ["CustomerSet", "PromocodeUsesChanged"]
    seller.cancel(first)
    seller.change(nobody, customer=MAIL)  # gives the other buyer's use back
    seller.change(again, customer=OTHER_MAIL, promocodes=["mine"])
    clock.forward(minutes=11)
    seller.order(tickets=venue.a[:1], promocodes=["MINE"], customer=MAIL)


def test_an_address_that_has_one_account_is_one_buyer_however_it_is_written(seller, venue, codes):
    codes(promocode("MINE", percent="10", per_buyer=1))
    command = {"customer": MAIL, "promocodes": ["MINE"]}
    account = seller.order(tickets=venue.a[:1], **command)["customer"]["user"]
    for written in ("ANNA@example.org", "\uff41nna@EXAMPLE.org", "an\u200bna@example.org"):
        other = seller.order(tickets=venue.a[1:2], customer={"email": written})
        assert other["customer"]["user"] == account
        refused(seller.patch(other, promocodes=["MINE"]), 400, "promocode_used_up_by_buyer")
        seller.cancel(other)


def test_a_code_that_is_counted_by_buyer_is_not_paid_by_nobody(seller, venue, codes, unchanged):
    codes(promocode("MINE", percent="10", per_buyer=1), promocode("ALL", percent="100"))
    pay = {"payment": {"system": "api/BASE"}, "status": "in_progress"}
    order = seller.order(tickets=venue.a[:1], promocodes=["MINE"])
    with unchanged():
        for command in (pay, {**pay, "customer": {"first_name": "Anna"}}):
            answer = seller.patch(order, **command)
            refused(answer, 400, "promocode_needs_buyer")
            assert pointers(answer) == ["/customer/email"]
        answer = seller.create(tickets=venue.a[1:2], promocodes=["MINE"], **pay)
        refused(answer, 400, "promocode_needs_buyer")
    free = seller.order(tickets=venue.a[1:2], promocodes=["MINE", "ALL"])
    refused(seller.patch(free, status="in_progress"), 400, "promocode_needs_buyer")
    assert seller.change(order, **pay, customer=MAIL)["status"] == "in_progress"


def test_a_buyers_uses_follow_the_catalogue(seller, services, venue, codes):
    (code,) = codes(promocode("MINE", percent="10", per_buyer=2))
    for n in (0, 1):
        seller.order(tickets=[venue.a[n]], promocodes=["MINE"], customer=MAIL)
    codes({**code, "per_buyer": 3})
    third = seller.order(tickets=[venue.a[2]], promocodes=["MINE"], customer=MAIL)
    seller.cancel(third)
    codes({**code, "per_buyer": 1})
    answer = seller.create(tickets=[venue.a[2]], promocodes=["MINE"], customer=MAIL)
    refused(answer, 400, "promocode_used_up_by_buyer")


@pytest.mark.parametrize(
    ("terms", "refusal", "most"),
    [
        ({"limit": 5}, "promocode_used_up", 5),
        ({"per_buyer": 2}, "promocode_used_up_by_buyer", 2),
    ],
)
def test_a_rush_takes_each_use_once(running, services, venue, codes, terms, refusal, most):
    """At two processes of the service, by several threads each."""
    (code,) = codes(promocode("FEW", percent="10", **terms))
    body = {"random": {venue.floor: 1}, "promocodes": ["FEW"], "customer": MAIL}
    with running.another() as other:
        clients = [app.test_client() for app in (running.app, other.app)]

        def ask(n):
            return clients[n % 2].post(
                "/v1/resources/orders",
                json={"event": venue.evening, **body},
                headers={"Authorization": f"key {venue.org_key}"},
            )

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(ask, range(12)))
    won = [each.json for each in answers if each.status_code == 201]
    lost = [each.json["code"] for each in answers if each.status_code != 201]
    assert (len(won), set(lost)) == (most, {refusal})
    kind = "promocode" if "limit" in terms else "promocode-buyer"
    rows = services.store.tickets(f"{kind}/{code['id']}")
    assert sum(row.order is not None for row in rows) == most
    assert {each["value"] for each in won} == {"50.50"}


# Nothing to pay.


def test_an_order_worth_nothing_is_done_without_a_payment_system(seller, venue, codes):
    codes(promocode("GIFT", percent="100"))
    order = seller.order(tickets=venue.a[:2])
    refused(seller.patch(order, status="in_progress"), 400, "payment_system_missing")
    free = seller.change(order, promocodes=["GIFT"], status="in_progress")
    assert (free["value"], free["status"], free["payment"]["system"]) == (
        "0.00",
        "in_progress",
        None,
    )
    assert seller.change(order, status="done")["status"] == "done"
    assert len(seller.get(f"/v1/resources/orders/{order['id']}/tickets").json) == 2
    told = seller.get(
        f"/v1/resources/orders/{order['id']}/explain", headers={"Accept-Language": "en"}
    ).json["story"]
    assert any("There is nothing to pay." in each["sentence"] for each in told)


def test_a_gateways_order_worth_nothing_is_done_by_its_vendor(seller, venue, codes):
    codes(promocode("GIFT", percent="100"))
    order = seller.order(
        tickets=venue.a[:1],
        promocodes=["GIFT"],
        payment={"system": "api/CARD"},
        status="in_progress",
    )
    assert seller.change(order, status="done")["status"] == "done"


def test_sales_count_what_was_paid(seller, venue, running, promo):
    order = seller.order(
        tickets=venue.a[:2],
        promocodes=["PROMO"],
        payment={"system": "api/BASE"},
        status="in_progress",
    )
    seller.change(order, status="done")
    running.catch_up()
    sales = seller.get(f"/v1/resources/events/{venue.evening}/sales").json
    assert (sales["values"]["nominal"], sales["values"]["full"]) == ("140.00", "140.00")
