"""The console: web pages at /console."""

from flask import Blueprint

from application.bootstrap import Services
from interface.console import (
    assets,
    failures,
    money,
    orders,
    page_session,
    read_models,
    shows,
    sign_in,
    sign_ins,
    writing,
)


def console_blueprint(services: Services) -> Blueprint:
    """All pages of the console, with their assets."""
    routes = Blueprint(
        "console",
        __name__,
        url_prefix="/console",
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )
    for part in (
        page_session,
        failures,
        assets,
        writing,
        sign_in,
        orders,
        shows,
        money,
        read_models,
        sign_ins,
    ):
        part.register(routes, services)
    return routes
