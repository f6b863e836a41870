"""By eye or ear, by mouse, finger or keyboard, by day or night, in either language."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from console_data import FESTIVAL
from playwright.sync_api import expect

AXE = Axe()
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="session")
def paths(console):
    return {
        "orders": "/console/orders",
        "search": "/console/orders?q=nobody@&status=done",
        "order": f"/console/orders/{console.long_order}?version=4",
        "shows": "/console/shows",
        "hall": f"/console/shows/{FESTIVAL}",
        "system": "/console/system",
    }


def serious(page, **options):
    """What axe-core finds that keeps somebody from using the page."""
    found = AXE.run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return {
        each["id"]: [node["html"] for node in each["nodes"]]
        for each in found
        if each["impact"] in {"serious", "critical", "moderate"}
    }


@pytest.mark.parametrize(
    ("scheme", "options"), [("light", {}), ("dark", {"runOnly": ["color-contrast"]})]
)
def test_axe_finds_nothing_that_keeps_somebody_out(visitor, paths, scheme, options):
    somebody = visitor(color_scheme=scheme)
    findings = {"sign-in": serious(somebody.go("/console/sign-in"), **options)}
    somebody.signed_in()
    for name, path in paths.items():
        page = somebody.go(path)
        for details in page.locator("details > summary").all():
            details.click()
        findings[name] = serious(page, **options)
    assert {name: found for name, found in findings.items() if found} == {}


def test_axe_sees_a_page_that_keeps_somebody_out(page):
    page.evaluate("document.documentElement.removeAttribute('lang')")
    page.evaluate("document.querySelector('h1').style.color = '#ddd'")
    assert serious(page).keys() == {"html-has-lang", "color-contrast"}


def test_on_a_phone_every_page_fits_and_fingers_find_what_they_press(visitor, paths):
    somebody = visitor(**PHONE)
    somebody.signed_in()
    for name, path in paths.items():
        page = somebody.go(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"{name} is {width} wide"
        small = page.evaluate(
            "[...document.querySelectorAll('button, .button, nav a')]"
            ".filter(each => each.offsetHeight && each.offsetHeight < 24)"
            ".map(each => each.outerHTML)"
        )
        assert small == [], name


def test_by_night_pages_are_dark(visitor):
    def ground(page):
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(each) for each in colour.strip("rgb()").split(","))

    assert ground(visitor(color_scheme="light").go("/console/sign-in")) > 600
    assert ground(visitor(color_scheme="dark").go("/console/sign-in")) < 150


def test_who_reads_russian_gets_russian(visitor, console):
    somebody = visitor(locale="ru-RU")
    page = somebody.signed_in()
    assert page.get_attribute("html", "lang") == "ru"
    assert page.inner_text("h1") == "Заказы"
    page.goto(f"{page.url}/{console.late_payment}")
    expect(page.locator("#state")).to_contain_text("Истёк")
    expect(page.locator(".story")).to_contain_text("Заказ создан")
    page.goto(f"{console.address}/console/nowhere")
    assert "Здесь ничего нет" in page.inner_text("h1")
    somebody.expects_complaint("404")


def test_the_language_can_be_switched_and_stays(page):
    page.goto(f"{page.url}?q=ostrova")
    page.click("[hreflang=ru]")
    page.wait_for_url("**?q=ostrova")
    assert page.inner_text("h1") == "Заказы"
    page.click("text=Мероприятия")
    assert page.inner_text("h1") == "Мероприятия"
    page.click("[hreflang=en]")
    assert page.inner_text("h1") == "Shows"


def test_the_keyboard_leads_past_the_menu_to_the_content(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
