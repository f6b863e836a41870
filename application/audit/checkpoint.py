"""Signed checkpoints: how all orders' chains ended at a position, who signed it, what came before.

A checkpoint covers its predecessor's digest, so none can be taken out; a new key is announced by
a checkpoint that the old key signed.
"""

import hashlib
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from application.audit.records import SignedCheckpoint
from application.audit.signing import Signer, replacement_of, signer_at, verified
from application.audit.witness import Sealed, WitnessMoved, advance, seal
from application.clock import written
from application.failpoints import reach
from application.store import Store

FORMAT = "orderlog checkpoint 1"
NO_PREDECESSOR = "0" * 64
CLAIM_SECONDS = 120.0
PATIENCE_SECONDS = 15.0
POLL_SECONDS = 0.05
PAUSE_SECONDS = 0.02
"""How long the steps of a checkpoint that nobody waits for leave the processor to others."""


class Statement(msgspec.Struct, frozen=True):
    """What a checkpoint states, as it is signed.

    `root` is the digest over all orders' heads up to `position`; `previous` that of the statement
    before this one; `key` the public key that signs it; `next_key` the one that may sign the next.
    """

    format: str
    number: int
    position: int
    orders: int
    facts: int
    root: str
    at: str
    previous: str
    key: str
    next_key: str | None = None


class CheckpointsBusy(Exception):
    """Another process makes a checkpoint, and does not come to an end."""

    def __init__(self) -> None:
        super().__init__("Another process is making a checkpoint; ask again later.")


