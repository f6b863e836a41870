"""Takes a log back: to an older backup of its file, or by cutting off its end."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from tampering import Tampering


def back_up(url, to):
    """Copy the log's file as it is now, whoever else has it open."""
    with closing(sqlite3.connect(path_of(url))) as live, closing(sqlite3.connect(to)) as copy:
        live.backup(copy)


def put_back(url, backup):
    """Put a backup in the place of the log's file, which nobody has open."""
    path = path_of(url)
    for side in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(path + side).unlink()
    Path(path).write_bytes(Path(backup).read_bytes())


def path_of(url):
    return url.removeprefix("sqlite:///")


def cut(url, position):
    """Take the events beyond a position out of the log, as if they had never been there."""
    Tampering(url).run("DELETE FROM orders_events WHERE POSITION > ?", position)


WAL_HEADER, FRAME_HEADER = 32, 24


def flip_a_bit(url):
    """Flip a bit in the last third of what a write-ahead log has; beyond may be older frames."""
    wal = Path(path_of(url) + "-wal")
    content = bytearray(wal.read_bytes())
    frame = FRAME_HEADER + int.from_bytes(content[8:12], "big")
    salt = content[16:24]
    starts = range(WAL_HEADER, len(content) - frame + 1, frame)
    frames = [start for start in starts if content[start + 8 : start + 16] == salt]
    assert len(frames) > 3 * 10
    content[frames[len(frames) * 2 // 3] + FRAME_HEADER + 100] ^= 1
    wal.write_bytes(content)
    Path(path_of(url) + "-shm").unlink()  # who was killed this moment may still have it
