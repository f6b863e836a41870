"""The administrative trail: what is in it, and that nothing in it can be changed unseen."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import psycopg
import pytest
from click.testing import CliRunner
from seller import ORGANISER, SHOP
from server import EMPTY_ORDER, ORDERS

from application.bootstrap import build
from application.catalog.endings import (
    end_deal,
    resume_deal,
    resume_partner,
    suspend_partner,
)
from application.catalog.file import read_catalog_file
from application.catalog.keys import create_key, revoke_key, rotate_key
from application.catalog.loading import load_catalog, load_sample
from application.catalog.scopes import AUDIT, OF_A_SELLER
from application.integrity.admin_trail_check import checked_admin_trail
from application.runtime.clock import now
from application.settings import Settings
from interface.cli.main import cli
from interface.server.flask_app import create_app

FILE = b'partners: [{id: "555555555555555555555555", name: One, language: en}]'


@pytest.fixture
def services(address, tmp_path):
    settings = Settings(database=address, audit_key=str(tmp_path / "signs"))
    with closing(build(settings)) as services:
        load_sample(services.store, now())
        yield services


def actions(services):
    return [each.deed.action for each in services.store.admin_trail().entries()]


def faults(services):
    return checked_admin_trail(services.store)[1]


def run(address, statement):
    if address.startswith("sqlite:///"):
        path = address.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement)
        return
    with psycopg.connect(address) as connection:
        connection.execute(statement)


def test_changes_of_keys_and_catalogue_are_in_it(services):
    made = create_key(services.store, SHOP, now())
    new, _ = rotate_key(services.store, made.key.id, now(), timedelta(hours=1))
    revoke_key(services.store, new.key.id, now())
    revoke_key(services.store, new.key.id, now())
    load_sample(services.store, now())
    load_catalog(services.store, read_catalog_file(FILE), now())
    assert actions(services) == [
        "catalog.loaded",
        "key.created",
        "key.ends",
        "key.created",
        "key.revoked",
        "catalog.loaded",
    ]
    entries = services.store.admin_trail().entries()
    assert json.loads(entries[1].deed.about)["key"] == made.key.id
    assert all(each.deed.actor.startswith("operator:") for each in entries)
    assert all(each.deed.about.find(made.text.encode()) < 0 for each in entries)
    assert faults(services) == []


def test_ends_of_deals_and_partners_are_in_it(services):
    store = services.store
    deal = next(iter(services.catalog.current().deals.values())).id
    for change, name in (
        (end_deal, deal),
        (resume_deal, deal),
        (suspend_partner, SHOP),
        (resume_partner, SHOP),
    ):
        change(store, name, now())
        change(store, name, now())  # changes nothing
    made = actions(services)[1:]
    assert made == ["deal.ended", "deal.resumed", "partner.suspended", "partner.resumed"]
    assert faults(services) == []


def test_every_reading_by_an_auditor_is_in_it_and_no_other(services):
    client = create_app(services).test_client()
    keys = [create_key(services.store, ORGANISER, now(), scopes) for scopes in ([AUDIT], [])]
    services.catalog._look_again = 0.0
    path = "/v1/resources/orders"
    for key in keys:
        sent = {"Authorization": f"key {key.text}", "X-Request-Id": f"by-{key.key.id}"}
        for each in ("", f"/{'0' * 24}", f"/{'0' * 24}/history"):
            client.get(path + each, headers=sent)
    read = [
        each.deed
        for each in services.store.admin_trail().entries()
        if each.deed.action == "orders.read"
    ]
    assert {deed.actor for deed in read} == {f"partner:{ORGANISER} key:{keys[0].key.id}"}
    assert [json.loads(deed.about)["request"] for deed in read] == [f"by-{keys[0].key.id}"] * 3


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE admin_trail SET actor = 'operator:nobody' WHERE number = 2",
        "UPDATE admin_trail SET at = at + 1 WHERE number = 1",
        "DELETE FROM admin_trail WHERE number = 2",
        "DELETE FROM admin_trail WHERE number = 1",
        "DELETE FROM admin_trail WHERE number = 3",
        "INSERT INTO admin_trail SELECT 4, at, actor, action, about, hash FROM admin_trail LIMIT 1",
    ],
)
def test_what_is_changed_or_removed_is_seen(services, address, forgery):
    for _ in range(2):
        create_key(services.store, SHOP, now())
    assert faults(services) == []
    run(address, forgery)
    assert faults(services)
    verified = CliRunner().invoke(cli, ["audit", "verify", "--json", "--database", address])
    assert verified.exit_code == 1
    assert {each["kind"] for each in json.loads(verified.stdout)["findings"]} == {"admin_trail"}
    said = CliRunner().invoke(cli, ["trail", "--database", address])
    assert said.exit_code == 1
    assert "administrative trail" in said.stderr


def test_a_checkpoint_signs_it_so_that_its_end_cannot_go_unseen(services, address):
    services.checkpoints.make()
    create_key(services.store, SHOP, now(), OF_A_SELLER)
    services.checkpoints.make()
    assert faults(services) == []
    run(address, "DELETE FROM admin_trail WHERE number = 2")
    assert "another administrative trail" in " ".join(faults(services))


def test_the_command_shows_the_newest_and_no_escape_sequences(services, address):
    revoke_key(services.store, create_key(services.store, SHOP, now()).key.id, now())
    said = CliRunner().invoke(cli, ["trail", "--last", "1", "--json", "--database", address])
    document = json.loads(said.stdout)
    assert [each["action"] for each in document["entries"]] == ["key.revoked"]
    assert document["faults"] == []
    run(address, "UPDATE admin_trail SET action = '\x1b[31m[red]' WHERE number = 1")
    shown = CliRunner().invoke(cli, ["trail", "--database", address]).stdout
    assert "\x1b" not in shown
    assert "[red]" in shown


def test_every_checkpoint_holds_the_admin_trail_to_what_it_signed(services, address):
    create_key(services.store, SHOP, now())
    services.checkpoints.make()
    create_key(services.store, SHOP, now())
    services.checkpoints.make()
    run(address, "DELETE FROM admin_trail WHERE number > 1")
    run(address, "UPDATE counters SET value = 1 WHERE name = 'trail'")
    create_key(services.store, SHOP, now())
    create_key(services.store, SHOP, now())
    said = " ".join(faults(services))
    for number in (1, 2):
        assert f"Checkpoint {number} was signed over another administrative trail" in said


def test_readings_on_the_command_line_are_in_it_too(services, address, tmp_path, monkeypatch):
    monkeypatch.setenv("ORDERLOG_AUDIT_KEY", services.settings.audit_key)
    made = create_key(services.store, ORGANISER, now(), OF_A_SELLER)
    services.catalog._look_again = 0.0
    headers = {"Authorization": f"key {made.text}"}
    order = create_app(services).test_client().post(ORDERS, json=EMPTY_ORDER, headers=headers)
    name = order.json["id"]
    for arguments in (
        ("order", "show", name),
        ("order", "history", name),
        ("order", "explain", name),
        ("order", "diff", name, "--from", "0", "--to", "1"),
        ("audit", "export", name, "--to", str(tmp_path / "bundle")),
    ):
        said = CliRunner().invoke(cli, [*arguments, "--database", address], prog_name="orderlog")
        assert said.exit_code == 0, said.output
        deed = services.store.admin_trail().entries()[-1].deed
        assert (deed.action, deed.actor.partition(":")[0]) == ("orders.read", "operator")
        assert json.loads(deed.about)["command"] == " ".join(arguments[:2])
        assert name.encode() in deed.about
    assert faults(services) == []
