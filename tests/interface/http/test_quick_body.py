"""What is read in one step is read as the schemas would read it."""

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from marshmallow import ValidationError

from interface.http.quick_body import quick_change, quick_order
from interface.http.schemas import OrderChangeIn, OrderIn

EVENT, SET = "56a6253df06c5a059a93802e", "56a6254bf06c5a059b93800c"
IDS = st.sampled_from([EVENT, SET, EVENT.upper(), EVENT + "\n", EVENT[1:], "", 7, None])
COUNTS = st.sampled_from([1, 1000, 1001, 600, 0, -1, 1.0, 1.5, True, "1", None, 10**30])
WORDS = st.sampled_from(["executed", "in_progress", "done", "expired", "paid", "", 1, None])
SYSTEMS = st.sampled_from(["api/BASE", "a" * 100, "a" * 101, "", "  ", "Ц", "\x00", "a b", 1, None])
TEXT_IDS = IDS.filter(lambda each: isinstance(each, str))

ORDERS = st.fixed_dictionaries(
    {},
    optional={
        "event": IDS,
        "random": st.dictionaries(TEXT_IDS, COUNTS, max_size=3) | st.none() | st.just([]),
        "tickets": st.lists(IDS, max_size=2),
        "all_or_nothing": st.sampled_from([True, "true", None]),
    },
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "status": WORDS,
        "payment": st.fixed_dictionaries({}, optional={"system": SYSTEMS, "success_url": WORDS})
        | st.sampled_from([None, [], "api/BASE"]),
        "customer": st.none(),
        "surprise": st.just(1),
    },
)


def by_schema(schema, body):
    try:
        return schema.load(body)
    except ValidationError:
        return None


@given(ORDERS)
@example({"event": EVENT, "random": {SET: 1}})
@example({"event": EVENT, "random": {SET: 600, EVENT: 600}})
@example({"event": EVENT, "tickets": [SET, EVENT]})
@example({"event": EVENT, "tickets": [SET, SET]})
@example({"event": EVENT, "tickets": [SET], "random": {SET: 1}})
@example({"event": EVENT, "tickets": [SET], "random": {}})
@example({"event": EVENT, "tickets": [f"{n:024x}" for n in range(1001)]})
def test_a_new_order_is_read_as_the_schema_reads_it(body):
    quick = quick_order(msgspec.json.encode(body))
    assert quick is None or quick == by_schema(OrderIn(), body)


@given(CHANGES)
@example({"payment": {"system": "api/BASE"}})
@example({"status": "in_progress", "payment": {"system": "api/BASE"}})
def test_a_change_is_read_as_the_schema_reads_it(body):
    quick = quick_change(msgspec.json.encode(body))
    assert quick is None or quick == by_schema(OrderChangeIn(), body)


def test_the_bodies_of_the_documented_calls_are_read_quickly():
    assert quick_order(msgspec.json.encode({"event": EVENT, "random": {SET: 1}}))
    assert quick_order(msgspec.json.encode({"event": EVENT, "tickets": [SET, EVENT]}))
    assert quick_change(b'{"payment": {"system": "api/BASE"}}')
    assert quick_change(b'{"status": "in_progress"}')


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'"a"', b"[" * 100_000])
def test_what_is_no_object_is_left_to_the_schemas(body):
    assert quick_order(body) is None
    assert quick_change(body) is None


@pytest.mark.parametrize(
    ("quick", "body"),
    [
        (quick_order, f'{{"event": "{SET}", "event": "{EVENT}", "random": {{}}}}'),
        (quick_order, f'{{"event": "{EVENT}", "random": {{"{SET}": 1, "{SET}": 2}}}}'),
        (quick_order, f'{{"event": "{EVENT}", "random": {{}}, "random": {{}}}}'),
        (quick_change, '{"status": "done", "status": "canceled"}'),
        (quick_change, '{"payment": {"system": "a", "system": "b"}}'),
        (quick_change, '{"payment": {"system": "a"}, "payment": {"system": "a"}}'),
    ],
)
def test_a_body_that_names_something_twice_is_left_to_the_schemas(quick, body):
    assert quick(body.encode()) is None
