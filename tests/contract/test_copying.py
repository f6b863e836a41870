"""A database copied into one of the other kind."""

from contextlib import ExitStack, closing
from itertools import count

import psycopg
import pytest
from click.testing import CliRunner
from copies import ATTEMPT, SHOW, copy_over, fill, killed_copy, listed, order, shop, told
from store_writes import append, one

from application.bootstrap import NoDatabase, open_copyable, open_store
from application.copying.copy import NotCopied
from application.orders.loaded_order import replay
from application.ports.copyable import PARTS
from application.ports.store import CopyUnfinished
from application.storage.shared.copied_tables import COLUMNS
from interface.cli.main import cli

OTHER = {"sqlite": "postgres", "postgres": "sqlite"}
NOT_COPIED = {
    "console_sessions",
    "key_usage",
    "counters",
    "log_identity",
    "read_models",
    "read_model_ranges",
    "read_model_generations",
    "witness",
    "seen",
    "heads",
    "drawers",
    "verification",
}
"""Tables whose meaning is copied, that are made again, or that are the database's own."""
LEASE_COLUMNS = {("webhook_shards", each) for each in ("owner", "till", "asked_by")}
"""Nobody has a lease of a copy."""


@pytest.fixture(scope="module")
def place(server, tmp_path_factory):
    """Makes addresses of fresh databases of either kind."""
    folder = tmp_path_factory.mktemp("copies")
    names = map(str, count())
    with ExitStack() as stack:

        def fresh(kind):
            if kind == "sqlite":
                return f"sqlite:///{folder / next(names)}"
            return stack.enter_context(server.database())

        yield fresh


@pytest.fixture(scope="module", params=OTHER)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def source(place, kind):
    """A database with some thousand events; its log has gaps where it can."""
    url = place(kind)
    open_store(url).close()
    draw_positions(url, 5)
    fill(url, 700)
    draw_positions(url, 7)
    with shop(url) as services:
        order(services)
    return url


def draw_positions(url, count):
    """Use up positions, as appends do that are given up."""
    if url.startswith("postgresql"):
        with psycopg.connect(url) as connection:
            connection.execute(
                "SELECT nextval('orders_events_notification_id_seq')"
                f" FROM generate_series(1, {count})"
            )


@pytest.fixture
def target(place, kind):
    return place(OTHER[kind])


@pytest.fixture
def small(place, kind):
    """A database of few events that a test may change."""
    url = place(kind)
    fill(url, 40, keys=20)
    return url


def test_a_copy_tells_what_its_source_tells(source, target):
    copied = {each.part: each.rows for each in copy_over(source, target)}
    there = told(target)
    assert there == told(source)
    assert copied["events"] == len(there["events"]) > 2000
    assert copied["tickets"] > sum(map(len, there["tickets"])) > 4000  # and uses of promo codes
    assert copied["documents"] == len(there["documents"])
    assert copied["requests"] == len(there["requests"]) + len(there["notices"])
    assert copied["gateway_notices"] == len(there["notices"]) > 200
    assert listed(target) == listed(source)


def test_a_copy_sells_on_where_its_source_stopped(small, target):
    copy_over(small, target)
    before = told(small)["events"]
    with shop(target) as services:
        again = order(services, "key-7").order
        assert again == replay(services.store.events(again.id))
        assert len(services.store.log(0, 10_000)) == len(before)
        made = order(services)
        assert made.position > before[-1].id
        assert made.order.number > max(number_of(each) for each in before)
        assert [each.id for each in services.store.log(before[-1].id, 9)] == [made.position]
        services.store.attempts().add([ATTEMPT])
        assert services.store.attempts().of(ATTEMPT.order) == [ATTEMPT] * 4


def number_of(event):
    return replay([event]).number if event.originator_version == 1 else 0


@pytest.mark.parametrize("doing", ["copying events", "copying tickets", "comparing events"])
def test_a_copy_that_was_killed_goes_on_where_it_stood(source, target, doing):
    killed_copy(source, target, doing)
    with pytest.raises(CopyUnfinished):
        open_store(target)
    with closing(open_copyable(target, make=False)) as half:
        there = sum(half.count(partition) for partition in PARTS)
    copied = copy_over(source, target)
    assert 0 < there <= sum(each.rows for each in copied)
    assert told(target) == told(source)


def test_what_was_sold_before_it_goes_on_is_copied_too(small, target):
    killed_copy(small, target, "copying tickets")
    with shop(small) as services:
        order(services)
        with services.store.change_catalog() as change:
            tickets = [each.id for each in change.tickets(SHOW) if each.order is None]
            change.remove_tickets(tickets[:3])
    copy_over(small, target)
    assert told(target) == told(small)


