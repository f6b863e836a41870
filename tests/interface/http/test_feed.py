"""Pulling the feed: who sees what, filters, positions, and what is refused in which words."""

import pytest
from seller import KEYS, ORGANISER, SHOP, SHOW, BoxOffice

from application.catalog.endings import suspend_partner
from application.catalog.keys import create_key, revoke_key
from application.catalog.scopes import AUDIT, EVENTS_READ
from application.ports.admin_trail import Action
from interface.server.flask_app import create_app

FEED = "/v1/feed"
STREAM = "/v1/feed/stream"
STRANGER = "56810047f06c5a6ac62f4e1f"


@pytest.fixture
def office(address):
    with BoxOffice(address) as office:
        office.client = create_app(office.services).test_client()
        yield office


def ask(office, path, key=KEYS[ORGANISER], method="GET", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers |= {"Authorization": f"key {key}"} if key else {}
    return office.client.open(path, method=method, headers=headers)


def key_of(office, partner, *scopes):
    made = create_key(office.store, partner, office.time, scopes)
    office.services.catalog._look_again = 0.0
    return made


def positions(answer):
    assert answer.status_code == 200, answer.json
    return [each["data"]["position"] for each in answer.json["events"]]


def test_everybody_sees_the_events_of_their_own_orders(office):
    own = office.order()
    shops = office.order(partner=SHOP)
    office.start_payment(own)
    auditor = key_of(office, STRANGER, AUDIT).text
    seen = {
        "organiser": ask(office, FEED),
        "shop": ask(office, FEED, KEYS[SHOP]),
        "stranger": ask(office, FEED, KEYS[STRANGER]),
        "auditor": ask(office, FEED, auditor),
    }
    last = office.store.last_position()
    everything = list(range(1, last + 1))
    assert {name: positions(answer) for name, answer in seen.items()} == {
        "organiser": everything,
        "shop": [2],
        "stranger": [],
        "auditor": everything,
    }
    assert {answer.json["next"] for answer in seen.values()} == {last}
    assert seen["shop"].json["events"][0]["subject"] == shops
    [stamp] = {answer.headers["X-Feed-Log"] for answer in seen.values()}
    assert stamp.startswith(office.store.log_id() + ".")
    assert ask(office, f"{FEED}?after={last}&log={stamp}").json == {"events": [], "next": last}
    other = stamp[:-1] + ("0" if stamp[-1] != "0" else "1")
    assert refusal(ask(office, f"{FEED}?after={last}&log={other}"))[:2] == (
        400,
        "position_of_another_history",
    )


def test_a_page_goes_on_where_the_one_before_ended(office):
    for _ in range(5):
        office.order()
    first = ask(office, f"{FEED}?limit=2")
    second = ask(office, f"{FEED}?limit=2&after={first.json['next']}")
    third = ask(office, f"{FEED}?limit=2&after={second.json['next']}&log={office.store.log_id()}")
    assert [positions(each) for each in (first, second, third)] == [[1, 2], [3, 4], [5]]
    end = ask(office, f"{FEED}?after={third.json['next']}").json
    assert end == {"events": [], "next": 5}


def test_types_and_events_narrow_it(office):
    order = office.order()
    office.start_payment(order)
    office.finish(order)
    moves = ask(office, f"{FEED}?types=StatusChanged")
    assert [each["data"]["status"] for each in moves.json["events"]] == ["in_progress", "done"]
    full = ask(office, f"{FEED}?types=orderlog.order.StatusChanged,%20OrderCreated")
    assert [each["data"]["version"] for each in full.json["events"]] == [1, 3, 4]
    assert len(positions(ask(office, f"{FEED}?events={SHOW.upper()}"))) == 4
    assert positions(ask(office, f"{FEED}?events={'0' * 24}")) == []


def refusal(answer):
    problem = answer.json
    faults = [each["pointer"] + ": " + each["detail"] for each in problem.get("errors", ())]
    return answer.status_code, problem["code"], faults or problem["detail"]


def test_what_cannot_be_meant_is_refused_by_name(office):
    office.order()
    log = office.store.log_id()
    assert refusal(ask(office, f"{FEED}?after=2")) == (
        400,
        "position_ahead",
        "The log ends at position 1: the position 2 is ahead of it.",
    )
    assert refusal(ask(office, f"{FEED}?after=1&log={'0' * 32}")) == (
        400,
        "position_of_another_log",
        f"The position belongs to the log {'0' * 32}; this is the log {log}.",
    )
    for query, fault in (
        ("after=-1", "/after: Not a valid integer."),
        ("limit=0", "/limit: Must be greater than or equal to 1 and less than or equal to 1000."),
        (
            "limit=1001",
            "/limit: Must be greater than or equal to 1 and less than or equal to 1000.",
        ),
        ("wait=61", "/wait: Must be greater than or equal to 0 and less than or equal to 60."),
        ("log=x", "/log: Is not an X-Feed-Log."),
        ("events=1", "/events: Has to be at most 100 ids, separated by commas."),
        ("colour=red", "/colour: Unknown field."),
    ):
        status, code, faults = refusal(ask(office, f"{FEED}?{query}"))
        assert (status, code, faults) == (
            400,
            "bad_query",
            [fault],
        )
    _, code, [fault] = refusal(ask(office, f"{FEED}?types=Blessed"))
    assert code == "bad_query"
    assert "There is no type 'orderlog.order.Blessed'. The types are: CustomerSet, " in fault
    status, code, _ = refusal(ask(office, STREAM, Last_Event_ID="nonsense"))
    assert (status, code) == (400, "bad_last_event_id")


def test_a_key_needs_the_scope_of_lists(office):
    lister = key_of(office, ORGANISER, EVENTS_READ).text
    for method, path in (("GET", FEED), ("GET", STREAM), ("POST", "/v1/feed/tickets")):
        assert refusal(ask(office, path, lister, method))[:2] == (403, "missing_scope")
        assert refusal(ask(office, path, None, method))[:2] == (401, "unauthorized")


def test_an_auditors_polling_writes_nothing(office):
    """The feed has nothing about buyers, so nothing has to be written before it is read."""
    auditor = key_of(office, STRANGER, AUDIT).text
    ask(office, FEED, auditor)
    entries = office.store.admin_trail().entries()
    assert not [each for each in entries if each.deed.action == Action.ORDERS_READ]


def test_a_suspended_partner_still_hears_of_what_was_begun(office):
    """It may be paid for that, as `orderlog partner suspend` says."""
    office.order(partner=SHOP)
    suspend_partner(office.store, SHOP, office.time)
    office.services.catalog._look_again = 0.0
    assert positions(ask(office, FEED, KEYS[SHOP])) == [1]


def test_a_stream_where_nothing_can_wait_ends_after_what_there_is(office):
    order = office.order()
    answer = ask(office, f"{STREAM}?after=0")
    assert answer.headers["Content-Type"] == "text/event-stream"
    retry, event, rest = answer.text.split("\n\n")
    assert (retry, rest) == ("retry: 1000", "")
    name, kind, data = event.split("\n")
    assert (name, kind) == ("id: 1", "event: orderlog.order.OrderCreated")
    assert f'"subject":"{order}"' in data
    assert ask(office, STREAM).text == "retry: 1000\n\n"
    assert ask(office, f"{STREAM}?after=0", Last_Event_ID="1").text == "retry: 1000\n\n"


def test_a_ticket_is_its_keys_for_a_minute(office):
    key = key_of(office, SHOP, "orders:read")
    made = ask(office, "/v1/feed/tickets", key.text, "POST")
    assert made.status_code == 201
    text, tickets = made.json["ticket"], office.services.feed_tickets
    assert made.json["stream"] == f"{STREAM}?ticket={text}"
    assert key.text not in text
    assert tickets.caller(text).partner == SHOP
    name, till, signature = text.removeprefix("ft.").split(".")
    for forged in ("", "x", f"ft.{name}.{int(till) + 1}.{signature}", text[:-1] + "g", text + "0"):
        assert tickets.caller(forged) is None
    assert tickets.caller(text.replace(name, "0" * len(name))) is None
    office.later(seconds=59.9)
    assert tickets.caller(text) is not None
    office.later(seconds=0.1)
    assert tickets.caller(text) is None
    again = ask(office, "/v1/feed/tickets", key.text, "POST").json["ticket"]
    revoke_key(office.store, key.key.id, office.time)
    office.services.catalog._look_again = 0.0
    assert tickets.caller(again) is None
