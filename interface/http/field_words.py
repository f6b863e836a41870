"""What each field means, in plain English: by schema, for the OpenAPI document.

A schema has the words of those it is made of, too.
"""

from collections.abc import Mapping

A_EVENT = {
    "version": "The fact's place in the order's story, from 1: the ETag after it.",
    "name": "What happened: the name of the event.",
    "at": "When.",
    "actor": "Who: partner:ID key:NAME, or system.",
    "request": "The X-Request-Id of the request that brought it about.",
}

WORDS: Mapping[str, Mapping[str, str]] = {
    "CustomerIn": {
        "email": "An address to write to; null says nothing.",
        "first_name": "At most 200 printable characters.",
        "last_name": "At most 200 printable characters.",
        "mobile": "A telephone number: digits, with spaces, dots, hyphens or brackets between.",
        "lang": "The language the buyer is spoken to in: two small letters.",
    },
    "PaymentIn": {
        "system": "The payment system, by its alias or id.",
        "success_url": "Where the buyer returns to after paying.",
        "failure_url": "Where the buyer returns to otherwise.",
    },
    "OrderChangeIn": {
        "tickets": "The ids of the wanted tickets: the end state, not what to add.",
        "random": "How many tickets of which set, whichever they are: the end state.",
        "all_or_nothing": "true: all of the wanted tickets or none. Otherwise those there are.",
        "customer": "What the buyer says of themselves; what is missing or null stays.",
        "payment": "How to pay; what is missing or null stays.",
        "status": "Where the order is to move. `expired` cannot be asked for.",
    },
    "OrderIn": {"event": "The event to sell tickets of."},
    "OrderShapeIn": {
        "fields_schema": "The wanted fields, such as id,tickets{id,seat{row}},event{title{text}}.",
    },
    "OrderViewIn": {
        "version": "Show the order as this version left it.",
        "at": "Show the order as it was at this moment. Not together with version.",
    },
    "OrderListIn": {
        "status": "Orders in one of these statuses.",
        "event": "Orders of this event.",
        "number": "The order with this number.",
        "created_at": "Orders made in a range FROM,TILL; either may be left out.",
        "updated_at": "Orders whose reservation last changed in a range FROM,TILL.",
        "sort": "By what to sort; with - in front from the last.",
        "page_size": "How many orders a page has.",
        "cursor": "Continues a list: taken from the Link of the page before.",
        "at": "The orders there were at this moment, as they were then.",
    },
    "SalesIn": {"at": "The numbers as they were at this moment."},
    "TicketListIn": {"status": "Tickets in one of these statuses."},
    "DiffIn": {
        "from_": "The older version; 0 is before the order was made.",
        "to": "The newer version.",
    },
    "CustomerOut": {
        "email": "An address to write to.",
        "first_name": "What the buyer is called.",
        "last_name": "The buyer's family name.",
        "mobile": "A telephone number.",
        "lang": "The language the buyer is spoken to in; from the partner until it is set.",
    },
    "PaymentOut": {
        "system": "The id of the engaged payment system; null until the payment starts.",
        "redirect_url": "Where to send the buyer to pay, once the payment has started.",
        "success_url": "Where the buyer returns to after paying; null if not set.",
        "failure_url": "Where the buyer returns to otherwise; null if not set.",
    },
    "ValuesOut": {
        "nominal": "The prices without fees.",
        "extra": "The fees.",
        "full": "Both together.",
    },
    "OrderOut": {
        "id": "The order.",
        "created_at": "When it was made.",
        "customer": "What is known of the buyer.",
        "deal": "The deal by which the vendor sells; null for one's own events.",
        "event": "The event.",
        "number": "A short, growing number for people.",
        "org": "Who organises the event.",
        "payment": "How it is paid.",
        "promocodes": "None yet.",
        "reserved_till": "Until when its tickets are held; null once it has expired.",
        "rules": "By ticket set: the price rule that prices it in this order, fixed for good.",
        "status": "Where it is in its life.",
        "tickets": "Its tickets; a canceled or expired order keeps listing those it had.",
        "updated_at": "When the reservation last changed: made, other tickets, payment started.",
        "value": "What its tickets are worth, fees included.",
        "value_extra": "The fees in it.",
        "values": "The same in parts.",
        "vendor": "The partner that made it.",
    },
    "SeatOut": {
        "sector": "The part of the house.",
        "row": "The row.",
        "number": "The place in the row.",
    },
    "TicketOut": {
        "id": "The ticket.",
        "status": "Whether it can be had.",
        "set": "Its ticket set.",
        "reserved_till": "Until when it is held; null unless it is reserved.",
        "seat": "Where it is; empty for a ticket without a seat.",
    },
    "OrderTicketOut": {
        "id": "The ticket.",
        "serial": "The series of the event's tickets.",
        "number": "Its number in the series.",
        "seat": "Where it is; empty for a ticket without a seat.",
        "set": "The ticket set it was taken from.",
        "barcode": "Twenty digits that cannot be guessed, once the order is done.",
    },
    "TitleOut": {"text": "The title."},
    "LifetimeOut": {"start": "When it begins.", "finish": "When it ends."},
    "RuleOut": {
        "id": "The price rule.",
        "current": "Whether it is in force now.",
        "from_": "From when it is in force; null: always was.",
        "till": "Until when it is in force; null: for good.",
        "price_org": "The price.",
        "price_extra": "The fee.",
        "price": "Both together.",
    },
    "SetOut": {
        "id": "The ticket set.",
        "name": "What it is called.",
        "amount": "How many tickets it has.",
        "amount_vacant": "How many of them can be had now.",
        "price_org": "The price of a ticket now; null while no rule is in force.",
        "price_extra": "The fee on it now.",
        "price": "Both together.",
        "rules": "All of its price rules.",
    },
    "ShowOut": {
        "id": "The event.",
        "title": "What it is called.",
        "lifetime": "When it is.",
        "org": "Who organises it.",
        "sets": "Its ticket sets.",
    },
    "TallyOut": {
        "orders": "How many orders were made.",
        "held": "Tickets that are held now, by the day on which they were taken.",
        "sold": "Tickets that were paid for, by that day.",
        "returned": "Tickets that went back on sale, by that day.",
        "values": "What the sold tickets brought.",
    },
    "DaySalesOut": {"day": "The day, in UTC."},
    "SetSalesOut": {
        "id": "The ticket set.",
        "name": "What it is called; null for one that is no longer in the catalogue.",
        "days": "The same by day.",
    },
    "SalesOut": {
        "event": "The event.",
        "days": "The same by day.",
        "sets": "The same by ticket set.",
    },
    "EventOut": {
        **A_EVENT,
        "position": "The fact's place in the whole log.",
        "data": "What the event says, as it is stored.",
    },
    "HistoryOut": {"id": "The order.", "events": "Its events, oldest first."},
    "DiffFactOut": {**A_EVENT, "to": "What it changed the field to."},
    "DiffFieldOut": {
        "field": "The field's name, dotted where it is inside another.",
        "from_": "Its value before; null where there was none.",
        "to": "Its value after.",
        "by": "The events that changed it.",
    },
    "DiffOut": {
        "id": "The order.",
        "from_": "The older version.",
        "to": "The newer version.",
        "changes": "The fields that differ.",
    },
    "StoryEntryOut": {
        "kind": "What it is: an event, an attempt that was refused, or a note.",
        "name": "The name of the event, or the code of the refusal.",
        "at": "When.",
        "version": "The fact's version, or the one that an attempt met.",
        "position": "The fact's place in the whole log; null for what is none.",
        "actor": "Who, as events name them.",
        "who": "Who, in words.",
        "request": "The X-Request-Id of the request.",
        "sentence": "What happened, in words.",
        "hold_left": "How long the tickets were still held for, in words.",
        "hold_left_seconds": "The same in seconds; null where nothing is held.",
    },
    "StoryOut": {
        "id": "The order.",
        "number": "Its number for people.",
        "lang": "The language of the sentences.",
        "version": "Its version now.",
        "now": "How it stands, in a sentence.",
        "story": "What happened, oldest first.",
    },
    "FaultOut": {
        "pointer": "Where it is: a JSON pointer (RFC 6901).",
        "detail": "What is wrong there.",
    },
    "CurrentOut": {
        "version": "The order's version now, for If-Match.",
        "status": "Its status now.",
        "allowed": "The statuses that a client may ask for now.",
    },
    "ProblemOut": {
        "type": "The code as a URN.",
        "title": "What the status is called.",
        "status": "The HTTP status again.",
        "detail": "A sentence for people about this very case; it may change.",
        "code": "What is wrong: stable.",
        "errors": "The faults of a bad request, one by one.",
        "current": "The order as it is, where its state does not allow what was asked.",
    },
    "PartnerOut": {
        "id": "The partner.",
        "name": "What it is called; null for one that is no longer in the catalogue.",
    },
    "LiveOut": {"status": "That it lives."},
    "ReadyOut": {
        "ready": "Whether requests can be answered.",
        "checks": "What was found, by name.",
    },
    "DocumentOut": {
        "openapi": "The version of OpenAPI.",
        "info": "What this is.",
        "paths": "The calls.",
    },
}


def words_for(schema: type, field: str) -> str | None:
    """What a schema's field means; None where nobody has said it."""
    said = (WORDS.get(kind.__name__, {}).get(field) for kind in schema.__mro__)
    return next((words for words in said if words is not None), None)
