"""The files of an installation: who can read them, on what they lie, and how much room is left."""

import glob
import os
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cryptography.x509 import Certificate, load_pem_x509_certificates

from application.operations.doctor.findings import Finding, good, lasting, problem, warning
from application.settings import Settings

OTHERS = 0o077
MOUNTS = Path("/proc/self/mounts")
IN_MEMORY = frozenset({"tmpfs", "ramfs"})
OVER_A_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs"})
OF_A_CONTAINER = frozenset({"overlay"})
FULL_BYTES = 2 * 2**20
"""With less, the log cannot be written: `storage/sqlite/maintenance.py`."""
SOON_FULL_BYTES = 512 * 2**20
SOON_DAYS = 14


def examine_database_files(path: str) -> Iterator[Finding]:
    """The files of an SQLite database, and the disk that they are on."""
    yield from _modes("files", [Path(path), *_companions(path)], secret=False)
    yield _file_system(path)
    yield _disk(path)


def examine_secret_files(paths: list[str]) -> Iterator[Finding]:
    """Files with secrets, as far as they are there: only their owner may read them."""
    yield from _modes("secret files", [Path(each) for each in paths], secret=True)


def _companions(path: str) -> list[Path]:
    return [Path(each) for each in sorted(glob.glob(glob.escape(path) + "-*"))]  # noqa: PTH207 - a path may have a glob's characters


def _modes(check: str, paths: list[Path], *, secret: bool) -> Iterator[Finding]:
    there = [each for each in paths if each.is_file()]
    is_open = [each for each in there if stat.S_IMODE(each.stat().st_mode) & OTHERS]
    for each in is_open:
        mode = stat.S_IMODE(each.stat().st_mode)
        find = problem if secret else warning
        yield find(check, f"{each} has mode {mode:04o}: others may read it.", f"chmod 600 {each}")
    if there and not is_open:
        yield good(check, f"{len(there)} are for their owner alone.")


def _file_system(path: str) -> Finding:
    check, folder = "file system", os.path.realpath(Path(path).parent)
    kind = _kind_of(folder)
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return problem(check, f"{folder} is mounted read-only.", "Mount it for writing.")
    if kind in IN_MEMORY:
        do = "Move the database to a disk, while nothing runs (docs/sqlite.md)."
        return problem(check, f"{folder} is in memory ({kind}): orders end with the machine.", do)
    if kind in OVER_A_NETWORK:
        do = "Use a local disk, or PostgreSQL."
        return problem(check, f"{folder} is on a network ({kind}): SQLite's locks may fail.", do)
    if kind in OF_A_CONTAINER:
        do = "Keep it in a volume (docs/deploy/compose.yaml)."
        return warning(check, f"{folder} may be in a container's own layer, and end with it.", do)
    return good(check, f"{folder} is on {kind}." if kind else "Its kind cannot be seen here.")


def _kind_of(folder: str) -> str:
    """The kind of file system that a folder is on; empty where the system does not show it."""
    if not MOUNTS.exists():
        return ""
    lines = (each.split() for each in MOUNTS.read_text(errors="replace").splitlines())
    found = {each[1].replace("\\040", " "): each[2] for each in lines}
    around = [Path(folder), *Path(folder).parents]
    return next((found[str(each)] for each in around if str(each) in found), "")


def _disk(path: str) -> Finding:
    found = os.statvfs(Path(path).absolute().parent)
    room = found.f_bavail * found.f_frsize
    says = f"The disk of {path} has {room / 2**20:,.0f} MiB left."
    if room < FULL_BYTES:
        return problem("disk", f"{says} Sales are refused.", "Free some space; nothing is lost.")
    if room < SOON_FULL_BYTES:
        return warning("disk", says, "Free some space before sales are refused.")
    return good("disk", says)


def examine_certificate(settings: Settings, moment: datetime) -> Iterator[Finding]:
    """The certificate that the service speaks TLS with, if it does."""
    if not settings.tls_cert:
        return
    path, check = settings.tls_cert, "certificate"
    do = "Put the renewed one there, and send SIGHUP to the service (docs/deploy.md)."
    try:
        ends = min(_end(each) for each in load_pem_x509_certificates(Path(path).read_bytes()))
    except (OSError, ValueError) as error:
        yield problem(check, f"{path} cannot be read: {error}.", do)
        return
    left = (ends - moment).total_seconds()
    if left <= 0:
        yield problem(check, f"{path} ended on {ends:%Y-%m-%d}: clients refuse it.", do)
    elif left < SOON_DAYS * 86_400:
        yield warning(check, f"{path} ends in {lasting(left)}.", do)
    else:
        yield good(check, f"{path} ends on {ends:%Y-%m-%d}.")


def _end(certificate: Certificate) -> datetime:
    return certificate.not_valid_after_utc
