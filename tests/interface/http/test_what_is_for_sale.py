"""What a key may sell: events with their sets and prices, and the tickets of an event."""

import pytest
from catalog import BASE, SECTOR
from http_seller import pointers, refused

SIMPLE = "/v1/services/simple/events"


def shows(seller):
    answer = seller.get(SIMPLE)
    assert answer.status_code == 200, answer.json
    return {show["id"]: show for show in answer.json}


def span(start, end):
    """The text of a VEVENT; an end that is None is left out."""
    lines = [
        f"{name};VALUE=DATE-TIME:{moment}"
        for name, moment in (("DTSTART", start), ("DTEND", end))
        if moment
    ]
    return "".join(f"{line}\r\n" for line in ("BEGIN:VEVENT", *lines, "END:VEVENT"))


def sets(seller):
    return {each["id"]: each for each in shows(seller)[seller.event]["sets"]}


def test_an_event_says_what_it_is_called_when_it_is_and_whose(seller, venue):
    evening = shows(seller)[venue.evening]
    del evening["sets"]
    organiser = {
        "id": venue.org,
        "contact": {"address": None, "email": None, "name": None, "phones": [], "www": None},
        "desc": None,
        "media": {},
        "name": "Organiser",
        "tags": [],
    }
    assert evening == {
        "id": venue.evening,
        "age_rating": 0,
        "created_at": "2030-06-01T12:00:00.000000+00:00",
        "deal": None,
        "lifetime": span("20300701T160000Z", "20300701T190000Z"),
        "map": None,
        "media": {},
        "org": organiser,
        "partner": organiser,
        "status": "public",
        "tags": [],
        "ticket_template": {"fan_cover_url": None, "name": None, "text_color": None},
        "tickets_amount": 23,
        "tickets_amount_vacant": 23,
        "title": {"desc": None, "text": "Evening"},
        "updated_at": "2030-06-01T12:00:00.000000+00:00",
        "venue": None,
    }


def test_events_come_soonest_first(seller, venue):
    assert list(shows(seller)) == [venue.matinee, venue.evening]


def test_a_set_says_how_many_there_are_and_what_one_costs_now(seller, venue):
    assert sets(seller)[venue.balcony] == {
        "id": venue.balcony,
        "name": "Balcony",
        "pos": 1,
        "amount": 4,
        "amount_vacant": 4,
        "sector": SECTOR,
        "seats": {"1": [[1, 4]]},
        "price_org": "33.33",
        "price_extra": "3.34",
        "price": "36.67",
        "rules": [
            {
                "id": venue.balcony_rule,
                "current": True,
                "cal": "BEGIN:VEVENT\r\nEND:VEVENT\r\n",
                "price_org": "33.33",
                "price_extra": "3.34",
                "price": "36.67",
            }
        ],
    }


def test_the_rule_in_force_changes_to_the_millisecond(seller, venue, clock):
    clock.forward(days=1, milliseconds=-1)
    floor, loge = sets(seller)[venue.floor], sets(seller)[venue.loge]
    assert (floor["price"], floor["price_org"], floor["price_extra"]) == ("55.50", "50.00", "5.50")
    assert [rule["current"] for rule in floor["rules"]] == [True, False]
    assert [rule["price"] for rule in floor["rules"]] == ["55.50", "66.60"]
    assert floor["rules"][0]["cal"] == span(None, "20300602T120000Z")
    assert loge["rules"][0]["cal"] == span("20300602T120000Z", None)
    assert (floor["pos"], floor["seats"], floor["sector"]) == (2, None, None)
    assert (loge["price"], loge["price_org"], loge["price_extra"]) == (None, None, None)
    assert loge["rules"][0]["current"] is False
    clock.forward(milliseconds=1)
    floor, loge = sets(seller)[venue.floor], sets(seller)[venue.loge]
    assert floor["price"] == "66.60"
    assert [rule["current"] for rule in floor["rules"]] == [False, True]
    assert loge["price"] == "500.00"


