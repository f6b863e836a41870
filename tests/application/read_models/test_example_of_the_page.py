"""The example of docs/read-models.md works as it is printed."""

import re
import sys
from textwrap import dedent
from types import ModuleType

import pytest
from seller import BoxOffice
from source import ROOT

from application.ports.read_models import Page
from application.projector.rebuild import rebuild
from application.read_models.registry import PROJECTIONS, Projection

PAGE = (ROOT / "docs" / "read-models.md").read_text(encoding="utf-8")
FILE, LINE, QUERY = map(
    dedent, re.findall(r"^   ```python\n(.*?)^   ```$", PAGE, re.MULTILINE | re.DOTALL)
)
ANN, BOB = "ann@example.org", "bob@example.org"


@pytest.fixture
def buyers():
    """The file of the example as a module, registered by its line."""
    module = ModuleType("application.read_models.buyers")
    exec(compile(FILE, "buyers.py", "exec"), vars(module))
    return eval(f"{{{LINE}}}", {"Projection": Projection, "buyers": module})["buyers"]


@pytest.fixture
def office(buyers, tmp_path, monkeypatch):
    """A ticket shop of a service that has this read model, too."""
    known = {**PROJECTIONS, "buyers": buyers}
    for module in list(sys.modules.values()):
        if getattr(module, "PROJECTIONS", None) is PROJECTIONS and module.__name__ != __name__:
            monkeypatch.setattr(module, "PROJECTIONS", known)
    with BoxOffice(f"sqlite:///{tmp_path / 'orders.db'}") as shop:
        yield shop


def paid_order(office, email, tickets):
    order = office.order(tickets)
    office.name_buyer(order, email=email)
    office.start_payment(order)
    office.finish(order)


def rows(office):
    """What the query of the page finds, after the projector caught up."""
    office.catch_up()
    found = eval(QUERY, {"store": office.store, "Page": Page})
    return [each.columns for each in found]


def test_paid_orders_and_tickets_are_added_up_by_buyer(office):
    paid_order(office, ANN, 1)
    paid_order(office, BOB, 4)
    paid_order(office, ANN, 2)
    office.name_buyer(office.order(1), email=ANN)
    assert rows(office) == [(BOB, 1, 4), (ANN, 2, 3)]


def test_a_rebuild_makes_the_same_rows(office, buyers):
    paid_order(office, ANN, 2)
    expected = rows(office)
    outcome = rebuild(office.store, buyers, lambda *_: None)
    assert outcome.swapped
    assert outcome.differences == 0
    assert rows(office) == expected == [(ANN, 1, 2)]
