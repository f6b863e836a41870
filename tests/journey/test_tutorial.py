"""The shop of docs/tutorial.md, run as it stands there: it sells, also through a crash."""

import re
import subprocess
import sys
from contextlib import contextmanager

import pytest
from databases import STORES, a_database
from server import Service
from source import ROOT

from interface.cli.demo import press

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
[SHOP] = re.findall(r"<!-- shop -->\n```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^```\n((?:Order \d|The order).*?)^```$", re.MULTILINE | re.DOTALL)
PRINTED = "".join(SHOWN.findall(PAGE))
MADE_ANEW = re.compile(r"[0-9a-f]{8,}|:\d+")


@pytest.fixture(scope="module", params=STORES)
def service(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tutorial")
    with (
        a_database(request.param, request, folder) as database,
        Service(database, folder / "log", "--sandbox") as service,
    ):
        yield service


@contextmanager
def shop_at(service):
    """The shop of the page, as a process of its own."""
    code = SHOP.replace("127.0.0.1:8080", f"{service.host}:{service.port}")
    command = (sys.executable, "-W", "error", "-c", code)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def paid(service, shop, before_paying=lambda: None):
    """All that the shop prints, when its buyer has paid at the address that it shows."""
    lines = [shop.stdout.readline(), shop.stdout.readline()]
    page = service.send("GET", lines[1].partition(str(service.port))[2].strip(), {})
    assert b"Pay</button>" in page.content
    before_paying()
    press(f"{service.host}:{service.port}", lines[1].split()[-1])
    lines += shop.communicate(timeout=60)[0].splitlines(keepends=True)
    assert shop.returncode == 0
    return "".join(lines)


def without_ids(text):
    return MADE_ANEW.sub("…", text)


def test_the_shop_sells_and_prints_what_the_page_shows(service):
    with shop_at(service) as shop:
        assert without_ids(paid(service, shop)) == without_ids(PRINTED)


def test_it_goes_on_when_the_service_is_killed_and_comes_back(service):
    def crash():
        service.kill()
        service.start()

    with shop_at(service) as shop:
        assert "The order is done." in paid(service, shop, crash)


def test_a_refusal_is_final_and_says_why(service):
    code = SHOP.replace("{PARTERRE: 2}", '{"no id": 2}')
    assert code != SHOP
    code = code.replace("127.0.0.1:8080", f"{service.host}:{service.port}")
    done = subprocess.run(
        (sys.executable, "-c", code), capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("bad_body: ")
