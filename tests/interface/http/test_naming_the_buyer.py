"""The customer of an order: what was said is shown, and it may be said while executed."""

import pytest
from catalog import BASE
from http_seller import pointers, refused

ANNA = {
    "email": "anna@example.com",
    "first_name": "Анна",
    "lang": "fr",
    "last_name": "O'Neill-Smith",
    "mobile": "+7 (999) 123-45-67",
}


NOBODY = dict.fromkeys((*ANNA, "user"))


def test_the_language_is_the_partners_until_the_buyer_has_one(seller, shop):
    assert seller.order()["customer"] == {"lang": "ru"}
    order = shop.order()
    assert order["customer"] == {"lang": "en"}
    assert shop.change(order, customer={"lang": "fr"})["customer"] == {**NOBODY, "lang": "fr"}


def test_once_something_was_said_all_fields_are_shown_and_more_may_be_said_later(seller):
    order = seller.order(customer={"mobile": ANNA["mobile"]})
    assert order["customer"] == {**NOBODY, "mobile": ANNA["mobile"], "lang": "ru"}
    order = seller.change(order, customer={"first_name": "Анна", "last_name": None})
    assert order["customer"] == {
        **NOBODY,
        "mobile": ANNA["mobile"],
        "first_name": "Анна",
        "lang": "ru",
    }
    said = seller.change(order, customer=ANNA)["customer"]
    assert said == {**ANNA, "user": said["user"]}
    assert seller.look(order)["customer"] == said


def test_naming_the_buyer_moves_neither_the_last_change_nor_the_hold(seller, venue, clock):
    order = seller.order(tickets=venue.a[:1])
    clock.forward(minutes=2)
    changed = seller.change(order, customer=ANNA)
    assert changed == order | {"customer": {**ANNA, "user": changed["customer"]["user"]}}
    assert seller.history(order) == ["OrderCreated", "CustomerSet"]


def test_once_the_payment_runs_the_buyer_stays_who_it_is(seller, venue, unchanged):
    order = seller.order(tickets=venue.a[:1], payment={"system": BASE}, customer=ANNA)
    paying = seller.change(order, status="in_progress")
    with unchanged():
        refused(seller.patch(order, customer={"email": "b@example.com"}), 400, "customer_locked")
        assert seller.change(order, customer=ANNA) == paying


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "anna"),
        ("email", "anna@"),
        ("email", "@example.com"),
        ("email", "anna @example.com"),
        ("email", "anna@example.com\n"),
        ("email", "anna@exa\u0000mple.com"),
        ("email", '"\u0001"@example.com'),
        ("email", "a" * 250 + "@example.com"),
        ("email", ["anna@example.com"]),
        ("first_name", ""),
        ("first_name", "   "),
        ("first_name", "x" * 201),
        ("first_name", "An\u0000na"),
        ("first_name", "Anna\n"),
        ("first_name", "An\u0085na"),
        ("first_name", 7),
        ("last_name", "x" * 201),
        ("last_name", {"text": "Smith"}),
        ("mobile", ""),
        ("mobile", "12"),
        ("mobile", "call me"),
        ("mobile", "+7999123456789012"),
        ("mobile", "1      -"),
        ("mobile", "+٧٩٩٩١٢٣٤٥٦٧"),
        ("mobile", 79991234567),
        ("lang", "russian"),
        ("lang", "RU"),
        ("lang", "r"),
        ("lang", "ür"),
        ("lang", True),
    ],
)
def test_what_is_no_address_number_or_name_is_refused(seller, unchanged, field, value):
    order = seller.order()
    with unchanged():
        for answer in (
            seller.create(customer={field: value}),
            seller.patch(order, customer={field: value}),
        ):
            refused(answer, 400, "bad_body")
            assert pointers(answer) == [f"/customer/{field}"]


@pytest.mark.parametrize(
    "mobile", ["+79991234567", "8 (495) 123-45-67", "(495) 123-4567", "+49.30.1234567", "12345"]
)
def test_numbers_are_taken_as_people_write_them(seller, mobile):
    assert seller.order(customer={"mobile": mobile})["customer"]["mobile"] == mobile


@pytest.mark.parametrize("customer", [None, [], "anna@example.com", 7, {"age": 30}])
def test_what_is_no_customer_is_refused(seller, unchanged, customer):
    with unchanged():
        answer = seller.create(customer=customer)
        refused(answer, 400, "bad_body")
        assert pointers(answer)[0].startswith("/customer")
