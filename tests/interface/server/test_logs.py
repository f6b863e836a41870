"""What is logged: one JSON object a line on standard error, and nothing on standard output."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog

from interface.http.request_log import LINES, Origin, by_structlog, is_quiet, log_request
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


class Terminal:
    def __init__(self, monkeypatch):
        monkeypatch.setattr("interface.server.logs.is_terminal", lambda: True)
        monkeypatch.setenv("NO_COLOR", "1")


def request_line(log, **more):
    said = {"id": "a1", "method": "GET", "path": "/x", "status": 200, "ms": 1.5, "route": "/x"}
    apart(log.info, "request", **said | {"partner": None, "order": ""} | more)


@pytest.mark.parametrize("form", ["auto", "text"])
def test_people_at_a_terminal_read_lines(own_logs, capfdbinary, monkeypatch, form):
    Terminal(monkeypatch)
    configure("INFO", form)
    request_line(structlog.get_logger(), key="ab12")
    [line] = capfdbinary.readouterr().err.decode().splitlines()
    assert line.endswith(" GET /x 200 1.5 ms id=a1 key=ab12")
    assert "info" in line
    assert "\x1b" not in line


def test_lines_have_colors_where_they_may(own_logs, capfdbinary, monkeypatch):
    Terminal(monkeypatch)
    monkeypatch.delenv("NO_COLOR")
    configure("INFO", "auto")
    request_line(structlog.get_logger())
    assert b"\x1b[" in capfdbinary.readouterr().err


def test_nothing_that_steers_a_terminal_reaches_it(own_logs, capfdbinary, monkeypatch):
    Terminal(monkeypatch)
    configure("INFO", "text")
    request_line(structlog.get_logger(), path="/\x1b[2J\r\u202e", key="\x9b1m")
    written = capfdbinary.readouterr().err.decode()
    assert not set("\x1b\r\x9b\u202e") & set(written)


@pytest.mark.parametrize(("form", "terminal"), [("auto", False), ("json", True)])
def test_elsewhere_or_where_it_is_set_lines_are_json(
    own_logs, capfdbinary, monkeypatch, form, terminal
):
    monkeypatch.setattr("interface.server.logs.is_terminal", lambda: terminal)
    configure("INFO", form)
    request_line(structlog.get_logger())
    assert json.loads(capfdbinary.readouterr().err)["path"] == "/x"


def test_a_traceback_is_for_people_too(own_logs, capfdbinary, monkeypatch):
    Terminal(monkeypatch)
    configure("INFO", "text")

    def fail():
        try:
            [].index("a seat")
        except ValueError:
            structlog.get_logger().exception("sweep_failed")

    apart(fail)
    lines = capfdbinary.readouterr().err.decode().splitlines()
    assert "sweep_failed" in lines[0]
    assert lines[-1].startswith("ValueError: ")


@pytest.mark.parametrize(
    ("route", "status", "quiet"),
    [
        ("/health/live", 200, True),
        ("/health/ready", 503, False),
        ("/metrics", 200, True),
        ("/metrics", 401, False),
        ("/console/static/<path:filename>", 304, True),
        ("/console/static/<path:filename>", 404, False),
        ("/v1/resources/orders", 200, False),
        (None, 200, False),
    ],
)
def test_probes_and_parts_of_pages_are_quiet_unless_they_fail(route, status, quiet):
    assert is_quiet(route, status) is quiet


def test_a_request_is_logged_at_once_as_it_would_be_with_all_else(log, capfdbinary):
    asked = ("id-1", "GET", "/v1/\u00e9", 200, 0.0, Origin(None, "127.0.0.1", "/v1", "6b05"))
    apart(log_request, *asked)
    LINES.write = by_structlog
    apart(log_request, *asked)
    at_once, with_all = map(json.loads, capfdbinary.readouterr().err.splitlines())
    assert list(at_once) == list(with_all)
    own = {"timestamp", "ms"}
    assert all(at_once[name] == with_all[name] for name in at_once if name not in own)
    assert at_once["timestamp"].endswith("Z")


@pytest.mark.parametrize(("level", "lines"), [("DEBUG", 2), ("INFO", 1), ("WARNING", 0)])
def test_requests_below_the_level_are_not_logged(own_logs, capfdbinary, level, lines):
    configure(level)
    for route in ("/v1", "/health/live"):
        apart(log_request, "id-1", "GET", route, 200, 0.0, Origin(None, "127.0.0.1", route))
    assert len(capfdbinary.readouterr().err.splitlines()) == lines
