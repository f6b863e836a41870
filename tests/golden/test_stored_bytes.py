"""The bytes of every event, as they stand in logs that exist. These files are never edited."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from application.event_log.idempotency import key_digest
from domain.events import (
    STORED,
    STORED_NAMES,
    CustomerSet,
    DisputeChanged,
    Idempotency,
    MoneyKept,
    OrderCreated,
    OrderCreatedWithPromocodes,
    OrderReinstated,
    PaymentFailed,
    PaymentReceived,
    PaymentStarted,
    PaymentSystemSet,
    PromocodesApplied,
    PromocodeUsesChanged,
    RefundApproved,
    RefundFailed,
    RefundPaid,
    RefundRejected,
    RefundRequested,
    RefundRequired,
    ShortfallWaived,
    StatusChanged,
    TicketsChanged,
    VendorDataSet,
)
from domain.gateway import DisputeState
from domain.payment import ConfirmedBy, PaymentSystem
from domain.pricing import Price
from domain.promocodes import Discount, PromocodeTerms, use_of, uses_of, uses_of_buyer
from domain.refunds import Culprit
from domain.status import Status

HERE = Path(__file__).parent
KEYED = {path.stem: path for path in (HERE / "keyed").glob("*.json")}
"""The same events with what came later: the key of the request that brought them about."""
LATER = {path.stem: path for path in (HERE / "later").glob("*.json")}
"""The same events with all fields of today: their bytes before are those of the other files."""
FILES = {path.stem: path for path in HERE.glob("*.json")}
PARTERRE, BALCONY = "56a6254bf06c5a059b93800c", "56a6254bf06c5a059b93800d"


def told(minute, version):
    return {
        "originator_id": "56a73b7ff06c5a21c393806b",
        "originator_version": version,
        "at": datetime(2016, 1, 26, 9, minute, 19, 378000, tzinfo=UTC),
        "actor": "partner:56810047f06c5a6ac62f4e1d key:a1b2c3d4",
        "request": "5f0c6a1e",
    }


MONEY = {
    "system": "545b544a5d645a463e779d55",
    "payment": "gw-1",
    "amount": Decimal("133.30"),
    "currency": "RUB",
}
REFUND = {"refund": "5703daea2d709509727f92a5"}
PROMO, OTHER_PROMO = "570fb8952d70951b382b0b65", "570fb8952d70951b382b0b66"
FIRST, SECOND = "56a6253df06c5a059a9380a0", "56a6253df06c5a059a9380a1"

EXPECTED = {
    "OrderCreated.1": OrderCreated(
        **told(25, 1),
        number=497291903,
        show="56a6253df06c5a059a93802e",
        org="56810047f06c5a6ac62f4e1d",
        vendor="56810047f06c5a6ac62f4e1e",
        deal="56810047f06c5a6ac62f4e1f",
        lang="ru",
        prices={
            PARTERRE: Price("56a6254bf06c5a059b93800b", Decimal("100.00"), Decimal("0.00")),
            BALCONY: Price("56a6254bf06c5a059b93800a", Decimal("33.30"), Decimal("3.34")),
        },
        tickets={"56a6253df06c5a059a9380a0": PARTERRE, "56a6253df06c5a059a9380a1": BALCONY},
        reserved_till=datetime(2016, 1, 26, 9, 35, 19, 378000, tzinfo=UTC),
    ),
    "OrderCreated.2": OrderCreatedWithPromocodes(
        **told(25, 1),
        number=497291904,
        show="56a6253df06c5a059a93802e",
        org="56810047f06c5a6ac62f4e1d",
        vendor="56810047f06c5a6ac62f4e1e",
        deal="56810047f06c5a6ac62f4e1f",
        lang="ru",
        prices={PARTERRE: Price("56a6254bf06c5a059b93800b", Decimal("100.00"), Decimal("5.50"))},
        tickets={"56a6253df06c5a059a9380a0": PARTERRE},
        reserved_till=datetime(2016, 1, 26, 9, 35, 19, 378000, tzinfo=UTC),
    ),
    "PromocodesApplied.1": PromocodesApplied(
        **told(26, 2),
        promocodes=(
            PromocodeTerms(
                id=PROMO,
                code="ВЕСНА",
                sets=(PARTERRE,),
                percent=Decimal("12.5"),
                limit=100,
                per_buyer=2,
                least_tickets=2,
                most_tickets=6,
            ),
            PromocodeTerms(id=OTHER_PROMO, code="MINUS5", amount=Decimal("5.00")),
        ),
        discounts={PARTERRE: Discount(Decimal("17.50"), (PROMO, OTHER_PROMO))},
        uses=(use_of(uses_of(PROMO), 17),),
    ),
    "PromocodeUsesChanged.1": PromocodeUsesChanged(
        **told(27, 3),
        uses=(
            use_of(uses_of(PROMO), 17),
            use_of(uses_of_buyer(PROMO, "Anna@Example.org"), 1),
        ),
    ),
    "TicketsChanged.1": TicketsChanged(
        **told(26, 2),
        added={"56a6253df06c5a059a9380a2": PARTERRE},
        removed=("56a6253df06c5a059a9380a1",),
    ),
    "CustomerSet.1": CustomerSet(
        **told(27, 3),
        email="anna@example.org",
        first_name="Анна",
        last_name="O'Hara",
        mobile="+79160000000",
        lang="en",
    ),
    "VendorDataSet.1": VendorDataSet(
        **told(43, 19),
        order_id="A-4711",
        raw={"till": "7", "guests": 2, "rate": 0.5, "gift": True, "note": None},
    ),
    "PaymentSystemSet.1": PaymentSystemSet(
        **told(28, 4),
        system=PaymentSystem(
            id="545b544a5d645a463e779d53",
            alias="api/BASE",
            hold_minutes=30,
            confirmed_by=ConfirmedBy.VENDOR,
            redirect_url="https://www.goodservice.ru/payment_params.php",
        ),
        success_url="https://shop.example/thanks",
        failure_url="https://shop.example/sorry",
    ),
    "StatusChanged.1": StatusChanged(
        **told(29, 5),
        status=Status.IN_PROGRESS,
        reserved_till=datetime(2016, 1, 26, 9, 59, 19, 378000, tzinfo=UTC),
        redirect_url="https://www.goodservice.ru/payment_params.php?customer=b6cbe4bd8a338159",
        barcodes={"56a6253df06c5a059a9380a0": "01234567890123456789"},
    ),
    "PaymentStarted.1": PaymentStarted(**told(30, 6), **MONEY),
    "PaymentFailed.1": PaymentFailed(**told(31, 7), **MONEY),
    "PaymentReceived.1": PaymentReceived(**told(32, 8), **MONEY, due_in="EUR"),
    "DisputeChanged.1": DisputeChanged(**told(33, 9), **MONEY, state=DisputeState.LOST),
    "OrderReinstated.1": OrderReinstated(**told(34, 10), tickets={FIRST: PARTERRE}),
    "RefundRequested.1": RefundRequested(
        **told(35, 11),
        **REFUND,
        culprit=Culprit.USER,
        tickets=(FIRST,),
        stay=(SECOND,),
        value=Decimal("50.00"),
        currency="RUB",
    ),
    "RefundRequired.1": RefundRequired(
        **told(36, 12), **REFUND, reason="late", value=Decimal("133.30"), currency="RUB"
    ),
    "RefundApproved.1": RefundApproved(**told(37, 13), **REFUND, resold=(FIRST,)),
    "RefundRejected.1": RefundRejected(**told(38, 14), **REFUND),
    "RefundPaid.1": RefundPaid(
        **told(39, 15),
        **REFUND,
        amount=Decimal("50.00"),
        currency="RUB",
        system=MONEY["system"],
        payment="gw-1",
    ),
    "RefundFailed.1": RefundFailed(
        **told(40, 16), **REFUND, system=MONEY["system"], payment="gw-1"
    ),
    "MoneyKept.1": MoneyKept(
        **told(41, 17), amount=Decimal("0.70"), currency="RUB", note="A rounding of the bank."
    ),
    "ShortfallWaived.1": ShortfallWaived(
        **told(42, 18), amount=Decimal("3.30"), currency="RUB", note="A gift of the house."
    ),
}


BY = Idempotency(
    digest=key_digest("56810047f06c5a6ac62f4e1d", "order-4711"),
    fingerprint=bytes(range(224, 256)),
)


def keyed(name):
    return msgspec.structs.replace(EXPECTED[name], idempotency=BY)


TODAY = {
    "OrderCreated.1": msgspec.structs.replace(EXPECTED["OrderCreated.1"], lang=None),
    "CustomerSet.1": msgspec.structs.replace(
        EXPECTED["CustomerSet.1"], user="56a6a01841226dbf3b346180"
    ),
    "PaymentSystemSet.1": msgspec.structs.replace(
        EXPECTED["PaymentSystemSet.1"],
        system=msgspec.structs.replace(
            EXPECTED["PaymentSystemSet.1"].system, requires=("email", "mobile")
        ),
        send_tickets=True,
    ),
    "RefundPaid.1": msgspec.structs.replace(keyed("RefundPaid.1"), note="Transfer 4711."),
}


def test_the_digest_of_a_key_never_changes():
    assert BY.digest.hex() == "37372c17f4684e613538b6eb371ed824497db68c555f87caa022060535a80c90"
    assert key_digest("a", "bc") != key_digest("ab", "c")


def test_every_stored_name_has_its_golden_file_and_every_file_its_name():
    assert STORED
    assert FILES.keys() == KEYED.keys() == STORED.keys()
    assert EXPECTED.keys() == STORED.keys()
    assert len(STORED_NAMES) == len(STORED)


@pytest.mark.parametrize("name", FILES)
def test_stored_bytes_are_read_as_the_event_that_was_meant(name):
    assert msgspec.json.decode(FILES[name].read_bytes(), type=STORED[name]) == EXPECTED[name]


@pytest.mark.parametrize("name", FILES)
def test_a_event_is_written_as_the_bytes_that_are_stored(name):
    assert msgspec.json.encode(EXPECTED[name]) == FILES[name].read_bytes()


@pytest.mark.parametrize("name", LATER)
def test_a_event_with_later_fields_has_its_bytes_as_well(name):
    assert TODAY.keys() == LATER.keys()
    data = LATER[name].read_bytes()
    assert msgspec.json.decode(data, type=STORED[name]) == TODAY[name]
    assert msgspec.json.encode(TODAY[name]) == data


@pytest.mark.parametrize("name", KEYED)
def test_a_event_that_names_a_key_has_its_bytes_as_well(name):
    data = KEYED[name].read_bytes()
    assert msgspec.json.decode(data, type=STORED[name]) == keyed(name)
    assert msgspec.json.encode(keyed(name)) == data


@pytest.mark.parametrize("name", KEYED)
def test_a_reader_that_does_not_know_what_came_later_reads_on(name):
    """As the version before did: its class did not have the field."""
    fields = [
        (each, Any, None) for each in STORED[name].__struct_encode_fields__ if each != "idempotency"
    ]
    older = msgspec.defstruct("Older", fields)
    assert msgspec.json.decode(KEYED[name].read_bytes(), type=older) == msgspec.json.decode(
        FILES[name].read_bytes(), type=older
    )


@pytest.mark.parametrize("name", FILES)
def test_a_golden_file_shows_every_field_of_its_event(name):
    """A field with its default value would be left out, and so would not be guarded."""
    document = msgspec.json.decode(KEYED[name].read_bytes())
    if name in LATER:
        document |= msgspec.json.decode(LATER[name].read_bytes())
    assert document.keys() == set(STORED[name].__struct_encode_fields__)


@pytest.mark.parametrize("name", STORED)
def test_a_stored_name_is_a_class_and_a_whole_number_version(name):
    said, version = name.split(".")
    assert said.isidentifier()
    assert version == str(int(version))
    assert STORED_NAMES[STORED[name]] == name
