"""Whether this process lives, and whether it can do its work. No key is needed."""

from typing import Annotated, TypedDict

from msgspec import Meta

from application.documents.fields import one_of
from application.operations.health import Health
from interface.http.calls import Calls
from interface.http.contract import Good, Operation
from interface.http.exchange import Incoming, Outgoing, json_answer
from interface.http.monitoring import Monitoring


class LiveDocument(TypedDict):
    """That the process lives."""

    status: Annotated[str, one_of("live"), Meta(description="Always `live`.")]


LIVE = Operation(
    tag="health",
    summary="Is the process alive?",
    says="Answers as long as the process can answer at all. It checks nothing else.",
    needs_key=False,
    answers={200: Good("The process is alive.", LiveDocument)},
)

READY = Operation(
    tag="health",
    summary="Can the process do its work?",
    says="Answers at once with the result of the last check: each process checks the store and the"
    " read models every second. A store that does not answer makes the process unready within"
    " seconds. So does a log that lost its end, until an operator acknowledges that, because"
    " acknowledged events are missing then; and so does a machine whose clock is more than five"
    " seconds off. A read model that is stopped is named, but the process stays ready, because"
    " orders can be created, paid and read without it. The same holds for processes that died and"
    " were replaced.",
    needs_key=False,
    answers={
        200: Good("Requests can be answered.", Health),
        503: Good("Requests cannot be answered now; `checks` says why.", Health),
    },
)

HEALTH = Calls("health", "/health")


@HEALTH.get("/live", LIVE)
def live(_: Incoming, __: Monitoring) -> Outgoing:
    """Answer that the process is alive."""
    return json_answer(LiveDocument(status="live"))


@HEALTH.get("/ready", READY)
def ready(_: Incoming, monitoring: Monitoring) -> Outgoing:
    """Answer whether the process can do its work, by the last check."""
    found = monitoring.ready()
    return json_answer(found, 200 if found.ready else 503)
