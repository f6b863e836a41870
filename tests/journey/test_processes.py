"""The processes of a service: they replace each other, and none is left behind."""

import os
import re
import signal

from polling import until
from serving import ORDERS, serving


def test_a_process_that_dies_is_replaced(sqlite, log):
    with serving(sqlite, log) as service:
        [before] = service.workers()
        order = service.order()
        os.kill(before, signal.SIGKILL)
        [after] = until(lambda: set(service.workers()) - {before}, "nobody replaces it")
        until(service.listens, "the one that replaces it does not listen")
        assert service.call("GET", f"/v1/resources/orders/{order}").status == 200
        [died] = service.log("server_process_died")
        assert died["processes"] == [1]
        assert service.workers() == [after]


def test_the_process_behind_the_requests_is_replaced_as_well(sqlite, log):
    with serving(sqlite, log) as service:
        os.kill(service.behind(), signal.SIGKILL)
        order = service.order()
        listed = until(lambda: service.call("GET", ORDERS).body, "nobody feeds the lists")
        assert [each["id"] for each in listed] == [order]
        [died] = service.log("server_process_died")
        assert died["processes"] == [0]


def test_processes_end_with_their_parent(sqlite, log):
    with serving(sqlite, log, "--workers", "2") as service:
        service.process.kill()
        until(lambda: not service.listens(), "nobody would stop them")


def test_a_service_whose_processes_cannot_start_ends_and_says_why(sqlite, log):
    with serving(sqlite, log) as service:
        [process] = service.workers()
        for file in log.parent.glob("orders.db*"):
            file.write_bytes(b"no database " * 1000)
        os.kill(process, signal.SIGKILL)
        assert service.process.wait() == 1
        said = service.complaints().splitlines()[-1]
        assert "A server process cannot start" in said
        assert "orders.db" in said
        assert not re.search("^Traceback", service.complaints(), re.MULTILINE)
