"""Structured logs: one JSON object a line on standard error."""

import logging
import sys

import msgspec
import structlog


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
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )


def _line(entry: object, **_: object) -> bytes:
    return msgspec.json.encode(entry, enc_hook=str)
