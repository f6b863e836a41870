"""Signed checkpoints: the heads of all orders at a position, the signer, and the predecessor.

A checkpoint covers its predecessor's digest, so none can be removed. A new key is announced by a
checkpoint that the old key signed.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from application.integrity.chain_heads import (
    Finalised,
    HeadsChanged,
    HeadsMoved,
    advance,
    finalise,
)
from application.integrity.key_place import KeyPlace, NoKey
from application.integrity.signer_memory import SignerMemory, signed_of
from application.integrity.signing import Signer, replacement_of
from application.integrity.statement import (
    FORMAT,
    Statement,
    digest_of,
    resumption_of,
    statement_bytes,
    statement_of,
)
from application.ports.integrity_records import Setback, SignedCheckpoint
from application.ports.store import Store
from application.runtime.clock import written
from application.runtime.failpoints import reach
from domain.errors import UserError

NO_PREDECESSOR = "0" * 64
CLAIM_SECONDS = 120.0
BACKOFF_SECONDS = 15.0
POLL_SECONDS = 0.05
PAUSE_SECONDS = 0.02
"""The pause between the steps of a checkpoint in the background, for other work to run.
"""


class CheckpointsBusy(UserError):
    """Another process is making a checkpoint and has not finished in time."""

    def __init__(self) -> None:
        super().__init__("Another process is making a checkpoint; ask again later.")


class LogContradicts(UserError):
    """The log is not the one that the last checkpoint covers, so no new one is signed."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"The log does not agree with checkpoint {number}: nothing is signed."
            " orderlog audit verify shows where they differ."
        )
        self.number = number


class LogWentBack(UserError):
    """The log lacks events that were seen in it; nothing is signed until that is acknowledged."""

    def __init__(self, setback: Setback) -> None:
        super().__init__(
            f"{setback.says} Nothing is signed until it is said why:"
            " orderlog audit acknowledge --reason TEXT"
        )


class SignerDisagrees(UserError):
    """The database does not have the last checkpoint that this key has signed."""

    def __init__(self, path: str, number: int) -> None:
        super().__init__(
            f"The log does not follow what was signed: {path} remembers checkpoint {number}, which"
            " is not in the database, or is another one there. Nothing is signed. If the log went"
            " back: orderlog audit acknowledge --reason TEXT, where the key is."
        )
        self.number = number


