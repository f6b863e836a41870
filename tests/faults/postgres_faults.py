"""A PostgreSQL server that crashes, is cut off, and is replaced by its standby."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from subprocess import CalledProcessError
from tempfile import TemporaryDirectory

import psycopg
from lab import Lab
from polling import until
from postgres_server import Server, address, postgres_server
from postgres_wire import Wire
from process_faults import lists_have_all
from shop import refuse
from store_faults import processes_of

FAIL_OVERS = 4
CRASHES = 5
CUTS = 10
WAITS = 45.0
"""Seconds: longer than our side waits for any answer."""

SYNC_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
END_THEM = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


class Pair:
    """Two servers, of which the second follows the first; a fail-over exchanges them."""

    def __init__(self, server: Server, *, synchronous: bool) -> None:
        self.server = server
        self.primary = server.data
        self.standby = str(Path(server.data).parent / "other")
        self._synchronous = synchronous
        server.administrate("CREATE DATABASE sale")
        self.follow()

    @property
    def url(self) -> str:
        hosts = f"{self.primary},{self.standby}"
        return address(
            self.server.url, dbname="sale", host=hosts, target_session_attrs="read-write"
        )

    def follow(self) -> None:
        """Make a standby of the primary, in the other folder."""
        folder = Path(self.standby)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        if self.server.started.system_user is not None:
            shutil.chown(folder, self.server.started.system_user)
        source = ("-h", self.primary, "-U", "postgres", "-D", self.standby)
        self.server.tool("pg_basebackup", *source, "-R", "-c", "fast")
        self.start_standby()
        self.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{'*' * self._synchronous}'")
        self.ask("SELECT pg_reload_conf()")
        until(
            lambda: self.ask("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"),
            "the standby does not follow",
        )

    def start_standby(self) -> None:
        """Start it, also where it was killed: nobody may have taken note of its death."""
        for left in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            Path(self.standby, left).unlink(missing_ok=True)
        self.control(self.standby, "start", "-o", f'-h "" -k "{self.standby}"')

    def ask(self, statement: str):
        """Ask the primary; the first value of the answer."""
        url = address(self.server.url, host=self.primary, dbname="postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET synchronous_commit = local")
            cursor = connection.execute(statement)
            row = cursor.fetchone() if cursor.description else None
            return row and row[0]

    def control(self, data: str, what: str, *how: str) -> None:
        self.server.tool("pg_ctl", "-w", "-D", data, *how, "-l", "/dev/null", what)

    def signal_standby(self, number: signal.Signals) -> None:
        for each in processes_of(self.standby):
            with suppress(ProcessLookupError):
                os.kill(each, number)

    def fail_over(self) -> None:
        """The primary dies for good, and the standby takes its place."""
        self.control(self.primary, "stop", "-m", "immediate")
        self.control(self.standby, "promote")
        self.primary, self.standby = self.standby, self.primary

    def close(self) -> None:
        for data in (self.primary, self.standby):
            if Path(data, "postmaster.pid").exists():
                with suppress(ProcessLookupError, ValueError):
                    for each in processes_of(data):
                        os.kill(each, signal.SIGCONT)
                with suppress(CalledProcessError):
                    self.control(data, "stop", "-m", "immediate")


@contextmanager
def pair(lab: Lab, *, synchronous: bool = True) -> Iterator[Pair]:
    """A primary and its standby, with the drill's tickets on sale."""
    with postgres_server() as server, closing(Pair(server, synchronous=synchronous)) as both:
        lab.at(both.url).open()
        yield both


def fail_over(lab: Lab) -> None:
    """The primary dies under load, the synchronous standby is promoted, and becomes the next one.

    Four times in one sale.
    """
    with pair(lab) as both, lab.serving() as service:
        with lab.selling(service) as crowd:
            for number in range(FAIL_OVERS):
                lab.pause()
                both.fail_over()
                lab.faults += 1
                crowd.goes_on(5)
                if number < FAIL_OVERS - 1:
                    both.follow()
        lists_have_all(service)
        service.stop()
        lab.check(crowd)


