"""The page of money: what waits, what a person decides about it, and sums that add up."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest
from console_data import CONCERT, HOUSE, SHOP_KEY
from console_money import running_with_money
from msgspec.structs import replace
from playwright.sync_api import expect
from tampering import Tampering
from test_everybody_can_use_it import PHONE, serious

from application.bootstrap import build
from application.ports.gateway_notices import NoticeState
from application.settings import Settings

MONEY = "/console/money"
AN_HOUR = timedelta(hours=1)
PARTS = ("earned", "due_back", "refunded", "charged_back", "kept", "waiting")


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    """A service with money; visitors and plain requests come here."""
    with running_with_money(tmp_path_factory.mktemp("money")) as service:
        yield service


@pytest.fixture
def services(console):
    with closing(build(Settings(database=console.database))) as services:
        yield services


@pytest.fixture
def events(services):
    """The names of an order's events, each with the partner or system that made it."""

    def read(order):
        found = services.history.history(order)["events"]
        return [(each["name"], each["actor"].partition(" key:")[0]) for each in found]

    return read


def of(page, order):
    """The part of the page that is about an order."""
    return page.locator(".case", has=page.locator(f"a[href$='{order}']"))


def form_of(plain, order, **more):
    """What the form of an order on the page sends."""
    page = plain.get(f"/console/orders/{order}").text
    part = page.partition(f'action="{MONEY}/orders/{order}"')[2].partition("</form>")[0]
    names = ("token", "key", "version", "currency")
    form = {each: part.partition(f'name="{each}" value="')[2].partition('"')[0] for each in names}
    assert all(form.values()), "there is no form: nothing waits"
    return {**form, "resolution": "keep", "note": "as agreed", **more}


def press(plain, order, form):
    return plain.post(f"{MONEY}/orders/{order}", data=form, allow_redirects=False)


def test_what_waits_stands_first_with_what_came_and_is_decided(visitor, console, events):
    order = console.paid_twice[0]
    page = visitor().signed_in()
    page.click("text=Money")
    case = of(page, order)
    expect(case).to_contain_text("Paid twice")
    expect(case.locator(".sentences")).to_contain_text("5,040.00 RUB was received by gate.")
    expect(case.locator(".lines")).to_contain_text("gw-b")
    before = events(order)
    case.locator("input[name=note]").fill("The buyer has agreed by telephone.")
    case.locator("button", has_text="keeps it").click()
    expect(page.locator("[role=status]")).to_contain_text("the seller keeps 5,040.00 RUB")
    expect(page.locator("[role=status]")).to_contain_text("The buyer has agreed by telephone.")
    expect(of(page, order)).to_have_count(0)
    assert events(order) == [*before, ("MoneyKept", f"partner:{HOUSE}")]


def test_without_a_note_nothing_is_decided(visitor, plain, console, events):
    order = console.paid_twice[1]
    page = visitor().signed_in()
    page.goto(console.address + MONEY)
    of(page, order).locator("button").first.click()
    assert page.evaluate("document.activeElement.name") == "note"
    plain.sign_in()
    before = events(order)
    answer = press(plain, order, form_of(plain, order, note="  "))
    assert answer.headers["Location"] == f"{MONEY}?failed=note"
    assert "Say why" in plain.get(answer.headers["Location"]).text
    assert events(order) == before


def test_pressed_twice_it_is_decided_once(plain, console, events):
    order = console.paid_twice[2]
    plain.sign_in()
    form, before = form_of(plain, order), events(order)
    with ThreadPoolExecutor(4) as hands:
        answers = list(hands.map(lambda _: press(plain, order, form), range(4)))
    places = {each.headers["Location"] for each in answers}
    assert places == {f"{MONEY}?decided={order}"}
    assert [name for name, _ in events(order)[len(before) :]] == ["MoneyKept"]
    other = press(plain, order, {**form, "resolution": "refund"})
    assert other.headers["Location"].endswith("failed=idempotency_key_reused")
    assert "another decision" in plain.get(other.headers["Location"]).text
    later = press(plain, order, {**form, "key": "0" * 32})
    assert later.headers["Location"].endswith("failed=version_mismatch")
    assert len(events(order)) == len(before) + 1


