"""What support and auditors ask of an order: what changed between two versions."""

from flask import Blueprint, Response, g

from application.bootstrap import Services
from interface.http.answers import json_answer
from interface.http.body import load_query
from interface.http.contract import described
from interface.http.order_audit_contract import READ_DIFF
from interface.http.order_audit_schemas import DiffIn
from interface.http.orders import known_order

DIFF_IN = DiffIn()


def order_audit_blueprint(services: Services) -> Blueprint:
    """The routes of an order's audit."""
    routes = Blueprint("order_audit", __name__, url_prefix="/v1/resources/orders")

    @routes.get("/<order_id:order>/diff")
    @described(READ_DIFF)
    def read_diff(order: str) -> Response:
        wanted = load_query(DIFF_IN)
        known = known_order(order)
        diff = services.history.diff(known, wanted["from_"], wanted["to"], g.caller)
        return json_answer(diff)

    return routes
