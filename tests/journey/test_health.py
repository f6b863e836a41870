"""What a service says of itself to those who watch it."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from polling import until
from server import ORDERS, serving


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_a_service_at_work_is_live_and_ready_without_a_key(service, path):
    assert service.send("GET", path, {}).status == 200


def test_readiness_names_what_was_looked_at(service):
    checks = service.send("GET", "/health/ready", {}).body["checks"]
    assert checks["store"] == "ok"
    assert "projection orders" in checks


def test_a_service_is_unready_while_its_database_is_away(server, log):
    with server.database() as url, serving(url, log) as service:
        ready = lambda: service.send("GET", "/health/ready", {}).status  # noqa: E731
        assert ready() == 200
        open_to_others(server, url, "false")
        with ThreadPoolExecutor() as threads:
            listed = threads.submit(service.call, "GET", ORDERS)
            until(lambda: ready() == 503, "it remains ready")
        assert listed.result().status == 503
        assert listed.result().headers["content-type"] == "application/problem+json"
        assert service.send("GET", "/health/live", {}).status == 200
        open_to_others(server, url, "true")
        until(lambda: ready() == 200, "it does not come back")
        assert service.order()


def open_to_others(server, url, allowed):
    """Let processes use a database, or end what they have there and let nobody in."""
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    server.administrate(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}")
    server.administrate(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    )