def test_less_is_accepted_on_the_orders_own_page(visitor, console, events):
    order = console.underpaid[0]
    page = visitor().signed_in()
    page.goto(f"{console.address}/console/orders/{order}")
    part = page.locator(".order-money")
    expect(part.locator("[data-amount=waiting]")).to_have_text("4,000.00")
    part.locator("input[name=note]").fill("a regular guest")
    part.locator("button", has_text="full price").click()
    page.wait_for_url("**decided=*")
    expect(page.locator("#state .badge")).to_have_text("Done")
    expect(page.locator(".notice.good")).to_contain_text("a regular guest")
    expect(page.locator(".order-money [data-amount=earned]")).to_have_text("4,000.00")
    expect(page.locator(".order-money form")).to_have_count(0)
    assert [name for name, _ in events(order)[-2:]] == ["ShortfallWaived", "StatusChanged"]


def test_what_has_to_go_back_is_said_to_be_paid_by_its_seller(visitor, console, events):
    page = visitor().signed_in()
    page.goto(console.address + MONEY)
    case = of(page, console.late)
    expect(case).to_contain_text("Has to go back")
    case.locator("button", has_text="It was paid back").click()
    expect(page.locator("[role=status]")).to_contain_text("5,040.00 RUB went back to the buyer.")
    expect(of(page, console.late)).to_have_count(0)
    assert events(console.late)[-1] == ("RefundPaid", f"partner:{HOUSE}")


def test_what_went_away_beyond_what_came_is_borne_by_the_seller(visitor, console, events):
    page = visitor().signed_in()
    page.goto(f"{console.address}/console/orders/{console.lacking}")
    part = page.locator(".order-money")
    expect(part).to_contain_text("5,040.00 RUB more went away than came.")
    expect(part.locator(".choices button")).to_have_text(["The seller bears it"])
    part.locator("input[name=note]").fill("the bank decided twice")
    part.locator(".choices button").click()
    expect(page.locator(".notice.good")).to_contain_text("the seller bears 5,040.00 RUB")
    expect(part.locator("form")).to_have_count(0)
    assert events(console.lacking)[-1] == ("MoneyKept", f"partner:{HOUSE}")


@pytest.mark.parametrize("token", [None, "", "guessed"])
def test_a_press_from_elsewhere_decides_nothing(plain, console, events, token):
    order = console.underpaid[1]
    plain.sign_in()
    before = events(order)
    answer = press(plain, order, {**form_of(plain, order), "token": token})
    assert answer.status_code == 400
    assert "open for too long" in answer.text
    assert events(order) == before


def test_a_token_of_another_session_is_none(plain, console, events):
    order = console.foreign
    plain.sign_in()
    form, before = form_of(plain, order, note="by the right session"), events(order)
    plain.cookies.clear()
    plain.sign_in()
    assert press(plain, order, form).status_code == 400
    assert events(order) == before
    own = {**form, "token": plain.token(MONEY)}
    assert press(plain, order, own).headers["Location"] == f"{MONEY}?decided={order}"
    assert [name for name, _ in events(order)[len(before) :]] == ["MoneyKept"]


def test_a_key_without_the_scope_sees_no_button_and_presses_none(plain, console, events):
    order = console.underpaid[1]
    plain.sign_in()
    form, before = form_of(plain, order), events(order)
    plain.cookies.clear()
    plain.sign_in(console.readers_key)
    page = plain.get(MONEY).text
    assert order in page
    assert "/money/orders/" not in page
    form["token"] = plain.token(MONEY)
    assert press(plain, order, form).status_code == 403
    notice = plain.post(f"{MONEY}/notices/{'0' * 64}", data={**form, "resolution": "keep"})
    assert notice.status_code == 403
    refund = plain.post(f"{MONEY}/orders/{order}/refunds/{'0' * 24}", data=form)
    assert refund.status_code == 403
    assert events(order) == before


def test_who_may_only_look_sees_no_button_for_what_is_to_be_paid_back(plain, console):
    address = f"{MONEY}/orders/{console.late_of_shop}/refunds/"
    plain.sign_in(SHOP_KEY)
    assert address in plain.get(MONEY).text
    for key in (console.shop_readers_key, console.auditors_key):
        plain.cookies.clear()
        plain.sign_in(key)
        page = plain.get(f"/console/orders/{console.late_of_shop}").text
        assert "Has to go back" in page
        assert address not in page


