"""The resource `webhooks`: where a partner has its orders' events sent."""

from application.bootstrap import Services
from application.catalog.scopes import AUDIT, WEBHOOKS
from application.ports.webhooks import Webhook
from application.webhooks.commands import WebhookRequest
from application.webhooks.document_types import (
    DeliveryDocument,
    PingDocument,
    SentAgainDocument,
    WebhookDocument,
    WebhookSecretDocument,
    delivery_document,
    ping_document,
)
from application.webhooks.secrets import FIRST
from domain import refusals
from interface.http import headers, problems
from interface.http.body import load_body, load_query
from interface.http.calls import Calls
from interface.http.contract import Good, Operation
from interface.http.exchange import Incoming, Outgoing, json_answer
from interface.http.idempotency import fingerprint_of, key_of
from interface.http.input_fields import OBJECT_ID
from interface.http.orders import NothingDocument
from interface.http.paging import links_to
from interface.http.schemas import NothingIn
from interface.http.versions import etag_of, refuse_version_of_none, versions_to_match
from interface.http.webhook_schemas import (
    DeliveryListIn,
    NewSecretIn,
    SendAgainIn,
    WebhookChangeIn,
    WebhookIn,
    WebhookListIn,
)

WEBHOOK_IN = WebhookIn()
WEBHOOK_CHANGE_IN = WebhookChangeIn()
WEBHOOK_LIST_IN = WebhookListIn()
NEW_SECRET_IN = NewSecretIn()
SEND_AGAIN_IN = SendAgainIn()
DELIVERY_LIST_IN = DeliveryListIn()
NOTHING_IN = NothingIn()

OF_A_BODY = (*problems.OF_A_BODY, *problems.OF_A_BODY_ON_ITS_WAY)
OF_A_CHANGE = (refusals.UnknownWebhook, refusals.WebhookChanged, problems.BAD_IF_MATCH)
CONDITION = (headers.WEBHOOK_IF_MATCH,)

ADD_WEBHOOK = Operation(
    scopes=(WEBHOOKS,),
    tag="webhooks",
    summary="Add a webhook",
    says="Has the events of the key's partner sent to an address, each as the feed has it, signed"
    " as Standard Webhooks 1.0.0 have it. The answer has the secret, which no other call shows. A"
    " partner may have 50 webhooks.",
    query=NOTHING_IN,
    body=WEBHOOK_IN,
    headers=(headers.IDEMPOTENCY_KEY,),
    answers={
        201: Good("The webhook.", WebhookSecretDocument, headers=(headers.WEBHOOK_ETAG,)),
    },
    refuses=(
        *OF_A_BODY,
        problems.BAD_IDEMPOTENCY_KEY,
        problems.BAD_IF_MATCH,
        refusals.VersionMismatch,
        refusals.RequestReused,
        refusals.BadWebhookAddress,
        refusals.TooManyWebhooks,
        refusals.PositionAhead,
    ),
)

LIST_WEBHOOKS = Operation(
    scopes=(WEBHOOKS, AUDIT),
    tag="webhooks",
    summary="List webhooks",
    says="The webhooks of the key's partner, by their ids; with the scope audit those of all.",
    query=WEBHOOK_LIST_IN,
    answers={200: Good("A page of webhooks.", WebhookDocument, many=True, headers=(headers.LINK,))},
)

READ_WEBHOOK = Operation(
    scopes=(WEBHOOKS, AUDIT),
    tag="webhooks",
    summary="Read a webhook",
    says="A webhook and where it stands, without its secret.",
    query=NOTHING_IN,
    answers={200: Good("The webhook.", WebhookDocument, headers=(headers.WEBHOOK_ETAG,))},
    refuses=(refusals.UnknownWebhook,),
)

CHANGE_WEBHOOK = Operation(
    scopes=(WEBHOOKS,),
    tag="webhooks",
    summary="Change, pause or resume a webhook",
    says="Changes what is given. A webhook that is paused stays where it stands: once it is active"
    " again, nothing was skipped. `active` also resumes one that was switched off.",
    query=NOTHING_IN,
    body=WEBHOOK_CHANGE_IN,
    headers=CONDITION,
    answers={200: Good("The webhook.", WebhookDocument, headers=(headers.WEBHOOK_ETAG,))},
    refuses=(*OF_A_BODY, *OF_A_CHANGE, refusals.BadWebhookAddress),
)

