"""`orderlog demo`: the picture of the product."""

import re

import pytest
from server import orderlog
from source import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
[SHOWN] = re.findall(r"<!-- demo -->\n```\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_demo_carries_out_an_order_and_shows_how_it_came_to_be(tmp_path):
    shown = orderlog("demo", TMPDIR=str(tmp_path))
    assert (shown.returncode, shown.stderr) == (0, "")
    order = re.search(r"PATCH /v1/resources/orders/([0-9a-f]{24})", shown.stdout)[1]
    places = [
        shown.stdout.index(words)
        for words in (
            "Orderlog listens on http://127.0.0.1:",
            "POST /v1/resources/orders",
            "201 Created  X-Partner: 56810047f06c5a6ac62f4e1d",
            '"status": "executed"',
            '{"payment": {"system": "sandbox/GATE"}}',
            '{"status": "in_progress"}',
            '▸ "status": "in_progress"',
            f"GET /v1/resources/orders/{order}",
            '▸ "status": "done"',
            f"GET /v1/resources/orders/{order}/tickets",
            '"barcode": "',
            f"History of order {order}",
            "OrderCreated",
            "PaymentSystemSet",
            "StatusChanged",
            "PaymentReceived",
            "orderlog serve --sandbox",
        )
    ]
    assert places == sorted(places)
    lines = [" ".join(each.split()) for each in shown.stdout.splitlines()]
    for each in SHOWN.splitlines():
        assert " ".join(each.split()) in lines, (
            f"the README shows a line that is not printed: {each}"
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("columns", ["80", "120"])
def test_the_demo_fits_into_the_terminal(columns):
    shown = orderlog("demo", COLUMNS=columns).stdout
    assert max(map(len, shown.splitlines())) <= int(columns)
    assert "…" not in shown


def test_a_demo_that_cannot_be_ends_with_a_reason():
    failed = orderlog("demo", ORDERLOG_THREADS="0")
    assert failed.returncode == 1
    assert "ORDERLOG_THREADS" in failed.stderr
    assert "Traceback" not in failed.stderr