class LogContradicts(Exception):
    """The log is not the one that the last checkpoint was signed over; none is signed over it."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"The log does not agree with checkpoint {number}: nothing is signed."
            " orderlog audit verify tells where they differ."
        )
        self.number = number


class BadStatement(Exception):
    """The bytes of a checkpoint that are no statement of ours."""


def statement_of(checkpoint: SignedCheckpoint) -> Statement:
    """What a checkpoint states. Raises `BadStatement`."""
    try:
        statement = msgspec.json.decode(checkpoint.statement, type=Statement)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadStatement(str(error)) from error
    if statement.format != FORMAT:
        raise BadStatement(f"is of the format {statement.format}")
    return statement


def digest_of(checkpoint: SignedCheckpoint) -> str:
    """What the next checkpoint names as its predecessor."""
    return hashlib.sha256(checkpoint.statement).hexdigest()


def is_signed(checkpoint: SignedCheckpoint, statement: Statement) -> bool:
    """Whether the key that a checkpoint names has signed it."""
    return verified(statement.key, checkpoint.statement, checkpoint.signature)


class NoKey(Exception):
    """There is no file to keep the private key in."""

    def __init__(self) -> None:
        super().__init__(
            "Checkpoints on PostgreSQL need a file for their private key: ORDERLOG_AUDIT_KEY."
        )


class WrongKey(Exception):
    """The key at hand is not the one that may sign the next checkpoint."""

    def __init__(self, path: str, number: int) -> None:
        super().__init__(
            f"The key in {path} is not the one that checkpoint {number} leaves the signing to."
            " If that one is lost, orderlog audit checkpoint --adopt-key goes on with this one;"
            " whoever verifies has to be told the new public key."
        )


class Checkpoints:
    """Makes checkpoints. Only one process does at a time.

    The private key is in the file `key_path`, made on first use; it is read each time, for another
    process may have replaced it.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime], key_path: str | None) -> None:
        self._store = store
        self._pause = 0.0
        self._clock = clock
        self._key_path = key_path

    @property
    def public_key(self) -> str:
        """The public key that signs now. Raises `NoKey`, `BadKey`, `OSError`."""
        return signer_at(self._path).public

    @property
    def _path(self) -> str:
        if self._key_path is None:
            raise NoKey
        return self._key_path

    def make(self, *, adopt: bool = False) -> SignedCheckpoint:
        """The last checkpoint, or a new one if something was appended since it was made.

        `adopt` goes on with a key that its predecessor did not announce. Raises `CheckpointsBusy`,
        `LogContradicts`, `NoKey`, `WrongKey`, `BadKey`, `OSError`.
        """
        return self._make_alone(lambda: self._make(self._signer(adopt=adopt), renew=adopt))

    def make_if_due(self, seconds: float) -> SignedCheckpoint | None:
        """A new checkpoint, if something is new and the last one is so old. Raises as `make`."""
        records = self._store.audit()
        last = records.last_checkpoint()
        if not self._is_due(last, seconds) or not records.claim(CLAIM_SECONDS):
            return None
        self._pause = PAUSE_SECONDS
        try:
            made = self._make(self._signer(adopt=False))
        except WitnessMoved:
            return None
        finally:
            records.release()
        return None if last is not None and made.number == last.number else made

    def _is_due(self, last: SignedCheckpoint | None, seconds: float) -> bool:
        position = self._store.last_position()
        if last is None:
            return position > 0
        statement = statement_of(last)
        age = self._clock() - datetime.fromisoformat(statement.at)
        return age.total_seconds() >= seconds and statement.position < position

    def rotate(self) -> SignedCheckpoint:
        """Replace the key by a new one, which a checkpoint announces that the old one signs.

        Should this be interrupted after that, the next checkpoint puts the new key in its place.
        """
        replacement, beside = replacement_of(self._path)
        made = self._make_alone(
            lambda: self._make(self._signer(adopt=False), next_key=replacement.public)
        )
        reach("checkpoint.rotated")
        Path(beside).replace(self._path)
        return made

    def _make_alone(self, make: Callable[[], SignedCheckpoint]) -> SignedCheckpoint:
        records, self._pause = self._store.audit(), 0.0
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            if records.claim(CLAIM_SECONDS):
                try:
                    return make()
                except WitnessMoved:
                    pass
                finally:
                    records.release()
            if time.monotonic() >= deadline:
                raise CheckpointsBusy
            time.sleep(POLL_SECONDS)

    def _signer(self, *, adopt: bool) -> Signer:
        """The signer whose turn it is."""
        signer = signer_at(self._path)
        last = self._store.audit().last_checkpoint()
        if last is None or adopt:
            return signer
        statement = statement_of(last)
        expected = statement.next_key or statement.key
        if signer.public != expected and Path(f"{self._path}.next").exists():
            replacement = signer_at(f"{self._path}.next")
            if replacement.public == expected:
                Path(f"{self._path}.next").replace(self._path)
                return replacement
        if signer.public != expected:
            raise WrongKey(self._path, last.number)
        return signer

    def _make(
        self, signer: Signer, *, next_key: str | None = None, renew: bool = False
    ) -> SignedCheckpoint:
        records = self._store.audit()
        last = records.last_checkpoint()
        before = None if last is None else statement_of(last)
        position = self._store.last_position()
        if before is not None:
            if last and before.position >= position and next_key is None and not renew:
                return last
            self._look_back(before)
            position = max(position, records.witnessed())
        advance(self._store, position, self._pause)
        reach("checkpoint.moved")
        checkpoint = self._signed(signer, last, seal(self._store, position), next_key)
        reach("checkpoint.signed")
        if not records.add_checkpoint(checkpoint):
            raise WitnessMoved
        return checkpoint

    def _look_back(self, before: Statement) -> None:
        """Refuse to go on from another log than the last checkpoint was signed over.

        A witness that is made anew has to come to what was signed. One that was there all along
        has kept what it saw.
        """
        records = self._store.audit()
        if records.witnessed() < before.position:
            records.forget_witness()
            advance(self._store, before.position, self._pause)
            if seal(self._store, before.position).root.hex() != before.root:
                records.forget_witness()
                raise LogContradicts(before.number)

    def _signed(
        self,
        signer: Signer,
        last: SignedCheckpoint | None,
        sealed: Sealed,
        next_key: str | None,
    ) -> SignedCheckpoint:
        number = 1 if last is None else last.number + 1
        statement = Statement(
            format=FORMAT,
            number=number,
            position=sealed.position,
            orders=sealed.orders,
            facts=sealed.facts,
            root=sealed.root.hex(),
            at=written(self._clock()),
            previous=NO_PREDECESSOR if last is None else digest_of(last),
            key=signer.public,
            next_key=next_key,
        )
        message = msgspec.json.encode(statement)
        return SignedCheckpoint(number, message, signer.sign(message))
