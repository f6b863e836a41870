"""Makes checkpoints every so often, from a thread of its own, in one process at a time."""

import threading

import structlog

from application.integrity.checkpoint import (
    Checkpoints,
    LogContradicts,
    LogWentBack,
    NoKey,
    SignerDisagrees,
    statement_of,
)
from application.integrity.signer_memory import BadMemory

LOOK_SECONDS = 10.0

log = structlog.get_logger()


class Checkpointer:
    """Makes a checkpoint when the last one is `seconds` old and something is new; 0: never.

    Each is told to the operator's log: a copy of it elsewhere is an anchor that nobody who can
    write to the database can move.
    """

    def __init__(self, checkpoints: Checkpoints, seconds: float) -> None:
        self._checkpoints = checkpoints
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpointer", daemon=True)

    def start(self) -> None:
        """Start making checkpoints."""
        if self._seconds:
            self._thread.start()

    def stop(self) -> None:
        """Finish the checkpoint under way and stop."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(min(self._seconds, LOOK_SECONDS)):
            try:
                self._look()
            except NoKey as reason:
                log.warning("no_checkpoints", reason=str(reason))
                return

    def _look(self) -> None:
        try:
            made = self._checkpoints.make_if_due(self._seconds)
        except NoKey:
            raise
        except LogContradicts as contradiction:
            log.error("log_contradicts_checkpoint", reason=str(contradiction))
        except (LogWentBack, SignerDisagrees, BadMemory) as reason:
            log.error("nothing_is_signed", reason=str(reason))
        except Exception as error:  # noqa: BLE001 - told, and tried again
            log.warning("checkpoint_failed", reason=f"{type(error).__name__}: {error}")
        else:
            if made is not None:
                statement = statement_of(made)
                log.info(
                    "checkpoint",
                    number=made.number,
                    position=statement.position,
                    root=statement.root,
                    signature=made.signature.hex(),
                )
