"""What support and auditors ask of an order: what changed, and its timeline in plain sentences."""

from application.bootstrap import Services
from application.orders.timeline.english import ENGLISH
from application.orders.timeline.timeline import LANGUAGES
from interface.http.body import load_query
from interface.http.calls import Calls
from interface.http.exchange import Incoming, Outgoing, json_answer
from interface.http.order_audit_contract import EXPLAIN, READ_DIFF
from interface.http.order_audit_schemas import DiffIn
from interface.http.orders import known_order
from interface.http.schemas import NothingIn

DIFF_IN = DiffIn()
NOTHING_IN = NothingIn()

ORDER_AUDIT = Calls("order_audit", "/v1/resources/orders/<order_id:order>")


@ORDER_AUDIT.get("/diff", READ_DIFF)
def read_diff(incoming: Incoming, services: Services) -> Outgoing:
    """Read what changed between two versions of an order."""
    wanted = load_query(incoming, DIFF_IN)
    known = known_order(incoming)
    return json_answer(services.history.diff(known, wanted["from_"], wanted["to"], incoming.caller))


@ORDER_AUDIT.get("/explain", EXPLAIN)
def explain(incoming: Incoming, services: Services) -> Outgoing:
    """Read an order's timeline in the language that the caller prefers."""
    load_query(incoming, NOTHING_IN)
    preferred = incoming.parsed.accept_languages.best_match([*LANGUAGES])
    language = LANGUAGES[preferred or ENGLISH.code]
    timeline = services.timelines.explain(known_order(incoming), language, incoming.caller)
    headers = (("Content-Language", language.code), ("Vary", "Accept-Language"))
    return json_answer(timeline, headers=headers)