def test_an_accountant_of_others_sees_an_order_and_decides_nothing(plain, console, events):
    order = console.underpaid[1]
    plain.sign_in()
    form, before = form_of(plain, order), events(order)
    plain.cookies.clear()
    plain.sign_in(console.shop_accountants_key)
    page = plain.get(f"/console/orders/{order}").text
    assert "4,000.00" in page.partition('data-amount="waiting"')[2][:100]
    assert f"{MONEY}/orders/{order}" not in page
    assert press(plain, order, {**form, "token": plain.token(MONEY)}).status_code == 404
    assert events(order) == before


def test_an_order_of_others_is_not_seen_and_not_decided(plain, console, events):
    order = console.underpaid[1]
    plain.sign_in()
    form, before = form_of(plain, order), events(order)
    plain.cookies.clear()
    plain.sign_in(SHOP_KEY)
    page = plain.get(MONEY).text
    assert console.of_shop in page
    assert order not in page
    form["token"] = plain.token(MONEY)
    assert press(plain, order, form).status_code == 404
    assert "Decided." not in plain.get(f"{MONEY}?decided={order}").text
    assert events(order) == before


def test_the_organiser_decides_about_what_others_sold_but_does_not_pay_it(plain, console, services):
    order = console.late_of_shop
    [refund] = services.payments.of_order(order)["refunds"]
    address = f"{MONEY}/orders/{order}/refunds/{refund['id']}"
    plain.sign_in(SHOP_KEY)
    assert address in plain.get(MONEY).text
    plain.cookies.clear()
    plain.sign_in()
    page = plain.get(f"/console/orders/{order}").text
    assert "Has to go back" in page
    assert address not in page
    form = {"token": plain.token(MONEY), "key": "3" * 32}
    assert plain.post(address, data=form).status_code == 403
    assert f'action="{MONEY}/orders/{console.of_shop}"' in plain.get(MONEY).text
    assert services.payments.of_order(order)["refunds"][0]["status"] == "approved"


def test_an_auditor_sees_everything_and_changes_nothing(plain, console):
    plain.sign_in(console.auditors_key)
    page = plain.get(MONEY).text
    assert console.of_shop in page
    assert console.underpaid[1] in page
    assert "nobody-2" in page
    assert 'name="resolution"' not in page


def test_a_payment_of_nobody_is_resolved_once_and_is_in_the_administrative_trail(
    visitor, console, services
):
    page = visitor().signed_in(console.accountants_key)
    page.goto(console.address + MONEY)
    case = page.locator(".case", has_text="nobody-1")
    expect(case).to_contain_text("123.45")
    address = case.locator("form").get_attribute("action")
    case.locator("input[name=note]").fill("sent back by hand")
    case.locator("button", has_text="It was paid back").click()
    expect(page.locator("[role=status]")).to_contain_text("Decided.")
    expect(page.locator(".case", has_text="nobody-1")).to_have_count(0)
    expect(page.locator(".case", has_text="nobody-2")).to_have_count(1)
    token = page.locator("[name=token]").first.get_attribute("value")
    again = {"token": token, "key": "1" * 32, "resolution": "keep", "note": "once more"}
    page.context.request.post(console.address + address, form=again)
    entries = services.store.admin_trail().entries()
    deeds = [each.deed for each in entries if each.deed.action == "notice.resolved"]
    assert [b"sent back by hand" in each.about for each in deeds] == [True]
    assert deeds[0].actor.startswith(f"partner:{HOUSE} key:")


def test_who_sees_no_notice_of_nobody_cannot_resolve_it(plain, services):
    [notice] = services.unknown_buyers.page(None, 10)[-1:]
    plain.sign_in()
    assert "nobody" not in plain.get(MONEY).text
    form = {"token": plain.token(MONEY), "key": "2" * 32, "resolution": "keep", "note": "mine"}
    for name in (notice.digest.hex(), "0" * 64, "none"):
        answer = plain.post(f"{MONEY}/notices/{name}", data=form)
        assert answer.status_code == 404
    assert services.store.notices().find(notice.digest).resolved_at is None


