"""A show's page: who has which seat at this moment, and how it sold."""

import pytest
from console_data import BALLET, CONCERT, FESTIVAL, HOUSE_KEY, LAWN, SHOP_KEY, STALLS
from playwright.sync_api import expect

ORDERS = "/v1/resources/orders"
AUTHORIZATION = {"Authorization": f"key {HOUSE_KEY}"}


@pytest.fixture
def shop(plain):
    """Makes and changes orders over HTTP, while somebody looks on."""

    def ask(method, path="", **body):
        answer = plain.request(method, ORDERS + path, json=body, headers=AUTHORIZATION)
        assert answer.ok, answer.text
        return answer.json()

    return ask


def vacant_seat(page):
    """The first vacant seat that is shown: its place among all tickets."""
    return page.locator(".plan .vacant").first.get_attribute("data-place")


def test_shows_lead_to_their_halls(page):
    page.click("text=Shows")
    page.click("text=Chamber concert")
    page.wait_for_url(f"**/shows/{CONCERT}")
    assert page.inner_text("h1") == "Chamber concert"
    assert page.locator(".plan .seat").count() == 264


def test_a_seat_changes_while_an_order_is_made_and_paid(page, shop, plain):
    page.goto(page.url.replace("/orders", f"/shows/{BALLET}"))
    place = vacant_seat(page)
    seat = page.locator(f"[data-place='{place}']")
    tickets = plain.get(f"/v1/resources/events/{BALLET}/tickets", headers=AUTHORIZATION).json()
    ticket = tickets[int(place)]["id"]
    held = int(page.inner_text("[data-count=reserved]"))
    assert seat.get_attribute("aria-label").endswith(": vacant")
    page.locator(".plan").focus()

    order = shop("POST", event=BALLET, tickets=[ticket])["id"]
    expect(seat).to_have_class("seat reserved fresh")
    assert seat.get_attribute("aria-label").endswith(": held")
    expect(page.locator("[data-count=reserved]")).to_have_text(str(held + 1))
    expect(page.locator("#live [role=status]")).to_contain_text(f"held {held + 1}")

    shop("PATCH", f"/{order}", payment={"system": "card"}, status="in_progress")
    shop("PATCH", f"/{order}", status="done")
    expect(seat).to_have_class("seat sold fresh")
    assert page.evaluate("document.activeElement.className") == "plan"

    other = shop("POST", event=BALLET, random={STALLS: 1})["id"]
    expect(page.locator("[data-count=reserved]")).to_have_text(str(held + 1))
    shop("DELETE", f"/{other}")
    expect(page.locator("[data-count=reserved]")).to_have_text(str(held))


def test_a_seat_that_somebody_has_leads_to_their_order(page):
    page.goto(page.url.replace("/orders", f"/shows/{CONCERT}"))
    page.locator(".plan .sold").first.click()
    page.wait_for_url("**/orders/*")
    assert page.locator(".seat.kept").count() > 0


def test_the_keyboard_goes_from_seat_to_seat(page):
    page.goto(page.url.replace("/orders", f"/shows/{CONCERT}"))
    page.locator(".plan").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    here = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert here.startswith("Row 2, seat 1: ")
    page.locator(".plan .sold").nth(3).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/*")


def test_a_seat_that_nobody_has_leads_nowhere(page, plain, console):
    page.goto(page.url.replace("/orders", f"/shows/{CONCERT}"))
    vacant = page.locator(".plan .vacant").first
    vacant.click()
    assert page.url.endswith(CONCERT)
    plain.sign_in()
    ticket = vacant.get_attribute("data-ticket")
    sold = page.locator(".plan .sold").first.get_attribute("data-ticket")
    for path in (f"{CONCERT}/tickets/{ticket}", f"{BALLET}/tickets/{sold}"):
        answer = plain.get(f"/console/shows/{path}", allow_redirects=False)
        assert answer.headers["Location"].endswith(path.partition("/")[0])
    assert plain.get(f"/console/shows/{CONCERT}/tickets/none").status_code == 404


def test_where_nothing_happens_nothing_is_sent(page, plain):
    page.goto(page.url.replace("/orders", f"/shows/{BALLET}"))
    with page.expect_response("**/live?seen=*") as answer:
        pass
    assert answer.value.status == 204


