"""Finding an order, and travelling through its time."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from console_data import FESTIVAL, HOUSE_KEY, LAWN, SHOP_KEY
from playwright.sync_api import expect
from tampering import Tampering


def number_of(console, order, plain):
    answer = plain.get(
        f"/v1/resources/orders/{order}", headers={"Authorization": f"key {HOUSE_KEY}"}
    )
    return answer.json()["number"]


def is_at(page, version):
    expect(page.locator("#then")).to_have_attribute("data-version", str(version))


def test_an_order_is_found_by_its_number_alone(page, console, plain):
    page.fill("#q", str(number_of(console, console.long_order, plain)))
    page.press("#q", "Enter")
    page.wait_for_url(f"**/orders/{console.long_order}")
    assert "was paid" in page.inner_text("#state .lead")


def test_a_buyer_is_found_by_name_and_the_list_is_narrowed_by_status(page):
    page.click(".chip:has-text('Held')")
    page.fill("#q", "ostrova anna")
    page.click("button:has-text('Find')")
    rows = page.locator("tbody tr")
    expect(rows.first).to_contain_text("Anna Ostrova")
    states = set(page.locator("tbody .state").all_inner_texts())
    assert states == {"Held"}
    expect(page.locator(".chip[aria-current]")).to_contain_text("Held")


def test_who_finds_nothing_is_told_how_to_look(page):
    page.fill("#q", "nobody@nowhere")
    page.press("#q", "Enter")
    expect(page.locator("main")).to_contain_text("No order found")


def test_the_list_goes_on_to_the_first_order(page):
    seen = page.locator("tbody th").all_inner_texts()
    page.click("text=Older orders")
    page.wait_for_url("**cursor=**")
    older = page.locator("tbody th").all_inner_texts()
    assert not set(seen) & set(older)
    assert max(older) < min(seen)


def test_an_order_tells_its_timeline(page, console):
    page.goto(f"{page.url}/{console.late_payment}")
    timeline = page.locator(".story li")
    assert timeline.count() == 5
    expect(timeline.last).to_contain_text("The hold ended")
    expect(page.locator("#state")).to_contain_text("Expired")
    assert page.inner_text("#state .why") == timeline.last.locator("p").first.inner_text()


def test_one_travels_with_the_slider_and_sees_what_changed(page, console):
    page.goto(f"{page.url}/{console.long_order}")
    is_at(page, 7)
    page.focus("#version")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    is_at(page, 4)
    page.wait_for_url("**?version=4")
    assert page.evaluate("document.activeElement.id") == "version"
    changed = page.locator(".changed").all_inner_texts()
    assert any("7,560.00 → 5,040.00" in each.replace("\n", " ") for each in changed)
    assert page.locator(".tickets .removed del").count() == 1
    assert page.locator(".plan .removed").get_attribute("aria-label").endswith("this version")
    assert page.locator(".story .now").get_attribute("aria-current") == "step"


def test_steps_and_the_timeline_travel_too_and_the_slider_follows(page, console):
    page.goto(f"{page.url}/{console.long_order}?version=3")
    assert page.input_value("#version") == "3"
    page.focus("#earlier")
    page.keyboard.press("Enter")
    is_at(page, 2)
    assert page.input_value("#version") == "2"
    assert page.evaluate("document.activeElement.id") == "earlier"
    page.click("#step-6")
    is_at(page, 6)
    assert page.get_attribute("#version", "aria-valuetext") == "Version 6 of 7"
    expect(page.locator(".document")).to_contain_text("https://pay.example/start")


def test_an_accountant_asks_for_a_moment(page, console):
    page.goto(f"{page.url}/{console.long_order}?version=3")
    then = datetime.fromisoformat(page.get_attribute("#where time", "datetime"))
    there = then.astimezone(ZoneInfo("Europe/Moscow"))
    page.fill("#at", f"{there:%Y-%m-%dT%H:%M:%S}")
    page.click("text=Go there")
    is_at(page, 3)
    page.fill("#at", "2020-01-01T00:00:00")
    page.click("text=Go there")
    expect(page.locator("main")).to_contain_text("had not been made yet")


def test_times_are_the_visitors_with_the_exact_moment_beside(page, console):
    page.goto(f"{page.url}/{console.long_order}")
    time = page.locator(".facts time").last
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT(\d\d):\d\d:\d\d\.\d{3}Z", time.get_attribute("title"))
    there = int(time.get_attribute("title")[11:13])
    assert int(time.inner_text()[-8:-6]) == (there + 3) % 24
    assert "UTC" not in page.inner_text("main")


def test_without_scripts_one_travels_as_well(visitor, console):
    page = visitor(java_script_enabled=False).signed_in()
    page.goto(f"{page.url}/{console.long_order}?version=4")
    page.click("#later")
    page.wait_for_url("**version=5")
    is_at(page, 5)


@pytest.mark.parametrize("query", ["version=0", "version=8", "version=x", "version=99999999999"])
def test_versions_that_were_never_get_a_page(plain, console, query):
    plain.sign_in()
    answer = plain.get(f"/console/orders/{console.long_order}?{query}")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


def test_each_sees_what_is_its_own_and_auditors_see_all(plain, console):
    plain.sign_in(SHOP_KEY)
    assert plain.get(f"/console/orders/{console.long_order}").status_code == 404
    assert plain.get(f"/console/orders/{console.late_payment}").status_code == 200
    assert plain.get(f"/console/orders/{console.long_order}/news?version=1").status_code == 404
    plain.cookies.clear()
    plain.sign_in(console.auditors_key)
    assert plain.get(f"/console/orders/{console.long_order}").status_code == 200
    assert "audit" in plain.get("/console/orders").text


def test_who_looks_at_an_order_hears_that_it_changed(page, plain):
    key = {"Authorization": f"key {HOUSE_KEY}"}
    orders = "/v1/resources/orders"
    order = plain.post(orders, json={"event": FESTIVAL, "random": {LAWN: 1}}, headers=key).json()
    page.goto(f"{page.url}/{order['id']}")
    expect(page.locator("#where")).to_contain_text("Version 1 of 1")
    plain.delete(f"{orders}/{order['id']}", headers=key)
    expect(page.locator("#news")).to_contain_text("there is a version 2 now")
    page.click("text=Show it")
    expect(page.locator("#state")).to_contain_text("Canceled")


def test_an_order_shows_that_it_is_as_it_was_recorded(page, console):
    page.goto(f"{page.url}/{console.long_order}")
    mark = page.locator(".verified")
    expect(mark).to_contain_text("its 7 events are as they were recorded")
    expect(mark).to_contain_text("Signed up to version 7 by checkpoint 1")


def test_who_changed_a_event_behind_the_service_is_found(plain, console):
    key = {"Authorization": f"key {HOUSE_KEY}"}
    command = {"event": FESTIVAL, "customer": {"email": "before@example.org"}}
    order = plain.post("/v1/resources/orders", json=command, headers=key).json()["id"]
    Tampering(console.database).edit(order, 2, b"before@", b"behind@")
    plain.sign_in()
    page = plain.get(f"/console/orders/{order}").text
    assert "This order is not as it was recorded" in page
    assert "Changed, version 2" in page
    assert "Verified" not in page


def test_what_a_seller_keeps_with_an_order_is_shown_with_its_own_names(plain):
    key = {"Authorization": f"key {HOUSE_KEY}"}
    kept = {"order_id": "A-4711", "raw": {"till <7>": "seven", "gift": True}}
    command = {"event": FESTIVAL, "vendor_data": kept, "customer": {"email": "k@example.org"}}
    made = plain.post("/v1/resources/orders", json=command, headers=key).json()
    plain.sign_in()
    text = re.sub(r"\s+", " ", plain.get(f"/console/orders/{made['id']}").text)
    for shown in (
        "Kept by the seller",
        "A-4711",
        "till &lt;7&gt;",
        "seven",
        "Yes",
        made["customer"]["user"],
        "The seller kept with the order: its own order number, further data.",
    ):
        assert shown in text
