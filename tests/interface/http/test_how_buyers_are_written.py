"""A buyer's name, address and number: kept in one form, and found however they are written."""

import pytest
from catalog import SYSTEMS
from http_seller import pointers, refused, the

from application.orders.queries import OrderFilter
from application.projector.loop import catch_up
from application.runtime.people import email, kept_phone, sought_phone, visible

DECOMPOSED, COMPOSED = "Nun\u0303ez", "Nu\u00f1ez"
CARD_SYSTEM = SYSTEMS[2]["id"]
UNSEEN = "\u200b\u2060\ufeff\u00ad\u202e\u3164"


@pytest.fixture
def find(running, seller):
    """The ids of the seller's orders that a text finds."""
    services = running.services

    def found(text):
        catch_up(services.store, "orders")
        caller = services.access.caller(seller.key)
        return [each["id"] for each in services.search.find(caller, text, OrderFilter()).orders]

    return found


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"last_name": DECOMPOSED}, {"last_name": COMPOSED}),
        ({"first_name": f"An{UNSEEN}na "}, {"first_name": "Anna"}),
        ({"first_name": "می\u200cخواهم"}, {"first_name": "می\u200cخواهم"}),
        ({"email": "buyer@example.com\u200b"}, {"email": "buyer@example.com"}),
        ({"email": "\ufeffBuyer@EXAMPLE.com "}, {"email": "Buyer@example.com"}),
        ({"mobile": "030/1234567"}, {"mobile": "030/1234567"}),
        ({"mobile": "+49\u00a0(0)30\u20131234567\u200e"}, {"mobile": "+49 (0)30-1234567"}),
        ({"mobile": "＋７９９９１２３４５６７"}, {"mobile": "+79991234567"}),
    ],
)
def test_what_is_kept_is_what_is_seen(seller, given, kept):
    order = seller.order(customer=given)
    nobody = dict.fromkeys(("email", "first_name", "last_name", "mobile"))
    user = order["customer"].pop("user")
    assert (user is None) == ("email" not in kept)
    assert order["customer"] == {"lang": "ru", **nobody, **kept}
    assert seller.change(order, customer=kept)["customer"] == {**order["customer"], "user": user}
    assert seller.history(order) == ["OrderCreated", "CustomerSet"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", UNSEEN),
        ("last_name", f" {UNSEEN}\u200d"),
        ("email", "buyer@exam ple.com"),
        ("email", "buyer@example..com"),
        ("email", UNSEEN),
        ("mobile", f"{UNSEEN}12"),
        ("mobile", "030//\\1234567"),
    ],
)
def test_nothing_to_see_is_nothing(seller, unchanged, field, value):
    with unchanged():
        answer = seller.create(customer={field: value})
        refused(answer, 400, "bad_body")
        assert pointers(answer) == [f"/customer/{field}"]


@pytest.mark.parametrize("given", [DECOMPOSED, COMPOSED, COMPOSED.upper()])
@pytest.mark.parametrize("text", [DECOMPOSED, COMPOSED, f"nu{UNSEEN}ñ", "NUÑEZ", "Ｎｕñ"])
def test_a_name_is_found_in_every_form(seller, find, given, text):
    order = seller.order(customer={"last_name": given})
    assert order["id"] in find(text)


NUMBERS = ["+49 (0)30 1234567", "+49301234567", "030/1234567", "0049 30 123 45 67"]


@pytest.mark.parametrize("given", NUMBERS)
@pytest.mark.parametrize("text", [*NUMBERS, "030–1234567", "123 45 67", "45 67"])
def test_a_number_is_found_with_its_country_and_without(given, text):
    assert kept_phone(given).startswith(sought_phone(text))


@pytest.mark.parametrize(
    ("given", "text"),
    [("+7 916 123-45-67", "8 916 1234567"), ("89161230001", "00 01"), ("8916 0000000", "000 0000")],
)
def test_ends_of_numbers_keep_their_zeros(given, text):
    assert kept_phone(given).startswith(sought_phone(text)[:10])


def test_a_number_is_found_in_the_list(seller, find):
    order = seller.order(customer={"mobile": "030/7654321"})
    for text in ("+49 30 7654321", "030 7654321", "30/7654321"):
        assert order["id"] in find(text)


@pytest.mark.parametrize("text", ["Anna@xn--mnchen-3ya.de", "ANNA@münchen.de", "anna@mu\u0308nch"])
def test_an_address_is_found_in_every_form(seller, find, text):
    order = seller.order(customer={"email": "Anna@München.de"})
    assert order["id"] in find(text)


def test_ids_may_have_capitals_wherever_a_client_writes_one(seller, venue):
    system = CARD_SYSTEM.upper()
    order = seller.order(tickets=[venue.a[0].upper()], payment={"system": system})
    assert order["tickets"] == [venue.a[0]]
    path = the(order["id"].upper())
    assert seller.get(path).json == order
    assert seller.get(f"{path}/history").status_code == 200
    shown = seller.get(f"/v1/resources/events/{venue.evening.upper()}/tickets")
    assert shown.status_code == 200


def test_the_same_text_has_one_form():
    assert visible(visible(DECOMPOSED)) == visible(DECOMPOSED) == COMPOSED
    assert email(email("A@B.example")) == "A@b.example"
