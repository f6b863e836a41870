"""What the processes of a server run, each over services of its own."""

import gc
from collections.abc import Iterator
from contextlib import closing, contextmanager

from application.bootstrap import build
from application.settings import Settings
from interface.http.app import create_app
from interface.http.logs import configure
from interface.http.rsgi import RsgiService


@contextmanager
def answering(settings: Settings) -> Iterator[RsgiService]:
    """The application; at the end all is closed."""
    configure(settings.log_level)
    with closing(build(settings)) as services:
        services.catalog.current()
        services.start_for_requests()
        service = RsgiService(create_app(services), services)
        spare_what_lives_long()
        yield service


@contextmanager
def working_behind(settings: Settings) -> Iterator[None]:
    """What is done behind the requests: read models are fed, holds end, checkpoints are signed."""
    configure(settings.log_level)
    with closing(build(settings)) as services:
        services.start_behind_requests()
        yield


def spare_what_lives_long() -> None:
    """Have the garbage collector pass over what is there by now, and look less often.

    A request leaves next to no garbage that only the collector finds; looking for it after every
    seven hundred allocations cost a twelfth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
