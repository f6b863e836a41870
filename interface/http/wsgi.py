"""What a server process runs: the application over services of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from application.bootstrap import build
from application.settings import Settings
from interface.http.app import create_app
from interface.http.logs import configure


@contextmanager
def running(settings: Settings) -> Iterator[Flask]:
    """The application, with its pull loop and its sweeper running; at the end all is closed."""
    configure(settings.log_level)
    services = build(settings)
    try:
        services.start()
        yield create_app(services)
    finally:
        services.close()