def test_what_is_held_or_sold_is_not_vacant(seller, venue):
    seller.order(tickets=venue.a[:2])
    paid = seller.order(tickets=venue.b[:1], payment={"system": BASE}, status="in_progress")
    seller.change(paid, status="done")
    seller.order(random={venue.floor: 12})
    by_set = sets(seller)
    assert {name: by_set[name]["amount_vacant"] for name in by_set} == {
        venue.parterre: 3,
        venue.balcony: 3,
        venue.floor: 0,
        venue.loge: 2,
    }
    assert by_set[venue.floor]["amount"] == 12


def test_a_shop_sees_the_events_it_has_a_deal_for_and_no_others(seller, shop, stranger, venue):
    own, sold = shows(seller), shows(shop)
    for each in sold.values():
        assert (each.pop("deal"), each.pop("partner")["id"]) == (venue.deal, venue.shop)
    for each in own.values():
        assert (each.pop("deal"), each.pop("partner")["id"]) == (None, venue.org)
    assert sold == own
    assert shows(stranger) == {}


def test_tickets_say_where_they_are_and_whether_they_can_be_had(seller, venue):
    order = seller.order(tickets=venue.a[:1])
    paid = seller.order(tickets=venue.b[:1], payment={"system": BASE}, status="in_progress")
    seller.change(paid, status="done")
    tickets = seller.tickets()
    assert len(tickets) == 5 + 4 + 12 + 2
    assert tickets[venue.a[0]] == {
        "id": venue.a[0],
        "status": "reserved",
        "set": venue.parterre,
        "reserved_till": order["reserved_till"],
        "seat": {"sector": SECTOR, "row": 1, "number": 1},
    }
    assert tickets[venue.a[1]]["status"] == "vacant"
    assert tickets[venue.a[1]]["reserved_till"] is None
    assert tickets[venue.b[0]]["status"] == "sold"
    assert tickets[venue.b[0]]["reserved_till"] is None
    [floor, *_] = [ticket for ticket in tickets.values() if ticket["set"] == venue.floor]
    assert floor["seat"] == {}


def test_tickets_may_be_asked_for_by_whether_they_can_be_had(seller, venue):
    seller.order(tickets=venue.a[:2])
    paid = seller.order(tickets=venue.b[:1], payment={"system": BASE}, status="in_progress")
    seller.change(paid, status="done")
    assert list(seller.tickets(query="?status=sold")) == venue.b[:1]
    assert list(seller.tickets(query="?status=reserved,sold")) == [*venue.a[:2], *venue.b[:1]]
    assert len(seller.tickets(query="?status=vacant")) == 20
    assert len(seller.tickets(query="?status=vacant,reserved,sold")) == 23


@pytest.mark.parametrize(
    "query", ["status=", "status=free", "status=sold,", "status=sold&status=vacant", "sets=1"]
)
def test_what_is_no_filter_of_tickets_is_refused(seller, query):
    answer = seller.get(f"/v1/resources/events/{seller.event}/tickets?{query}")
    refused(answer, 400, "bad_query")
    assert pointers(answer) == ["/" + query.partition("=")[0]]


def test_the_tickets_of_an_event_nobody_knows_are_not_found(seller, venue):
    for event in ("0" * 24, "nonsense", venue.parterre, "%00"):
        refused(seller.get(f"/v1/resources/events/{event}/tickets"), 404, "unknown_event")


def test_the_tickets_of_an_event_one_may_not_sell_are_not_found(shop, stranger, venue):
    address = f"/v1/resources/events/{venue.evening}/tickets"
    assert shop.get(address).status_code == 200
    refused(stranger.get(address), 404, "unknown_event")


def test_events_take_no_other_parameters(seller):
    answer = seller.get(SIMPLE + "?page=1&pages=1")
    refused(answer, 400, "bad_query")
    assert pointers(answer) == ["/pages"]
