"""How the read models get on, while one looks."""

from playwright.sync_api import expect

from application.bootstrap import build
from application.read_models.registry import PROJECTIONS
from application.settings import Settings


def test_read_models_show_how_far_they_are(page):
    page.click("text=Read models")
    rows = page.locator(".models tbody tr")
    expect(rows.first).to_contain_text("Up to date")
    assert rows.count() == len(PROJECTIONS)
    with page.expect_response("**/read-models") as answer:
        pass
    assert answer.value.ok


def test_a_rebuild_is_seen_from_its_beginning_to_its_end(page, console):
    page.goto(page.url.replace("/orders", "/read-models"))
    expect(page.locator("progress")).to_have_count(0)
    services = build(Settings(database=console.database))
    models = services.store.read_models()
    made = models.begin(PROJECTIONS["sales"].table, "code", 200, ["5", "9"])
    models.load(made.state, models.pending(made.state)[0], [], 150)
    sales = page.locator(".models tr", has_text="sales")
    expect(sales).to_contain_text("150 of 200 events")
    assert sales.locator("progress").evaluate("bar => bar.position") == 0.75
    models.drop(made.state)
    services.close()
    expect(page.locator("progress")).to_have_count(0)
