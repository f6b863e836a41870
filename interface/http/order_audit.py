"""What support and auditors ask of an order: what changed, and its story in plain sentences."""

from flask import Blueprint, Response, g, request

from application.bootstrap import Services
from application.orders.timeline.english import ENGLISH
from application.orders.timeline.timeline import LANGUAGES
from interface.http.answers import json_answer
from interface.http.body import load_query
from interface.http.contract import described
from interface.http.order_audit_contract import EXPLAIN, READ_DIFF
from interface.http.order_audit_schemas import DiffIn
from interface.http.orders import known_order
from interface.http.schemas import NothingIn

DIFF_IN = DiffIn()
NOTHING_IN = NothingIn()


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

    @routes.get("/<order_id:order>/explain")
    @described(EXPLAIN)
    def explain(order: str) -> Response:
        load_query(NOTHING_IN)
        language = LANGUAGES[request.accept_languages.best_match([*LANGUAGES]) or ENGLISH.code]
        answer = json_answer(services.timelines.explain(known_order(order), language, g.caller))
        answer.content_language.add(language.code)
        answer.vary.add("Accept-Language")
        return answer

    return routes
