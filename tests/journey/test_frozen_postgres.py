"""A PostgreSQL that is there and does not answer: each request is answered, and all goes on."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from polling import until
from postgres_server import halted, postgres_server
from server import EMPTY_ORDER, ORDERS, serving

pytestmark = pytest.mark.experiment


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

        with ThreadPoolExecutor(4 * len(calls)) as threads, halted(frozen.data):
            answers = [threads.submit(service.call, *call) for call in 4 * calls]
            answers = [each.result() for each in answers]
        assert {answer.status for answer in answers} == {503}
        until(lambda: service.send("GET", "/health/ready", {}).status == 200, "not ready again")
        until(lambda: service.call("POST", ORDERS, EMPTY_ORDER).status == 201, "nothing is sold")
