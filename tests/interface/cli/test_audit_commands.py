"""`orderlog audit` as an auditor types it."""

import json

import pytest
from click.testing import CliRunner
from seller import seat
from tampering import Tampering

from interface.cli.main import cli


@pytest.fixture
def sold(office):
    office.paid = office.paid_order()
    office.held = office.order(seats=[seat(10)])
    office.catch_up()
    return office


@pytest.fixture
def orderlog(sold):
    def run(*arguments):
        return CliRunner().invoke(cli, ["audit", *arguments, "--database", sold.database])

    return run


@pytest.fixture
def tampering(sold):
    return Tampering(sold.database)


def test_a_good_log_is_said_to_be_good(orderlog):
    result = orderlog("verify")
    assert result.exit_code == 3
    assert "5 events of 2 orders" in result.stdout
    assert "No good checkpoint" in result.stdout
    orderlog("checkpoint")
    result = orderlog("verify")
    assert result.exit_code == 0
    assert "1 good checkpoints" in result.stdout
    assert "Nothing is wrong." in result.stdout


def test_what_is_wrong_is_named_and_the_exit_code_is_1(orderlog, tampering, sold):
    tampering.edit(sold.paid, 2, b"api/BASE", b"api/EVIL")
    result = orderlog("verify")
    assert result.exit_code == 1
    for word in ("changed", sold.paid, "version 2", "position 2"):
        assert word in result.stdout


def test_findings_as_a_document(orderlog, tampering, sold):
    tampering.run("UPDATE tickets SET order_id = NULL, held_till = NULL WHERE id = ?", seat(10))
    result = orderlog("verify", "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["wrong"] == 1
    assert document["facts"] == 5
    assert document["findings"] == [
        {
            "kind": "ticket",
            "says": f"The ticket {seat(10)} is this order's, but its row does not say so.",
            "order": sold.held,
            "version": 1,
            "position": 5,
            "ticket": seat(10),
        }
    ]


def test_a_checkpoint_that_is_kept_elsewhere_is_an_anchor(orderlog, tmp_path):
    kept = tmp_path / "checkpoint.json"
    kept.write_text(orderlog("checkpoint", "--json").stdout)
    assert orderlog("verify", "--checkpoint", str(kept)).exit_code == 0
    document = json.loads(kept.read_text())
    kept.write_text(json.dumps({**document, "signature": "00" * 64}))
    result = orderlog("verify", "--checkpoint", str(kept))
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


def test_a_checkpoint_for_people(orderlog):
    result = orderlog("checkpoint")
    assert result.exit_code == 0
    for word in ("position", "root", "signature", orderlog("key").stdout.strip()[:20]):
        assert word in result.stdout


def test_the_key_is_printed_and_rotated(orderlog, tmp_path):
    orderlog("checkpoint")
    first = tmp_path / "first.pub"
    first.write_text(orderlog("key").stdout)
    assert orderlog("rotate-key").exit_code == 0
    assert orderlog("key").stdout != first.read_text()
    assert orderlog("verify", "--key", str(first)).exit_code == 0
    first.write_text("ab" * 32)
    assert orderlog("verify", "--key", str(first)).exit_code == 1


def test_a_lost_key_is_refused_in_a_line_until_somebody_says_so(
    orderlog, sold, tmp_path, monkeypatch
):
    monkeypatch.setenv("ORDERLOG_AUDIT_KEY", str(tmp_path / "key"))
    orderlog("checkpoint")
    (tmp_path / "key").unlink()
    sold.order(0)
    result = orderlog("checkpoint")
    assert result.exit_code == 1
    assert "--adopt-key" in result.stderr
    assert orderlog("checkpoint", "--adopt-key").exit_code == 0
    assert orderlog("verify").exit_code == 1


def test_a_bundle_is_checked_without_a_database(orderlog, sold, tmp_path, monkeypatch):
    bundle, key, elsewhere = (tmp_path / each for each in ("bundle.json", "key.pub", "elsewhere"))
    result = orderlog("export", sold.paid, sold.held.upper(), "--to", str(bundle))
    assert result.exit_code == 0
    assert "5 events of 2 orders" in result.stdout
    key.write_text(orderlog("key").stdout)
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    check = ["audit", "verify", "--bundle", str(bundle)]
    result = CliRunner().invoke(cli, [*check, "--key", str(key)])
    assert "Nothing is wrong." in result.stdout
    assert result.exit_code == 0
    assert CliRunner().invoke(cli, check).exit_code == 3
    bundle.write_text(bundle.read_text().replace("api/BASE", "api/EVIL"))
    assert CliRunner().invoke(cli, check).exit_code == 1
    document = json.loads(CliRunner().invoke(cli, [*check, "--json"]).stdout)
    assert [each["version"] for each in document["findings"]] == [2]
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "--bundle", "bundle.json", "--checkpoint", "c.json"),
        ("verify", "--workers", "0"),
        ("export", "--to", "bundle.json"),
        ("export", "56a73b7ff06c5a21c393806b"),
    ],
)
def test_wrong_usage_has_exit_code_2(orderlog, arguments):
    assert orderlog(*arguments).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "--bundle", "absent.json"),
        ("verify", "--key", "absent.pub"),
        ("verify", "--checkpoint", "absent.json"),
        ("export", "56a73b7ff06c5a21c393806b", "--to", "bundle.json"),
    ],
)
def test_a_refusal_is_one_line(orderlog, arguments):
    result = orderlog(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1


def test_several_processes_check_a_long_log(orderlog, monkeypatch):
    monkeypatch.setattr("application.integrity.ranges.PART_EVENTS", 1)
    orderlog("checkpoint")
    result = orderlog("verify", "--workers", "2", "--json")
    assert json.loads(result.stdout)["facts"] == 5
    assert result.exit_code == 0
