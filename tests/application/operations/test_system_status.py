"""What needs somebody, by the state of the whole service."""

from datetime import timedelta

import msgspec
import pytest
from seller import BoxOffice
from webhook_office import add_webhook, change_webhook

from application.integrity.checkpoint import Checkpoints
from application.integrity.key_place import KeyPlace
from application.operations.system_status import Problem, system_status
from application.ports.integrity_records import Setback, Verification
from application.ports.webhooks import WebhookState
from application.read_models.registry import PROJECTIONS
from application.runtime.clock import now, to_ms

EVERY = 60.0
VERIFIED = Verification(at=0, took=10, position=1, events=1, findings=0, oversold=0)
LOST = Setback(
    id="s",
    at=1,
    seen_by="the store",
    log="l",
    position=9,
    hash=b"",
    found_log="l",
    found_position=5,
)


@pytest.fixture
def office(address):
    with BoxOffice(address, real_time=True) as it:
        for name in PROJECTIONS:
            it.store.read_models().lease(name, "a process", 600)
        yield it


def look(office, at=None, every=EVERY):
    return system_status(office.store, office.services.store_clock, at or now(), every)


def problems(office, **more):
    return list(look(office, **more).problems)


def test_nothing_needs_anybody_when_all_is_well(office):
    office.order()
    office.services.store.audit().note_verification(VERIFIED)
    assert problems(office) == []


def test_a_read_model_that_nobody_projects_is_named(office):
    office.store.read_models().release("sales", "a process")
    assert problems(office) == [Problem("model_left", "sales")]


def test_what_a_verification_found_is_named(office):
    found = msgspec.structs.replace(VERIFIED, findings=3, oversold=1)
    office.store.audit().note_verification(found)
    assert problems(office) == [Problem("oversold", "1"), Problem("findings", "3")]


def test_a_log_that_went_back_is_named_until_somebody_acknowledges_it(office):
    office.store.audit().note_setback(LOST)
    assert problems(office) == [Problem("log_went_back", LOST.says)]
    known = msgspec.structs.replace(LOST, acknowledged_at=to_ms(now()), acknowledged_by="x")
    office.store.audit().note_setback(known)
    assert problems(office) == []


def test_checkpoints_that_stay_out_are_named(office, tmp_path):
    office.order()
    Checkpoints(office.store, now, KeyPlace(str(tmp_path / "key"))).make()
    later = now() + timedelta(minutes=30)
    assert problems(office, at=later) == []
    office.order()
    seen = look(office, at=later)
    assert seen.checkpoint.newer > 0
    assert seen.problems == [Problem("checkpoint_late", "30")]
    assert problems(office, at=later, every=0.0) == []


def test_webhooks_that_nobody_delivers_are_named_while_events_wait(office):
    webhook = add_webhook(office.store, "https://a.example/")
    assert problems(office) == []
    office.order()
    assert problems(office) == [Problem("webhooks_left", "1")]
    records = office.store.webhooks()
    shard = next(iter(records.shards()))
    records.lease([shard], "a process", 600)
    assert problems(office) == []
    [lease] = look(office).leases
    assert (lease.owner, lease.shards, lease.dead) == ("a process", 1, False)
    records.release("a process")
    records.lease([shard], "dead", -5)
    [lease] = look(office).leases
    assert (lease.owner, lease.dead) == ("dead", True)
    assert problems(office) == [Problem("webhooks_left", "1")]
    change_webhook(office.store, webhook, state=WebhookState.PAUSED)
    assert look(office).leases == problems(office) == []


def test_a_read_model_that_cannot_be_read_hides_nothing_else(office, monkeypatch):
    models = office.store.read_models()
    known = type(models).state

    def state(self, name):
        if name == "sales":
            raise OSError("the file is damaged")
        return known(self, name)

    monkeypatch.setattr(type(models), "state", state)
    found = look(office)
    assert found.problems == [Problem("model_stopped", "sales: OSError: the file is damaged")]
    assert len(found.models) == len(PROJECTIONS) - 1
