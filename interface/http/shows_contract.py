"""What the calls on what is for sale are, in words and schemas."""

from application.catalog.document_types import ShowDocument, TicketDocument
from application.orders.document_types import SalesDocument
from domain import refusals
from interface.http.contract import Good, Operation
from interface.http.headers import WAIT_FOR_POSITION
from interface.http.problems import OF_A_WAIT
from interface.http.schemas import NothingIn, SalesIn, TicketListIn

LIST_EVENTS = Operation(
    tag="events",
    summary="List the events that the key may sell",
    says="The events of the key's partner and those for which it has a deal, soonest first, with"
    " their ticket sets, how many tickets are vacant, and the price rules.",
    query=NothingIn(),
    answers={200: Good("The events.", ShowDocument, many=True)},
)

LIST_TICKETS = Operation(
    tag="event tickets",
    summary="List an event's tickets",
    says="Every ticket of the event by its number, as it is at this moment, or only those of the"
    " wished statuses.",
    query=TicketListIn(),
    answers={200: Good("The tickets.", TicketDocument, many=True)},
    refuses=(refusals.ShowNotFound,),
)

READ_SALES = Operation(
    tag="events",
    summary="Read how an event sells",
    says="What was held, sold and returned: in all, by day, and by set and day. The numbers are"
    " read from a read model that follows the log by a moment; X-Wait-For-Position waits for it."
    " With `at` they are what they were at that moment, counted anew from the event's orders.",
    query=SalesIn(),
    headers=(WAIT_FOR_POSITION,),
    answers={200: Good("The sales.", SalesDocument)},
    refuses=(refusals.ShowNotFound, *OF_A_WAIT),
)
