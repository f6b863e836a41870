"""Sessions on a PostgreSQL server: how they are opened and set, and how long a wait may last.

Settings are made after connecting: a pooler such as PgBouncer does not pass on what comes with the
connection.
"""

import shlex
import time
from collections.abc import Generator, Mapping
from typing import Any, Self, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo

T = TypeVar("T")

SILENT_SECONDS = 15.0
"""How long to wait for an answer: longer than the server's own limit for a statement."""

PREPARE_SECONDS = 3.0
"""The same for what is set right after connecting."""

LONGEST_SECONDS = 3600.0
"""The same for a statement that goes through a whole table, which the server does not limit."""

DEFAULTS = {
    "application_name": "orderlog",
    "connect_timeout": "3",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""What an address does not say itself. The last four notice a server that is gone in silence."""

SYNCHRONOUS = "synchronous_commit"

SESSION = {
    "statement_timeout": "10s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "10s",
    SYNCHRONOUS: "on",
    "jit": "off",
}
"""Set for every session; the address's own `options` win."""

READER = {SYNCHRONOUS: "local"}
"""For sessions that read, and that write what can be made again from the log: they do not wait for
a standby. What is acknowledged to a client waits all the same (`Readers.acknowledged`)."""

INDEXES_ONLY = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_sort": "off",
}
"""For the sessions that write: their statements read few rows by index, even where statistics
are missing, as right after a catalogue was loaded."""

CODING = "client_encoding"
SEARCH_PATH = "search_path"

PLACE = {SEARCH_PATH: "public"}
"""In which schema our tables are. An address may say another one; a role or a database may not."""

MEANING = {
    "standard_conforming_strings": "on",
    CODING: "UTF8",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "array_nulls": "on",
    "transform_null_equals": "off",
    "xmloption": "content",
    "row_security": "off",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
}
"""Not for anybody to change, whatever environment, role, database or address say: what values
mean on their way, and which rows a statement sees (a policy that would hide some is an error)."""

HEARD = {"client_min_messages": "warning"}
"""An address must not change it: the server warns of a commit that no standby has confirmed."""


class BadAddress(Exception):
    """A database address that libpq cannot parse, or that leads to a server that we cannot use."""


class Silent(psycopg.OperationalError):
    """The server has not answered in time, and the connection was given up."""


def conninfo(url: str) -> str:
    """The address with our defaults where it says nothing. Raises `BadAddress`."""
    return make_conninfo("", **{**DEFAULTS, **_given(url), CODING: MEANING[CODING]})


def settings_of(url: str, own: Mapping[str, str] | None = None) -> dict[str, str]:
    """The settings of a session: ours, `own` for its kind, and those of the address."""
    submitted = asked_for(url)
    return {**SESSION, **PLACE, **(own or {}), **submitted, **MEANING, **HEARD}


def _given(url: str) -> dict[str, str]:
    try:
        partitions = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise BadAddress(str(error).strip()) from error
    return {name: str(value) for name, value in partitions.items() if value is not None}


def asked_for(url: str) -> dict[str, str]:
    """The settings in an address's `options`: `-c name=value`, `-cname=value`, `--name=value`."""
    settings = {}
    words = iter(shlex.split(_given(url).get("options", "")))
    for word in words:
        if word == "-c":
            setting = next(words, "")
        elif word.startswith(("-c", "--")):
            setting = word[2:]
        else:
            continue
        name, is_set, value = setting.partition("=")
        if is_set:
            settings[name.replace("-", "_").lower()] = value
    return settings


class Session(psycopg.Connection[tuple[Any, ...]]):
    """A connection whose waits are all limited.

    A wait ends with `Silent` at `deadline` (monotonic seconds), if there is one, and in any case
    after `silent_seconds`. The connection is closed then, since its answer may still come. `warned`
    is whether the server has sent a warning since it was last set to False.
    """

    deadline: float | None = None
    silent_seconds = SILENT_SECONDS
    warned = False
    backend = 0
    """The session's process id on the server: behind a pooler the driver has another number."""

    def prepare(self, settings: Mapping[str, str]) -> Self:
        """Set the session's settings, and listen for warnings."""
        self.add_notice_handler(self._note)
        self.deadline = time.monotonic() + PREPARE_SECONDS
        row = self.execute(
            "SELECT pg_backend_pid(), count(set_config(name, value, false))"
            " FROM unnest(%s::text[], %s::text[]) AS w (name, value)",
            (list(settings), list(settings.values())),
        ).fetchone()
        self.deadline = None
        self.backend = row[0] if row else 0
        return self

    def _note(self, notice: psycopg.errors.Diagnostic) -> None:
        self.warned = self.warned or notice.severity_nonlocalized == "WARNING"

    def wait(self, gen: PQGen[T], *args: Any, **named: Any) -> T:
        """Wait as psycopg does, but with a limit."""
        limit = time.monotonic() + self.silent_seconds
        if self.deadline is not None:
            limit = min(limit, self.deadline)
        try:
            return super().wait(_until(gen, limit), *args, **named)
        except Silent:
            self.close()
            raise


def _until(gen: PQGen[T], limit: float) -> Generator[Any, Any, T]:
    """The same waits, until it is `limit`. Nothing comes for a while: so psycopg calls it, too."""
    try:
        state = next(gen)
        while True:
            state = gen.send((yield state))
            if time.monotonic() >= limit:
                raise Silent("The server does not answer in time.")
    except StopIteration as end:
        result: T = end.value
        return result


def take_time(connection: psycopg.Connection[Any]) -> None:
    """Let the statements of the open transaction take as long as a scan of a whole table needs."""
    connection.execute("SET LOCAL statement_timeout = 0")
    if isinstance(connection, Session):
        connection.silent_seconds = LONGEST_SECONDS


def connect(url: str) -> Session:
    """One connection outside the pools, for long statements. Raises `BadAddress`."""
    session = Session.connect(conninfo(url), autocommit=True)
    session.silent_seconds = LONGEST_SECONDS
    try:
        return session.prepare(settings_of(url))
    except BaseException:
        session.close()
        raise
