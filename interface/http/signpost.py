"""What stands at `/` and `/docs`: people are led to pages, programs to the documents."""

from typing import Annotated, Any, TypedDict

from msgspec import Meta

from interface.http import headers
from interface.http.calls import Calls
from interface.http.contract import Good, Operation
from interface.http.exchange import Incoming, Outgoing, json_answer

CONSOLE_ADDRESS = "/console"
API_PAGE = "/docs/api"
GUIDE = "/docs/guide"
PEOPLE, PROGRAM = "text/html", "application/json"


class AddressesDocument(TypedDict):
    """Where things are in this service."""

    openapi: Annotated[str, Meta(description="The contract of the API: an OpenAPI document.")]
    asyncapi: Annotated[str, Meta(description="What it sends by itself: an AsyncAPI document.")]
    api: Annotated[str, Meta(description="A page of the API, where calls can be tried.")]
    guide: Annotated[str, Meta(description="The guide: how to use and run the service.")]
    console: Annotated[str, Meta(description="The pages for people.")]
    live: Annotated[str, Meta(description="Whether the process lives.")]
    ready: Annotated[str, Meta(description="Whether it can do its work.")]


ADDRESSES: AddressesDocument = {
    "openapi": "/openapi.json",
    "asyncapi": "/asyncapi.json",
    "api": API_PAGE,
    "guide": GUIDE,
    "console": CONSOLE_ADDRESS,
    "live": "/health/live",
    "ready": "/health/ready",
}


def led_to(address: str, name: str) -> Operation:
    """A call that leads people to an address, and tells programs where the documents are."""
    return Operation(
        tag="contract",
        summary=f"Where things are; redirects a browser to {name}",
        says="The addresses of the service's documents. A client that prefers text/html, as"
        f" browsers do, is redirected to {name}.",
        needs_key=False,
        answers={
            200: Good("The addresses.", AddressesDocument),
            303: Good(f"A redirect to {name}.", headers=(headers.location(address),), empty=True),
        },
    )


SIGNPOST = Calls("signpost")


def _answer(incoming: Incoming, people_to: str) -> Outgoing:
    vary = ("Vary", "Accept")
    if incoming.parsed.accept_mimetypes.best_match([PROGRAM, PEOPLE]) == PEOPLE:
        return Outgoing(303, [("Location", people_to), ("Content-Length", "0"), vary])
    return json_answer(ADDRESSES, headers=(vary,))


@SIGNPOST.get("/", led_to(CONSOLE_ADDRESS, "the console"))
def addresses(incoming: Incoming, _: Any) -> Outgoing:
    """Redirect people to the console; answer programs with the addresses of the documents."""
    return _answer(incoming, CONSOLE_ADDRESS)


@SIGNPOST.get("/docs", led_to(API_PAGE, "the page of the API"))
def documents(incoming: Incoming, _: Any) -> Outgoing:
    """Redirect people to the page of the API, where calls can be tried; programs as above."""
    return _answer(incoming, API_PAGE)
