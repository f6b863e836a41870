"""An order's page: the answer first, one line of time controls, names, barcodes and the proof."""

from pathlib import Path

import msgspec
import pytest
from console_data import CONCERT, HOUSE, HOUSE_KEY, SHOP_KEY
from playwright.sync_api import expect

from application.integrity.bundle import check_bundle, read_bundle

AUTHORIZATION = {"Authorization": f"key {HOUSE_KEY}"}


def test_the_answer_comes_first_then_time_then_what_changed(page, console):
    page.goto(f"{page.url}/{console.long_order}?version=4")
    tops = [
        page.locator(each).bounding_box()["y"]
        for each in ("#answer", ".travel", "#change", "#story", "#proof")
    ]
    assert tops == sorted(tops)
    change = page.locator(".change")
    expect(change.locator("h2")).to_have_text("What version 4 changed")
    expect(change).to_contain_text("1 ticket was taken out")
    expect(change).to_contain_text("The Playhouse (key house)")


def test_the_line_of_time_stays_in_sight_and_leads_back_to_now(page, console):
    page.goto(f"{page.url}/{console.long_order}?version=2")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    box = page.locator(".travel").bounding_box()
    assert 0 <= box["y"] < 5
    page.click("#back")
    expect(page.locator("#answer")).to_have_class("answer card")
    expect(page.locator("#where")).to_contain_text("Version 7 of 7")
    expect(page.locator("span#back")).to_have_text("This is now")


def test_the_line_follows_where_one_travels(page, console):
    page.goto(f"{page.url}/{console.long_order}")
    page.click("#step-5")
    expect(page.locator("#where")).to_contain_text("Version 5 of 7")
    expect(page.locator("#answer")).to_have_class("answer card past")
    for version in (6, 7):
        page.click("#later")
        expect(page.locator("#where")).to_contain_text(f"Version {version} of 7")
    expect(page.locator("span#later")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#answer")).to_have_class("answer card")


def test_names_stand_where_ids_were(plain, console):
    plain.sign_in()
    for order in (console.long_order, console.late_payment):
        text = plain.get(f"/console/orders/{order}").text
        document = text.partition('id="document"')[2].partition("</section>")[0]
        assert ">card</span>" in document
        assert ">The Playhouse</span>" in document
        assert ">Chamber concert</span>" in document
        for hidden in (HOUSE, CONCERT, "5f10c0de00000000000000f1"):
            assert f">{hidden}<" not in document
    assert ">The Playhouse – Corner ticket shop</span>" in document


def test_a_button_copies_what_stands_beside_it(visitor, console):
    somebody = visitor(permissions=["clipboard-read", "clipboard-write"])
    page = somebody.signed_in()
    page.goto(f"{page.url}/{console.long_order}")
    page.click("#facts .copy >> nth=0")
    expect(page.locator("#said")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "buyer@example.org"


def test_a_phone_has_the_copy_button_beside_the_address(visitor, console):
    page = visitor(viewport={"width": 390, "height": 844}, is_mobile=True).signed_in()
    page.goto(f"{page.url}/{console.late_payment}")
    contact = page.locator("#facts .contact").first
    address, button = contact.locator("> span"), contact.locator(".copy")
    text, beside = address.bounding_box(), button.bounding_box()
    assert beside["x"] >= text["x"] + text["width"]
    assert text["y"] <= beside["y"] + beside["height"] / 2 <= text["y"] + text["height"]
    assert text["height"] < 1.5 * page.locator("#facts .contact").last.bounding_box()["height"]


def barcodes_of(plain, order):
    tickets = plain.get(f"/v1/resources/orders/{order}/tickets", headers=AUTHORIZATION).json()
    return [each["barcode"] for each in tickets]


def test_who_may_see_barcodes_sees_those_of_the_version(plain, console):
    codes = barcodes_of(plain, console.long_order)
    assert len(codes) == 2
    address = f"/console/orders/{console.long_order}"
    plain.sign_in()
    assert all(each in plain.get(address).text for each in codes)
    assert not any(each in plain.get(f"{address}?version=6").text for each in codes)
    plain.cookies.clear()
    plain.sign_in(console.auditors_key)
    shown = plain.get(address)
    assert shown.status_code == 200
    assert not any(each in shown.text for each in codes)


def test_the_proof_is_downloaded_and_proves_the_order(page, console):
    page.goto(f"{page.url}/{console.long_order}")
    number = page.inner_text("h1").split()[-1]
    with page.expect_download() as waited:
        page.click("text=Download the proof")
    download = waited.value
    assert download.suggested_filename == f"order-{number}-proof.json"
    bundle = read_bundle(Path(download.path()).read_bytes())
    assert [each.id for each in bundle.orders] == [console.long_order]
    assert len(bundle.orders[0].events) == 7
    assert check_bundle(bundle).good
    changed = bundle.orders[0].events[1].state.replace("Anna", "Inna")
    event = msgspec.structs.replace(bundle.orders[0].events[1], state=changed)
    bundle.orders[0].events[1] = event
    assert not check_bundle(bundle).good


@pytest.mark.parametrize("who", ["auditor", "shop", "nobody"])
def test_the_proof_is_for_who_may_read_all_that_it_has(plain, console, who):
    path = f"/console/orders/{console.long_order}"
    key = {"auditor": console.auditors_key, "shop": SHOP_KEY, "nobody": None}[who]
    if key:
        plain.sign_in(key)
    page = plain.get(path).text
    assert "Download the proof" not in page
    token = plain.token("/console/orders") or plain.token()
    answer = plain.post(f"{path}/proof", data={"token": token}, allow_redirects=False)
    assert answer.status_code == {"auditor": 403, "shop": 404, "nobody": 302}[who]
    assert "attachment" not in answer.headers.get("Content-Disposition", "")


def test_the_proof_needs_the_token_of_its_page(plain, console):
    plain.sign_in()
    answer = plain.post(f"/console/orders/{console.long_order}/proof")
    assert answer.status_code == 400
