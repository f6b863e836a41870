"""Whether this process lives, and whether it can do its work."""

from flask import Blueprint, Response

from interface.http.answers import json_answer
from interface.http.contract import described
from interface.http.health_contract import LIVE, READY
from interface.http.monitoring import Monitoring


def health_blueprint(monitoring: Monitoring) -> Blueprint:
    """The routes of health; they need no key."""
    routes = Blueprint("health", __name__, url_prefix="/health")

    @routes.get("/live")
    @described(LIVE)
    def live() -> Response:
        return live_answer()

    @routes.get("/ready")
    @described(READY)
    def ready() -> Response:
        return ready_answer(monitoring)

    return routes


def live_answer() -> Response:
    """That the process lives."""
    return json_answer({"status": "live"})


def ready_answer(monitoring: Monitoring) -> Response:
    """Whether the process can do its work, from the last look."""
    found = monitoring.ready()
    return json_answer(found, 200 if found.ready else 503)
