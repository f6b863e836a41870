"""What buyers were answered, on disk: a drill of a million orders compares all of it in the end."""

import os
import tempfile
import threading
import weakref
from collections.abc import Iterator

import msgspec

from application.integrity.sale_proof import AcknowledgedResult

CHUNK_BYTES = 1 << 20


class AcknowledgedResults:
    """The last acknowledged result of each order, in a file without a name, which nobody leaves.

    Threads may add results while others read them.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as this object lives
        weakref.finalize(self, self._file.close)
        self._mutex = threading.Lock()
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(AcknowledgedResult).decode
        self._count = 0

    def add(self, result: AcknowledgedResult) -> None:
        """Keep a result; the caller adds one of each order."""
        line = self._encode(result) + b"\n"
        with self._mutex:
            self._file.write(line)
            self._count += 1

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    def __iter__(self) -> Iterator[AcknowledgedResult]:
        """Those that were added until now, read piece by piece."""
        with self._mutex:
            self._file.flush()
            end = self._file.tell()
        at, rest = 0, b""
        while at < end:
            chunk = os.pread(self._file.fileno(), min(CHUNK_BYTES, end - at), at)
            at += len(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            yield from map(self._decode, lines)
