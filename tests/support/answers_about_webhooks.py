"""Brings about every answer of the calls about webhooks, by a counter of answers."""

WEBHOOKS = "/v1/resources/webhooks"
NO_ID = "0" * 24
FAR = 10**17
NEW = {"address": "https://127.0.0.1:1/news"}
CHANGED = {"If-Match": '"9"'}
BAD = {"If-Match": "x"}
MALFORMED = (
    {"data": b"{", "content_type": "application/json"},
    {"json": {"adress": ""}},
    {"data": b"{}", "content_type": "text/plain"},
    {"json": {}, "headers": {"Content-Encoding": "gzip"}},
    {"data": b"[" + b" " * 70_000, "content_type": "application/json"},
)


def ask(counter, method, path, **more):
    return counter.ask(method, path, counter.of_webhooks, more.pop("headers", ()), **more)


def added(counter, **more):
    return ask(counter, "POST", WEBHOOKS, json=NEW | more).json


def path_of(counter, end=""):
    return f"{WEBHOOKS}/{added(counter)['id']}{end}"


def changes(counter, method, end, **good):
    """What every call that changes a webhook may answer."""
    path = path_of(counter, end)
    for headers in (CHANGED, BAD):
        ask(counter, method, path, headers=headers, **good)
    ask(counter, method, f"{WEBHOOKS}/{NO_ID}{end}", **good)
    ask(counter, method, f"{path}?page=1", **good)
    counter.ask(method, path, None, **good)
    return path


def malformed(counter, method, path):
    for each in MALFORMED:
        ask(counter, method, path, **each)


def add_webhook(counter):
    first, other = {"Idempotency-Key": "webhook"}, {"Idempotency-Key": "\t"}
    assert ask(counter, "POST", WEBHOOKS, json=NEW, headers=first).status_code == 201
    ask(counter, "POST", WEBHOOKS, json=NEW | {"asymmetric": True}, headers=first)
    for headers in (other, CHANGED, BAD):
        ask(counter, "POST", WEBHOOKS, json=NEW, headers=headers)
    ask(counter, "POST", WEBHOOKS, json={"address": "https://10.0.0.1/"})
    ask(counter, "POST", WEBHOOKS, json=NEW | {"after": FAR})
    ask(counter, "POST", f"{WEBHOOKS}?page=1", json=NEW)
    malformed(counter, "POST", WEBHOOKS)
    counter.ask("POST", WEBHOOKS, None, json=NEW)


def list_webhooks(counter):
    added(counter), added(counter)
    first = ask(counter, "GET", f"{WEBHOOKS}?page_size=1")
    ask(counter, "GET", first.headers["Link"].partition(">")[0].strip("<"))
    ask(counter, "GET", f"{WEBHOOKS}?page_size=0")
    counter.ask("GET", WEBHOOKS, None)


def read_webhook(counter):
    path = path_of(counter)
    assert ask(counter, "GET", path).headers["ETag"] == '"1"'
    ask(counter, "GET", f"{path}?page=1")
    ask(counter, "GET", f"{WEBHOOKS}/{NO_ID}")
    counter.ask("GET", path, None)


def change_webhook(counter):
    path = changes(counter, "PATCH", "", json={"state": "paused"})
    assert ask(counter, "PATCH", path, json={"state": "paused"}).json["reason"] == "by_person"
    ask(counter, "PATCH", path, json={"address": "https://10.0.0.1"})
    malformed(counter, "PATCH", path)


def remove_webhook(counter):
    path = changes(counter, "DELETE", "")
    assert ask(counter, "DELETE", path).json == {}


def rotate_webhook_secret(counter):
    path = changes(counter, "POST", "/secret", json={})
    assert ask(counter, "POST", path, json={}).json["live_secrets"] == 2
    malformed(counter, "POST", path)


def send_events_again(counter):
    path = changes(counter, "POST", "/deliveries", json={"after": 0})
    assert ask(counter, "POST", path, json={"after": 0}).status_code == 202
    ask(counter, "POST", path, json={"after": FAR})
    ask(counter, "POST", path, json={"positions": [FAR]})
    malformed(counter, "POST", path)


def list_deliveries(counter):
    path = path_of(counter, "/deliveries")
    ask(counter, "POST", path.replace("/deliveries", "/ping"))
    ask(counter, "POST", path.replace("/deliveries", "/ping"))
    first = ask(counter, "GET", f"{path}?page_size=1&failed=true&position=0")
    ask(counter, "GET", first.headers["Link"].partition(">")[0].strip("<"))
    ask(counter, "GET", f"{path}?page_size=0")
    ask(counter, "GET", f"{WEBHOOKS}/{NO_ID}/deliveries")
    counter.ask("GET", path, None)


def ping_webhook(counter):
    path = changes(counter, "POST", "/ping")
    assert not ask(counter, "POST", path).json["confirmed"]


WEBHOOK_OPERATIONS = (
    add_webhook,
    list_webhooks,
    read_webhook,
    change_webhook,
    remove_webhook,
    rotate_webhook_secret,
    send_events_again,
    list_deliveries,
    ping_webhook,
)
