"""Lists and sales as of a moment over HTTP."""

import re
from datetime import timedelta

import pytest
from seller import KEYS, ORGANISER, SHOW

from application.runtime.clock import written
from interface.server.flask_app import create_app


@pytest.fixture
def get(office):
    client = create_app(office.services).test_client()
    headers = {"Authorization": f"key {KEYS[ORGANISER]}"}
    return lambda path, **query: client.get(path, query_string=query or None, headers=headers)


def test_a_list_as_of_a_moment_goes_on_page_by_page(office, get):
    orders = [office.order() for _ in range(3)]
    then = office.time
    office.later(minutes=1)
    office.order()
    office.cancel(orders[0])
    office.catch_up()
    answer = get("/v1/resources/orders", at=written(then), page_size=2, sort="number")
    assert [each["id"] for each in answer.json] == orders[:2]
    assert {each["status"] for each in answer.json} == {"executed"}
    following = get(re.match(r"<(.*?)>", answer.headers["Link"])[1])
    assert [each["id"] for each in following.json] == orders[2:]
    assert "Link" not in following.headers


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"at": "yesterday"}, "/at"),
        ({"at": "2030-01-26T09:25:19"}, "/at"),
        ({"at": "2030-01-26T09:25:19Z", "sort": "updated_at"}, "/sort"),
        ({"at": "2030-01-26T09:25:19Z", "sort": "-updated_at"}, "/sort"),
    ],
)
def test_no_moment_or_a_sort_that_is_not_known_then_is_a_bad_request(get, query, pointer):
    answer = get("/v1/resources/orders", **query)
    assert answer.status_code == 400
    assert [each["pointer"] for each in answer.json["errors"]] == [pointer]


def test_sales_as_of_a_moment(office, get):
    office.paid_order()
    then = office.time
    office.later(minutes=1)
    office.paid_order()
    office.catch_up()
    path = f"/v1/resources/events/{SHOW}/sales"
    assert get(path, at=written(then)).json["sold"] == 1
    assert get(path).json["sold"] == 2
    assert get(path, at=written(then - timedelta(seconds=1))).json["sold"] == 0
    assert get(path, at="then").status_code == 400
