"""What a server process runs: the application over services wired from the environment."""

import atexit

from flask import Flask

from application.bootstrap import build
from application.settings import read_settings
from interface.http.app import create_app
from interface.http.logs import configure


def create() -> Flask:
    """The application of one server process, with its pull loop and its sweeper running."""
    settings = read_settings()
    configure(settings.log_level)
    services = build(settings)
    services.start()
    atexit.register(services.close)
    return create_app(services)