REMOVE_WEBHOOK = Operation(
    scopes=(WEBHOOKS,),
    tag="webhooks",
    summary="Remove a webhook",
    says="Nothing more is sent to it, and what waits for it is forgotten.",
    query=NOTHING_IN,
    headers=CONDITION,
    answers={200: Good("The webhook is removed.", NothingDocument)},
    refuses=OF_A_CHANGE,
)

ROTATE_SECRET = Operation(
    scopes=(WEBHOOKS,),
    tag="webhooks",
    summary="Make a new secret",
    says="The answer has the new secret, which no other call shows. The one before signs too until"
    " it is ended by end_old_secret or by the next new one: at most two are live.",
    query=NOTHING_IN,
    body=NEW_SECRET_IN,
    headers=CONDITION,
    answers={
        201: Good("The webhook.", WebhookSecretDocument, headers=(headers.WEBHOOK_ETAG,)),
    },
    refuses=(*OF_A_BODY, *OF_A_CHANGE),
)

SEND_AGAIN = Operation(
    scopes=(WEBHOOKS,),
    tag="webhooks",
    summary="Send events again",
    says="Asks to send events again: at positions, made in a range of time, or all behind a"
    " position. They come with the webhook-id that they had. The worker takes them up in order.",
    query=NOTHING_IN,
    body=SEND_AGAIN_IN,
    headers=CONDITION,
    answers={202: Good("What will be sent.", SentAgainDocument)},
    refuses=(
        *OF_A_BODY,
        *OF_A_CHANGE,
        refusals.EventNotOfWebhook,
        refusals.TooManyToSendAgain,
        refusals.PositionAhead,
    ),
)

LIST_DELIVERIES = Operation(
    scopes=(WEBHOOKS, AUDIT),
    tag="webhooks",
    summary="Read the delivery log: every try of the last 30 days",
    says="Every try of the last 30 days to deliver to a webhook, newest first.",
    query=DELIVERY_LIST_IN,
    answers={200: Good("A page of tries.", DeliveryDocument, many=True, headers=(headers.LINK,))},
    refuses=(refusals.UnknownWebhook,),
)

PING = Operation(
    scopes=(WEBHOOKS,),
    tag="webhooks",
    summary="Ping a webhook: send a signed message at once",
    says="Sends a signed message of the type orderlog.ping at once, and answers what came of it.",
    query=NOTHING_IN,
    headers=CONDITION,
    answers={200: Good("What came of it.", PingDocument)},
    refuses=OF_A_CHANGE,
)

WEBHOOK_CALLS = Calls("webhooks", "/v1/resources/webhooks")


@WEBHOOK_CALLS.post("", ADD_WEBHOOK)
def add_webhook(incoming: Incoming, services: Services) -> Outgoing:
    """Add a webhook."""
    load_query(incoming, NOTHING_IN)
    new = load_body(incoming, WEBHOOK_IN)
    request = _request_of(incoming)
    refuse_version_of_none(request.versions)
    webhook = services.webhooks.add(new, incoming.caller.partner, request)
    return _with_secret(services, webhook, FIRST)


@WEBHOOK_CALLS.get("", LIST_WEBHOOKS)
def list_webhooks(incoming: Incoming, services: Services) -> Outgoing:
    """List the caller's webhooks."""
    wanted = load_query(incoming, WEBHOOK_LIST_IN)
    size = wanted["page_size"]
    found = services.webhooks.page(incoming.caller, wanted["cursor"] or "", size + 1)
    more = found[size - 1].id if len(found) > size else None
    documents = services.webhooks.documents(found[:size])
    return json_answer(documents, headers=links_to(incoming, more))


@WEBHOOK_CALLS.get("/<order_id:webhook>", READ_WEBHOOK)
def read_webhook(incoming: Incoming, services: Services) -> Outgoing:
    """Read a webhook."""
    load_query(incoming, NOTHING_IN)
    return _shown(services, services.webhooks.find(_known_webhook(incoming), incoming.caller))


