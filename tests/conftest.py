"""A real PostgreSQL for every test that asks for one; where databases and logs go meanwhile."""

import atexit
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog
from postgres_server import postgres_server
from seller import BoxOffice

from interface.http.request_log import LINES, by_structlog

pytest.register_assert_rewrite("order_case")

MEMORY = Path("/dev/shm")
ROOM = 2 * 2**30

LOGS = {
    "processors": [structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
    "logger_factory": structlog.stdlib.LoggerFactory(),
}
"""To pytest, which shows them with a test that fails."""

structlog.configure(**LOGS)


def pytest_configure(config):
    """Temporary files are in memory, where there is room: a test makes dozens for its database.

    What is killed in a test is a process, never the machine, so that no test sees the difference.
    Keys that sign checkpoints are in a folder of the run's own, too.
    """
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        keep_bytecode_beside(config)


def keep_bytecode_beside(config):
    """Have the processes that tests start compile the source once, and leave none of it there."""
    folder = tempfile.mkdtemp(prefix="bytecode-")
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["PYTHONPYCACHEPREFIX"] = folder
    if "PYTEST_XDIST_WORKER" not in os.environ:
        folder = tempfile.mkdtemp(prefix="orderlog-keys-")
        os.environ["XDG_STATE_HOME"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def own_environment():
    """What a test, or a command that it runs, puts into the environment is gone after it."""
    before = dict(os.environ)
    yield
    if os.environ != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(autouse=True)
def own_logs(monkeypatch):
    """What a test, or a command that it runs, configures of logs: no logger remembers it after."""
    configure = structlog.configure
    forgetful = {"cache_logger_on_first_use": False}
    monkeypatch.setattr(structlog, "configure", lambda **how: configure(**how | forgetful))
    yield
    LINES.write = by_structlog
    if structlog.get_config()["logger_factory"] is not LOGS["logger_factory"]:
        structlog.reset_defaults()
        configure(**LOGS)


@pytest.fixture(autouse=True)
def own_priority(monkeypatch):
    """A command that a test runs in its own process may not slow down the tests after it."""
    monkeypatch.setattr(os, "nice", lambda level: level)


@pytest.fixture(scope="session")
def server():
    with postgres_server() as running:
        yield running


@pytest.fixture
def database(server):
    """The address of a fresh PostgreSQL database."""
    with server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def address(request, tmp_path):
    """The address of an empty database, on each store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'orders.db'}"
    return request.getfixturevalue("database")


@pytest.fixture
def office(tmp_path):
    """A ticket shop over an SQLite file, with a clock of its own."""
    with BoxOffice(f"sqlite:///{tmp_path / 'orders.db'}") as shop:
        yield shop


@pytest.fixture(scope="session")
def browser():
    """A Chromium without a screen: one for all tests of a process, which may open no second."""
    from console_service import chromium  # noqa: PLC0415 - only where a browser is asked for

    with ExitStack() as opened:
        try:
            found = opened.enter_context(chromium())
        except (LookupError, ImportError) as why:
            if os.environ.get("ORDERLOG_TEST_BROWSER") == "required":
                raise
            pytest.skip(f"no browser looks at the pages: {why}")
        yield found
