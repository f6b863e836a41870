"""The consumer and the receiver of docs/feed.md, run as they stand there, and killed meanwhile."""

import base64
import hmac
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException

import pytest
from nats_server import free_port
from polling import until
from server import KEY, ORDERS, serving
from source import ROOT

PAGE = (ROOT / "docs" / "feed.md").read_text(encoding="utf-8")
KILLS = 3
SECRET = b"an old secret of 24 byte"
NEXT = b"the next of its secrets."


def code(name):
    """A program of the page."""
    [found] = re.findall(rf"<!-- {name} -->\n```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return found


@contextmanager
def running(name, *arguments, **environment):
    with subprocess.Popen(
        (sys.executable, "-c", code(name), *map(str, arguments)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def rows(file, statement):
    if not file.exists():
        return []
    with closing(sqlite3.connect(file)) as shop:
        try:
            return shop.execute(statement).fetchall()
        except sqlite3.OperationalError:  # it has no tables yet
            return []


def had(file):
    return len(rows(file, "SELECT * FROM events"))


def nearly_all(made, file):
    """Wait until most of these orders are there, and something is still to do."""
    until(lambda: had(file) >= len(made) - 3, "the consumer does not go on")


@pytest.mark.experiment
def test_a_consumer_that_is_killed_misses_nothing_and_does_nothing_twice(
    own_database, log, tmp_path
):
    shop = tmp_path / "shop.db"
    with serving(own_database, log) as service:
        made = []
        for _ in range(KILLS):
            with running("consumer", service.address, KEY, shop):
                made += [service.order() for _ in range(5)]
                nearly_all(made, shop)
                service.kill()
                service.start()
                made += [service.order() for _ in range(5)]
                nearly_all(made, shop)
        answer = service.call("GET", "/v1/feed?limit=1000").body
        with running("consumer", service.address, KEY, shop):
            until(
                lambda: rows(shop, "SELECT position FROM stands") == [(answer["next"],)], "behind"
            )
        events = [each["data"] for each in answer["events"]]
        assert rows(shop, "SELECT * FROM events ORDER BY position") == [
            (each["position"], each["order"], each["status"]) for each in events
        ]
        assert {each["order"] for each in events} >= set(made)
        listed = until(
            lambda: service.call("GET", f"{ORDERS}?page_size=100").body,
            "nobody projects in place of the process that was killed",
        )
        known = dict(rows(shop, "SELECT id, status FROM events ORDER BY position"))
        assert all(known[each["id"]] == each["status"] for each in listed)


def test_a_consumer_of_another_log_ends_instead_of_reading_on(sqlite, log, tmp_path):
    shop = tmp_path / "shop.db"
    with closing(sqlite3.connect(shop)) as made, made:
        made.execute("CREATE TABLE stands (position INTEGER, log TEXT)")
        made.execute("INSERT INTO stands VALUES (1, ?)", ("0" * 32,))
    with serving(sqlite, log) as service, running("consumer", service.address, KEY, shop) as one:
        assert one.wait(30) == 1


def signed(secret, name, body, at=None):
    sent = str(int(time.time() if at is None else at))
    digest = hmac.digest(secret, f"{name}.{sent}.".encode() + body, "sha256")
    signature = f"v1a,AAAA v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": name, "webhook-timestamp": sent, "webhook-signature": signature}


def deliver(port, body, headers):
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/", body, headers)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


@pytest.fixture
def deliveries():
    bodies = [
        json.dumps({"data": {"order": f"{number:024x}", "status": "executed"}}).encode()
        for number in range(6)
    ]
    return {f"msg_{number}": body for number, body in enumerate(bodies)}


def test_a_receiver_verifies_and_has_each_delivery_once_whatever_is_killed(tmp_path, deliveries):
    shop, port = tmp_path / "shop.db", free_port()
    secrets = " ".join("whsec_" + base64.b64encode(each).decode() for each in (SECRET, NEXT))
    for secret in (SECRET, NEXT, SECRET):  # each time it was killed, everything is sent again
        with running("receiver", port, shop, SECRETS=secrets):
            for name, body in deliveries.items():
                headers = signed(secret, name, body)
                until(lambda b=body, h=headers: deliver(port, b, h) == 204, "it takes nothing")
            name, body = next(iter(deliveries.items()))
            assert deliver(port, body, signed(b"another", "msg_x", body)) == 401
            assert deliver(port, body + b" ", signed(SECRET, "msg_x", body)) == 401
            assert deliver(port, body, {"webhook-id": "msg_x"}) == 401
            old = time.time() - 301
            assert deliver(port, body, signed(SECRET, "msg_x", body, at=old)) == 400
    assert rows(shop, "SELECT webhook_id FROM events ORDER BY 1") == [
        (each,) for each in deliveries
    ]
