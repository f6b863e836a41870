"""What changed between two versions of an order, and who changed it."""

import pytest

from domain.commands import VendorData
from domain.refusals import UnknownOrder, UnknownVersion


def diff(office, order, from_, to):
    changes = office.services.history.diff(order, from_, to)["changes"]
    return {each["field"]: (each["from"], each["to"]) for each in changes}


def by(office, order, from_, to, field):
    changes = office.services.history.diff(order, from_, to)["changes"]
    [found] = [each["by"] for each in changes if each["field"] == field]
    return [(each["version"], each["name"], each["to"]) for each in found]


def test_the_start_of_a_payment_moves_status_hold_and_payment(office):
    order = office.order()
    office.choose_payment(order)
    office.later(minutes=2)
    office.start_payment(order)
    found = diff(office, order, 2, 3)
    assert found["status"] == ("executed", "in_progress")
    assert found["reserved_till"] == (
        "2030-01-26T09:35:19.378000+00:00",
        "2030-01-26T09:57:19.378000+00:00",
    )
    assert found["payment.system"] == (None, "545b544a5d645a463e779d53")
    assert found.keys() == {
        "status",
        "reserved_till",
        "updated_at",
        "payment.system",
        "payment.redirect_url",
    }


def test_a_choice_of_payment_is_told_though_the_document_does_not_show_it(office):
    order = office.order()
    office.choose_payment(order)
    assert diff(office, order, 1, 2) == {"payment.chosen": (None, "api/BASE")}


def test_everything_is_new_since_before_the_order_was_made(office):
    order = office.order()
    found = diff(office, order, 0, 1)
    assert found["status"] == (None, "executed")
    assert found["id"] == (None, order)
    assert "deal" not in found


def test_who_did_it_when_and_by_which_request(office):
    order = office.order()
    at = office.later(minutes=1)
    office.name_buyer(order, email="buyer@example.com")
    change, user = office.services.history.diff(order, 1, 2)["changes"]
    assert user["field"] == "customer.user"
    assert change == {
        "field": "customer.email",
        "from": None,
        "to": "buyer@example.com",
        "by": [
            {
                "version": 2,
                "name": "CustomerSet",
                "at": at.isoformat(timespec="microseconds"),
                "actor": office.caller().actor,
                "request": "request-2",
                "to": "buyer@example.com",
            }
        ],
    }


def test_a_field_that_changed_twice_names_both_events(office):
    order = office.order()
    office.name_buyer(order, email="first@example.com")
    office.name_buyer(order, email="second@example.com")
    assert diff(office, order, 1, 3)["customer.email"] == (None, "second@example.com")
    assert by(office, order, 1, 3, "customer.email") == [
        (2, "CustomerSet", "first@example.com"),
        (3, "CustomerSet", "second@example.com"),
    ]
    assert by(office, order, 2, 3, "customer.email") == [(3, "CustomerSet", "second@example.com")]


def test_what_changed_and_changed_back_is_no_difference(office):
    order = office.order()
    office.name_buyer(order, email="first@example.com")
    office.name_buyer(order, email="second@example.com")
    office.name_buyer(order, email="first@example.com")
    assert diff(office, order, 2, 4) == {}
    assert diff(office, order, 3, 3) == {}


def test_barcodes_come_with_the_end_of_the_payment(office):
    order = office.paid_order()
    barcodes = [name for name in diff(office, order, 3, 4) if name.startswith("barcodes.")]
    assert len(barcodes) == 1


@pytest.mark.parametrize(("from_", "to"), [(0, 2), (2, 1), (1, 9)])
def test_a_version_that_the_order_does_not_have_is_refused(office, from_, to):
    order = office.order()
    with pytest.raises(UnknownVersion):
        office.services.history.diff(order, from_, to)


def test_a_stranger_learns_nothing(office):
    order = office.order()
    stranger = office.caller("56810047f06c5a6ac62f4e1f")
    with pytest.raises(UnknownOrder):
        office.services.history.diff(order, 0, 1, stranger)


def test_what_is_equal_in_python_and_not_in_json_is_a_difference(office):
    order = office.order()
    for value in (1, True, 1.0):
        office.change(order, vendor_data=VendorData(raw={"paid": value}))
    for from_, to in ((2, 3), (3, 4), (2, 4)):
        before, after = diff(office, order, from_, to)["vendor_data.raw.paid"]
        assert type(before) is not type(after)
        assert before == after
