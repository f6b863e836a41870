"""What a checkpoint states, and the bytes of it that are signed (docs/audit.md)."""

import hashlib

import msgspec

from application.integrity.signing import verified
from application.ports.integrity_records import Setback, SignedCheckpoint
from application.runtime.clock import from_ms, written
from domain.errors import UserError

FORMAT = "orderlog checkpoint 1"


class Resumption(msgspec.Struct, frozen=True, kw_only=True):
    """A setback of the log before a checkpoint: who acknowledged it, when and why.

    `seen_by` had seen the log up to `position`; it ended at `found` instead.
    """

    id: str
    seen_by: str
    position: int
    found: int
    by: str
    at: str
    reason: str


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkpoint states, as it is signed.

    `root` is the digest over all orders' heads up to `position`, and `previous` the digest of the
    statement before this one. `key` is the public key that signs it, `next_key` the one that may
    sign the next. `resumes` is absent from the bytes unless the log went back before this
    checkpoint. `admin_trail` is the hash of the last entry of the administrative trail, if there
    is one.
    """

    format: str
    number: int
    position: int
    orders: int
    events: int = msgspec.field(name="facts")
    root: str
    at: str
    previous: str
    key: str
    next_key: str | None = None
    resumes: tuple[Resumption, ...] = ()
    admin_trail_number: int = 0
    admin_trail: str | None = None


class BadStatement(UserError):
    """The bytes of a checkpoint are not a statement."""


def statement_of(checkpoint: SignedCheckpoint) -> Statement:
    """The statement of a checkpoint. Raises `BadStatement`."""
    try:
        statement = msgspec.json.decode(checkpoint.statement, type=Statement)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadStatement(str(error)) from error
    if statement.format != FORMAT:
        raise BadStatement(f"is of the format {statement.format}")
    return statement


def statement_bytes(statement: Statement) -> bytes:
    """The bytes that are signed."""
    content = msgspec.to_builtins(statement)
    if not statement.resumes:
        del content["resumes"]
    if statement.admin_trail is None:
        del content["admin_trail"], content["admin_trail_number"]
    return msgspec.json.encode(content)


def resumption_of(setback: Setback) -> Resumption:
    """What a checkpoint states about an acknowledged setback."""
    return Resumption(
        id=setback.id,
        seen_by=setback.seen_by,
        position=setback.position,
        found=setback.found_position,
        by=setback.acknowledged_by or "",
        at=written(from_ms(setback.acknowledged_at or 0)),
        reason=setback.reason or "",
    )


def digest_of(checkpoint: SignedCheckpoint) -> str:
    """The digest by which the next checkpoint names its predecessor."""
    return hashlib.sha256(checkpoint.statement).hexdigest()


def is_signed(checkpoint: SignedCheckpoint, statement: Statement) -> bool:
    """Whether the key that a checkpoint names has signed it."""
    return verified(statement.key, checkpoint.statement, checkpoint.signature)