def halt_standby(lab: Lab) -> None:
    """The standby is halted, commits wait; nothing is acknowledged that a fail-over would lose."""
    with pair(lab) as both, lab.serving() as service:
        with lab.selling(service) as crowd:
            both.signal_standby(signal.SIGSTOP)
            lab.faults += 1
            until(lambda: both.ask(SYNC_WAITS), "no commit waits for the standby")
            before = crowd.made
            with suppress(AssertionError):  # none may come, however long one waits
                until(lambda: crowd.made > before, "no order is acknowledged", WAITS)
            _promote_halted(both)
            crowd.goes_on(5)
        service.stop()
        lab.check(crowd)


def end_waiting_sessions(lab: Lab) -> None:
    """Somebody ends the sessions that wait for a halted standby: PostgreSQL commits locally."""
    with pair(lab) as both, lab.serving() as service:
        with lab.selling(service) as crowd:
            both.signal_standby(signal.SIGSTOP)
            for _ in range(3):
                until(lambda: both.ask(SYNC_WAITS), "no commit waits for the standby")
                both.ask(END_THEM)
                lab.faults += 1
            with suppress(AssertionError):  # none may come
                until(lambda m=crowd.made: crowd.made > m, "no order is acknowledged", 12)
            _promote_halted(both)
            crowd.goes_on(5)
        service.stop()
        # Read models had seen what no standby confirmed: that is gone, and is said.
        lab.run("audit", "acknowledge", "--reason", "what no standby had confirmed is gone")
        lab.check(crowd)


def _promote_halted(both: Pair) -> None:
    """Both die while the standby is halted, and only the standby comes back.

    What it had not read is gone, also what waited for it in the buffers of its sockets.
    """
    both.signal_standby(signal.SIGKILL)
    both.control(both.primary, "stop", "-m", "immediate")
    both.start_standby()
    both.control(both.standby, "promote")
    both.primary, both.standby = both.standby, both.primary


def lose_tail(lab: Lab) -> None:
    """An asynchronous standby takes over and lacks the last orders: that is said loudly."""
    with pair(lab, synchronous=False) as both, lab.serving() as service:
        with lab.selling(service) as crowd:
            both.signal_standby(signal.SIGSTOP)
            crowd.goes_on(40)
            _promote_halted(both)
            lab.faults += 1
            until(lambda: service.status("/health/live") == 200, "the service is dead")
        with suppress(AssertionError):
            until(lambda: "went_back" in service.complaints(), "silence", 15)
        said = "went_back" in service.complaints()
        ready = service.status("/health/ready")
        service.kill()
    refuse(not said, "the log went back and nothing is said")
    refuse(ready == 200 and ready, "the log went back and the service is ready")
    refuse(not crowd.made, "nothing was sold")


def crash_server(lab: Lab) -> None:
    """The PostgreSQL server crashes and comes back, five times in one sale."""
    with postgres_server() as server, server.database() as url:
        lab.at(url).open()
        with lab.serving() as service:
            with lab.selling(service) as crowd:
                for _ in range(CRASHES):
                    lab.pause()
                    server.restart()
                    lab.faults += 1
                    crowd.goes_on(5)
            service.stop()
        lab.check(crowd)


def cut_wire(lab: Lab) -> None:
    """The connection to the server is cut before or after it got a batch, ten times in one sale."""
    lab.open()
    direct = lab.place.url
    with TemporaryDirectory(prefix="wire-") as folder, closing(Wire(folder, direct)) as wire:
        service = lab.keep(lab.at(wire.url).serving())
        with lab.selling(service) as crowd:
            for _ in range(CUTS):
                word = lab.dice.choice([b"append\0", b"lock\0", b"COMMIT"])
                lab.dice.choice([wire.cut_answer, wire.cut_request])(word)
                lab.faults += 1
                crowd.goes_on(5)
        service.stop()
    lab.at(direct).check(crowd)
