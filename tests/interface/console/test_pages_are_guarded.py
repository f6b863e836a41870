"""What every page promises, whatever is on it."""

import pytest
from console_data import SHOP_KEY

from interface.http.static_files import digest_of

PAGES = ["/console/sign-in", "/console/orders", "/console/nowhere"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_and_loads_only_what_is_ours(plain, path):
    plain.sign_in()
    answer = plain.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert " style=" not in answer.text
    assert "<style" not in answer.text
    assert " onclick=" not in answer.text
    assert all("src=" in each for each in answer.text.split("<script")[1:])


def test_assets_are_kept_by_browsers_until_they_change(plain):
    page = plain.get("/console/sign-in").text
    style = page.partition('stylesheet" href="')[2].partition('"')[0]
    answer = plain.get(style)
    assert answer.headers["Content-Type"].startswith("text/css")
    assert "immutable" in answer.headers["Cache-Control"]
    for address in (style.partition("?")[0], style.partition("=")[0] + "=0123456789ab"):
        assert plain.get(address).headers["Cache-Control"] == "no-store"


def test_what_is_no_asset_is_not_kept_by_anyone(plain):
    known = digest_of.cache_info().currsize
    for name in ("nothing.css", "css/nothing.css"):
        answer = plain.get(f"/console/static/{name}?v=")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store"), name
    assert digest_of.cache_info().currsize == known


def test_under_console_failures_are_pages_elsewhere_problem_documents(plain):
    plain.sign_in()
    answer = plain.get("/console/nowhere/at/all")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "There is nothing here" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    elsewhere = plain.get("/v1/nowhere", headers={"Authorization": f"key {SHOP_KEY}"})
    assert elsewhere.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/console/orders/000000000000000000000000", 404),
        ("/console/orders/no-id", 404),
        ("/console/orders?cursor=made-up", 400),
        ("/console/orders?from=never&till=9999-12-31&status=lost&event=none", 200),
        ("/console/orders?q=%00%ff", 200),
    ],
)
def test_addresses_that_make_no_sense_get_a_page_too(plain, path, status):
    plain.sign_in()
    answer = plain.get(path, allow_redirects=False)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_form_that_is_too_large_gets_a_page_too(plain):
    plain.sign_in()
    answer = plain.post("/console/sign-in", data={"token": "x" * 2_000_000})
    assert answer.status_code == 413
    assert "That was too much" in answer.text


def test_strangers_see_nothing_but_the_door(plain):
    for path in ("/console", "/console/orders", "/console/orders/abc", "/console/nowhere"):
        answer = plain.get(path, allow_redirects=False)
        assert answer.headers["Location"].startswith("/console/sign-in?next=/console")
    hurried = plain.get("/console/orders", headers={"HX-Request": "true"})
    assert hurried.headers["HX-Redirect"] == "/console/sign-in?next=/console/orders"
    assert hurried.text == ""
