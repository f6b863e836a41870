"""The section `webhooks` of the OpenAPI document: what the service sends to others."""

from typing import Any

from application.feed.thin_event import CloudEvent
from interface.http.answer_schemas import AnswerSchemas

HEADERS = {
    "webhook-id": "Names the event: the same however often it is sent, so that it counts once.",
    "webhook-timestamp": "When it was sent, in seconds since 1970.",
    "webhook-signature": "`v1,` and base64 for each live secret, `v1a,` as well where it is asked"
    " for, with spaces between: Standard Webhooks 1.0.0.",
}


def webhooks(answers: AnswerSchemas) -> dict[str, Any]:
    """The one kind of message that webhooks are sent."""
    parameters = [
        {"in": "header", "name": name, "required": True, "description": says, "schema": TEXT}
        for name, says in HEADERS.items()
    ]
    message = {
        "operationId": "orderEvent",
        "tags": ["webhooks"],
        "summary": "Something happened to an order",
        "description": "An event of an order of the webhook's partner. Events of an order come in"
        " their order, each at least once; until one is confirmed, those behind it wait.",
        "parameters": parameters,
        "requestBody": {
            "required": True,
            "content": {"application/cloudevents+json": {"schema": answers.reference(CloudEvent)}},
        },
        "responses": {
            "2XX": {"description": "It has come, and is not sent again."},
            "410": {"description": "No more is wanted: the webhook is switched off."},
            "default": {"description": "It is sent again later, for three days."},
        },
        "security": [],
    }
    return {"orderEvent": {"post": message}}


TEXT = {"type": "string"}
