"""Writers side by side and a reader that follows their positions: what does the reader see?"""

import threading
import time
from contextlib import contextmanager
from itertools import count

from eventsourcing.postgres import PostgresFactory
from psycopg.conninfo import conninfo_to_dict
from store_writes import event

from application.storage.postgres.connections import writer_pool
from application.storage.postgres.pipeline import Call
from application.storage.postgres.recorder import BEGIN, COMMIT, ROLLBACK, append_calls
from application.storage.postgres.store import PostgresStore
from application.storage.shared.batch import PendingWrites

WRITERS = 16
SLOW_SECONDS = 0.03


class OurLog:
    """Appends as the store does, but for a pause before the end, and reads through the store."""

    def __init__(self, url):
        self.store = PostgresStore(url)
        self._lines = writer_pool(url, WRITERS)

    @contextmanager
    def appending(self, order, versions, *, abort=False):
        """An append that is open until the end of the block."""
        draft = PendingWrites()
        draft.add([event(order, version) for version in versions])
        with self._lines.connection() as line:
            line.round_trip([Call(BEGIN), *append_calls([draft], {})])
            yield
            line.round_trip([Call(ROLLBACK if abort else COMMIT)])

    def append(self, order, versions, *, pause=0.0, abort=False):
        with self.appending(order, versions, abort=abort):
            time.sleep(pause)

    def read(self, after, limit):
        return self.store.log(after, limit)

    def close(self):
        self._lines.close()
        self.store.close()


class LibrarysLog:
    """The library's recorder with `POSTGRES_ENABLE_DB_FUNCTIONS`: appends without its lock."""

    def __init__(self, url):
        parts = conninfo_to_dict(url)
        self._factory = PostgresFactory(
            {
                "POSTGRES_DBNAME": parts["dbname"],
                "POSTGRES_HOST": parts.get("host", ""),
                "POSTGRES_PORT": str(parts.get("port", 5432)),
                "POSTGRES_USER": parts["user"],
                "POSTGRES_PASSWORD": parts.get("password") or "",
                "POSTGRES_POOL_SIZE": str(WRITERS),
                "POSTGRES_ENABLE_DB_FUNCTIONS": "y",
                "ORIGINATOR_ID_TYPE": "text",
            }
        )
        self._recorder = self._factory.application_recorder()

    def append(self, order, versions, *, pause=0.0, abort=False):
        make = self._recorder.construct_pg_stored_event
        rows = [make(order, version, "OrderCreated.1", b"{}") for version in versions]
        with self._recorder.datastore.transaction(commit=not abort) as cursor:
            cursor.execute(
                self._recorder.sql_invoke_pg_function_insert_events, (rows,), prepare=True
            )
            time.sleep(pause)

    def read(self, after, limit):
        return self._recorder.select_notifications(after or None, limit, inclusive_of_start=False)

    def close(self):
        self._factory.close()


def follow(log, appends, events_each):
    """Append from many threads while reading; return what was read and what is there at the end.

    Every 40th append is slow, every 25th is given up, so that some are both.
    """
    read = []
    finished = threading.Event()

    def tail():
        while True:
            last_round = finished.is_set()
            while found := log.read(read[-1].id if read else 0, 500):
                read.extend(found)
            if last_round:
                return
            time.sleep(0.002)

    turn = count()

    def write(writer):
        for number in range(appends // WRITERS):
            each = next(turn)
            log.append(
                f"order-{writer}-{number}",
                range(1, events_each + 1),
                pause=SLOW_SECONDS if each % 40 == 0 else 0.0,
                abort=each % 25 == 0,
            )

    reader = threading.Thread(target=tail)
    writers = [threading.Thread(target=write, args=(each,)) for each in range(WRITERS)]
    reader.start()
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    finished.set()
    reader.join()
    there = []
    while found := log.read(there[-1].id if there else 0, 10_000):
        there.extend(found)
    return read, there
