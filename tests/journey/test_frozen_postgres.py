"""A PostgreSQL that is there and does not answer: each request is answered, and all goes on."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from polling import until
from postgres_server import halted, postgres_server
from server import EMPTY_ORDER, ORDERS, serving

pytestmark = pytest.mark.experiment

LONGEST = 25
"""Seconds: ten for the database, and a machine that has much else to do."""


@pytest.fixture
def frozen():
    with postgres_server() as server:
        if not server.own:
            pytest.skip("the PostgreSQL server is not ours to halt")
        yield server


def test_all_requests_are_answered_and_the_service_goes_on(frozen, tmp_path):
    with frozen.database() as url, serving(url, tmp_path / "server.log") as service:
        order = service.order()
        calls = [
            ("POST", ORDERS, EMPTY_ORDER),
            ("GET", f"{ORDERS}/{order}", None),
            ("PATCH", f"{ORDERS}/{order}", {"customer": {"email": "buyer@example.org"}}),
        ]

        def timed(method, path, body):
            begun = time.monotonic()
            return service.call(method, path, body).status, time.monotonic() - begun

        with ThreadPoolExecutor(4 * len(calls)) as threads, halted(frozen.data):
            answers = [threads.submit(timed, *call) for call in 4 * calls]
            answers = [each.result() for each in answers]
        assert {status for status, _ in answers} == {503}
        assert max(seconds for _, seconds in answers) < LONGEST
        until(lambda: service.send("GET", "/health/ready", {}).status == 200, "not ready again")
        until(lambda: service.call("POST", ORDERS, EMPTY_ORDER).status == 201, "nothing is sold")
