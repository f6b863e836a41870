"""The page of the system: what needs somebody, and how everything gets on, while one looks."""

import re
from contextlib import closing

import pytest
from console_data import HOUSE, HOUSE_KEY, catalog
from playwright.sync_api import expect
from test_everybody_can_use_it import PHONE, serious

from application.bootstrap import build
from application.catalog.keys import create_key
from application.catalog.loading import load_catalog
from application.catalog.scopes import AUDIT
from application.ports.integrity_records import Verification
from application.read_models.registry import PROJECTIONS
from application.runtime.clock import now
from application.settings import Settings
from interface.server.flask_app import create_app

SYSTEM = "/console/system"
OF_OPERATORS = ("Who does the work", "Streams open now", "Versions")


@pytest.fixture
def services(console):
    services = build(Settings(database=console.database))
    yield services
    services.close()


def test_read_models_show_how_far_they_are(page):
    page.click("text=System")
    rows = page.locator(".models tbody tr")
    expect(rows.first).to_contain_text("Up to date")
    expect(rows).to_have_count(len(PROJECTIONS))
    expect(page.locator(".notice.good")).to_have_text("Everything runs as it should.")
    with page.expect_response("**/system") as answer:
        pass
    assert answer.value.ok


def test_a_rebuild_is_seen_from_its_beginning_to_its_end(page, services):
    page.goto(page.url.replace("/orders", "/system"))
    expect(page.locator("progress")).to_have_count(0)
    models = services.store.read_models()
    made = models.begin(PROJECTIONS["sales"].table, "code", 200, ["5", "9"])
    models.load(made.state, models.pending(made.state)[0], [], 150)
    sales = page.locator(".models tr", has_text="sales")
    expect(sales).to_contain_text("150 of 200 events")
    assert sales.locator("progress").evaluate("bar => bar.position") == 0.75
    models.drop(made.state)
    expect(page.locator("progress")).to_have_count(0)


def test_what_needs_somebody_stands_first(plain, services):
    plain.sign_in()
    assert "There was none yet" in plain.get(SYSTEM).text
    records = services.store.audit()
    found = Verification(
        at=1_900_000_000_000, took=1500, position=7, events=7, findings=2, oversold=0
    )
    records.note_verification(found)
    page = plain.get(SYSTEM).text
    assert "1 thing needs somebody:" in page
    assert "The last verification has found changes in the log: 2." in page
    assert "2 findings." in page
    russian = plain.get(SYSTEM, headers={"Accept-Language": "ru"}).text
    assert "Последняя проверка нашла изменения в журнале: 2." in russian
    services_findings = Verification(**{**_fields(found), "findings": 0})
    records.note_verification(services_findings)
    page = plain.get(SYSTEM).text
    assert "Everything runs as it should." in page
    assert "All are as they were recorded." in page


def _fields(found):
    return {each: getattr(found, each) for each in found.__struct_fields__}


def test_operators_see_who_does_the_work_and_partners_do_not(plain, console):
    plain.sign_in(HOUSE_KEY)
    page = plain.get(SYSTEM).text
    assert not [each for each in OF_OPERATORS if each in page]
    plain.sign_in(console.auditors_key)
    page = plain.get(SYSTEM).text
    assert [each for each in OF_OPERATORS if each in page] == list(OF_OPERATORS)
    assert f"{len(PROJECTIONS)} read models" in page
    assert "At work" in page
    assert "0.1.0" in page


def test_where_nobody_works_that_is_what_the_page_says(tmp_path):
    settings = Settings(database=f"sqlite:///{tmp_path / 'idle.db'}")
    with closing(build(settings)) as idle:
        load_catalog(idle.store, catalog(now()), now())
        key = create_key(idle.store, HOUSE, now(), (AUDIT,)).text
        client = create_app(idle).test_client()
        door = client.get("/console/sign-in").text
        token = re.search(r'name="token" value="([^"]+)"', door)[1]
        client.post("/console/sign-in", data={"token": token, "key": key})
        page = client.get(SYSTEM).text
        assert f"{len(PROJECTIONS)} things need somebody:" in page
        assert "No process projects the read model sales." in page
        assert "Nobody</span>" in page
        models = idle.store.read_models()
        models.lease("sales", "a process", 60)
        page = client.get(SYSTEM).text
        assert "No process projects the read model sales." not in page
        assert "a process" in page


def test_where_read_models_were_leads_here(plain):
    plain.sign_in()
    answer = plain.get("/console/read-models", allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (301, SYSTEM)


def test_everybody_can_use_all_of_it(visitor, console):
    somebody = visitor()
    somebody.signed_in(console.auditors_key)
    assert serious(somebody.go(SYSTEM)) == {}
    phone = visitor(**PHONE, locale="ru-RU")
    phone.signed_in(console.auditors_key)
    page = phone.go(SYSTEM)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.locator("h1")).to_have_text("Система")
    expect(page.locator("nav [aria-current]")).to_be_in_viewport(ratio=1)
