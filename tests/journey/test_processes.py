"""The processes of a service: they replace each other, and none is left behind."""

import os
import re
import signal

from polling import until
from server import ORDERS, children, serving

DEATHS = 3


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
        listed = until(lambda: service.call("GET", ORDERS).body, "nobody projects the lists")
        assert [each["id"] for each in listed] == [order]
        [died] = service.log("server_process_died")
        assert died["processes"] == [0]


def test_processes_that_die_again_and_again_end_no_other(sqlite, log):
    with serving(sqlite, log, "--workers", "2") as service:
        behind, dying, healthy = children(service.process)
        for _ in range(DEATHS):
            dying = killed(service, dying)
            behind = killed(service, behind)
        assert healthy in children(service.process)
        assert service.order()
        checks = until(lambda: said_to_have_died(service), "nobody tells")
        assert re.match(f"died {DEATHS} times since 20", checks["process 0"])
        assert re.match(f"died {DEATHS} times since 20", checks["process 1"])
        assert "process 2" not in checks
        told = service.send("GET", "/metrics", {}).content.decode()
        for process, deaths in ((0, DEATHS), (1, DEATHS), (2, 0)):
            assert f'orderlog_process_restarts_total{{process="{process}"}} {deaths}.0' in told
    died = service.log("server_process_died")
    for process in (0, 1):
        pauses = [each["pause"] for each in died if each["processes"] == [process]]
        assert pauses == [0.1 * 2**number for number in range(DEATHS)]


def killed(service, process):
    """Kill a process; the one that replaces it."""
    before = set(children(service.process))
    os.kill(process, signal.SIGKILL)
    [after] = until(lambda: set(children(service.process)) - before, "nobody replaces it")
    return after


def said_to_have_died(service):
    """What readiness has found, once it names both processes, and that they live again."""
    checks = service.send("GET", "/health/ready", {}).body["checks"]
    both = [checks.get(f"process {number}", "down") for number in (0, 1)]
    return not any("down" in each for each in both) and checks


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
