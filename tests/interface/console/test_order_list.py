"""The list of orders: chips that narrow it, counts, the key for the search, whole rows."""

from collections import Counter

import pytest
from console_data import CONCERT, HOUSE_KEY, SHOP_KEY
from playwright.sync_api import expect

ORDERS = "/v1/resources/orders"


def chips(text):
    """What each chip of a page counts."""
    found = text.partition('class="chips"')[2].partition("</nav>")[0].split("<a class=")[1:]
    return [each.partition('class="count">')[2].partition("<")[0] for each in found]


@pytest.fixture
def listed(plain):
    """All orders that a partner sells, from the API."""

    def read(key):
        authorization = {"Authorization": f"key {key}"}
        orders, cursor = [], ""
        while cursor is not None:
            answer = plain.get(f"{ORDERS}?page_size=100{cursor}", headers=authorization)
            orders += answer.json()
            link = answer.links.get("next")
            cursor = None if link is None else "&" + link["url"].partition("?")[2]
        return orders

    return read


def test_chips_count_what_they_lead_to(plain, listed):
    plain.sign_in(SHOP_KEY)
    counted = Counter(each["status"] for each in listed(SHOP_KEY))
    shown = chips(plain.get("/console/orders").text)
    statuses = ("executed", "in_progress", "done", "canceled", "expired")
    assert shown == [str(sum(counted.values())), *(str(counted[each]) for each in statuses)]
    assert counted["expired"]
    one = plain.get("/console/orders?status=expired").text
    assert chips(one) == shown
    assert one.count("<tr>") - 1 == counted["expired"]


def test_orders_of_a_show_that_one_sells_oneself_count_once(plain, listed, console):
    plain.sign_in(console.auditors_key)
    every = len(listed(HOUSE_KEY)) + len(listed(SHOP_KEY))
    assert chips(plain.get("/console/orders").text)[0] == str(every)
    plain.cookies.clear()
    plain.sign_in()
    assert chips(plain.get("/console/orders").text)[0] == str(every)
    own = [each for each in listed(HOUSE_KEY) + listed(SHOP_KEY) if each["event"] == CONCERT]
    assert chips(plain.get(f"/console/orders?event={CONCERT}").text)[0] == str(len(own))


def test_a_chip_adds_a_status_and_takes_it_out_and_a_condition_is_removed(page):
    page.goto(f"{page.url}?event={CONCERT}&q=")
    page.click(".chip:has-text('Done')")
    page.wait_for_url("**status=done**")
    page.click(".chip:has-text('Held')")
    expect(page.locator(".chip[aria-current]")).to_have_count(2)
    states = set(page.locator("tbody .state").all_inner_texts())
    assert states <= {"Held", "Done"}
    page.click(".chip:has-text('Done')")
    expect(page.locator(".chip[aria-current]")).to_have_count(1)
    page.click(".chip.out")
    page.wait_for_url("**/orders?status=executed")
    page.click(".chip:has-text('All')")
    page.wait_for_url("**/orders")


def test_a_slash_leads_to_the_search_but_can_be_typed(page):
    page.locator("h1").click()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    assert page.input_value("#q") == ""
    page.keyboard.type("a/b")
    assert page.input_value("#q") == "a/b"


def test_a_whole_row_opens_its_order_and_has_the_e_mail(page):
    row = page.locator("tbody tr").filter(has=page.locator(".mail")).first
    expect(row.locator(".mail")).to_contain_text("@example.org")
    number = row.locator("th").inner_text()
    row.scroll_into_view_if_needed()
    box = row.locator(".moment").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url("**/orders/*")
    assert number in page.inner_text("h1")


def test_who_finds_nothing_is_led_back_to_all(page):
    page.fill("#q", "nobody@nowhere")
    page.press("#q", "Enter")
    page.click(".nothing .button")
    page.wait_for_url("**/orders")
    assert page.locator("tbody tr").count() == 50
