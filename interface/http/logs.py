"""Structured logs: one JSON object a line on standard error."""

import logging
import sys

import msgspec
import structlog


class StandardError:
    """Writes lines to whatever is standard error then, each in one piece."""

    def __init__(self, *_: object) -> None:
        """Take nothing: there is only one."""

    def write(self, line: bytes) -> None:
        """Write a line."""
        sys.stderr.buffer.write(line + b"\n")
        sys.stderr.flush()

    debug = info = warning = error = critical = write


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
