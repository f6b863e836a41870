"""Whether this process lives, and whether it can do its work."""

from flask import Blueprint, Response

from application import health
from application.bootstrap import Services
from interface.http.answers import json_answer
from interface.http.contract import described
from interface.http.health_contract import LIVE, READY


def health_blueprint(services: Services) -> Blueprint:
    """The routes of health; they need no key."""
    routes = Blueprint("health", __name__, url_prefix="/health")

    @routes.get("/live")
    @described(LIVE)
    def live() -> Response:
        return json_answer({"status": "live"})

    @routes.get("/ready")
    @described(READY)
    def ready() -> Response:
        found = health.check(services.store, services.store_clock)
        return json_answer(found, 200 if found.ready else 503)

    return routes
