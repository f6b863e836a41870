"""The console: web pages at /console."""

from flask import Blueprint

from application.bootstrap import Services
from interface.console import (
    assets,
    failures,
    integration_presses,
    integrations,
    money,
    orders,
    page_session,
    proof,
    shows,
    sign_in,
    sign_ins,
    system,
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
        proof,
        shows,
        money,
        integrations,
        integration_presses,
        system,
        sign_ins,
    ):
        part.register(routes, services)
    return routes
