"""The idempotency records are proven by the log, and made again from it."""

import threading
from contextlib import closing

import pytest
from click.testing import CliRunner
from seller import PARTERRE, SHOW, BoxOffice, seat

from application.bootstrap import open_store
from application.event_log.event_mapper import event_of
from application.event_log.idempotency import key_digest
from application.integrity.findings import Kind
from application.integrity.verification import verify
from application.integrity.workers import here
from application.orders.commands import ChangeOrder, ChoosePayment
from application.ports.unit_of_work import IdempotencyRecord
from application.projector.derived_records_check import check_requests
from domain.commands import BestAvailable, Customer, TicketsById
from domain.status import Status
from interface.cli.main import cli

BODY = b"\x07" * 32
ONE = BestAvailable({PARTERRE: 1})
PAY = ChangeOrder(
    customer=Customer(email="a@b.example"),
    payment=ChoosePayment("api/BASE"),
    status=Status.IN_PROGRESS,
)
END = ChangeOrder(status=Status.CANCELED)


class Shop(BoxOffice):
    """Sells by requests with an Idempotency-Key."""

    def make(self, key, command=None, body=BODY):
        """Make an order by a key; return the answer."""
        request = self.request(key=key, fingerprint=body)
        return self.services.orders.create(SHOW, command or ChangeOrder(tickets=ONE), request)

    def ask(self, order, key, command, body=BODY):
        request = self.request(key=key, fingerprint=body)
        return self.services.orders.change(order, command, request)

    def digest(self, key):
        return key_digest(self.request().caller.partner, key)

    def record(self, key):
        return self.services.store.idempotency_record(self.digest(key))

    def verify(self):
        return verify(self.services.store, here(self.services.store), lambda *_: None)

    def found(self):
        return [(each.kind, each.order, each.version) for each in self.verify().findings]


@pytest.fixture
def shop(address):
    shop = Shop(address)
    shop.first = shop.make("first", ChangeOrder(tickets=TicketsById((seat(2),)))).order.id
    shop.second = shop.make("second", ChangeOrder(tickets=TicketsById((seat(1),)))).order.id
    shop.ask(shop.second, "pay", PAY)
    yield shop
    shop.services.close()


def rebuild(address, *options):
    command = ["projection", "rebuild", "requests", "--database", address, *options]
    return CliRunner().invoke(cli, command)


def quietly(done, total):
    pass


def test_the_last_event_of_a_request_names_its_key_and_makes_its_record(shop):
    events = [event_of(each) for each in shop.services.store.events(shop.second)]
    digests = [each.idempotency and each.idempotency.digest for each in events]
    assert digests == [shop.digest("second"), None, None, shop.digest("pay")]
    last = events[-1]
    assert shop.record("pay") == IdempotencyRecord(
        last.idempotency.digest, last.idempotency.fingerprint, shop.second, 4, last.at
    )
    assert last.idempotency.fingerprint == BODY


def test_the_record_follows_from_the_event_when_the_clock_was_set_back(shop):
    shop.later(minutes=-3)
    answer = shop.ask(shop.first, "late", ChangeOrder(customer=Customer(email="c@d.example")))
    [*_, last] = (event_of(each) for each in shop.services.store.events(shop.first))
    assert shop.record("late").at == last.at == answer.at
    assert shop.ask(shop.first, "late", ChangeOrder()).at == answer.at
    assert shop.found() == []


def test_records_that_nobody_touched_are_good_and_counted(shop, tampering):
    shop.ask(shop.first, "nothing", ChangeOrder())
    report = shop.verify()
    assert (report.findings, report.recorded, report.unproven) == ([], 4, 1)
    said = CliRunner().invoke(cli, ["audit", "verify", "--database", shop.database]).stdout
    assert "4 idempotency records; no event proves 1 of them" in " ".join(said.split())


def test_records_from_before_events_named_their_keys_are_counted_as_such(shop, tampering):
    plain = shop.order()
    position = shop.services.store.last_position()
    tampering.run("UPDATE counters SET value = ? WHERE name = 'requests_proven_from'", position)
    put(tampering, b"\x01" * 32, plain, 1)
    report = shop.verify()
    assert (report.findings, report.recorded_before, report.unproven) == ([], 1, 0)
    assert check_requests(shop.services.store, quietly, repair=True).differences == 0
    assert shop.services.store.idempotency_record(b"\x01" * 32) is not None


def put(tampering, digest, order, version):
    tampering.run("INSERT INTO requests VALUES (?, ?, ?, ?, ?)", digest, BODY, order, version, 5)


