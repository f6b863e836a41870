"""Structured logs: one JSON object a line on standard error."""

import logging

import msgspec
import structlog

from application.runtime.greenlet_bridge import loop_of_this_thread
from interface.server.standard_error import write_lines


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


_lines: list[bytes] = []
"""What the one loop of a process has not written yet."""


def _write_lines() -> None:
    lines = _lines.copy()
    _lines.clear()
    write_lines(lines)


def configure(level: str) -> None:
    """Have everything of `level` and above logged."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
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


def _line(entry: object, **_: object) -> bytes:
    return msgspec.json.encode(entry, enc_hook=str)
