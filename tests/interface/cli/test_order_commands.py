"""`orderlog order`: what an order is, what it was, and how it came to be so."""

import json

import pytest
from seller import BoxOffice, seat

NOBODYS = "5" * 24


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """One ticket shop for all, since these commands change nothing."""
    folder = tmp_path_factory.mktemp("office")
    with BoxOffice(f"sqlite:///{folder / 'orders.db'}") as shop:
        yield shop


@pytest.fixture(scope="module")
def order(office):
    """An order of two tickets that was paid, each step a minute after the one before."""
    order = office.order(seats=[seat(1), seat(2)])
    office.later(minutes=1)
    office.name_buyer(order, email="buyer@example.org")
    office.later(minutes=1)
    office.request_seats(order, seat(2), seat(3))
    office.later(minutes=1)
    office.choose_payment(order)
    office.later(minutes=1)
    office.start_payment(order)
    office.later(minutes=1)
    office.finish(order)
    return order


def rows(out):
    """The cells of a table's rows, a row being what stands between two rules."""
    parts = [partition.splitlines() for partition in out.split("─" * 20)]
    texts = ["\n".join(line.strip(" ─") for line in partition) for partition in parts]
    return [text for text in texts if text.strip()]


def test_an_order_is_shown_as_the_document_that_the_api_gives(office, orderlog, order):
    document = orderlog("order", "show", order, "--json").document
    assert document["id"] == order
    assert document["status"] == "done"
    assert document["tickets"] == [seat(2), seat(3)]


def test_an_order_is_shown_for_people_a_field_a_line(orderlog, order):
    said = orderlog("order", "show", order)
    assert said.exit_code == 0
    lines = {line.split()[0]: line.split()[1:] for line in said.out.splitlines() if line.split()}
    assert lines["status"] == ["done"]
    assert lines["customer.email"] == ["buyer@example.org"]
    assert lines["deal"] == ["none"]
    assert lines["created_at"] == ["2030-01-26T09:25:19.378Z"]


@pytest.mark.parametrize(
    ("version", "status", "tickets"),
    [(1, "executed", [1, 2]), (3, "executed", [2, 3]), (5, "in_progress", [2, 3])],
)
def test_an_order_is_shown_as_a_event_left_it(orderlog, order, version, status, tickets):
    document = orderlog("order", "show", order, "--version", str(version), "--json").document
    assert document["status"] == status
    assert document["tickets"] == [seat(each) for each in tickets]


@pytest.mark.parametrize(
    "at", ["2030-01-26T09:26:00Z", "2030-01-26T12:26:00+03:00", "2030-01-26 09:26+00:00"]
)
def test_an_order_is_shown_as_it_was_at_a_moment(orderlog, order, at):
    document = orderlog("order", "show", order, "--at", at, "--json").document
    assert document["customer"] == {"lang": "ru"}


def test_the_history_is_the_document_that_the_api_gives(office, orderlog, order):
    document = orderlog("order", "history", order, "--json").document
    assert document == json.loads(json.dumps(office.services.history.history(order)))
    assert [event["version"] for event in document["events"]] == [1, 2, 3, 4, 5, 6]


def test_the_history_for_people_tells_what_when_who_and_by_which_request(orderlog, order):
    said = orderlog("order", "history", order)
    assert said.exit_code == 0
    created = next(row for row in rows(said.out) if "OrderCreated" in row)
    for word in (
        "2030-01-26T09:25:19.378Z",
        "partner:56810047f06c5a6ac62f4e1d",
        "key:2dee4130",
        "request request-1",
    ):
        assert word in created


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        ("OrderCreated", ["number: ", "status: executed", f"tickets: {seat(1)}, {seat(2)}"]),
        ("CustomerSet", ["customer.email: buyer@example.org"]),
        ("TicketsChanged", [f"tickets: +{seat(3)}, -{seat(1)}"]),
        ("PaymentSystemSet", ["payment.chosen: api/BASE"]),
        ("StatusChanged", ["status: executed → in_progress", "payment.redirect_url: https://"]),
        ("StatusChanged", ["status: in_progress → done", f"barcodes.{seat(2)}: "]),
    ],
)
def test_the_history_for_people_tells_what_every_event_changed(orderlog, order, event, changes):
    """Also what the order's document does not show: how it is going to be paid, barcodes."""
    out = orderlog("order", "history", order).out
    assert [
        row for row in rows(out) if event in row and all(change in row for change in changes)
    ], out


def test_tables_fit_into_80_columns_and_lose_nothing(orderlog, order, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for command in (
        ["history", order],
        ["show", order],
        ["diff", order, "--from", "0", "--to", "6"],
    ):
        out = orderlog("order", *command).out
        assert max(map(len, out.splitlines())) <= 80
        assert "…" not in out
        assert order in out


def test_a_table_in_a_pipe_does_not_cut_ids_or_addresses(orderlog, order, office):
    document = office.services.history.order(order).order
    assert document.redirect_url in orderlog("order", "history", order).out
    assert document.redirect_url in orderlog("order", "show", order).out


COMMANDS = [
    ["show", NOBODYS],
    ["show", NOBODYS, "--version", "1"],
    ["show", NOBODYS, "--at", "2030-01-01T00:00:00Z"],
    ["history", NOBODYS],
    ["diff", NOBODYS, "--from", "0", "--to", "1"],
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_an_unknown_order_is_refused(orderlog, command, more):
    assert orderlog("order", *command, *more).refused(NOBODYS)


@pytest.mark.parametrize(
    "odd", ["12", "x" * 24, "a" * 25, "56A73B7F F06C", "'; DROP TABLE orders", "\u2603"]
)
@pytest.mark.parametrize("command", ["show", "history"])
def test_what_is_no_id_is_an_order_that_is_not_there(orderlog, command, odd):
    assert orderlog("order", command, odd).refused("There is no order")


def test_an_id_may_be_in_capital_letters(orderlog, order):
    assert orderlog("order", "show", order.upper(), "--json").document["id"] == order


@pytest.mark.parametrize("version", ["7", "99999999999999999999"])
def test_a_version_that_is_not_there_is_refused(orderlog, order, version):
    assert orderlog("order", "show", order, "--version", version).refused("version", version)


@pytest.mark.parametrize("version", ["0", "-1", "one", ""])
def test_what_is_no_version_is_wrong_usage(orderlog, order, version):
    assert orderlog("order", "show", order, "--version", version).wrong_usage("--version")


def test_a_moment_before_the_order_was_made_is_refused(orderlog, order):
    said = orderlog("order", "show", order, "--at", "2030-01-26T09:25:19.377Z")
    assert said.refused("2030-01-26T09:25:19.378")


def test_a_time_without_a_zone_is_wrong_usage(orderlog, order):
    said = orderlog("order", "show", order, "--at", "2030-01-26T09:26:00")
    assert said.wrong_usage("has no time zone")


@pytest.mark.parametrize("at", ["yesterday", "2030-13-01T00:00:00Z", "", "1769419519"])
def test_what_is_no_moment_is_wrong_usage(orderlog, order, at):
    assert orderlog("order", "show", order, "--at", at).wrong_usage("--at")


def test_a_version_and_a_moment_at_once_is_wrong_usage(orderlog, order):
    said = orderlog("order", "show", order, "--version", "1", "--at", "2030-01-26T10:00:00Z")
    assert said.wrong_usage("not both")
