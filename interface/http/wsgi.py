"""What a server process runs: the application over services of its own."""

import gc
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
        app = create_app(services)
        spare_what_lives_long()
        yield app
    finally:
        services.close()


def spare_what_lives_long() -> None:
    """Have the garbage collector pass over what is there by now, and look less often.

    A request leaves next to no garbage that only the collector finds; looking for it after every
    seven hundred allocations cost a twelfth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
