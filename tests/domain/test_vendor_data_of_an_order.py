"""What a vendor keeps with an order for itself."""

import pytest
from order_case import given, numbered
from order_commands import the_vendor_keeps
from order_states import (
    a_canceled_order,
    a_paid_order,
    after,
    an_executed_order,
    an_expired_order,
    an_order_in_payment,
    event,
)

from domain.commands import VendorData
from domain.events import VendorDataSet

RAW = {"till": "7", "guests": 2, "gift": True, "note": None}


def an_order_of_the_shop():
    return numbered([*an_executed_order(), event(VendorDataSet, after(1), order_id="A-1", raw=RAW)])


def test_what_the_vendor_keeps_is_noted():
    kept = {"order_id": "A-1", "raw": RAW}
    order = (
        given(an_executed_order()).when(the_vendor_keeps(**kept)).then(event(VendorDataSet, **kept))
    )
    assert order.vendor_data == VendorData(**kept)


def test_what_is_not_named_stays_and_the_rest_is_replaced_whole():
    order = (
        given(an_order_of_the_shop())
        .when(the_vendor_keeps(raw={"till": "8"}))
        .then(event(VendorDataSet, raw={"till": "8"}))
    )
    assert order.vendor_data == VendorData(order_id="A-1", raw={"till": "8"})


def test_nothing_is_kept_by_an_empty_object():
    order = (
        given(an_order_of_the_shop())
        .when(the_vendor_keeps(raw={}))
        .then(event(VendorDataSet, raw={}))
    )
    assert order.vendor_data == VendorData(order_id="A-1", raw={})


@pytest.mark.parametrize("kept", [{}, {"order_id": "A-1"}, {"raw": dict(reversed(RAW.items()))}])
def test_the_same_again_is_nothing_new(kept):
    given(an_order_of_the_shop()).when(the_vendor_keeps(**kept)).then_nothing()


def test_one_is_not_true():
    given(an_order_of_the_shop()).when(the_vendor_keeps(raw=RAW | {"gift": 1})).then(
        event(VendorDataSet, raw=RAW | {"gift": 1})
    )


@pytest.mark.parametrize(
    "told", [an_order_in_payment, a_paid_order, a_canceled_order, an_expired_order]
)
def test_it_is_kept_at_any_time(told):
    (
        given(told())
        .when(the_vendor_keeps(order_id="A-2"))
        .then(event(VendorDataSet, max(after(5), told()[-1].at), order_id="A-2"))
    )
