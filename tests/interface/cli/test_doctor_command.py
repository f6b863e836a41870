"""`orderlog doctor` names each fault that is really there, and says what to do about it."""

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import psycopg
import pytest
from certificates import Certificate
from receiver import plain, receiver_thread
from seller import ORGANISER, BoxOffice, on_one_store
from server import serving
from webhook_office import add_webhook, change_webhook, delivering

from application.catalog.file import read_catalog_file
from application.catalog.keys import create_key, list_keys, revoke_key
from application.catalog.loading import load_catalog
from application.configuration import OF_SANDBOX
from application.operations.doctor import deliveries
from application.operations.doctor.findings import Installation
from application.operations.doctor.store import examine_durability
from application.ports.integrity_records import Verification
from application.ports.webhooks import WebhookState
from application.runtime.clock import now
from application.settings import Settings

LONG_AGO = datetime(2020, 1, 26, 9, 25, 19, tzinfo=UTC)
FINDINGS = {"ok", "warning", "problem"}


@pytest.fixture
def key_secret(tmp_path, monkeypatch):
    """The file of the secret of keys: that of the whole run is others' as well."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "orderlog" / "key-secret"


@pytest.fixture
def shop(address, key_secret):
    """A ticket shop with an order of long ago, which nothing has projected or signed."""
    with BoxOffice(address, opens=LONG_AGO) as office:
        office.order()
        yield office


@pytest.fixture
def examined(shop, run):
    """What the doctor finds in the shop, by check: level, sentence and remedy of the worst."""

    def examine(*options):
        said = run("doctor", "--json", "--database", shop.database, *options)
        found = msgspec.json.decode(said.out)
        levels = [each["level"] for each in found["findings"]]
        assert set(levels) <= FINDINGS
        assert found["well"] == ("problem" not in levels) == (said.exit_code == 0)
        by_check = {}
        for each in sorted(found["findings"], key=lambda it: sorted(FINDINGS).index(it["level"])):
            assert each["level"] == "ok" or each["do"]
            if by_check.get(each["check"], {"level": "ok"})["level"] in {"ok", "warning"}:
                by_check[each["check"]] = each
        return by_check

    return examine


def has(finding, level, *words):
    assert finding["level"] == level, finding
    assert all(word in finding["says"] + finding["do"] for word in words), finding


def execute(address, statement):
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as connection, connection:
            connection.execute(statement)
        return
    with psycopg.connect(address) as connection:
        connection.execute(statement)


def test_a_good_installation_has_no_finding_that_is_a_problem(run):
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        database = f"sqlite:///{folder}/orders.db"
        log = Path(folder, "log")
        with serving(database, log) as service:
            said = run("doctor", "--database", database, "--url", service.address)
    assert said.exit_code == 0, said.out
    lines = said.out.splitlines()
    assert f"ok      server: {service.address} answers, and is ready." in lines
    assert [each for each in lines if not each.startswith("ok ")] == [
        line for line in lines if line.startswith("warning sample data: ")
    ]
    assert all(": " in line for line in lines)


def test_what_nobody_projects_signs_and_verifies_is_named(examined, shop):
    found = examined()
    has(found["read models"], "problem", "1 position behind, and no process has the lease")
    has(found["verification"], "warning", "never been verified", "orderlog audit verify")
    has(found["server"], "warning", "No server runs", "orderlog serve")
    has(found["log"], "ok", "position 1")
    if shop.database.startswith("sqlite"):
        has(found["checkpoints"], "warning", "none yet", "orderlog audit checkpoint")
        shop.services.checkpoints.make()
        has(examined()["checkpoints"], "ok", "Number 1")
    else:
        has(found["checkpoints"], "warning", "no file for the signing key", "ORDERLOG_AUDIT_KEY")


def test_a_read_model_that_stopped_is_named_with_why(examined, shop):
    models = shop.store.read_models()
    models.stop(models.state("orders"), "OrderEaten.1 is not known")
    has(examined()["read models"], "problem", "orders stopped at 0: OrderEaten.1", "rebuild orders")


def test_a_verification_with_findings_and_an_old_one_are_named(examined, shop):
    audit = shop.store.audit()
    at = round(now().timestamp() * 1000)
    for days, findings, level, said in (
        (0, 0, "ok", "nothing wrong up to position 1"),
        (9, 0, "warning", "9 days ago"),
        (0, 2, "problem", "2 findings"),
        (0, -1, "warning", "proved nothing"),
    ):
        moment = at - days * 86_400_000
        audit.note_verification(Verification(moment, 5, 1, 1, findings, 0))
        has(examined()["verification"], level, said)


def test_keys_that_end_are_named(examined, shop):
    secret = shop.services.key_secret
    has(examined()["keys"], "ok", "3 keys")
    soon = now() + timedelta(days=3)
    ending = create_key(shop.store, ORGANISER, now(), secret=secret, expires_at=soon).key
    has(examined()["keys"], "warning", ending.id, "ends in 3 days", f"key rotate {ending.id}")
    for each in list_keys(shop.store):
        revoke_key(shop.store, each.id, now())
    has(examined()["keys"], "warning", "no key works")
    ended = create_key(
        shop.store, ORGANISER, now(), secret=secret, expires_at=now() - timedelta(hours=3)
    ).key
    has(examined()["keys"], "problem", f"The last key of partner {ORGANISER}, {ended.id}, ended 3")


def test_the_sample_beside_real_partners_is_named(examined, shop):
    has(examined()["sample data"], "warning", "Only the sample")
    text = "{partners: [{id: 56810047f06c5a6ac62f4eff, name: Real}], events: []}"
    load_catalog(shop.store, read_catalog_file(text.encode()), now())
    has(examined()["sample data"], "warning", "beside real partners", "orderlog key revoke")


def test_secrets_that_are_missing_or_open_are_named(examined, shop, key_secret, tmp_path):
    assert examined()["secrets"]["level"] == "ok"
    if shop.database.startswith("sqlite"):
        shop.services.checkpoints.make()
    key_secret.chmod(0o640)
    has(examined()["secret files"], "problem", "mode 0640", f"chmod 600 {key_secret}")
    key_secret.rename(tmp_path / "elsewhere")
    has(examined()["secrets"], "problem", str(key_secret), "Put the file back")
    (tmp_path / "elsewhere").rename(key_secret)
    system = "56a6253df06c5a059a938011"
    text = f"""
