"""The eventsourcing library's own test cases for recorders, run against both of ours."""

from contextlib import closing
from uuid import uuid4

import pytest
from eventsourcing.persistence import AggregateRecorder

from application.storage.postgres.store import PostgresStore
from application.storage.sqlite.store import SqliteStore

library = pytest.importorskip(
    "eventsourcing.tests.persistence",
    reason="the library's test cases import its cipher: install eventsourcing[crypto]",
    exc_type=ImportError,
)

# `test_performance` and `test_concurrent_throughput` are left out below: they print a measurement
# and assert nothing of a recorder. Appends have a benchmark of their own.


class OfStreams(AggregateRecorder):
    """A recorder as the library's aggregate cases see one: positions are not reported.

    The library has a recorder without positions for snapshots; ours is always the log's, so
    `insert_events` returns them where these cases want None.
    """

    def __init__(self, recorder):
        self._recorder = recorder

    def insert_events(self, stored_events, **kwargs):
        self._recorder.insert_events(stored_events, **kwargs)

    def select_events(self, originator_id, **kwargs):
        return self._recorder.select_events(originator_id, **kwargs)


class OnSqlite:
    @pytest.fixture(autouse=True)
    def _open(self, tmp_path):
        with closing(SqliteStore(str(tmp_path / "orders.db"))) as store:
            self.recorder = store.recorder
            yield

    def new_originator_id(self):
        return str(uuid4())

    def create_recorder(self):
        return self.recorder


class OnPostgres(OnSqlite):
    @pytest.fixture(autouse=True)
    def _open(self, database):
        with closing(PostgresStore(database)) as store:
            self.recorder = store.recorder
            yield


class TestStreamsOnSqlite(OnSqlite, library.AggregateRecorderTestCase):
    test_performance = None

    def create_recorder(self):
        return OfStreams(self.recorder)


class TestStreamsOnPostgres(OnPostgres, library.AggregateRecorderTestCase):
    test_performance = None

    def create_recorder(self):
        return OfStreams(self.recorder)


class TestLogOnSqlite(OnSqlite, library.ApplicationRecorderTestCase):
    test_performance = None
    test_concurrent_throughput = None


class TestLogOnPostgres(OnPostgres, library.ApplicationRecorderTestCase):
    test_performance = None
    test_concurrent_throughput = None


class TestPositionsOnSqlite(OnSqlite, library.NonInterleavingNotificationIDsBaseCase):
    """One writer at a time: each append gets positions that follow one another.

    It is not run on PostgreSQL, where writers append side by side by design.
    """
