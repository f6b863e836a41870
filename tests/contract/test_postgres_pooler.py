"""Behind PgBouncer: with sessions of our own all is as without it, without them we say no."""

import os
import shutil
import subprocess
import tempfile
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from polling import until
from postgres_server import address
from psycopg.conninfo import conninfo_to_dict
from store_writes import append, one, sell, take

from application.storage.postgres.sessions import BadAddress
from application.storage.postgres.store import PostgresStore

POOLER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

pytestmark = pytest.mark.skipif(POOLER is None, reason="pgbouncer is not installed")


@contextmanager
def pooler(folder, url, mode):
    """The address of a database behind a pooler."""
    given = conninfo_to_dict(url)
    folder.chmod(0o777)
    config = folder / "pgbouncer.ini"
    config.write_text(
        "[databases]\n"
        f"* = host={given['host']} port={given.get('port', 5432)} user={given['user']}\n"
        "[pgbouncer]\n"
        f"unix_socket_dir = {folder}\nlisten_port = 6432\nauth_type = any\n"
        f"pool_mode = {mode}\nignore_startup_parameters = options\n",
        encoding="ascii",
    )
    user = ("-u", Path(given["host"]).owner()) if os.geteuid() == 0 else ()
    with subprocess.Popen(
        [POOLER, "-q", *user, str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            behind = address(url, host=str(folder), port="6432")
            until(lambda: connects(behind), "the pooler does not start")
            yield behind
        finally:
            process.terminate()


def connects(url):
    with suppress(psycopg.OperationalError):
        psycopg.connect(url).close()
        return True


@pytest.fixture
def folder():
    # Not the test's own folder: the path of a socket has at most 107 characters.

    with tempfile.TemporaryDirectory(prefix="pooler-") as made:
        yield Path(made)


def settings(connection):
    rows = connection.execute(
        "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)",
        (["statement_timeout", "lock_timeout", "synchronous_commit", "jit"],),
    )
    return dict(rows.fetchall())


def test_our_settings_hold_behind_a_pooler_as_they_do_without(folder, database):
    options = "&options=-c%20lock_timeout%3D2s%20--jit%3Don"
    with pooler(folder, database, "session") as behind:
        for name, url in (("direct", database + options), ("pooled", behind + options)):
            with closing(PostgresStore(url)) as store:
                sell(store, 4, ticket_set=name)
                one(store, take(store, f"order-{name}", **{name: 2}))
                found = store._readers.run(settings)
            assert found == {
                "statement_timeout": "10000",
                "lock_timeout": "2000",
                "synchronous_commit": "local",
                "jit": "on",
            }


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pooler_that_shares_sessions_is_refused_in_a_sentence(folder, database, mode):
    with pooler(folder, database, mode) as behind, pytest.raises(BadAddress, match="pool_mode"):
        PostgresStore(behind)


def test_the_server_itself_is_no_pooler(database):
    with closing(PostgresStore(database)) as store:
        one(store, append(store, "a"))