def test_deleted_records_are_found_and_made_again(shop, tampering, address):
    before = [shop.record(key) for key in ("first", "second", "pay")]
    tampering.run("DELETE FROM requests")
    assert sorted(shop.found(), key=str) == sorted(
        [
            (Kind.IDEMPOTENCY, shop.first, 1),
            (Kind.IDEMPOTENCY, shop.second, 1),
            (Kind.IDEMPOTENCY, shop.second, 4),
        ],
        key=str,
    )
    answer = rebuild(address)
    assert (answer.exit_code, "3 rows differ" in answer.stdout) == (1, True)
    assert shop.record("first") is None
    assert rebuild(address, "--check", "--accept-differences").exit_code == 1
    answer = rebuild(address, "--accept-differences")
    assert (answer.exit_code, answer.stdout.splitlines()[-1]) == (0, "requests are put right.")
    assert [shop.record(key) for key in ("first", "second", "pay")] == before
    assert shop.found() == []
    assert shop.make("first").order.id == shop.first
    answer = rebuild(address)
    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[-1] == "requests are as the log says."


@pytest.mark.parametrize(
    "change",
    ["version = 1", "order_id = 'FIRST'", "at = at + 1", "fingerprint = 'x'"],
)
def test_a_changed_record_is_found_and_put_right(shop, tampering, change):
    before = shop.record("pay")
    change = change.replace("FIRST", shop.first)
    tampering.run(f"UPDATE requests SET {change} WHERE digest = ?", shop.digest("pay"))
    assert (Kind.IDEMPOTENCY, shop.second, 4) in shop.found()
    assert check_requests(shop.services.store, quietly, repair=True).differences == 1
    assert shop.record("pay") == before
    assert shop.found() == []


@pytest.mark.parametrize("where", [("nobody", 1), ("FIRST", 2), ("FIRST", 0)])
def test_a_record_of_no_version_is_found_and_removed(shop, tampering, where):
    order = where[0].replace("FIRST", shop.first)
    put(tampering, b"\x02" * 32, order, where[1])
    assert shop.found() == [(Kind.IDEMPOTENCY, order, where[1])]
    assert check_requests(shop.services.store, quietly, repair=True).differences == 1
    assert shop.services.store.idempotency_record(b"\x02" * 32) is None
    assert shop.found() == []


def test_a_key_that_sold_twice_is_found_and_keeps_its_first_answer(shop, tampering):
    tampering.run("DELETE FROM requests WHERE digest = ?", shop.digest("first"))
    again = shop.make("first").order.id
    assert again != shop.first
    assert shop.found() == [(Kind.REPEATED, shop.first, 1)]
    assert check_requests(shop.services.store, quietly, repair=True).differences == 1
    assert shop.record("first").order == shop.first
    assert shop.found() == [(Kind.REPEATED, again, 1)]
    assert check_requests(shop.services.store, quietly).differences == 0
    tampering.run("DELETE FROM requests WHERE digest = ?", shop.digest("first"))
    assert sorted(shop.found(), key=str) == sorted(
        [(Kind.IDEMPOTENCY, shop.first, 1), (Kind.REPEATED, again, 1)], key=str
    )


def test_sales_go_on_while_records_are_made_again(shop, tampering, address):
    over = threading.Event()
    made = []

    def sell_on():
        number = 0
        while not over.is_set():
            number += 1
            order = shop.make(f"more-{number}", ChangeOrder()).order.id
            shop.ask(order, f"end-{number}", END)  # so many empty orders may not wait at once
            made.append(order)

    selling = threading.Thread(target=sell_on)
    selling.start()
    try:
        with closing(open_store(address)) as store:
            tampering.run("DELETE FROM requests WHERE order_id = ?", shop.first)
            assert check_requests(store, quietly, repair=True, batch=3).differences == 1
            for _ in range(4):
                assert check_requests(store, quietly, repair=True, batch=3).differences == 0
    finally:
        over.set()
        selling.join()
    assert made
    assert shop.found() == []


def test_what_was_put_right_before_a_kill_stays_and_the_rest_follows(shop, tampering):
    tampering.run("DELETE FROM requests")

    class Killed(BaseException):
        pass

    def kill(done, total):
        raise Killed

    with pytest.raises(Killed):
        check_requests(shop.services.store, kill, repair=True, batch=1)
    assert (shop.record("first") is None, shop.record("pay")) == (False, None)
    assert check_requests(shop.services.store, quietly, repair=True).differences == 2
    assert shop.found() == []


def test_the_history_shows_clients_no_digest(shop):
    history = shop.services.history.history(shop.second)
    assert [each["data"] for each in history["events"] if "idempotency" in each["data"]] == []
    assert "idempotency" not in str(history)
