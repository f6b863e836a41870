"""What is logged: one JSON object a line on standard error, and nothing on standard output."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog

from interface.server.logs import configure


@pytest.fixture
def log(own_logs):
    configure("INFO")
    return structlog.get_logger()


def apart(call, *arguments, **more):
    """Call in a thread of its own: in this one an earlier test may have left an event loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(call, *arguments, **more).result()


def test_an_event_is_a_json_object_on_standard_error(log, capfdbinary):
    apart(log.info, "order_made", number=7, kind=object)
    out, err = capfdbinary.readouterr()
    assert out == b""
    [line] = err.splitlines()
    said = json.loads(line)
    assert said["event"] == "order_made"
    assert said["level"] == "info"
    assert said["number"] == 7
    assert said["timestamp"].endswith("Z")


def test_what_is_below_the_level_is_not_logged(log, capfdbinary):
    apart(log.debug, "chatter")
    assert capfdbinary.readouterr().err == b""


def test_a_traceback_stays_in_its_line(log, capfdbinary):
    def fail():
        try:
            [].index("a seat")
        except ValueError:
            log.exception("sweep_failed")

    apart(fail)
    [line] = capfdbinary.readouterr().err.splitlines()
    assert "ValueError: " in json.loads(line)["exception"]
