"""A wire between the service and a PostgreSQL server that counts its turns, and can be cut."""

import contextlib
import select
import socket
import threading
from pathlib import Path

from postgres_server import address
from psycopg.conninfo import conninfo_to_dict

CHUNK = 1 << 20


class Wire:
    """Listens on a socket of its own and passes everything on to the server.

    A turn is one sending of the service that the server answers: what a round trip costs. What
    was sent is kept.
    It can be cut once, before or after the server got what holds a word.
    """

    def __init__(self, folder, url):
        server = conninfo_to_dict(url)
        self.turns = 0
        self.sent = bytearray()
        self._target = server
        self._folder = Path(folder)
        self.url = address(url, host=str(self._folder), port="5432", hostaddr=None)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._folder / ".s.PGSQL.5432"))
        self._listener.listen(64)
        self._stopping = False
        self._cut_after = None
        self._cut_before = None
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def cut_answer(self, word):
        """Once: let the server do what holds `word`, and cut the wire before its answer."""
        self._cut_after = word

    def cut_request(self, word):
        """Once: cut the wire before the server gets what holds `word`."""
        self._cut_before = word

    def close(self):
        self._stopping = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self):
        while not self._stopping:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._pass_on, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _connect(self):
        host, port = self._target["host"], int(self._target.get("port") or 5432)
        if host.startswith("/"):
            upstream = socket.socket(socket.AF_UNIX)
            upstream.connect(f"{host}/.s.PGSQL.{port}")
            return upstream
        return socket.create_connection((host, port))

    def _pass_on(self, client):
        asked = False
        cutting = False
        with client, self._connect() as upstream, contextlib.suppress(OSError):
            while not self._stopping:
                for ready in select.select([client, upstream], [], [], 0.2)[0]:
                    data = ready.recv(CHUNK)
                    if not data:
                        return
                    if ready is upstream:
                        asked = False
                        if cutting:
                            return
                        client.sendall(data)
                        continue
                    self.turns += not asked
                    self.sent += data
                    asked = True
                    if self._cut_before is not None and self._cut_before in data:
                        self._cut_before = None
                        return
                    if self._cut_after is not None and self._cut_after in data:
                        self._cut_after = None
                        cutting = True
                    upstream.sendall(data)
