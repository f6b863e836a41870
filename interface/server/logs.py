"""Structured logs: one JSON object a line on standard error."""

import logging
import sys

import msgspec
import structlog

from application.runtime.greenlet_bridge import loop_of_this_thread


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
            _write([line])
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
    _write(lines)


def _write(lines: list[bytes]) -> None:
    sys.stderr.buffer.write(b"\n".join(lines) + b"\n")
    sys.stderr.flush()


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


def _line(entry: object, **_: object) -> bytes:
    return msgspec.json.encode(entry, enc_hook=str)
