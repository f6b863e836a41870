"""The call /v1/sandbox/catalog: loads a catalogue of the caller's, under names of its own."""

import re
from typing import Annotated, Any, TypedDict

from marshmallow import INCLUDE, Schema, fields
from msgspec import Meta

from application.bootstrap import Services
from application.catalog.cache import REFRESH_SECONDS
from application.catalog.entries import BadCatalog
from application.catalog.fresh_copy import load_fresh_copy
from application.catalog.scopes import ORDERS_WRITE
from application.runtime.greenlet_bridge import off_the_loop
from interface.http import problems
from interface.http.body import load_body, load_query
from interface.http.calls import Calls
from interface.http.contract import Good, Operation
from interface.http.errors import BadRequest
from interface.http.exchange import Incoming, Outgoing, json_answer
from interface.http.schemas import NothingIn

STEP = re.compile(r"\[(\d+)\]|\.")


class CatalogIn(Schema):
    """A catalogue, as the catalogue file has it, in JSON."""

    class Meta:
        """Each part is checked as in a file."""

        unknown = INCLUDE

    partners = fields.Raw(required=True, metadata={"description": "As in the catalogue file."})


class FreshCatalogDocument(TypedDict):
    """A catalogue that was loaded under fresh names."""

    names: Annotated[
        dict[str, str],
        Meta(description="By each id, key and alias of the body, what it is here."),
    ]
    known_after_seconds: Annotated[
        float, Meta(description="After so long all processes of the service know them.")
    ]


CATALOG_IN = CatalogIn()
NOTHING_IN = NothingIn()

LOAD_CATALOG = Operation(
    scopes=(ORDERS_WRITE,),
    tag="sandbox",
    summary="Load a catalogue to try something with",
    says="Loads a catalogue beside what is there. Each id, key and alias in it gets a fresh one, so"
    " that it can be loaded as often as one likes and never changes another. Its keys work from"
    " this machine only.",
    query=NOTHING_IN,
    body=CATALOG_IN,
    answers={201: Good("The names of what was loaded.", FreshCatalogDocument)},
    refuses=(*problems.OF_A_BODY, *problems.OF_A_BODY_ON_ITS_WAY),
)

FRESH_CATALOG = Calls("sandbox_catalog", "/v1/sandbox/catalog")


@FRESH_CATALOG.post("", LOAD_CATALOG)
def load_catalog(incoming: Incoming, services: Services) -> Outgoing:
    """Load a catalogue under fresh names."""
    load_query(incoming, NOTHING_IN)
    document: dict[str, Any] = load_body(incoming, CATALOG_IN)

    def load() -> dict[str, str]:
        return load_fresh_copy(services.store, document, services.clock(), services.key_secret)

    try:
        names = off_the_loop(load)
    except BadCatalog as bad:
        errors = {pointer(path): what for path, what in bad.errors.items()}
        raise BadRequest("bad_body", "The catalogue has wrong values.", errors=errors) from bad
    answer = FreshCatalogDocument(names=names, known_after_seconds=REFRESH_SECONDS)
    return json_answer(answer, 201)


def pointer(path: str) -> str:
    """The JSON pointer of a path such as `events[0].sets[1].name`."""
    return "".join(f"/{step}" for step in STEP.sub(r".\1.", path).split(".") if step)
