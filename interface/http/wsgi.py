"""What a server process runs: the application over services wired from the environment."""

from multiprocessing.util import Finalize

from flask import Flask

from application.bootstrap import build
from application.catalog_loading import load_sample
from application.clock import now
from application.settings import read_settings
from interface.http.app import create_app
from interface.http.logs import configure


def create() -> Flask:
    """The application of one server process, with its pull loop and its sweeper running."""
    settings = read_settings()
    configure(settings.log_level)
    services = build(settings)
    if settings.sample:
        load_sample(services.store, now())
    services.start()
    Finalize(None, services.close, exitpriority=1)  # what atexit knows, a server's worker skips
    return create_app(services)
