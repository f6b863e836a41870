"""The page of the API in a browser: it shows every call, and one can be sent from it."""

import json

import pytest
from server import EMPTY_ORDER, KEY, ORDERS, Service

BROWSER = {"Accept": "text/html,*/*;q=0.8"}
CREATE = "#operations-orders-create_order"
ANSWER = f"{CREATE} .live-responses-table .response"


def test_it_shows_every_call_and_one_is_sent_from_it_with_the_key_of_the_sample(shop, look):
    """One visit, since the page draws half a megabyte of contract; then on a phone, at night."""
    page = look(shop.address + "/docs")
    page.wait_for_selector("#calls[data-ready]")
    contract = shop.send("GET", "/openapi.json", {}).body
    paths = [*contract["paths"].values(), *contract["webhooks"].values()]
    calls = [each for operations in paths for each in operations if each != "parameters"]
    assert page.locator(".opblock").count() == len(calls)

    page.click(f"{CREATE} .opblock-summary-control")
    page.fill(f"{CREATE} textarea", json.dumps(EMPTY_ORDER))
    page.click(f"{CREATE} button.execute")
    page.wait_for_selector(ANSWER)
    assert page.inner_text(f"{ANSWER} .response-col_status").startswith("201")
    [order] = shop.call("GET", ORDERS, X_Wait_For_Position="1").body
    assert order["id"] in page.inner_text(ANSWER)

    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for scheme, sought in (("dark", ".dark-mode"), ("light", "html:not(.dark-mode)")):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_selector(sought)


def test_the_key_is_shown_to_those_only_from_whom_it_would_be_taken(shop, tmp_path):
    assert KEY.encode() in shop.send("GET", "/docs/api", {}).content
    behind = shop.send("GET", "/docs/api", {"X-Forwarded-For": "203.0.113.9"})
    assert (behind.status, KEY.encode() in behind.content) == (200, False)
    with Service(f"sqlite:///{tmp_path / 'o.db'}", tmp_path / "log") as own:
        page = own.send("GET", "/docs/api", {})
        assert (page.status, KEY.encode() in page.content) == (200, False)
        assert b"Authorize" in page.content


@pytest.mark.parametrize("path", ["/docs/api", "/docs/guide/index.html"])
def test_nothing_may_run_in_a_page_but_what_was_shipped(shop, path):
    policy = shop.send("GET", path, BROWSER).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_what_the_page_loads_is_kept_until_it_changes(shop):
    page = shop.send("GET", "/docs/api", BROWSER).content.decode()
    script = page.partition('<script src="')[2].partition('"')[0]
    assert "immutable" in shop.send("GET", script, {}).headers["cache-control"]
    other = shop.send("GET", script.partition("?")[0] + "?v=0", {})
    assert (other.status, other.headers["cache-control"]) == (200, "no-cache")