class Checkpoints:
    """Makes checkpoints. Only one process does at a time.

    The private key is in the file that `place` names, made on first use; it is read each time, for
    another process may have replaced it.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        place: KeyPlace | None,
        backoff_seconds: float = BACKOFF_SECONDS,
    ) -> None:
        """Another process that makes one is waited for at most `backoff_seconds`."""
        self._backoff_seconds = backoff_seconds
        self._store = store
        self._pause = 0.0
        self._clock = clock
        self.place = place

    @property
    def public_key(self) -> str:
        """The public key that signs now. Raises `NoKey`, `BadKey`, `OSError`."""
        if self.place is None:
            raise NoKey
        return self.place.present().public

    @property
    def memory(self) -> SignerMemory | None:
        """The signer's memory, in a file beside the key; None without a key."""
        return None if self.place is None else self.place.memory

    def leave_lost(self) -> None:
        """Go on from a log that has lost signed events: an operator has acknowledged it."""
        memory = self.memory
        if memory is not None and memory.missing_in(self._store.audit()) is not None:
            memory.leave()

    @property
    def _path(self) -> str:
        if self.place is None:
            raise NoKey
        return self.place.prepare()

    def signer(self) -> Signer:
        """The signer, if the next checkpoint can be signed. Raises as `make`."""
        self._acknowledged()
        return self._signer(adopt=False)

    def make(self, *, adopt: bool = False) -> SignedCheckpoint:
        """The last checkpoint, or a new one if something was appended since it was made.

        `adopt` goes on with a key that its predecessor did not announce. Raises `CheckpointsBusy`,
        `LogContradicts`, `LogWentBack`, `SignerDisagrees`, `BadMemory`, `NoKey`, `WrongKey`,
        `BadKey`, `OSError`.
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
        except HeadsMoved:
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
        behind = statement.position < position or self._is_to_name_setbacks()
        return age.total_seconds() >= seconds and behind

    def _is_to_name_setbacks(self) -> bool:
        found = self._store.audit().setbacks()
        return any(each.checkpoint is None for each in found)

    def rotate(self) -> SignedCheckpoint:
        """Replace the key by a new one, which a checkpoint announces that the old one signs.

        If this is interrupted after that, the next checkpoint puts the new key in its place.
        """
        replacement, beside = replacement_of(self._path)
        made = self._make_alone(
            lambda: self._make(self._signer(adopt=False), next_key=replacement.public)
        )
        reach("checkpoint.rotated")
        if self.place is not None:
            self.place.replace_key(beside)
        self._make_alone(lambda: self._make(self._signer(adopt=False), renew=True))
        return made

    def _make_alone(self, make: Callable[[], SignedCheckpoint]) -> SignedCheckpoint:
        records, self._pause = self._store.audit(), 0.0
        deadline = time.monotonic() + self._backoff_seconds
        while True:
            if records.claim(CLAIM_SECONDS):
                try:
                    return make()
                except HeadsMoved:
                    pass
                finally:
                    records.release()
            if time.monotonic() >= deadline:
                raise CheckpointsBusy
            time.sleep(POLL_SECONDS)

    def _signer(self, *, adopt: bool) -> Signer:
        """The signer that the last checkpoint allows."""
        if self.place is None:
            raise NoKey
        last = self._store.audit().last_checkpoint()
        if last is None:
            return self.place.signer(0, None, adopt=adopt)
        statement = statement_of(last)
        return self.place.signer(last.number, statement.next_key or statement.key, adopt=adopt)

    def _make(
        self, signer: Signer, *, next_key: str | None = None, renew: bool = False
    ) -> SignedCheckpoint:
        records = self._store.audit()
        last = records.last_checkpoint()
        before = None if last is None else statement_of(last)
        setbacks = self._acknowledged()
        position = self._store.last_position()
        if before is not None and not setbacks:
            self._refuse_shorter(before)
            same = self._store.admin_trail().last()[0] <= before.admin_trail_number
            if last and same and before.position >= position and next_key is None and not renew:
                return last
            self._look_back(before)
            position = max(position, records.recorded())
        try:
            advance(self._store, position, self._pause)
        except HeadsChanged:
            self._record_anew(None if setbacks else before)
            advance(self._store, position, self._pause)
        reach("checkpoint.moved")
        finalised = finalise(self._store, position)
        checkpoint = self._signed(signer, last, finalised, next_key, setbacks)
        reach("checkpoint.signed")
        return self._keep(checkpoint, position, setbacks)

    def _keep(
        self, checkpoint: SignedCheckpoint, position: int, setbacks: Sequence[Setback]
    ) -> SignedCheckpoint:
        """Keep a checkpoint that was signed, and have the signer remember it."""
        records, memory = self._store.audit(), self.memory
        signed = signed_of(checkpoint, self._store.point_at(position))
        if memory is not None:
            memory.begin(signed)
            reach("checkpoint.remembered")
        if not records.add_checkpoint(checkpoint):
            raise HeadsMoved
        for each in setbacks:
            records.note_setback(msgspec.structs.replace(each, checkpoint=checkpoint.number))
        if memory is not None:
            memory.end(signed)
        return checkpoint

    def _acknowledged(self) -> list[Setback]:
        """Acknowledged setbacks that no checkpoint names yet.

        Raises `LogWentBack` while there is one that was not, and `SignerDisagrees`.
        """
        found = self._store.audit().setbacks()
        for each in found:
            if each.is_open:
                raise LogWentBack(each)
        memory = self.memory
        missing = None if memory is None else memory.missing_in(self._store.audit())
        if memory is not None and missing is not None:
            raise SignerDisagrees(memory.path, missing.number)
        return [each for each in found if each.checkpoint is None]

    def _refuse_shorter(self, before: Statement) -> None:
        """Refuse to go on from a log that ends before the last signed position."""
        if before.position and not self._store.point_at(before.position).hash:
            raise LogContradicts(before.number)

    def _look_back(self, before: Statement) -> None:
        """Refuse to go on from a log that the last checkpoint does not cover.

        Recorded heads that are not those that were signed are made again from the log, which then
        has to agree with what was signed. A changed chain keeps the head that was recorded.
        """
        if self._store.audit().recorded() != before.position or not self._agrees(before):
            self._record_anew(before)

    def _agrees(self, before: Statement) -> bool:
        return finalise(self._store, before.position).root.hex() == before.root

    def _record_anew(self, before: Statement | None) -> None:
        """Make the recorded heads again from the log, up to the last checkpoint if there is one.

        Raises `LogContradicts`.
        """
        records = self._store.audit()
        records.forget_recorded_heads()
        if before is None:
            return
        advance(self._store, before.position, self._pause)
        if not self._agrees(before):
            records.forget_recorded_heads()
            raise LogContradicts(before.number)

    def _signed(
        self,
        signer: Signer,
        last: SignedCheckpoint | None,
        finalised: Finalised,
        next_key: str | None,
        setbacks: Sequence[Setback],
    ) -> SignedCheckpoint:
        number = 1 if last is None else last.number + 1
        if setbacks and self.memory is not None:
            number = max(number, self.memory.highest() + 1)  # none is signed twice
        admin_trail_number, trail = self._store.admin_trail().last()
        statement = Statement(
            format=FORMAT,
            number=number,
            position=finalised.position,
            orders=finalised.orders,
            events=finalised.events,
            root=finalised.root.hex(),
            at=written(self._clock()),
            previous=NO_PREDECESSOR if last is None else digest_of(last),
            key=signer.public,
            next_key=next_key,
            resumes=tuple(map(resumption_of, setbacks)),
            admin_trail_number=admin_trail_number,
            admin_trail=trail.hex() if admin_trail_number else None,
        )
        message = statement_bytes(statement)
        return SignedCheckpoint(number, message, signer.sign(message))
