"""`orderlog feed show` and what `orderlog feed publish` refuses before it connects."""

import pytest


def test_pages_of_the_feed_follow_each_other(office, orderlog):
    order = office.paid_order()
    first = orderlog("feed", "show", "--limit", "2", "--json").document
    assert first["events"][0]["type"] == "orderlog.order.OrderCreated"
    assert {each["subject"] for each in first["events"]} == {order}
    rest = orderlog("feed", "show", "--after", str(first["next"]), "--json").document
    positions = [each["data"]["position"] for each in first["events"] + rest["events"]]
    assert positions == [each.id for each in office.store.log(0, 100)]
    assert rest["next"] == positions[-1]


def test_a_table_has_the_types_that_are_wanted(office, orderlog):
    order = office.paid_order()
    shown = orderlog("feed", "show", "--types", "StatusChanged")
    assert shown.exit_code == 0
    lines = [line.split() for line in shown.out.splitlines() if order in line]
    assert [(line[2], line[-1]) for line in lines] == [
        ("StatusChanged", "in_progress"),
        ("StatusChanged", "done"),
    ]


def test_a_type_that_is_none_is_refused_with_those_that_are(orderlog):
    assert orderlog("feed", "show", "--types", "Paid").wrong_usage("there is no Paid", "RefundPaid")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--to", "kafka://broker:9092"), "neither nats:// nor tls://"),
        (("--to", "nats://broker:99999"), "a port that none can have"),
        (("--to", "nats://:4222"), "names no host"),
        (("--to", "nats://a:4222/ORDERS"), "the stream is named by --stream"),
        (("--to", "nats://a:4222,b:4222"), "Address 2"),
        (("--to", "nats://token@broker"), "ORDERLOG_FEED_TO"),
        (("--to", "nats://broker", "--stream", "a.b"), "A stream's name"),
        (("--to", "nats://broker", "--subject", "a.>"), "without wildcards"),
        (("--to", "nats://broker", "--creds", __file__), "not a file of NATS credentials"),
    ],
)
def test_what_cannot_be_is_refused_without_its_secrets(orderlog, options, reason):
    said = orderlog("feed", "publish", *options)
    assert said.refused(reason)
    assert "token@" not in said.err


def test_without_a_broker_it_says_how_to_name_one(orderlog):
    assert orderlog("feed", "publish").wrong_usage("--to nats://HOST:PORT")
