"""Follows a stream of the feed over a real socket, and says when each event came."""

import json
import socket
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException

from polling import until
from server import orderlog


class Followed:
    """A stream that a thread reads until it ends: its events, comments, and times of arrival."""

    def __init__(self, service, path="/v1/feed/stream", key=None, **headers):
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not False:
            said["Authorization"] = f"key {key or service.key}"
        self._connection = HTTPConnection(service.host, service.port, timeout=60)
        self._connection.request("GET", path, headers=said)
        self._socket = self._connection.sock
        self.answer = self._connection.getresponse()
        self.events, self.comments, self.ids, self.came = [], [], [], []
        self.ended_at, self.cleanly = None, False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        event, data = None, None
        try:
            for raw in self.answer:
                name, _, value = raw.decode().rstrip("\n").partition(": ")
                if name == "":
                    self.comments += [value] if value else []
                if name == "id":
                    self.ids.append(int(value))
                if name == "event":
                    event = value
                if name == "data":
                    data = json.loads(value)
                    assert (event, str(self.ids[-1])) == (data["type"], data["id"])
                    self.came.append(time.time())
                    self.events.append(data["data"])
            self.cleanly = True
        except (OSError, ValueError, HTTPException):
            self.cleanly = False
        finally:
            self.ended_at = time.monotonic()

    @property
    def positions(self):
        return [each["position"] for each in self.events]

    @property
    def ended(self):
        return self.ended_at is not None

    def has(self, count):
        until(lambda: len(self.events) >= count, f"{count} events do not come")
        return self

    def ends(self):
        until(lambda: self.ended, "the stream does not end")
        assert self.cleanly
        return self

    def close(self):
        """Go without a word."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(60)
        self._connection.close()


def key_with(database, scope):
    """The id of the key that has this scope alone."""
    listed = json.loads(orderlog("key", "list", "--database", database, "--json").stdout)
    return next(each["id"] for each in listed if each["scopes"] == [scope])
