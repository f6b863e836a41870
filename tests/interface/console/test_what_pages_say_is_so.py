"""What a page says of the past is of the past, and what is held is not sold."""

from datetime import datetime

import pytest
from console_data import BALLET, CONCERT, FESTIVAL, HOUSE_KEY
from playwright.sync_api import expect

AUTHORIZATION = {"Authorization": f"key {HOUSE_KEY}"}

DRAW = """async ([left, till]) => {
    const rows = [...document.querySelectorAll('#sales-by-day tbody tr')];
    rows.slice(0, -left).forEach(row => row.remove());
    const place = document.querySelector('[data-chart=tickets]');
    const last = rows.at(-1).dataset.day;
    place.dataset.till = till || last;
    const plot = draw(place);
    await new Promise(requestAnimationFrame);
    const {min, max} = plot.scales.x;
    return {days: plot.data[0], sold: plot.data[1], from: min, till: max};
}"""


@pytest.mark.parametrize("show", [CONCERT, BALLET, FESTIVAL])
def test_held_tickets_are_drawn_as_held_in_the_list_of_shows(page, plain, show):
    tickets = plain.get(f"/v1/resources/events/{show}/tickets", headers=AUTHORIZATION).json()
    statuses = [each["status"] for each in tickets]
    held, sold = statuses.count("reserved"), statuses.count("sold")
    page.goto(page.url.replace("/orders", "/shows"))
    tile = page.locator(".tile", has=page.locator(f"a[href$='{show}']"))
    expect(tile.locator("[data-count=reserved]")).to_have_text(str(held))
    expect(tile.locator("[data-count=sold]")).to_have_text(str(sold))
    for name, number in (("reserved", held), ("sold", sold)):
        width = int(tile.locator(f".share .{name}").get_attribute("width"))
        assert width == 1000 * number // len(tickets)


def test_something_is_held_in_the_data_that_these_pages_show(plain):
    tickets = plain.get(f"/v1/resources/events/{CONCERT}/tickets", headers=AUTHORIZATION).json()
    assert {each["status"] for each in tickets} == {"vacant", "reserved", "sold"}


@pytest.mark.parametrize("days", [1, 2, 6])
def test_a_first_day_has_a_date_and_a_scale(page, days):
    page.goto(page.url.replace("/orders", f"/shows/{CONCERT}"))
    expect(page.locator(".chart canvas")).to_have_count(2)
    drawn = page.evaluate(DRAW, [days, None])
    assert len(drawn["days"]) == 7
    assert {b - a for a, b in zip(drawn["days"], drawn["days"][1:], strict=False)} == {86_400}
    assert drawn["sold"][: 7 - days] == [None] * (7 - days)
    assert drawn["from"] == drawn["days"][0] - 43_200
    assert drawn["till"] == drawn["days"][-1] + 43_200


def test_bars_go_from_the_first_sale_to_the_show(page):
    page.goto(page.url.replace("/orders", f"/shows/{CONCERT}"))
    expect(page.locator(".chart canvas")).to_have_count(2)
    till = page.locator(".chart").first.get_attribute("data-till")
    assert page.get_attribute(".heading .lead time", "datetime").startswith(till)
    drawn = page.evaluate(DRAW, [1000, till])
    first = page.locator("#sales-by-day tbody tr").first.get_attribute("data-day")
    assert drawn["from"] == datetime.fromisoformat(f"{first}T00:00Z").timestamp() - 43_200
    assert drawn["till"] == datetime.fromisoformat(f"{till}T00:00Z").timestamp() + 43_200


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_came_back_is_not_drawn_as_held(visitor, scheme):
    page = visitor(color_scheme=scheme).signed_in()
    page.goto(page.url.replace("/orders", f"/shows/{CONCERT}"))
    expect(page.locator(".chart canvas")).to_have_count(2)
    colours = page.evaluate(
        "[...CHARTS.tickets.map(each => each.colour), '--seat-held'].map(colour)"
    )
    assert len(set(colours)) == 3
    assert all(colours)


def test_days_say_whose_they_are(page):
    page.goto(page.url.replace("/orders", f"/shows/{CONCERT}"))
    expect(page.locator(".charts .hint").first).to_contain_text("at midnight in Europe/Moscow")
    expect(page.locator(".chart .u-legend").first).to_contain_text("Day")
    expect(page.locator(".charts")).not_to_contain_text("UTC")


def is_past(page, status, version):
    expect(page.locator("#state .badge")).to_have_text(status)
    expect(page.locator("#state")).to_contain_text(f"version {version} of 7")
    expect(page.locator("#state")).to_contain_text("Now: Done")
    expect(page.locator("#back")).to_have_text("Back to now")
    expect(page.get_by_text("Back to now")).to_have_count(1)
    expect(page.locator("#answer, #then")).to_have_class(["answer card past", "past"])
    assert "was paid" not in page.inner_text("#answer")


def test_the_past_of_a_paid_order_does_not_say_that_it_is_paid(page, console):
    page.goto(f"{page.url}/{console.long_order}?version=6")
    is_past(page, "In payment", 6)
    page.click("#step-1")
    is_past(page, "Held", 1)
    expect(page.locator("#facts dd").first).to_have_text("—")
    page.click("#step-7")
    expect(page.locator("#state .badge")).to_have_text("Done")
    expect(page.locator("#state")).to_contain_text("was paid")
    expect(page.locator("#facts dd").first).to_contain_text("Anna Ostrova")
    page.click("#step-3")
    expect(page.locator("#facts")).to_contain_text("3 tickets")
    page.click("#back")
    expect(page.locator("#facts")).to_contain_text("2 tickets")
    expect(page.locator("#state .badge")).to_have_text("Done")


def test_a_moment_is_shown_with_the_state_of_that_moment(plain, console):
    plain.sign_in(zone="UTC")
    order = f"/console/orders/{console.late_payment}"
    history = plain.get(
        f"/v1/resources/orders/{console.late_payment}/history", headers=AUTHORIZATION
    ).json()["events"]
    assert history[-1]["data"]["status"] == "expired"
    before = history[-2]["at"][:19]
    page = plain.get(f"{order}?at={before}").text.partition('id="state"')[2].partition("</div>")[0]
    assert "Now: Expired" in page
    assert "badge expired" not in page
