"""Partners and the deals between them, and whose key a caller has."""

from marshmallow import Schema, fields, validate

from application.bootstrap import Services
from application.catalog.partner_document_types import (
    DealDocument,
    PartnerRecordDocument,
    WhoAmIDocument,
)
from application.catalog.scopes import AUDIT, EVENTS_READ
from application.orders.queries import BadCursor
from domain.refusals import PartnerNotFound
from interface.http import headers, problems
from interface.http.body import load_query
from interface.http.calls import Calls
from interface.http.contract import Good, Operation
from interface.http.exchange import Incoming, Outgoing, json_answer
from interface.http.fields_schema import KNOWN_OF_A_PARTNER, chosen, parse
from interface.http.input_fields import OBJECT_ID
from interface.http.paging import links_to
from interface.http.schemas import NothingIn, list_cursor, usual_page_size


class PartnerIn(Schema):
    """Which fields of a partner to answer with."""

    fields_schema = fields.String(
        data_key="fields-schema",
        validate=validate.Length(1, 2000),
        load_default=None,
        metadata={"description": "The wanted fields, such as legal{type,bank,detail,who}."},
    )


class DealListIn(Schema):
    """Which deals to list."""

    page_size = usual_page_size("deals")
    cursor = list_cursor()


PARTNER_IN = PartnerIn()
DEAL_LIST_IN = DealListIn()
NOTHING_IN = NothingIn()

READ_PARTNER = Operation(
    scopes=(EVENTS_READ, AUDIT),
    tag="partners",
    summary="Read a partner with its legal data",
    says="A partner with its legal data, as they stand on tickets: the key's own, or one whose"
    " events it may sell. Every other one does not exist.",
    query=PARTNER_IN,
    answers={200: Good("The partner.", PartnerRecordDocument)},
    refuses=(PartnerNotFound, problems.BAD_FIELDS_SCHEMA),
)

LIST_DEALS = Operation(
    scopes=(EVENTS_READ, AUDIT),
    tag="partners",
    summary="List the deals of the key's partner",
    says="The deals of the key's partner, as vendor and as organiser, by their ids. Those that"
    " have ended are listed, too. With more deals than page_size there are several pages.",
    query=DEAL_LIST_IN,
    answers={200: Good("A page of deals.", DealDocument, many=True, headers=(headers.LINK,))},
    refuses=(problems.BAD_CURSOR,),
)

WHOAMI = Operation(
    tag="partners",
    summary="Say whose key it is",
    says="The partner of the key, what the key is called, its scopes and when it ends. Any key may"
    " ask. The key itself is in no answer.",
    query=NOTHING_IN,
    answers={200: Good("Whose key it is.", WhoAmIDocument)},
)

PARTNERS = Calls("partners", "/v1")


@PARTNERS.get("/resources/partners/<partner>", READ_PARTNER)
def read_partner(incoming: Incoming, services: Services) -> Outgoing:
    """Read a partner."""
    text = load_query(incoming, PARTNER_IN)["fields_schema"]
    tree = None if text is None else parse(text, KNOWN_OF_A_PARTNER)
    document = services.partners.partner(_known_partner(incoming), incoming.caller)
    return json_answer(chosen(document, tree))


@PARTNERS.get("/resources/deals", LIST_DEALS)
def list_deals(incoming: Incoming, services: Services) -> Outgoing:
    """List the caller's deals."""
    wanted = load_query(incoming, DEAL_LIST_IN)
    cursor = wanted["cursor"]
    if cursor is not None and not OBJECT_ID.match(cursor):
        raise BadCursor
    found, last = services.partners.deals(incoming.caller, cursor or "", wanted["page_size"])
    return json_answer(found, headers=links_to(incoming, last))


@PARTNERS.get("/services/whoami", WHOAMI)
def whoami(incoming: Incoming, services: Services) -> Outgoing:
    """Say whose key it is."""
    load_query(incoming, NOTHING_IN)
    return json_answer(services.partners.whoami(incoming.caller))


def _known_partner(incoming: Incoming) -> str:
    """The partner's id; refuses what cannot be one as a partner that does not exist."""
    partner = incoming.arguments["partner"]
    known = partner.lower()
    if not OBJECT_ID.match(known):
        raise PartnerNotFound(partner=partner)
    return known
