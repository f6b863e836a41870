"""The manifest: the list of an archive's files. A file that is not listed is not part of it."""

import hashlib
import re
from pathlib import Path

import msgspec

from application.runtime.private_files import write_private
from domain.errors import UserError

FORMAT = 1
LIST = "_archive.json"
"""Its name begins with an underscore: tools that read a folder of Parquet files skip it."""


FILE = re.compile(r"month=(\d{1,4}-\d{2}|unknown)/facts-\d{6,}\.parquet", re.ASCII)
"""The path of a file in an archive; there are no others."""


class BadArchive(UserError):
    """A folder that is no archive, or whose files differ from the manifest."""


class ArchiveFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file: its path in the archive, the positions of its events, and the range of their orders.

    `part` numbers the partition. Partitions follow one another by position; each has a file a
    month.
    """

    path: str
    partition: int = msgspec.field(name="part")
    first: int
    last: int
    events: int = msgspec.field(name="facts")
    lower: str
    upper: str
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All files of an archive; together they have the whole log up to `position`."""

    format: int = FORMAT
    position: int = 0
    files: tuple[ArchiveFile, ...] = ()

    @property
    def events(self) -> int:
        """How many events there are in all."""
        return sum(each.events for each in self.files)

    @property
    def next_partition(self) -> int:
        """The number of the next partition."""
        return max((each.partition for each in self.files), default=0) + 1


def read_manifest(folder: Path) -> Manifest:
    """An archive's manifest. Raises `BadArchive`, also if there is none."""
    try:
        refuse_links(folder / LIST)
        manifest = msgspec.json.decode((folder / LIST).read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise BadArchive(f"{folder} is not an archive: it has no {LIST}.") from error
    except msgspec.MsgspecError as error:
        raise BadArchive(f"{folder / LIST} cannot be read: {error}") from error
    if manifest.format != FORMAT:
        raise BadArchive(
            f"{folder} has format {manifest.format}; this version of orderlog knows {FORMAT}."
        )
    for each in manifest.files:
        path_of(folder, each)
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest atomically, once it is on the disk."""
    write_private(folder / LIST, msgspec.json.format(msgspec.json.encode(manifest)))


def path_of(folder: Path, file: ArchiveFile) -> Path:
    """Where a listed file is. Raises `BadArchive` where that is not in the archive itself."""
    if not FILE.fullmatch(file.path):
        raise BadArchive(f"{folder / LIST} lists {file.path}, which is no file of an archive.")
    path = folder / file.path
    refuse_links(path.parent, path)
    return path


def refuse_links(*paths: Path) -> None:
    """Raise `BadArchive` for a path that leads out of the archive."""
    for path in paths:
        if path.is_symlink():
            raise BadArchive(f"{path} is a link: an archive has its files itself.")


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_files(folder: Path, manifest: Manifest) -> None:
    """Check that every file is there and unchanged.

    Raises `BadArchive`, naming the first that is not.
    """
    for each in manifest.files:
        path = path_of(folder, each)
        if not path.is_file():
            raise BadArchive(f"{path} is missing.")
        if digest_of(path) != each.sha256:
            raise BadArchive(f"{path} is not the file that was written: its SHA-256 differs.")
