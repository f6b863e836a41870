"""A PostgreSQL database is restored as docs/postgres.md has it, to a moment and from a dump.

What was restored is verified, and sells on.
"""

import json
import re
import shlex
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from polling import until
from postgres_server import address, postgres_server
from seller import BoxOffice
from server import orderlog
from source import ROOT

PAGE = (ROOT / "docs" / "postgres.md").read_text(encoding="utf-8")
ARCHIVE = "/var/lib/postgresql/archive"
TARGET = "2030-01-26 09:25:19+00"


@pytest.fixture(scope="module")
def archived():
    """A server of our own, whose write-ahead log is archived as the page has it."""
    with postgres_server() as server:
        if not server.own:
            pytest.skip("ORDERLOG_TEST_POSTGRES names a server, which is not ours to restart")
        folder = Path(server.data).parent
        server.archive = folder / "archive"
        server.archive.mkdir(mode=0o700)
        if server.started.system_user is not None:
            shutil.chown(server.archive, server.started.system_user)
            shutil.chown(folder, server.started.system_user)
        for name, value in settings("archiving"):
            own = value.replace(ARCHIVE, str(server.archive))
            server.administrate(f"ALTER SYSTEM SET {name} = '{own}'")
        server.restart()
        yield server


def settings(name):
    """The settings of a server in the page's block of this name."""
    [block] = re.findall(rf"<!-- {name} -->\n```\n(.+?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return re.findall(r"^(\w+) = '(.+)'$", block, re.MULTILINE)


@contextmanager
def restored_to(server, base, moment):
    """The server over a base backup, brought to a moment."""
    lines = [
        f"{name} = '{value.replace(ARCHIVE, str(server.archive)).replace(TARGET, moment)}'"
        for name, value in settings("recovering")
    ]
    with (base / "postgresql.auto.conf").open("a") as opened:
        opened.write("\n".join([*lines, "archive_mode = off", ""]))
    (base / "recovery.signal").touch()
    (base / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
    server.control_standby(str(base), "start")
    try:
        yield
    finally:
        server.control_standby(str(base), "-m", "immediate", "stop")


def verified(url, position, key):
    """What `orderlog audit verify` says of a database that has to reach a position."""
    command = ("audit", "verify", "--at-least", str(position), "--json", "--workers", "1")
    said = orderlog(*command, "--database", url, ORDERLOG_AUDIT_KEY=key)
    assert said.returncode == 0, said.stdout + said.stderr
    return json.loads(said.stdout)


def sells_on(url, orders):
    """The restored database has these orders and no other, and sells."""
    with BoxOffice(url, real_time=True) as shop:
        assert {each.originator_id for each in shop.store.log(0, 100)} == set(orders)
        new = shop.order()
        assert shop.store.log(0, 100)[-1].originator_id == new


def test_it_is_restored_to_a_moment(archived, tmp_path):
    key = str(tmp_path / "audit-key")
    base = Path(archived.data).parent / "base"
    with (
        archived.database() as url,
        BoxOffice(url, real_time=True, audit_key=key) as shop,
    ):
        orders = [shop.order()]
        at, options = ("-h", archived.data, "-U", "postgres"), documented("pg_basebackup")
        archived.tool("pg_basebackup", *at, *options, f"--pgdata={base}")
        orders.append(shop.order())
        shop.services.checkpoints.make()
        position = shop.store.last_position()
        [moment] = archived.administrate("SELECT clock_timestamp()::text").fetchone()
        shop.order()
        [segment] = archived.administrate("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
        until((archived.archive / segment).exists, "the write-ahead log is not archived")
        with restored_to(archived, base, moment):
            there = address(url, host=str(base))
            until(lambda: is_writable(there), "the server does not end its recovery")
            assert verified(there, position, key)["facts"] == len(orders)
            sells_on(there, orders)


def is_writable(url):
    import psycopg  # noqa: PLC0415 - as in postgres_server.py

    with psycopg.connect(url) as connection:
        return connection.execute("SELECT NOT pg_is_in_recovery()").fetchone()[0]


def test_a_dump_is_restored(archived, tmp_path):
    key = str(tmp_path / "audit-key")
    file = archived.archive / "orderlog.dump"
    at = ("-h", archived.data, "-U", "postgres")
    with archived.database() as url, archived.database() as other:
        names = [re.search(r"/(orderlog_\w+)\?", each)[1] for each in (url, other)]
        with BoxOffice(url, real_time=True, audit_key=key) as shop:
            orders = [shop.order(), shop.order()]
            shop.services.checkpoints.make()
            position = shop.store.last_position()
            options = documented("pg_dump")
            archived.tool("pg_dump", *at, *options, f"--file={file}", names[0])
            shop.order()
        archived.tool(
            "pg_restore", *at, *documented("pg_restore"), f"--dbname={names[1]}", str(file)
        )
        assert verified(other, position, key)["facts"] == len(orders)
        sells_on(other, orders)


def documented(program):
    """The options that the page gives a program, but for what names files and databases."""
    text = PAGE.replace("\\\n", " ")
    [line, *_] = re.findall(rf"^{program} (--.+)$", text, re.MULTILINE)
    options = [
        each for each in shlex.split(line) if re.match(r"--(?!file|dbname|role|pgdata)", each)
    ]
    assert options
    return options