def test_a_notice_that_is_not_yet_handled_is_shown_without_a_button(plain, console, services):
    [unknown] = services.unknown_buyers.page(None, 10)[-1:]
    pending = replace(
        unknown,
        digest=b"p" * 32,
        state=NoticeState.PENDING,
        order=console.late,
        type="payment.blessed",
        body=b'{"type": "payment.blessed"}',
    )
    assert services.store.notices().keep(replace(pending, came_at=unknown.came_at - AN_HOUR))
    plain.sign_in(console.accountants_key)
    page = plain.get(MONEY).text
    case = page.partition("A payment that its order has not acted on")[2].partition("</article>")[0]
    assert "Not yet handled" in case
    assert f"/console/orders/{console.late}" in case
    assert "<form" not in case
    Tampering(console.database).run("DELETE FROM gateway_notices WHERE state = 'pending'")


@pytest.mark.parametrize("change", [{"resolution": "burn"}, {"key": "x"}, {"currency": "ZZZ"}])
def test_a_press_that_makes_no_sense_decides_nothing(plain, console, events, change):
    order = console.underpaid[1]
    plain.sign_in()
    before = events(order)
    answer = press(plain, order, {**form_of(plain, order), **change})
    assert answer.status_code == 400 or "failed=nothing_to_resolve" in answer.headers["Location"]
    assert events(order) == before


@pytest.mark.parametrize("query", ["", "?attention=true", "?attention=false", f"?event={CONCERT}"])
def test_sums_add_up_and_are_those_of_the_list(page, console, query):
    page.goto(console.address + MONEY + query)
    received = cents(page, "received")
    assert received != []
    columns = [cents(page, part) for part in PARTS]
    assert [sum(parts) for parts in zip(*columns, strict=True)] == received
    listed = page.locator(".payments .received .line").all_inner_texts()
    rubles = [number(each) for each in listed if each.endswith("RUB")]
    assert sum(rubles) == received[-1]


def cents(page, name):
    return [number(each) for each in page.locator(f".sums [data-amount={name}]").all_inner_texts()]


def number(text):
    digits = "".join(each for each in text if each.isdigit() or each == "-")
    return int(digits)


def test_a_show_without_money_says_so(page, console):
    other = page.locator("select[name=event] option").nth(2)
    page.goto(f"{console.address}{MONEY}?event={other.get_attribute('value')}")
    expect(page.locator(".all")).to_contain_text("No order has any")
    expect(page.locator(".sums")).to_have_count(0)


def test_an_orders_page_has_its_payments_and_refunds_at_every_version(page, console):
    page.goto(f"{console.address}/console/orders/{console.refunded}")
    part = page.locator(".order-money")
    expect(part.locator("[data-amount=refunded]")).to_have_text("2,520.00")
    expect(part).to_contain_text("gw-1")
    expect(part).to_contain_text("Paid back")
    expect(part.locator("form")).to_have_count(0)
    expect(page.locator(".story")).to_contain_text("2,520.00 RUB went back to the buyer.")
    page.click("#step-8")
    expect(part.locator("[data-amount=due_back]")).to_have_text("2,520.00")
    page.click("#step-3")
    expect(part).to_have_count(0)


@pytest.mark.parametrize(
    ("looks", "options"),
    [
        ({}, {}),
        ({"color_scheme": "dark"}, {"runOnly": ["color-contrast"]}),
        ({**PHONE, "locale": "ru-RU"}, {}),
    ],
    ids=["light", "dark", "phone in Russian"],
)
def test_axe_finds_nothing_that_keeps_somebody_out(visitor, console, looks, options):
    somebody = visitor(**looks)
    somebody.signed_in(console.accountants_key)
    paths = [
        f"{MONEY}?decided={console.late}",
        f"/console/orders/{console.underpaid[2]}?failed=note",
    ]
    findings = {}
    for path in paths:
        page = somebody.go(path)
        findings[path] = serious(page, **options)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= page.viewport_size["width"], path
    assert {path: found for path, found in findings.items() if found} == {}


def test_takings_add_up_for_every_day(page, console):
    page.goto(f"{console.address}/console/shows/{CONCERT}")
    page.click("text=The same as a table")
    rows = page.locator("#sales-by-day tbody tr, #sales-by-day tfoot tr").all()
    sums = [
        {name: number(row.locator(f"[data-amount={name}]").inner_text()) for name in TAKINGS}
        for row in rows
    ]
    for each in sums:
        assert each["full"] - each["refunds"] == each["net"]
    *days, whole = sums
    assert whole == {name: sum(each[name] for each in days) for name in TAKINGS}
    assert (whole["refunds"], whole["opened"], whole["lost"]) == (756_000, 1_008_000, 504_000)


TAKINGS = ("full", "refunds", "net", "opened", "lost")
