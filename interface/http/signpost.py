"""What stands at `/` and `/docs`: people are led to the console, programs to the documents."""

from typing import Annotated, Any, TypedDict

from msgspec import Meta

from interface.http import headers
from interface.http.calls import Calls
from interface.http.contract import Good, Operation
from interface.http.exchange import Incoming, Outgoing, json_answer

CONSOLE_ADDRESS = "/console"
PEOPLE, PROGRAM = "text/html", "application/json"


class AddressesDocument(TypedDict):
    """Where things are in this service."""

    openapi: Annotated[str, Meta(description="The contract of the API: an OpenAPI document.")]
    console: Annotated[str, Meta(description="The pages for people.")]
    live: Annotated[str, Meta(description="Whether the process lives.")]
    ready: Annotated[str, Meta(description="Whether it can do its work.")]


ADDRESSES: AddressesDocument = {
    "openapi": "/openapi.json",
    "console": CONSOLE_ADDRESS,
    "live": "/health/live",
    "ready": "/health/ready",
}

LOOK_AROUND = Operation(
    tag="contract",
    summary="Where things are",
    says="The addresses of the service's documents. A client that prefers text/html, as browsers"
    " do, is led to the console.",
    needs_key=False,
    answers={
        200: Good("The addresses.", AddressesDocument),
        303: Good(
            "The way to the console.",
            headers=(headers.LOCATION,),
            empty=True,
        ),
    },
)

SIGNPOST = Calls("signpost")


@SIGNPOST.get("/", LOOK_AROUND)
def addresses(incoming: Incoming, _: Any) -> Outgoing:
    """Redirect people to the console; answer programs with the addresses of the documents."""
    vary = ("Vary", "Accept")
    if incoming.parsed.accept_mimetypes.best_match([PROGRAM, PEOPLE]) == PEOPLE:
        return Outgoing(303, [("Location", CONSOLE_ADDRESS), ("Content-Length", "0"), vary])
    return json_answer(ADDRESSES, headers=(vary,))


@SIGNPOST.get("/docs", LOOK_AROUND)
def documents(incoming: Incoming, services: Any) -> Outgoing:
    """Do the same at the address where many look first."""
    return addresses(incoming, services)
