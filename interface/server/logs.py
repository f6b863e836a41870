"""Structured logs on standard error: JSON lines, or lines for people at a terminal."""

import logging
import os
from collections.abc import MutableMapping
from functools import partial
from typing import Any

import msgspec
import structlog

from application.runtime.greenlet_bridge import loop_of_this_thread
from interface.http.request_log import DEBUG, INFO, LINES, RequestLine, by_structlog
from interface.server.standard_error import write_lines

AUTO, TEXT, JSON = "auto", "text", "json"
REQUEST = "request"
"""The event of a request that was answered."""

Entry = MutableMapping[str, Any]


class StandardError:
    """Writes lines to whatever is standard error then, each in one piece.

    On an event loop the lines of requests that are answered together are written together.
    """

    def __init__(self, *_: object) -> None:
        """Take nothing: there is only one."""

    def write(self, line: bytes) -> None:
        """Write a line, soon."""
        loop = loop_of_this_thread()
        if loop is None:
            write_lines([line])
            return
        if not _lines:
            loop.call_soon(_write_lines)
        _lines.append(line)

    debug = info = warning = error = critical = write


STANDARD_ERROR = StandardError()
LEVELS = {DEBUG: logging.DEBUG, INFO: logging.INFO}
_encode = msgspec.json.Encoder().encode

_lines: list[bytes] = []
"""What the one loop of a process has not written yet."""


def _write_lines() -> None:
    lines = _lines.copy()
    _lines.clear()
    write_lines(lines)


def configure(level: str, form: str = JSON) -> None:
    """Have everything of `level` and above logged, in the form `text`, `json` or `auto`."""
    lowest = logging.getLevelName(level)
    LINES.write = partial(_request_in_json, lowest) if is_json(form) else by_structlog
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            *_renderers(form),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        logger_factory=StandardError,
        cache_logger_on_first_use=True,
    )


class OfLibraries(logging.Handler):
    """Writes what libraries log as lines of this log: their own way waits for a stuck pipe."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        entry = {"event": "library", "logger": record.name, "reason": record.getMessage()}
        if record.exc_info:
            entry["exception"] = logging.Formatter().formatException(record.exc_info)
        structlog.get_logger().log(record.levelno, **entry)


def take_in_libraries() -> None:
    """Have what libraries log written here, too."""
    logging.basicConfig(handlers=[OfLibraries()], level=logging.WARNING, force=True)


def _renderers(form: str) -> list[Any]:
    if is_json(form):
        return [structlog.processors.JSONRenderer(serializer=_line)]
    terminal = is_terminal()
    console = structlog.dev.ConsoleRenderer(
        colors=terminal and "NO_COLOR" not in os.environ,
        exception_formatter=structlog.dev.plain_traceback,
        sort_keys=False,
        pad_event_to=0,
    )
    return [_for_people, console, lambda _, __, line: line.encode(errors="replace")]


def is_json(form: str) -> bool:
    """Whether lines are JSON in this form, on what is standard error now."""
    return form == JSON or (form == AUTO and not is_terminal())


def is_terminal() -> bool:
    """Whether standard error is one."""
    try:
        return os.isatty(2)
    except OSError:
        return False


def _for_people(_: object, __: str, entry: Entry) -> Entry:
    """An entry without what is empty and what steers a terminal; a request in a few words."""
    shown = {name: printable(value) for name, value in entry.items() if value not in (None, "")}
    if shown.get("event") == REQUEST:
        head = [shown.pop(name, "") for name in ("method", "path", "status")]
        shown["event"] = " ".join([*head, f"{shown.pop('ms', '')} ms"])
        shown.pop("route", None)
    return shown


def printable(value: object) -> str:
    """A value in characters that a terminal shows and does not obey; lines stay lines."""
    return "".join(each if each.isprintable() or each == "\n" else "\ufffd" for each in str(value))


def _request_in_json(lowest: int, line: RequestLine) -> None:
    """Log a request at once, if lines of its level are logged: it is as other lines are."""
    if lowest <= LEVELS[line.level]:
        STANDARD_ERROR.write(_encode(line))


def _line(entry: object, **_: object) -> bytes:
    return msgspec.json.encode(entry, enc_hook=str)