partners: [{{id: 56810047f06c5a6ac62f4eff, name: Real}}]
payment_systems:
  - id: {system}
    alias: cards
    hold_minutes: 10
    confirmed_by: gateway
    notifications:
      scheme: standard-webhooks
      secrets: ['file:{tmp_path}/none', 'env:NONE']
events: []
"""
    load_catalog(shop.store, read_catalog_file(text.encode()), now())
    has(examined()["secrets"], "problem", f"file:{tmp_path}/none", system)


def test_an_older_layout_is_named_and_left_as_it_is(examined, shop):
    shop.services.close()
    for number, level, said in ((7, "warning", "Back it up"), (99, "problem", "knows up to")):
        execute(shop.database, f"UPDATE counters SET value = {number} WHERE name = 'layout'")
        found = examined()
        has(found["version"], level, f"layout {number}", said)
        assert "keys" not in found
        has(examined()["version"], level, f"layout {number}")


def test_webhooks_that_are_paused_or_behind_are_named(examined, shop, monkeypatch):
    monkeypatch.setattr(deliveries, "LATE_SECONDS", 0.0)

    def unwilling(received, writer):
        return plain(500, b"no")

    with receiver_thread(unwilling) as receiver:
        webhook = add_webhook(shop.store, receiver.address(), after=0)
        has(examined()["webhooks"], "problem", receiver.address(), "was not tried yet")
        with delivering(shop.database):
            while not shop.store.webhooks().last_attempts([webhook.id]):
                pass
        found = examined()["webhooks"]
    has(found, "problem", webhook.id, "the last try: answered_500", "orderlog webhook log")
    change_webhook(shop.store, webhook, state=WebhookState.PAUSED, reason="holidays")
    has(examined()["webhooks"], "warning", "1 webhook: paused")


def test_webhooks_that_no_process_leases_are_named_until_one_does(examined, shop):
    add_webhook(shop.store, "https://a.example/")
    says = "No process leases 1 shard"
    has(examined()["webhooks"], "warning", says)
    records = shop.store.webhooks()
    records.lease(records.shards(), "a process", 600)
    assert says not in examined().get("webhooks", {"says": ""})["says"]
    records.release("a process")
    records.lease(records.shards(), "a dead one", -5)
    has(examined()["webhooks"], "warning", says)


@on_one_store
def test_files_that_others_may_read_are_named(examined, shop):
    file = shop.database.removeprefix("sqlite:///")
    Path(file).chmod(0o644)
    has(examined()["files"], "warning", f"{file} has mode 0644", f"chmod 600 {file}")


@on_one_store
def test_a_file_in_memory_is_named(examined, shop):
    folder = tempfile.mkdtemp(dir="/dev/shm")
    try:
        shop.services.close()
        shop.database = f"sqlite:///{folder}/orders.db"
        BoxOffice(shop.database).services.close()
        has(examined()["file system"], "problem", "in memory", "orders end with the machine")
    finally:
        shutil.rmtree(folder)


@on_one_store
def test_a_clock_that_is_off_is_named(examined, shop):
    file = shop.database.removeprefix("sqlite:///") + "-clock"
    offset = int(Path(file).read_text(encoding="ascii"))
    for seconds, level in ((0, "ok"), (3, "ok"), (60, "problem")):
        with Path(file).open("r+") as opened:
            opened.write(f"{offset + seconds * 10**9:24d}")
        has(examined()["clock"], level)
    has(examined()["clock"], "problem", "60.0 s behind", "NTP")


@on_one_store
def test_who_holds_the_write_lock_is_named(examined, shop):
    file = shop.database.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        has(examined()["writing"], "problem", str(os.getpid()), "kill -CONT")


@on_one_store
def test_a_connection_that_does_not_sync_is_named(shop):
    it = Installation(
        settings=Settings(),
        store=shop.store,
        clock=shop.services.store_clock,
        moment=now(),
        catalog=shop.services.catalog.current(),
        key_secret=shop.services.key_secret,
        key_place=None,
        is_sandbox=False,
    )
    assert [each.level for each in examine_durability(it)] == ["ok"]
    shop.store._reader.execute("PRAGMA synchronous=NORMAL")
    [found] = examine_durability(it)
    assert (found.level, found.says[:13]) == ("problem", "synchronous=1")


def test_the_secret_that_a_sandbox_makes_is_not_missed(run, tmp_path, monkeypatch):
    monkeypatch.delenv(OF_SANDBOX, raising=False)
    database = f"sqlite:///{tmp_path / 'sandbox.db'}"
    with serving(database, tmp_path / "log", "--sandbox"):
        said = run("doctor", "--database", database).out
    assert "ok      secrets: All that the catalogue names are readable." in said


@on_one_store
def test_a_certificate_that_ends_is_named(examined, shop, tmp_path, monkeypatch):
    certificate = Certificate(tmp_path)
    monkeypatch.setenv("ORDERLOG_TLS_CERT", str(certificate.cert))
    monkeypatch.setenv("ORDERLOG_TLS_KEY", str(certificate.key))
    has(examined()["certificate"], "warning", "ends in 7 days", "SIGHUP")
    certificate.cert.write_text("none")
    has(examined()["certificate"], "problem", "cannot be read")


@on_one_store
def test_a_server_that_does_not_answer_is_named(examined, shop):
    has(examined("--url", "http://127.0.0.1:1")["server"], "problem", "Connection refused")


def test_a_database_that_is_not_there_is_named_and_not_made(run, tmp_path):
    file = tmp_path / "none.db"
    said = run("doctor", "--database", f"sqlite:///{file}")
    assert said.exit_code == 1
    assert "problem store: There is no log" in said.out
    assert not file.exists()


def test_what_is_no_address_is_wrong_usage(run):
    assert run("doctor", "--url", "8080").wrong_usage("8080 is not the address of a server")


def test_a_database_that_does_not_sync_is_named(server, run):
    with server.database() as url:
        lossy = f"{url}&options=-c%20synchronous_commit%3Doff"
        BoxOffice(lossy).services.close()
        said = run("doctor", "--database", lossy)
    assert said.exit_code == 1
    assert "problem durability: synchronous_commit=off: a crash of" in said.out
