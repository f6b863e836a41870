"""`orderlog config`: each setting, its value, and where it comes from."""

import json

import pytest

from application.configuration import CONFIG
from application.settings import TABLE


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for variable in (CONFIG, *(each.variable for each in TABLE.values())):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def test_each_setting_is_shown_with_where_it_comes_from(run, folder, monkeypatch):
    (folder / "orderlog.toml").write_text("# ours\nworkers = 4\n", encoding="utf-8")
    monkeypatch.setenv("ORDERLOG_THREADS", "64")
    said = run("config", "--port", "0", "--no-webhooks", "--json")
    entries = said.document["settings"]
    assert list(entries) == list(TABLE)
    assert said.document["file"] == "orderlog.toml"
    assert entries["workers"] == {"value": 4, "unit": None, "from": "orderlog.toml:2"}
    assert entries["threads"]["from"] == "environment ORDERLOG_THREADS"
    assert entries["listen_port"] == {"value": 0, "unit": None, "from": "flag --port"}
    assert entries["webhooks"]["value"] is False
    assert entries["sweep_seconds"] == {"value": 1.0, "unit": "seconds", "from": "default"}
    lines = run("config").out.splitlines()
    assert [line.split()[0] for line in lines[2:-1]] == list(TABLE)
    assert lines[-1] == "File of settings: orderlog.toml."


def test_no_secret_is_shown(run, monkeypatch):
    monkeypatch.setenv("ORDERLOG_DATABASE", "postgresql://user:s3cret@host/name?password=s3cret")
    monkeypatch.setenv("ORDERLOG_FEED_TO", "nats://s3cret@one:4222,user:s3cret@two:4222")
    for said in (run("config"), run("config", "--json")):
        assert said.exit_code == 0
        assert "s3cret" not in said.out + said.err
        assert "host/name" in said.out


def test_the_options_of_serve_are_those_of_the_table(run):
    said = run("serve", "--help").out
    assert all(each.flag in said for each in TABLE.values())
    assert "](" not in said
    assert run("config", "--port", "many").wrong_usage("--port", "integer")
    assert run("serve", "--workers", "0").wrong_usage("--workers", "greater than or equal to 1")


def test_a_file_is_named_before_or_after_the_command(run, folder):
    path = folder / "mine.toml"
    path.write_text("threads = 3", encoding="utf-8")
    for words in (("--config", str(path), "config"), ("config", "--config", str(path))):
        assert run(*words, "--json").document["settings"]["threads"]["value"] == 3


def test_a_bad_file_ends_every_command_in_a_sentence(run, folder):
    (folder / "orderlog.toml").write_text("threds = 3", encoding="utf-8")
    for words in (("config",), ("key", "list"), ("serve", "--port", "0")):
        assert run(*words).refused("threds in orderlog.toml:1", "did you mean threads?")


def test_what_cannot_be_shown_is_no_command_of_a_terminal(run, monkeypatch):
    monkeypatch.setenv("ORDERLOG_TLS_CERT", "\x1b[2Jcert")
    assert "\x1b" not in run("config").out
    assert json.loads(run("config", "--json").out)["settings"]["tls_cert"]["value"] == "\x1b[2Jcert"
