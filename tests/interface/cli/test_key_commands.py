"""`orderlog key`: the keys by which partners are known."""

import re

import pytest
from seller import KEYS, ORGANISER


def test_a_new_key_is_shown_once_and_works(office, orderlog):
    said = orderlog("key", "create", "--partner", ORGANISER)
    assert said.exit_code == 0
    key = said.out.removesuffix("\n")
    assert re.fullmatch(r"olk_[0-9A-Za-z]{33}", key)
    office.services.catalog._look_again = 0.0
    assert office.services.access.caller(key).partner == ORGANISER
    assert key not in orderlog("key", "list").out


def test_a_new_key_can_be_read_by_a_program(orderlog):
    made = orderlog("key", "create", "--partner", ORGANISER, "--scope", "audit", "--json").document
    assert made.keys() == {"id", "partner", "scopes", "created_at", "key"}
    listed = {each["id"]: each for each in orderlog("key", "list", "--json").document}
    assert listed[made["id"]]["scopes"] == made["scopes"] == ["audit"]


def test_a_key_for_nobody_is_refused(orderlog):
    assert orderlog("key", "create", "--partner", "5" * 24).refused("There is no partner", "5" * 24)


@pytest.mark.parametrize(
    "arguments", [[], ["--partner"], ["--partner", ORGANISER, "--scope", "everything"]]
)
def test_a_key_needs_a_partner_and_scopes_that_there_are(orderlog, arguments):
    assert orderlog("key", "create", *arguments).wrong_usage()


def test_keys_are_listed_by_name_and_never_shown(orderlog):
    for more in ([], ["--json"]):
        said = orderlog("key", "list", *more)
        assert ORGANISER in said.out
        assert not [key for key in KEYS.values() if key in said.out]


def test_a_revoked_key_stays_in_the_list(orderlog):
    name = orderlog("key", "list", "--json").document[0]["id"]
    said = orderlog("key", "revoke", name)
    assert said.exit_code == 0
    assert name in said.out
    [revoked] = [each for each in orderlog("key", "list", "--json").document if each["id"] == name]
    assert revoked["revoked_at"]


def test_revoking_twice_keeps_the_first_moment(orderlog):
    name = orderlog("key", "list", "--json").document[0]["id"]
    first = orderlog("key", "revoke", name, "--json").document
    assert orderlog("key", "revoke", name, "--json").document == first


@pytest.mark.parametrize("name", ["nobody", "00000000", ""])
def test_a_key_that_is_not_there_is_refused(orderlog, name):
    assert orderlog("key", "revoke", name).refused("There is no key")


def test_the_list_fits_into_80_columns(orderlog, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    orderlog("key", "revoke", orderlog("key", "list", "--json").document[0]["id"])
    listed = orderlog("key", "list").out
    assert max(map(len, listed.splitlines())) <= 80
    assert ORGANISER in listed


def test_who_resets_the_secret_hears_that_webhooks_sign_with_another(
    orderlog, tmp_path, monkeypatch
):
    secret = tmp_path / "key-secret"
    monkeypatch.setenv("ORDERLOG_KEY_SECRET", str(secret))
    assert orderlog("key", "reset", "--yes").err == ""
    made = orderlog("webhook", "add", "https://shop.example/a", "--partner", ORGANISER, "--json")
    orderlog("webhook", "add", "https://shop.example/b", "--partner", ORGANISER)
    quiet = orderlog("key", "reset", "--yes")
    assert "revoked" in quiet.out
    assert quiet.err == ""
    secret.unlink()
    asked = orderlog("key", "reset", stdin="n\n")
    assert asked.exit_code == 1
    assert "2 webhooks sign with other secrets" in asked.err
    assert "2 webhooks sign with other secrets" in orderlog("key", "reset", "--yes").err
    name = made.document["id"]
    rotated = orderlog("webhook", "rotate", name, "--end-old", "--json").document
    assert rotated["secret"] != made.document["secret"]
