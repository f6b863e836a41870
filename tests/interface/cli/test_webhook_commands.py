"""`orderlog webhook`: the operator keeps the webhooks of all partners."""

import pytest
from receiver import receiver_thread
from seller import ORGANISER
from standardwebhooks import Webhook as Verifier


@pytest.fixture
def loopback(monkeypatch):
    monkeypatch.setenv("ORDERLOG_WEBHOOKS_TO", "127.0.0.0/8")


@pytest.fixture
def asks(orderlog):
    orderlog("catalog", "load", "--sample")

    def ask(*words, **more):
        return orderlog("webhook", *words, "--json", **more).document

    return ask


def test_a_webhook_is_added_changed_and_removed(orderlog, asks):
    made = asks("add", "https://shop.example/a", "--partner", ORGANISER, "--type", "StatusChanged")
    name = made["id"]
    assert made["types"] == ["orderlog.order.StatusChanged"]
    Verifier(made["secret"])
    assert asks("pause", name)["state"] == "paused"
    assert asks("resume", name)["state"] == "active"
    changed = asks("change", name, "--address", "https://shop.example/b", "--all")
    assert (changed["address"], changed["types"]) == ("https://shop.example/b", [])
    rotated = asks("rotate", name)
    assert rotated["secret"] != made["secret"]
    assert asks("change", name, "--end-old-secret")["live_secrets"] == 1
    assert asks("again", name, "--after", "0") == {"requests": 1}
    assert name in orderlog("webhook", "list").out
    assert name in orderlog("webhook", "show", name).out
    orderlog("webhook", "remove", name, "--yes")
    assert asks("list") == []
    entries = orderlog("trail", "--json").document["entries"]
    deeds = [each for each in entries if each["action"].startswith("webhook")]
    assert {each["action"] for each in deeds} == {
        *("webhook.added", "webhook.changed", "webhook.rotated"),
        *("webhook.resent", "webhook.removed"),
    }
    assert all(each["actor"].startswith("operator:") for each in deeds)


def test_a_ping_is_in_the_log(orderlog, asks, loopback):
    with receiver_thread() as receiver:
        made = asks("add", receiver.address(), "--partner", ORGANISER)
        assert asks("ping", made["id"])["confirmed"]
    assert [each["status"] for each in asks("log", made["id"])] == [200]
    assert "ping" in orderlog("webhook", "log", made["id"]).out


def test_events_are_sent_again_by_time_with_its_zone(office, orderlog, asks):
    name = asks("add", "https://shop.example/a", "--partner", ORGANISER)["id"]
    office.order()
    events = len(office.store.log(0, 100))
    [*_, last] = office.store.log(0, 100)
    since = ("again", name, "--from", "2001-01-01T00:00:00+03:00", "--till")
    assert asks(*since, "2001-01-02T00:00:00Z") == {"requests": 0}
    assert asks(*since, "2101-01-01T00:00:00Z") == {"requests": events}
    assert orderlog("webhook", *since, "2101-01-01").wrong_usage("no time zone")
    assert asks("again", name, "--position", str(last.id)) == {"requests": 1}


@pytest.mark.parametrize("position", ["-1", "first", "9" * 30])
def test_what_is_no_position_is_refused(orderlog, position):
    said = orderlog("webhook", "again", "5" * 24, "--after", position)
    assert said.wrong_usage("is no position")


def test_a_log_without_tries_says_how_to_make_one(orderlog, asks):
    name = asks("add", "https://shop.example/a", "--partner", ORGANISER)["id"]
    assert orderlog("webhook", "log", name).out == (
        "There are no such tries in the last 30 days; orderlog webhook ping makes one.\n"
    )