@WEBHOOK_CALLS.patch("/<order_id:webhook>", CHANGE_WEBHOOK)
def change_webhook(incoming: Incoming, services: Services) -> Outgoing:
    """Change, pause or resume a webhook."""
    load_query(incoming, NOTHING_IN)
    wanted = load_body(incoming, WEBHOOK_CHANGE_IN)
    request = _request_of(incoming)
    return _shown(services, services.webhooks.change(_known_webhook(incoming), wanted, request))


@WEBHOOK_CALLS.delete("/<order_id:webhook>", REMOVE_WEBHOOK)
def remove_webhook(incoming: Incoming, services: Services) -> Outgoing:
    """Remove a webhook."""
    load_query(incoming, NOTHING_IN)
    services.webhooks.remove(_known_webhook(incoming), _request_of(incoming))
    return json_answer({})


@WEBHOOK_CALLS.post("/<order_id:webhook>/secret", ROTATE_SECRET)
def rotate_webhook_secret(incoming: Incoming, services: Services) -> Outgoing:
    """Make a new secret for a webhook."""
    load_query(incoming, NOTHING_IN)
    wanted = load_body(incoming, NEW_SECRET_IN)
    request = _request_of(incoming)
    return _with_secret(
        services, services.webhooks.rotate(_known_webhook(incoming), request, **wanted)
    )


@WEBHOOK_CALLS.post("/<order_id:webhook>/deliveries", SEND_AGAIN)
def send_events_again(incoming: Incoming, services: Services) -> Outgoing:
    """Ask to send events again."""
    load_query(incoming, NOTHING_IN)
    wanted = load_body(incoming, SEND_AGAIN_IN)
    request = _request_of(incoming)
    asked = services.webhooks.send_again(_known_webhook(incoming), wanted, request)
    document: SentAgainDocument = {"requests": asked}
    return json_answer(document, 202)


@WEBHOOK_CALLS.get("/<order_id:webhook>/deliveries", LIST_DELIVERIES)
def list_deliveries(incoming: Incoming, services: Services) -> Outgoing:
    """Read the delivery log of a webhook."""
    wanted = load_query(incoming, DELIVERY_LIST_IN)
    found = services.webhooks.deliveries(_known_webhook(incoming), incoming.caller, wanted)
    more = found[-1].id if len(found) == wanted.limit else None
    documents = [delivery_document(each) for each in found]
    return json_answer(documents, headers=links_to(incoming, more))


@WEBHOOK_CALLS.post("/<order_id:webhook>/ping", PING)
def ping_webhook(incoming: Incoming, services: Services) -> Outgoing:
    """Ping a webhook."""
    load_query(incoming, NOTHING_IN)
    outcome = services.webhooks.ping(_known_webhook(incoming), _request_of(incoming))
    return json_answer(ping_document(outcome))


def _request_of(incoming: Incoming) -> WebhookRequest:
    """The request as the service knows it. Raises `BadRequest` for a bad header."""
    key = key_of(incoming)
    return WebhookRequest(
        caller=incoming.caller,
        actor=incoming.caller.actor,
        versions=versions_to_match(incoming),
        key=key,
        fingerprint=b"" if key is None else fingerprint_of(incoming),
    )


def _shown(services: Services, webhook: Webhook) -> Outgoing:
    (document,) = services.webhooks.documents([webhook])
    return json_answer(document, headers=(etag_of(webhook.revision),))


def _with_secret(services: Services, webhook: Webhook, generation: int | None = None) -> Outgoing:
    document = services.webhooks.with_secret(webhook, generation)
    return json_answer(document, 201, (etag_of(webhook.revision),))


def _known_webhook(incoming: Incoming) -> str:
    """The webhook that the path names. Raises `UnknownWebhook` if it is no id."""
    return webhook_id(incoming.arguments["webhook"])


def webhook_id(webhook: str) -> str:
    """The id of a webhook. Raises `UnknownWebhook` for what is no id."""
    if not OBJECT_ID.match(webhook):
        raise refusals.UnknownWebhook(webhook=webhook)
    return webhook
