"""Calls for support and auditors: what changed in an order, and its timeline in plain sentences."""

from typing import Any

from marshmallow import Schema, ValidationError, validate, validates_schema

from application.bootstrap import Services
from application.catalog.scopes import AUDIT, ORDERS_READ
from application.orders.document_types import DiffDocument, StoryDocument
from application.orders.timeline.english import ENGLISH
from application.orders.timeline.timeline import LANGUAGES
from domain import refusals
from interface.http.body import load_query
from interface.http.calls import Calls
from interface.http.contract import Good, Operation
from interface.http.exchange import Incoming, Outgoing, json_answer
from interface.http.headers import ACCEPT_LANGUAGE, CONTENT_LANGUAGE
from interface.http.input_fields import Digits
from interface.http.order_in_path import known_order
from interface.http.schemas import MOST_VERSION, NothingIn


class DiffIn(Schema):
    """Between which versions to compare; 0 is before the order was created."""

    from_ = Digits(
        data_key="from",
        required=True,
        validate=validate.Range(0, MOST_VERSION),
        metadata={"description": "The older version; 0 is before the order was created."},
    )
    to = Digits(
        required=True,
        validate=validate.Range(0, MOST_VERSION),
        metadata={"description": "The newer version."},
    )

    @validates_schema
    def forward(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse an older version that is the newer one."""
        if data["from_"] > data["to"]:
            raise ValidationError("Has to be the older version.", "from")


DIFF_IN = DiffIn()
NOTHING_IN = NothingIn()

READ_DIFF = Operation(
    scopes=(ORDERS_READ, AUDIT),
    tag="order history",
    summary="Compare two versions of an order: what changed",
    says="What changed between two versions, field by field, and which events changed it. Version"
    " 0 is before the order was created.",
    query=DIFF_IN,
    answers={200: Good("What changed.", DiffDocument)},
    refuses=(refusals.UnknownOrder, refusals.UnknownVersion),
)

EXPLAIN = Operation(
    scopes=(ORDERS_READ, AUDIT),
    tag="order history",
    summary="Explain an order: its timeline in plain sentences",
    says="The order's timeline in plain sentences: what happened, when, by whom, by which request,"
    " and how long was left on the hold; which requests were rejected; and why the hold"
    " ended, if no request ended it. Rejected requests are kept for thirty days.",
    query=NOTHING_IN,
    headers=(ACCEPT_LANGUAGE,),
    answers={200: Good("The timeline.", StoryDocument, headers=(CONTENT_LANGUAGE,))},
    refuses=(refusals.UnknownOrder,),
)


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
