"""What the metrics tell of a server's traffic, on both stores: all its processes together."""

from paying import at_one_moment, being_paid, paid_by_gateway, sell_by_gateway, told
from polling import until
from prometheus_client.parser import text_string_to_metric_families
from server import ORDERS

LATENCY = "orderlog_http_request_duration_seconds"
ORDER = "/v1/resources/orders/<order_id:order>"
NOTICES = "/v1/gateways/<path:system>/notifications"


def scrape(service):
    answer = service.send("GET", "/metrics", {})
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_requests_refusals_commits_orders_and_money_are_counted(own_database, log):
    sell_by_gateway(own_database)
    with paid_by_gateway(own_database, log, "--workers", "2") as service:
        orders = [being_paid(service) for _ in range(4)]  # by whichever process gets it
        paid, canceled = orders[0], orders[1]
        assert [each.status for each in at_one_moment((service, told(paid)))] == [200]
        assert service.call("DELETE", f"{ORDERS}/{canceled['id']}").status == 200
        assert service.call("GET", f"{ORDERS}/{'0' * 24}").status == 404
        assert service.call("GET", "/nothing").status == 404
        assert service.send("XYZZY", "/nothing", {}).status >= 400
        told_of = until(lambda: held(scrape(service), 2), "the holds are not all there")
    counts = {name: told_of[f"{LATENCY}_count", *name] for name in COUNTED}
    assert counts == COUNTED
    assert told_of[f"{LATENCY}_bucket", "+Inf", "POST", ORDERS, "2xx"] == 4
    assert 0 < told_of[f"{LATENCY}_sum", "POST", ORDERS, "2xx"] < 60
    assert told_of["orderlog_refusals_total", "not_found"] >= 2
    outcomes = ("created", "in_progress", "done", "canceled")
    assert [told_of["orderlog_orders_total", each] for each in outcomes] == [4, 4, 1, 1]
    assert told_of["orderlog_events_appended_total", "OrderCreated"] == 4
    assert [value for (name, *_), value in told_of.items() if "money_received" in name] == [100]
    sizes = "orderlog_commit_batch_size"
    assert 1 <= told_of[f"{sizes}_count",] <= told_of[f"{sizes}_sum",]
    assert told_of[f"{sizes}_sum",] >= 6
    assert told_of["orderlog_commit_duration_seconds_count",] >= 1
    lines = [each["path"] for each in service.log("request")]
    assert "/nothing" in lines
    assert "/metrics" not in lines


COUNTED = {
    ("POST", ORDERS, "2xx"): 4,
    ("POST", NOTICES, "2xx"): 1,
    ("DELETE", ORDER, "2xx"): 1,
    ("GET", ORDER, "4xx"): 1,
    ("GET", "none", "4xx"): 1,
    ("other", "none", "4xx"): 1,
}


def held(found, orders):
    return found if found.get(("orderlog_holds_active",), 0) == orders else None
