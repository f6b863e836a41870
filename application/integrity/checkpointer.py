"""Makes checkpoints at intervals, in a thread of its own, in one process at a time."""

import structlog

from application.integrity.checkpoint import (
    Checkpoints,
    LogContradicts,
    LogWentBack,
    SignerDisagrees,
)
from application.integrity.key_place import KeyMissing, KeyRetired, NoKey, WrongKey
from application.integrity.signer_memory import BadMemory
from application.integrity.signing import BadKey
from application.integrity.statement import statement_of
from application.ports.store import StoreUnavailable
from application.runtime.background_thread import BackgroundThread
from domain.errors import UserError

LOOK_SECONDS = 10.0

log = structlog.get_logger()


def check_at_start(checkpoints: Checkpoints, *, named: bool) -> None:
    """See at the start that checkpoints can be signed, not at the first of them.

    A key file that an operator has named and that is none is refused: raises `BadKey`, `OSError`.
    What else keeps it from signing is logged, for sales do not need it.
    """
    try:
        checkpoints.signer()
    except NoKey as reason:
        log.warning("no_checkpoints", reason=str(reason))
    except (BadKey, OSError) as reason:
        if named:
            raise
        log.error("nothing_is_signed", reason=str(reason))
    except (UserError, StoreUnavailable) as reason:
        log.error("nothing_is_signed", reason=str(reason))


class Checkpointer(BackgroundThread):
    """Makes a checkpoint when the last is `seconds` old and there are new events; 0: never.

    Each is written to the operator's log, whole: the line is an anchor that nobody with write
    access to the database can move (`orderlog audit verify --checkpoint`).
    """

    def __init__(self, checkpoints: Checkpoints, seconds: float) -> None:
        super().__init__("checkpointer", self._look, min(seconds, LOOK_SECONDS))
        self._checkpoints = checkpoints
        self._age = seconds

    def _look(self) -> None:
        try:
            made = self._checkpoints.make_if_due(self._age)
        except NoKey as reason:
            log.warning("no_checkpoints", reason=str(reason))
            self.end()
        except LogContradicts as contradiction:
            log.error("log_contradicts_checkpoint", reason=str(contradiction))
        except (
            LogWentBack,
            SignerDisagrees,
            BadMemory,
            BadKey,
            KeyMissing,
            KeyRetired,
            WrongKey,
        ) as reason:
            log.error("nothing_is_signed", reason=str(reason))
        except Exception as error:  # noqa: BLE001 - logged, and tried again
            log.warning("checkpoint_failed", reason=f"{type(error).__name__}: {error}")
        else:
            if made is not None:
                statement = statement_of(made)
                log.info(
                    "checkpoint",
                    number=made.number,
                    position=statement.position,
                    root=statement.root,
                    statement=made.statement.decode(),
                    signature=made.signature.hex(),
                )