def test_tickets_without_seats_are_counted_by_their_set(page, shop):
    page.goto(page.url.replace("/orders", f"/shows/{FESTIVAL}"))
    lawn = page.locator("tr", has_text="Lawn").locator("[data-count=vacant]")
    before = int(lawn.inner_text())
    order = shop("POST", event=FESTIVAL, random={LAWN: 3})["id"]
    expect(lawn).to_have_text(str(before - 3))
    shop("DELETE", f"/{order}")


def test_how_a_show_sold_is_drawn_and_stands_in_a_table(page):
    page.goto(page.url.replace("/orders", f"/shows/{CONCERT}"))
    expect(page.locator(".chart canvas")).to_have_count(2)
    expect(page.locator(".chart").first).to_contain_text("Sold")
    page.click("text=The same as a table")
    days = page.locator("#sales-by-day tbody tr")
    sold = [int(each) for each in days.evaluate_all("rows => rows.map(row => row.dataset.sold)")]
    total = page.inner_text("#sales-by-day tfoot td:nth-of-type(3)")
    assert sum(sold) == int(total) > 50


def test_who_only_sells_a_show_sees_its_seats_but_not_its_takings(plain):
    plain.sign_in(SHOP_KEY)
    page = plain.get(f"/console/shows/{CONCERT}").text
    assert "Parterre" in page
    assert "sales-by-day" not in page


def test_auditors_see_every_show_with_its_takings(plain, console):
    plain.sign_in(console.auditors_key)
    assert "sales-by-day" in plain.get(f"/console/shows/{CONCERT}").text


@pytest.mark.parametrize("path", ["", "/live", "/live?seen=1"])
@pytest.mark.parametrize("event", ["0" * 24, "no-show", "0" * 25])
def test_a_show_that_is_none_gets_a_page(plain, event, path):
    plain.sign_in()
    answer = plain.get(f"/console/shows/{event}{path}")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


@pytest.mark.parametrize(
    "seen",
    [pytest.param("9" * 5000, id="long"), "9" * 19, "", "-1", "x", "99999999999999999999", "٣"],
)
def test_a_watcher_who_saw_nonsense_is_told_everything_or_nothing(plain, seen):
    plain.sign_in()
    assert plain.get(f"/console/shows/{CONCERT}/live?seen={seen}").status_code in {200, 204}


def figure(page, name):
    return page.locator(f"[data-figure={name}]")


def test_a_shows_page_begins_with_its_figures(page, plain):
    tickets = plain.get(f"/v1/resources/events/{CONCERT}/tickets", headers=AUTHORIZATION).json()
    sales = plain.get(f"/v1/resources/events/{CONCERT}/sales", headers=AUTHORIZATION).json()
    sold = [each["status"] for each in tickets].count("sold")
    page.goto(page.url.replace("/orders", f"/shows/{CONCERT}"))
    expect(figure(page, "sold")).to_have_text(str(sold))
    expect(figure(page, "occupancy")).to_have_text(f"{100 * sold // len(tickets)} %")
    expect(figure(page, "prices")).to_have_text("1,575.00 – 2,520.00 RUB")
    expect(figure(page, "revenue")).to_have_text(f"{float(sales['net']):,.2f} RUB")
    figures, seats = (
        page.locator(each).first.bounding_box()["y"] for each in (".figures", ".plan")
    )
    assert figures < seats
    prices = page.locator(".sets tbody .price").all_inner_texts()
    assert prices == ["2,520.00", "1,575.00"]


def test_figures_follow_what_is_sold(page, shop):
    page.goto(page.url.replace("/orders", f"/shows/{FESTIVAL}"))
    held = int(figure(page, "held").inner_text())
    order = shop("POST", event=FESTIVAL, random={LAWN: 2})["id"]
    expect(figure(page, "held")).to_have_text(str(held + 2))
    shop("DELETE", f"/{order}")
    expect(figure(page, "held")).to_have_text(str(held))


def test_who_only_sells_a_show_sees_prices_but_no_revenue(plain):
    plain.sign_in(SHOP_KEY)
    text = plain.get(f"/console/shows/{CONCERT}").text
    assert 'data-figure="prices"' in text
    assert 'data-figure="revenue"' not in text
