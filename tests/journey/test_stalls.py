"""A store that stalls holds up what needs it, and nothing else."""

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest
from polling import until
from server import EMPTY_ORDER, ORDERS, serving

pytestmark = pytest.mark.experiment

LIVE, READY, METRICS = "/health/live", "/health/ready", "/metrics"
AT_ONCE = 5
"""Seconds in which an answer comes that waits for nothing, whatever else the machine does."""
WRITERS, READERS = 40, 24
"""More than there are threads for them."""
UNUSUAL = {"If_Match": "*"}
"""Makes a request one for a thread, not for the loop."""


def took(call):
    """What a call answers, and how many seconds that takes."""
    began = time.monotonic()
    return call(), time.monotonic() - began


def answered_at_once(service, method, path):
    send = service.call if path.startswith("/v1") else lambda *what: service.send(*what, {})
    answer, seconds = took(lambda: send(method, path))
    assert (answer.status, seconds < AT_ONCE) == (200, True), (path, seconds)
    return answer


def not_ready(service):
    """Why the service is not ready, if it is not."""
    answer, seconds = took(lambda: service.send("GET", READY, {}))
    assert seconds < AT_ONCE
    return answer.status == 503 and answer.body["checks"]


@contextmanager
def lock_held(service):
    """Another process of the service's, as SQLite sees it, writes and does not come to an end."""
    path = service.database.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def kept_busy(service, *requests):
    """Clients who send each of the requests again and again; what they are answered, in the end."""
    over, answers = threading.Event(), []

    def send(request):
        method, path, body, headers = request
        while not over.is_set():
            answers.append(service.call(method, path, body, **headers).status)

    with ThreadPoolExecutor(len(requests)) as clients:
        sent = [clients.submit(send, each) for each in requests]
        try:
            yield answers
        finally:
            over.set()
    for each in sent:
        each.result()


def test_writes_that_wait_for_sqlite_hold_up_nothing_else(sqlite, log):
    with serving(sqlite, log) as service:
        order = f"{ORDERS}/{service.order()}"
        writing = [
            ("POST", ORDERS, EMPTY_ORDER, {}),
            ("PATCH", order, {"payment": {"system": "api/BASE"}}, UNUSUAL),
        ]
        with lock_held(service), kept_busy(service, *writing * (WRITERS // 2)):
            checks = until(lambda: not_ready(service), "it remains ready")
            assert checks["write_lock"].startswith("held")
            for path in (LIVE, ORDERS, order, f"{order}/history"):
                answered_at_once(service, "GET", path)
            assert b"orderlog_store_up 1.0" in answered_at_once(service, "GET", METRICS).content
        until(lambda: service.send("GET", READY, {}).status == 200, "it does not come back")
        assert service.order()


def test_a_postgres_that_stands_still_holds_up_nobody_who_does_not_need_it(server, log):
    if not server.own:
        pytest.skip("the PostgreSQL server is not ours to halt")
    with server.database() as url, serving(url, log) as service:
        order = f"{ORDERS}/{service.order()}"
        waiting = [
            ("GET", order, None, {}),
            ("GET", ORDERS, None, {}),
            ("POST", ORDERS, EMPTY_ORDER, {}),
        ]
        with kept_busy(service, *waiting * (READERS // 3)) as answers:
            with server.halted():
                checks = until(lambda: not_ready(service), "it remains ready")
                assert "has not answered for" in checks["store"]
                answered_at_once(service, "GET", LIVE)
                down = answered_at_once(service, "GET", METRICS).content
                assert b"orderlog_store_up 0.0" in down
                assert b"orderlog_log_position" not in down
                assert b"orderlog_process_restarts_total" in down
                answered_at_once(service, "GET", "/openapi.json")
            until(lambda: service.send("GET", READY, {}).status == 200, "it does not come back")
            assert set(answers) <= {200, 201, 503}
        assert service.order()