def test_what_is_sold_while_it_is_compared_is_noticed(small, target):
    sold = []

    def sell(what, done, total):
        if what == "comparing requests" and not sold:
            with shop(small) as services:
                sold.append(order(services, "late"))

    with pytest.raises(NotCopied, match="events of source and target differ"):
        copy_over(small, target, sell)
    with pytest.raises(CopyUnfinished):
        open_store(target)
    copy_over(small, target)
    assert told(target) == told(small)


def test_what_was_changed_in_the_copy_is_noticed(small, target):
    def tamper(what, done, total):
        if what == "copying documents":
            with closing(open_copyable(target, make=False)) as half:
                events = PARTS[0]
                (*first, _) = half.rows(events, None, 1)[0]
                half.replace(events, None, (first[0],), [(*first, b"{}")])

    with pytest.raises(NotCopied, match="events of source and target differ"):
        copy_over(small, target, tamper)


def test_a_database_with_something_in_it_is_left_alone(small, place, kind):
    for put in (lambda store: one(store, append(store, "a")), add_document):
        target = place(OTHER[kind])
        with closing(open_store(target)) as store:
            put(store)
        before = told(target)
        with pytest.raises(NotCopied, match="has something in it"):
            copy_over(small, target)
        assert told(target) == before


def add_document(store):
    with store.change_catalog() as change:
        change.put("partner", "a", b"{}")


def test_the_half_copy_of_another_log_is_left_alone(small, source, target):
    killed_copy(source, target, "copying events")
    with pytest.raises(NotCopied, match="The target has"):
        copy_over(small, target)
    copy_over(source, target)
    assert told(target) == told(source)


def test_a_half_copy_is_not_copied(source, target, place, kind):
    killed_copy(source, target, "copying tickets")
    with pytest.raises(NotCopied, match="not finished"):
        copy_over(target, place(kind))


def test_a_database_that_is_served_is_not_copied(small, target):
    with shop(small) as services:
        services.store.read_models().lease("orders", "host:1", 60)
        with pytest.raises(NotCopied, match="served by host:1"):
            copy_over(small, target)
        services.store.read_models().release("orders", "host:1")
    copy_over(small, target)
    with shop(target) as services:
        services.store.read_models().lease("orders", "host:2", 60)
    with pytest.raises(NotCopied, match="served by host:2"):
        copy_over(small, target)


def test_read_models_of_an_earlier_database_are_made_again(small, target):
    with closing(open_store(target)) as store:
        store.read_models()
    listed(target)
    with shop(target) as services:
        models = services.store.read_models()
        models.commit(models.state("orders"), [], 1000)
    copy_over(small, target)
    assert listed(target) == listed(small)


def test_an_empty_database_can_be_copied(place, kind, target):
    empty = place(kind)
    open_store(empty).close()
    copy_over(empty, target)
    assert told(target) == told(empty)


def test_what_is_not_there_is_not_copied(place, kind, target):
    with pytest.raises(NoDatabase):
        copy_over(place(kind), target)


def test_every_table_and_column_is_copied(place, kind):
    url = place(kind)
    with closing(open_store(url)), closing(open_copyable(url, make=False)) as it:
        if kind == "sqlite":
            query, log = SQLITE_COLUMNS, it._log
        else:
            query, log = POSTGRES_COLUMNS, it._connection
        columns = {tuple(row) for row in log.execute(query) if row[0] not in NOT_COPIED}
        tables = [it._table(part) for part in PARTS]
    assert columns - LEASE_COLUMNS == {
        (table, column) for table, names in tables for column in names
    }
    assert set(COLUMNS) == {part.name for part in PARTS}


SQLITE_COLUMNS = (
    "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c"
    " WHERE t.type = 'table'"
)
POSTGRES_COLUMNS = (
    "SELECT table_name, column_name FROM information_schema.columns"
    " JOIN information_schema.tables USING (table_schema, table_name)"
    " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
)


def command(*arguments):
    return CliRunner().invoke(cli, ["copy", *arguments])


def test_the_command_says_what_is_the_same_on_both_sides(small, target):
    answer = command("--from", small, "--to", target)
    assert answer.exit_code == 0
    assert [each for each in PARTS if each.name not in answer.stdout] == []
    assert told(target) == told(small)
    again = command("--from", small, "--to", target)
    assert (again.exit_code, again.stdout) == (1, "")
    assert "The target has something in it already" in again.stderr


def test_the_command_names_what_it_cannot_find(target):
    answer = command("--from", "sqlite:///nowhere.db", "--to", target)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith("There is no log of orderlog in nowhere.db")
