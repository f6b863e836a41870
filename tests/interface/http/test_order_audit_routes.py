"""The audit of an order over HTTP."""

import msgspec
import pytest
from seller import KEYS, ORGANISER

from application.orders.document_types import DiffDocument, StoryDocument
from interface.server.flask_app import create_app

ORDERS = "/v1/resources/orders"


@pytest.fixture
def get(office):
    client = create_app(office.services).test_client()

    def ask(path, key=KEYS[ORGANISER], **headers):
        return client.get(ORDERS + path, headers={"Authorization": f"key {key}", **headers})

    return ask


def test_a_diff_says_what_changed_and_by_which_event(office, get):
    order = office.order()
    office.name_buyer(order, email="buyer@example.com")
    answer = get(f"/{order}/diff?from=1&to=2")
    assert answer.status_code == 200
    assert answer.json == office.services.history.diff(order, 1, 2)
    assert answer.json["changes"][0]["field"] == "customer.email"


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("", {"/from", "/to"}),
        ("from=2&to=1", {"/from"}),
        ("from=-1&to=1", {"/from"}),
        ("from=x&to=1", {"/from"}),
        ("from=0&to=1&more=1", {"/more"}),
    ],
)
def test_a_diff_between_no_two_versions_is_a_bad_request(office, get, query, pointers):
    answer = get(f"/{office.order()}/diff?{query}")
    assert answer.status_code == 400
    assert {each["pointer"] for each in answer.json["errors"]} == pointers


def test_a_diff_with_a_version_that_is_not_there_is_not_found(office, get):
    answer = get(f"/{office.order()}/diff?from=1&to=2")
    assert (answer.status_code, answer.json["code"]) == (404, "unknown_version")


def test_a_diff_of_another_partners_order_is_not_found(office, get):
    stranger = KEYS["56810047f06c5a6ac62f4e1f"]
    answer = get(f"/{office.order()}/diff?from=0&to=1", key=stranger)
    assert (answer.status_code, answer.json["code"]) == (404, "unknown_order")


@pytest.mark.parametrize(
    ("accept", "language", "begins"),
    [
        ("", "en", "The order was made"),
        ("ru", "ru", "Заказ создан"),
        ("ru-RU,ru;q=0.9,en;q=0.5", "ru", "Заказ создан"),
        ("de, en;q=0.5", "en", "The order was made"),
        ("de", "en", "The order was made"),
    ],
)
def test_a_timeline_is_rendered_in_the_language_that_was_asked_for(
    office, get, accept, language, begins
):
    answer = get(f"/{office.order()}/explain", **{"Accept-Language": accept})
    assert answer.status_code == 200
    assert answer.headers["Content-Language"] == answer.json["lang"] == language
    assert "Accept-Language" in answer.headers["Vary"]
    assert answer.json["story"][0]["sentence"].startswith(begins)


def test_a_timeline_takes_no_parameters(office, get):
    assert get(f"/{office.order()}/explain?lang=ru").status_code == 400


def test_the_timeline_of_what_is_no_order_is_not_found(get):
    for order in ("56a73b7ff06c5a21c393806b", "nonsense"):
        answer = get(f"/{order}/explain")
        assert (answer.status_code, answer.json["code"]) == (404, "unknown_order")


@pytest.mark.parametrize(
    ("kind", "path"), [(DiffDocument, "diff?from=0&to=4"), (StoryDocument, "explain")]
)
def test_answers_are_as_declared(office, get, kind, path):
    answer = get(f"/{office.paid_order()}/{path}").json
    assert msgspec.convert(answer, kind) == answer
