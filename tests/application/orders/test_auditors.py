"""A key with the scope `audit` reads what every partner has, and changes nothing of it."""

import json

import pytest
from click.testing import CliRunner
from seller import ORGANISER, SHOP, SHOW

from application.catalog.access import Caller
from application.catalog.scopes import AUDIT, OF_A_SELLER
from application.orders.commands import ChangeOrder, Request
from domain.refusals import NotTheVendor, ShowNotFound, UnknownOrder
from domain.status import Status
from interface.cli.main import cli

STRANGER = "56810047f06c5a6ac62f4e1f"


@pytest.fixture
def orderlog(office):
    def run(*arguments):
        result = CliRunner().invoke(cli, ["--database", office.database, *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


@pytest.fixture
def auditor(office, orderlog):
    """Who has a key that was made with the scope."""
    key = orderlog("key", "create", "--partner", STRANGER, "--scope", "audit").strip()
    office.services.catalog._look_again = 0
    caller = office.services.access.caller(key)
    assert caller == Caller(STRANGER, caller.key, "en", (AUDIT,))
    return caller


def test_an_auditor_reads_the_orders_of_others(office, auditor):
    order = office.order(partner=SHOP)
    assert office.services.history.order(order, auditor).order.id == order
    assert office.services.timelines.explain(order, caller=auditor)["id"] == order


def test_an_auditor_changes_none_of_them(office, auditor):
    order = office.order(partner=SHOP)
    command = ChangeOrder(status=Status.CANCELED)
    with pytest.raises(NotTheVendor):
        office.services.orders.change(order, command, Request(auditor, "audit-1"))
    assert office.services.history.order(order).order.version == 1


def test_a_key_without_the_scope_reads_its_own(office):
    order = office.order(partner=ORGANISER)
    stranger = office.caller(STRANGER)
    with pytest.raises(UnknownOrder):
        office.services.history.order(order, stranger)
    with pytest.raises(ShowNotFound):
        office.services.sales.sales(SHOW, office.caller(SHOP))


def test_an_auditor_sees_how_every_show_sold(office, auditor):
    office.paid_order(2)
    office.catch_up()
    assert office.services.sales.sales(SHOW, auditor)["sold"] == 2


def test_keys_are_listed_with_their_scopes(orderlog, auditor):
    scopes = {
        each["id"]: each.get("scopes", []) for each in json.loads(orderlog("key", "list", "--json"))
    }
    assert scopes.pop(auditor.key) == ["audit"]
    assert set(map(tuple, scopes.values())) == {OF_A_SELLER}
    assert "audit" in orderlog("key", "list")


def test_scopes_that_are_none_are_wrong_usage(office):
    wrong = ["--database", office.database, "key", "create", "--partner", SHOP, "--scope", "root"]
    assert CliRunner().invoke(cli, wrong).exit_code == 2
