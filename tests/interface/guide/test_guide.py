"""The guide is built without a warning, shipped with the wheel, and served as it is."""

import re
import subprocess
import sys
from urllib.parse import unquote

import pytest
from server import Service
from source import PACKAGES, ROOT

SITE = "interface/guide/built"
FRONT = "/docs/guide/index.html"


def test_the_guide_can_be_searched_and_asks_nobody_else(shop, look):
    page = look(shop.address + "/docs/guide/")
    assert page.url.endswith(FRONT)
    page.keyboard.press("/")
    page.keyboard.type("idempotency_key_reused")
    page.wait_for_selector(".md-search-result__item")
    assert "HTTP API" in page.inner_text(".md-search-result__list")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_on_a_phone(shop, look, scheme):
    page = look(
        shop.address + "/docs/guide/feed.html",
        viewport={"width": 390, "height": 844},
        color_scheme=scheme,
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_every_page_is_there_and_leads_only_to_what_is_there(shop, unpacked):
    pages = sorted((unpacked / SITE).rglob("*.html"))
    assert len(pages) > 60
    links = {
        (page.parent / unquote(href)).resolve().relative_to(unpacked / SITE).as_posix()
        for page in pages
        for href in re.findall(r'href="([^"#:]+)[#"]', page.read_text(encoding="utf-8"))
    }
    dead = [each for each in links if not (unpacked / SITE / each).exists()]
    assert dead == []
    assert shop.send("GET", "/docs/guide/http/orders.html", {}).status == 200


def test_a_page_is_sent_again_only_when_it_has_changed(shop):
    answer = shop.send("GET", FRONT, {})
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache")
    again = shop.send("GET", FRONT, {"If-None-Match": answer.headers["etag"]})
    assert (again.status, again.content) == (304, b"")
    style = re.search(rb'href="(assets/stylesheets/main[^"]+)"', answer.content)[1].decode()
    assert "immutable" in shop.send("GET", f"/docs/guide/{style}", {}).headers["cache-control"]


@pytest.mark.parametrize("name", ["nowhere.html", "../site.py", "..%2fsite.py", "decisions"])
def test_what_is_no_page_is_not_found(shop, name):
    assert shop.send("GET", f"/docs/guide/{name}", {}).status == 404


def test_in_a_checkout_the_page_says_how_to_build_it(tmp_path):
    checkout = tmp_path / "checkout"
    packed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", *PACKAGES],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if packed.returncode:
        pytest.skip("not a checkout")
    for name in packed.stdout.decode().split("\0")[:-1]:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_bytes((ROOT / name).read_bytes())
    own = {"PYTHONPATH": str(checkout), "PYTHONSAFEPATH": "1"}
    with Service(f"sqlite:///{tmp_path / 'o.db'}", tmp_path / "log", **own) as service:
        answer = service.send("GET", FRONT, {})
        assert answer.status == 404
        assert b"python -m interface.guide.building" in answer.content
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_link_that_leads_nowhere_ends_the_build(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "README.md").write_text("# A page\n\n[gone](gone.md)\n", encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from interface.guide.building import build;"
        " build(*map(Path, sys.argv[1:]))"
    )
    built = subprocess.run(
        [sys.executable, "-c", code, docs, tmp_path / "site"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode != 0
    assert "gone.md" in built.stderr
