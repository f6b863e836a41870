"""Notices are taken while nobody projects, read models are damaged, or the other processes stand.

And what was kept and not acted on is acted on at the next start.
"""

import os
import signal
import threading
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from databases import STORES, a_database
from paying import (
    REFUNDS,
    ask,
    asked,
    being_paid,
    history,
    kept_as,
    look,
    money,
    paid_by_gateway,
    sell_by_gateway,
    tell,
)
from polling import until
from server import ORDERS

from application.bootstrap import open_store
from application.ports.gateway_notices import NoticeState
from application.projector.loop import LEASE_SECONDS, RENEW_SECONDS
from application.read_models.registry import PROJECTIONS
from application.runtime import failpoints

NEVER = {"ORDERLOG_SWEEP_SECONDS": "3600"}


class Alone:
    """A server whose read models stand still: another process is to project them, and does not."""

    def __init__(self, url, folder, stack):
        sell_by_gateway(url)
        self.url = url
        self.store = stack.enter_context(closing(open_store(url)))
        for projection in PROJECTIONS.values():
            self.store.read_models().ensure(projection.table)
        self._over = threading.Event()
        self._hold()
        thread = threading.Thread(target=self._go_on_holding)
        thread.start()
        stack.callback(thread.join)
        stack.callback(self._over.set)
        self.service = stack.enter_context(paid_by_gateway(url, folder / "log"))

    def _go_on_holding(self):
        while not self._over.wait(RENEW_SECONDS):
            with suppress(Exception):  # they may be damaged
                self._hold()

    def _hold(self):
        """Have the lease of every read model."""
        for name in PROJECTIONS:
            assert self.store.read_models().lease(name, "elsewhere", LEASE_SECONDS)

    @contextmanager
    def damaged(self):
        """What read models are stored in is gone or nonsense."""
        if self.url.startswith("sqlite"):
            path = Path(self.url.removeprefix("sqlite:///"))
            for each in path.parent.glob(f"{path.name}-views*"):
                each.write_bytes(os.urandom(each.stat().st_size))
        else:
            tables = ", ".join(f"{name}_1" for name in PROJECTIONS)
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute(f"DROP TABLE {tables}")
        yield

    @contextmanager
    def halted(self):
        """The process beside the one that answers stands still."""
        behind = self.service.behind()
        os.kill(behind, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(behind, signal.SIGCONT)


@pytest.fixture(scope="module", params=STORES)
def alone(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    with ExitStack() as stack:
        url = stack.enter_context(a_database(request.param, request, folder))
        yield Alone(url, folder, stack)


def pays_for_everything(service):
    """Money in time, late money, a dispute, and a refund: each notice is acted on at once."""
    order = being_paid(service, 2)
    assert tell(service, order, amount="200.00") == "kept"
    assert look(service, order)["status"] == "done"
    wanted = {"order": order["id"], "culprit": "org", "tickets_refund": order["tickets"][:1]}
    made = ask(service, asked("POST", REFUNDS, wanted))
    assert made.status == 201, made.content
    path = f"{REFUNDS}/{made.body['id']}"
    assert ask(service, asked("PATCH", path, {"status": "approved"})).status == 201
    assert tell(service, order, "refund.succeeded", refund=made.body["id"]) == "kept"
    assert tell(service, order, "dispute.opened", amount="100.00") == "kept"
    now = money(service, order)
    assert (now["earned"], now["refunded"], now["disputed"]) == ("100.00", "100.00", "100.00")
    late = being_paid(service)
    assert service.call("DELETE", f"{ORDERS}/{late['id']}").status == 200
    assert tell(service, late) == "kept"
    assert look(service, late)["status"] == "done"


def test_notices_are_taken_while_nobody_projects(alone):
    pays_for_everything(alone.service)
    assert alone.store.read_models().state("payments").position == 0


def test_notices_are_taken_while_the_other_process_stands(alone):
    with alone.halted():
        pays_for_everything(alone.service)


def test_notices_are_taken_while_read_models_are_damaged(alone):
    with alone.damaged():
        pays_for_everything(alone.service)
        listed = alone.service.call("GET", "/v1/resources/payments")
        assert listed.status in {200, 503}, listed.content


@pytest.mark.experiment
@pytest.mark.parametrize("own_database", STORES, indirect=True)
def test_a_notice_that_was_kept_and_not_acted_on_is_acted_on_after_a_kill(
    own_database, tmp_path, log
):
    sell_by_gateway(own_database)
    switch, failing = tmp_path / "switch", "append.found=error"
    armed = {failpoints.VARIABLE: failing, failpoints.SWITCH: str(switch)}
    with (
        paid_by_gateway(own_database, log, **NEVER) as service,
        closing(open_store(own_database)) as store,
    ):
        order = being_paid(service)
        service.kill()
        switch.write_text(failing)
        service.start(**armed)
        assert tell(service, order, notice_id="evt_1") == "kept"
        assert not switch.exists()
        assert kept_as(store, "evt_1").state is NoticeState.PENDING
        assert look(service, order)["status"] == "in_progress"
        service.kill()
        service.start(**{failpoints.VARIABLE: ""}, ORDERLOG_SWEEP_SECONDS="0.1")
        until(lambda: look(service, order)["status"] == "done", "nobody acts on the notice")
        assert history(service, order).count("PaymentReceived") == 1
        assert kept_as(store, "evt_1").state is NoticeState.ACTED
        assert tell(service, order, notice_id="evt_1") == "repeated"
        assert history(service, order).count("PaymentReceived") == 1
