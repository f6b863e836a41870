"""Lists of orders: filters, sorting, and pages that neither repeat nor skip."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from gzip import decompress as gunzip
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from catalog import BASE
from clock import NOON, written
from http_seller import ORDERS, pointers, refused

from application.runtime.ids import new_id


def ids(*orders):
    return [order["id"] for order in orders]


@pytest.fixture
def orders(seller, venue, clock, running):
    """Six orders, a minute apart: executed, paying, paid, canceled, expired, and a late one."""
    made = [seller.order(tickets=[seat]) for seat in venue.a[:1]]
    for seat in [*venue.a[1:4], venue.b[0]]:
        clock.forward(minutes=1)
        made.append(seller.order(tickets=[seat], payment={"system": BASE}))
    _, paying, paid, canceled, _ = made
    seller.change(paying, status="in_progress")
    seller.change(paid, status="in_progress")
    seller.change(paid, status="done")
    seller.cancel(canceled)
    clock.forward(minutes=10)
    made.append(seller.order())
    running.catch_up()
    return made


def test_a_list_is_an_array_of_the_documents_newest_first(seller, orders):
    answer = seller.get(ORDERS)
    assert answer.content_type == "application/json; charset=UTF-8"
    assert answer.json == [seller.look(order) for order in reversed(orders)]
    assert "Link" not in answer.headers


def test_orders_may_be_asked_for_by_one_or_several_statuses(seller, orders):
    first, paying, paid, canceled, lapsed, late = ids(*orders)
    assert seller.orders("?status=executed") == [late]
    assert seller.orders("?status=expired") == [lapsed, first]
    assert seller.orders("?status=done,in_progress") == [paid, paying]
    assert seller.orders("?status=executed,in_progress,done,canceled,expired") == [
        late,
        lapsed,
        canceled,
        paid,
        paying,
        first,
    ]


def test_orders_may_be_asked_for_by_event(seller, venue, running, orders):
    matinee = seller.create(event=venue.matinee).json
    running.catch_up()
    assert seller.orders(f"?event={venue.matinee}") == [matinee["id"]]
    assert seller.orders(f"?event={venue.evening.upper()}") == ids(*reversed(orders))
    assert seller.orders(f"?event={'0' * 24}") == []


def test_an_order_may_be_asked_for_by_its_number(seller, shop, orders, running):
    assert seller.orders(f"?number={orders[2]['number']}") == [orders[2]["id"]]
    other = shop.order()
    running.catch_up()
    assert seller.orders(f"?number={other['number']}") == []


def at(minutes, milliseconds=0):
    return quote(written(NOON + timedelta(minutes=minutes, milliseconds=milliseconds)))


def test_a_range_includes_its_start_and_excludes_its_end(seller, orders):
    first, second, third, *_ = ids(*orders)
    assert seller.orders(f"?created_at={at(1)},{at(2)}") == [second]
    assert seller.orders(f"?created_at={at(1)},{at(2, 1)}") == [third, second]
    assert seller.orders(f"?created_at={at(0, 1)},{at(1)}") == []
    assert seller.orders(f"?created_at=,{at(1)}") == [first]
    assert seller.orders(f"?created_at={at(5)},") == [orders[-1]["id"]]
    assert seller.orders(f"?created_at={at(5)},{at(1)}") == []


def test_a_range_of_last_changes_follows_the_reservation(seller, orders):
    _, paying, paid, *_, late = ids(*orders)
    assert seller.orders(f"?updated_at={at(4)},{at(5)}&status=in_progress,done") == [paid, paying]
    assert seller.orders(f"?updated_at={at(5)},") == [late]


def test_a_moment_may_be_written_in_any_zone_and_with_a_bare_plus(seller, orders):
    second = orders[1]["id"]
    for range_ in (
        "2030-06-01T15:01:00%2B03:00,2030-06-01T15:02:00%2B03:00",
        "2030-06-01T15:01:00+03:00,2030-06-01T12:02:00Z",
        "2030-06-01T12:00:59.9995Z,2030-06-01T12:01:00.0005Z",
    ):
        assert seller.orders(f"?created_at={range_}") == [second]


@pytest.mark.parametrize("sort", ["created_at", "updated_at", "number"])
def test_a_list_may_be_sorted_both_ways(seller, orders, sort):
    listed = next(iter(seller.pages(f"?sort={sort}")))
    assert [order[sort] for order in listed] == sorted(order[sort] for order in listed)
    assert len(listed) == 6
    assert seller.orders(f"?sort=-{sort}") == ids(*reversed(listed))


@pytest.mark.parametrize(
    "sort", ["created_at", "-created_at", "updated_at", "-updated_at", "number"]
)
def test_pages_make_up_the_list(seller, orders, sort):
    whole = seller.orders(f"?sort={sort}")
    for size in (1, 2, 4, 5, 6):
        pages = list(seller.pages(f"?sort={sort}&page_size={size}"))
        assert [order["id"] for page in pages for order in page] == whole
        assert {len(page) for page in pages[:-1]} <= {size}


def test_the_next_page_is_named_with_all_that_was_asked(seller, orders):
    query = f"?status=executed,in_progress,expired&page_size=2&created_at={at(0)},"
    link = seller.get(ORDERS + query).headers["Link"]
    assert link.endswith('>; rel="next"')
    address = urlsplit(link.removeprefix("<").partition(">")[0])
    assert address.path == ORDERS
    asked = parse_qs(address.query)
    assert asked.pop("cursor")
    assert asked == parse_qs(query[1:])


def test_pages_neither_repeat_nor_skip_while_orders_are_made_in_the_same_millisecond(
    seller, running, clock
):
    made = [seller.order()["id"] for _ in range(7)]
    running.catch_up()
    seen = []
    for page in seller.pages("?page_size=2"):
        seen += [order["id"] for order in page]
        seller.order()
        clock.forward(milliseconds=1)
        seller.order()
        running.catch_up()
    assert sorted(seen) == sorted(made)
    assert len(set(seen)) == 7


def test_pages_from_the_oldest_on_reach_the_orders_made_meanwhile(seller, running, clock):
    made = [seller.order()["id"] for _ in range(3)]
    running.catch_up()
    seen = []
    for page in seller.pages("?page_size=1&sort=number"):
        seen += [order["id"] for order in page]
        if len(made) < 6:
            made.append(seller.order()["id"])
            running.catch_up()
    assert seen == made


def test_a_page_has_fifty_orders_unless_asked_otherwise_and_at_most_two_hundred(seller, running):
    for _ in range(51):
        seller.order()
    running.catch_up()
    assert [len(page) for page in seller.pages()] == [50, 1]
    assert [len(page) for page in seller.pages("?page_size=200")] == [51]


@pytest.mark.parametrize(
    "query",
    [
        "status=",
        "status=paid",
        "status=done,,executed",
        "status=done&status=executed",
        "event=",
        "event=nonsense",
        "event=%00",
        "number=",
        "number=x",
        "number=-1",
        "number=1.5",
        "number=1_000",
        "number=%D9%A1",
        "number=99999999999999999999999",
        "created_at=2030-06-01",
        "created_at=2030-06-01T12:00:00,",
        "created_at=yesterday,",
        "created_at=2030-06-01T12:00:00Z",
        "created_at=a,b,c",
        "created_at=0001-01-01T00:00:00%2B14:00,",
        "updated_at=x,y",
        "sort=",
        "sort=price",
        "sort=--number",
        "sort=created_at,number",
        "page_size=0",
        "page_size=201",
        "page_size=-1",
        "page_size=1e2",
        "page_size=1_0",
        "page_size=+10",
        "page_size=all",
        "colour=red",
        "limit=10",
        "page=2",
    ],
)
def test_what_is_no_filter_is_refused_where_it_stands(seller, query):
    answer = seller.get(f"{ORDERS}?{query}")
    refused(answer, 400, "bad_query")
    assert pointers(answer) == ["/" + query.partition("=")[0]]


def test_all_faults_of_a_query_are_told_at_once(seller):
    answer = seller.get(ORDERS + "?status=paid&page_size=0&colour=red")
    refused(answer, 400, "bad_query")
    assert sorted(pointers(answer)) == ["/colour", "/page_size", "/status"]


def place(text):
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "=",
        "ж",
        place("[]"),
        place("{}"),
        place('["created_at"]'),
        place('["number", 1, "0123456789abcdef01234567"]'),
        place('["created_at", "1", "0123456789abcdef01234567"]'),
        place('["created_at", 1.5, "0123456789abcdef01234567"]'),
        place('["created_at", 1, null]'),
        place('["created_at", 1, "no id"]'),
        place('["created_at", 1, "\\u0000"]'),
        place('["created_at", 99999999999999999999999, "0123456789abcdef01234567"]'),
        place('["created_at", -99999999999999999999999, "0123456789abcdef01234567"]'),
    ],
)
def test_a_cursor_that_no_list_handed_out_is_refused(seller, cursor):
    refused(seller.get(f"{ORDERS}?cursor={cursor}"), 400, "bad_cursor")


def test_a_list_waits_for_what_the_client_wrote(seller, running):
    answer = seller.create()
    position = answer.headers["X-Log-Position"]
    running.catch_up()
    listed = seller.get(ORDERS, headers={"X-Wait-For-Position": position})
    assert listed.json[0] == answer.json
    beyond = str(int(position) + 1)
    for bad in ("", "x", "-1", "1.5", "9" * 19, "9" * 18, beyond):
        answer = seller.get(ORDERS, headers={"X-Wait-For-Position": bad})
        refused(answer, 400, "bad_position")


def test_a_list_that_does_not_show_it_in_time_says_so(seller):
    position = seller.create().headers["X-Log-Position"]
    answer = seller.get(ORDERS, headers={"X-Wait-For-Position": position})
    refused(answer, 503, "read_model_behind")
    assert answer.headers["Retry-After"] == "1"


def test_an_answer_that_changed_nothing_names_the_position_that_shows_the_order(seller, venue):
    created = seller.create(tickets=venue.a[:1])
    same = seller.patch(created.json, tickets=venue.a[:1])
    assert same.headers["X-Log-Position"] == created.headers["X-Log-Position"]
    gone = seller.cancel(created.json)
    again = seller.cancel(created.json)
    assert again.headers["X-Log-Position"] == gone.headers["X-Log-Position"]
    assert int(gone.headers["X-Log-Position"]) > int(created.headers["X-Log-Position"])


def test_an_empty_list_is_an_empty_array(seller, clock):
    assert seller.get(ORDERS).json == []
    assert seller.get(f"{ORDERS}?event={new_id(clock.moment)}").json == []


def test_a_page_is_sent_again_only_when_it_has_changed(seller, clock, running):
    seller.order()
    running.catch_up()
    page = seller.get(ORDERS)
    known = {"If-None-Match": page.headers["ETag"]}
    again = seller.get(ORDERS, headers=known)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == page.headers["ETag"]
    refused(seller.get(ORDERS, headers={"If-None-Match": "no tag"}), 400, "bad_if_none_match")
    clock.forward(minutes=10)  # nothing is recorded, but the hold has ended
    ended = seller.get(ORDERS, headers=known)
    assert (ended.status_code, ended.json[0]["status"]) == (200, "expired")
    assert ended.json[0]["reserved_till"] is None


def test_a_page_may_come_compressed(seller, orders):
    packed = seller.get(ORDERS, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gunzip(packed.data) == seller.get(ORDERS).data
