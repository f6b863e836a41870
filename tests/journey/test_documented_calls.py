"""The documented calls, played word for word, and the answers compared word for word."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from documented import without_free_values
from server import KEY

CALLS = json.loads(Path(__file__).with_name("carry_out.json").read_text(encoding="utf-8"))
DOCUMENTED_ID = CALLS[0]["response"]["body"]["id"]


@pytest.fixture(scope="module")
def answers(service):
    """What the service answers to the documented calls."""
    return carry_out(service)


def carry_out(service):
    answers = []
    for call in CALLS:
        request = call["request"]
        path = request["path"]
        if answers:
            path = path.replace(DOCUMENTED_ID, answers[0].body["id"])
        answers.append(service.send(request["method"], path, request["headers"], request["body"]))
    return answers


def moment(text):
    return datetime.fromisoformat(text)


def token(answer):
    return answer.body["payment"]["redirect_url"].partition("?customer=")[2]


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_an_answer_is_the_documented_one(answers, number):
    documented = CALLS[number]["response"]
    answer = answers[number]
    assert answer.status == documented["status"]
    for name, value in documented["headers"].items():
        assert answer.headers[name.lower()] == value
    assert without_free_values(answer.body) == without_free_values(documented["body"])


def test_the_three_calls_are_there():
    assert [call["request"]["method"] for call in CALLS] == ["POST", "PATCH", "PATCH"]


def test_an_order_is_held_for_ten_minutes_and_then_for_thirty(answers):
    created, chosen, paying = (answer.body for answer in answers)
    for body, minutes in ((created, 10), (chosen, 10), (paying, 30)):
        held = moment(body["reserved_till"]) - moment(body["updated_at"])
        assert held == timedelta(minutes=minutes)


def test_choosing_how_to_pay_shows_nothing_yet(answers):
    created, chosen, _ = (answer.body for answer in answers)
    assert chosen == created


def test_the_start_of_a_payment_changes_the_reservation_and_nothing_before_it(answers):
    created, _, paying = (answer.body for answer in answers)
    assert moment(paying["updated_at"]) > moment(created["updated_at"])
    unchanged = created.keys() - {"payment", "reserved_till", "status", "updated_at"}
    assert {name: paying[name] for name in unchanged} == {name: created[name] for name in unchanged}


def test_an_id_begins_with_its_second_of_creation(answers):
    created = answers[0].body
    second = datetime.fromtimestamp(int(created["id"][:8], 16), UTC)
    assert second == moment(created["created_at"]).replace(microsecond=0)


def test_times_are_now(answers):
    assert abs(datetime.now(UTC) - moment(answers[0].body["created_at"])) < timedelta(minutes=10)


def test_the_order_can_be_read_again(service, answers):
    last = answers[-1]
    path = f"{CALLS[0]['request']['path']}/{last.body['id']}"
    again = service.send("GET", path, {"Authorization": f"key {KEY}"})
    assert again.status == 200
    assert again.body == last.body
    for name in ("content-type", "x-partner", "etag"):
        assert again.headers[name] == last.headers[name]


def test_another_order_has_another_id_number_ticket_and_token(service, answers):
    first, second = answers[-1], carry_out(service)[-1]
    assert token(first) != token(second)
    assert first.body["number"] < second.body["number"]
    assert first.body["id"] != second.body["id"]
    assert not {*first.body["tickets"]} & {*second.body["tickets"]}
