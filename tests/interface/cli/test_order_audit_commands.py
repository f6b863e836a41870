"""The audit of an order on the command line."""

import json

import pytest
from click.testing import CliRunner

from application.orders.timeline.timeline import LANGUAGES
from interface.cli.main import cli


@pytest.fixture
def orderlog(office):
    def run(*arguments):
        return CliRunner().invoke(cli, ["--database", office.database, *arguments])

    return run


def test_a_diff_is_the_document_that_the_api_gives(office, orderlog):
    order = office.order()
    office.name_buyer(order, email="buyer@example.com")
    result = orderlog("order", "diff", order, "--from", "1", "--to", "2", "--json")
    assert json.loads(result.stdout) == office.services.history.diff(order, 1, 2)
    assert result.exit_code == 0


def test_a_diff_for_people_names_field_values_and_event(office, orderlog):
    order = office.order()
    office.name_buyer(order, email="b@x.org")
    result = orderlog("order", "diff", order, "--from", "1", "--to", "2")
    for word in ("customer.email", "b@x.org", "CustomerSet", "request-2"):
        assert word in result.stdout


def test_a_diff_backwards_is_wrong_usage(office, orderlog):
    order = office.order()
    assert orderlog("order", "diff", order, "--from", "2", "--to", "1").exit_code == 2


def test_a_diff_with_a_version_that_is_not_there_is_refused_in_a_line(office, orderlog):
    result = orderlog("order", "diff", office.order(), "--from", "1", "--to", "9")
    assert result.exit_code == 1
    assert "no version 9" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_timeline_is_the_document_that_the_api_gives(office, orderlog):
    order = office.paid_order()
    result = orderlog("order", "explain", order, "--lang", "ru", "--json")
    timeline = json.loads(result.stdout)
    assert timeline == office.services.timelines.explain(order, LANGUAGES["ru"])
    assert timeline["lang"] == "ru"


@pytest.mark.parametrize(("lang", "word"), [("en", "barcodes"), ("ru", "штрихкоды")])
def test_a_timeline_for_people_is_made_of_sentences(office, orderlog, lang, word):
    result = orderlog("order", "explain", office.paid_order(), "--lang", lang)
    assert word in result.stdout
    assert "Sample partner" in result.stdout


def test_a_language_that_we_do_not_speak_is_wrong_usage(office, orderlog):
    assert orderlog("order", "explain", office.order(), "--lang", "de").exit_code == 2


def test_the_timeline_of_what_is_no_order_is_refused_in_a_line(orderlog):
    result = orderlog("order", "explain", "56a73b7ff06c5a21c393806b")
    assert result.exit_code == 1
    assert result.stderr == "There is no order 56a73b7ff06c5a21c393806b.\n"


@pytest.mark.parametrize("written", ["{}", "№{}", "# {}"])
def test_an_order_is_called_by_its_number_too_even_where_nobody_projects_the_lists(
    office, orderlog, written
):
    order = office.order()
    number = office.services.history.order(order).order.number
    told = orderlog("order", "explain", written.format(number), "--json")
    assert json.loads(told.stdout)["id"] == order
    assert json.loads(orderlog("order", "show", str(number), "--json").stdout)["id"] == order


def test_a_number_that_no_order_has_is_named(orderlog):
    result = orderlog("order", "explain", "123")
    assert result.exit_code == 1
    assert "There is no order 123." in result.output
