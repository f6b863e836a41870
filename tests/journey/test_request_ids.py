"""The id of a request: the client's own or a new one; answered, logged, kept with the events."""

import re

import pytest
from polling import until
from server import EMPTY_ORDER, ORDERS, PARTNER

MADE = re.compile(r"[0-9a-f]{16}\Z")


def logged(service, request):
    """The line about a request; it is written before the answer leaves, perhaps not yet flushed."""
    lines = lambda: [line for line in service.log("request") if line["id"] == request]  # noqa: E731
    return until(lines, f"{request} is not in the log")


def requests_of(service, order):
    """Which requests the order's events name."""
    history = service.call("GET", f"{ORDERS}/{order}/history").body
    return [event["request"] for event in history["events"]]


def test_the_clients_own_id_is_answered_kept_and_logged(service):
    answer = service.call("POST", ORDERS, EMPTY_ORDER, X_Request_Id="shop-17:42")
    assert answer.headers["x-request-id"] == "shop-17:42"
    assert requests_of(service, answer.body["id"]) == ["shop-17:42"]
    [line] = logged(service, "shop-17:42")
    said = {name: line[name] for name in ("method", "path", "status", "level")}
    assert said == {"method": "POST", "path": ORDERS, "status": 201, "level": "info"}
    assert line["ms"] > 0


def test_a_request_without_an_id_gets_one(service):
    answer = service.call("POST", ORDERS, EMPTY_ORDER)
    made = answer.headers["x-request-id"]
    assert MADE.match(made)
    assert requests_of(service, answer.body["id"]) == [made]
    assert len(logged(service, made)) == 1


@pytest.mark.parametrize("odd", ["", "two words", "x" * 65, "caf\u00e9", '"};drop', "a\tb"])
def test_an_id_that_could_do_harm_in_a_log_is_replaced(service, odd):
    answer = service.call("GET", ORDERS, X_Request_Id=odd)
    assert answer.status == 200
    assert MADE.match(answer.headers["x-request-id"])


@pytest.mark.parametrize(
    ("path", "status"), [("/health/live", 200), ("/nothing", 404), (f"{ORDERS}/{'0' * 24}", 404)]
)
def test_every_answer_has_the_id(service, path, status):
    answer = service.call("GET", path, X_Request_Id="asked-1")
    assert (answer.status, answer.headers["x-request-id"]) == (status, "asked-1")


def test_a_refused_caller_gets_the_id_too(service):
    answer = service.call(
        "POST", ORDERS, EMPTY_ORDER, X_Request_Id="asked-2", Authorization="key x"
    )
    assert (answer.status, answer.headers["x-request-id"]) == (401, "asked-2")
    assert "x-partner" not in answer.headers


def test_a_line_of_the_log_says_who_asked_for_what(service):
    order = service.order()
    for path in (f"{ORDERS}/{order}", f"{ORDERS}/{order}/history"):
        service.call("GET", path, X_Request_Id=f"who-{path[-5:]}")
    service.send("GET", ORDERS, {"X-Request-Id": "nobody"})
    lines = {line["id"]: line for line in service.log("request")}
    for name, rule in ((f"who-{order[-5:]}", ""), ("who-story", "/history")):
        line = lines[name]
        assert (line["partner"], line["key"]) == (PARTNER, "2dee4130")
        assert (line["address"], line["order"]) == ("127.0.0.1", order)
        assert line["route"] == f"{ORDERS}/<order_id:order>{rule}"
    assert lines["nobody"]["partner"] is None
    assert [line for line in lines.values() if line["method"] == "POST"][-1]["order"] == order
