"""Settings that only an administrator can make: refused where they hide damage, else warned of."""

from contextlib import closing

import psycopg
import pytest
from click.testing import CliRunner
from polling import until
from server import serving

from application.bootstrap import BadDatabase, open_copyable, open_store
from application.storage.postgres.fitness import DURABLE, TRUTHFUL
from interface.cli.main import cli

HIDING = {
    "zero_damaged_pages": "on",
    "ignore_checksum_failure": "on",
    "ignore_system_indexes": "on",
    "session_replication_role": "replica",
}
AT_CONNECTING = {"ignore_system_indexes"}


def change_database(url, setting, value):
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET {setting} = '{value}'")


def test_all_settings_that_a_database_can_have_are_tried():
    assert TRUTHFUL.keys() - HIDING.keys() == {"ignore_invalid_pages"}  # for a whole server only


@pytest.mark.parametrize(("setting", "value"), HIDING.items())
def test_a_database_that_hides_damage_is_refused_in_a_line(server, monkeypatch, setting, value):
    with server.database() as url:
        if setting in AT_CONNECTING:
            monkeypatch.setenv("PGOPTIONS", f"-c {setting}={value}")
        else:
            change_database(url, setting, value)
        for opens in (open_store, lambda url: open_copyable(url, make=True)):
            with pytest.raises(BadDatabase, match=f"has {setting}={value}: .* needs") as refused:
                opens(url)
            assert "\n" not in str(refused.value)
        ended = CliRunner().invoke(cli, ["audit", "verify", "--database", url])
        assert (ended.exit_code, ended.stdout) == (1, "")
        assert f"needs {setting}={TRUTHFUL[setting]}, for the server" in ended.stderr


@pytest.mark.parametrize("off", ["off", "0"])
def test_a_server_says_that_what_it_confirms_may_be_lost(database, tmp_path, off):
    lossy = f"{database}&options=-c%20synchronous_commit%3D{off}"
    with serving(lossy, tmp_path / "log") as service:
        until(lambda: service.log("sales_not_durable"), "nothing is said")
        [line] = service.log("sales_not_durable")
    assert (line["level"], line["settings"]) == ("warning", ["synchronous_commit=off"])


def test_settings_of_the_server_are_looked_at(server, database):
    with closing(open_store(database)) as store:
        assert store.undurable_settings() == []
        for name in DURABLE:
            server.administrate(f"ALTER SYSTEM SET {name} = off")
        try:
            server.administrate("SELECT pg_reload_conf()")
            said = [f"{name}=off" for name in sorted(DURABLE)]
            until(lambda: store.undurable_settings() == said, "they are not seen")
        finally:
            server.administrate("ALTER SYSTEM RESET ALL")
            server.administrate("SELECT pg_reload_conf()")
