"""All experiments: which promise each one tries to break, and on which stores."""

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path

import file_faults as files
import money_faults as money
import postgres_faults as postgres
import process_faults as processes
import store_faults as stores
import webhook_faults as webhooks
from lab import Lab, NotHere, words
from shop import Place

SQLITE, POSTGRES = "sqlite", "postgres"
BOTH = (SQLITE, POSTGRES)

ACKNOWLEDGED = "Every acknowledged write is there, once; every history is linearizable"
FILE = "Nothing is acknowledged that was written to a file that is no longer the database"
BACKUP = "A backup has everything that was acknowledged before it"
BACK = "A log that went back is reported, and lists stay correct"
PROOF = "audit verify finds what was changed behind the service's back"
MODELS = "The loss of a file that can be rebuilt stops no sale and no start"
APART = "One fault does not spread: everything else answers in time"
CLOCKS = "A wrong clock ends no hold and sells no held seat"
DRAIN = "SIGTERM interrupts no request"
CENTS = "Every cent of a buyer's money is accounted for once, however its notices come"
TOLD = "Every event reaches its webhook, and those of one order in order, whatever is killed"
WHOLE = "A kill or an error at any step leaves nothing half done"


@dataclass(frozen=True)
class Experiment:
    """One way to try a promise. A weight is its share of the time."""

    name: str
    acknowledged: str
    stores: tuple[str, ...]
    run: Callable[[Lab], None]
    weight: float = 1.0
    own_server: bool = False


EXPERIMENTS = [
    Experiment("kill-service", ACKNOWLEDGED, BOTH, processes.kill_service, 8),
    Experiment("kill-seller", APART, BOTH, processes.kill_seller),
    Experiment("kill-behind", APART, BOTH, processes.kill_behind),
    Experiment("halt-service", ACKNOWLEDGED, BOTH, processes.halt_service),
    Experiment("halt-second-service", APART, BOTH, processes.halt_second_service),
    Experiment("failpoint-kill", WHOLE, BOTH, processes.failpoint_kill, 2),
    Experiment("failpoint-error", WHOLE, BOTH, processes.failpoint_error, 2),
    Experiment("failpoint-in-service", WHOLE, BOTH, processes.failpoint_in_service, 2),
    Experiment("ten-thousand-orders", CENTS, BOTH, money.ten_thousand_orders, 4),
    Experiment("kill-both-ends", TOLD, BOTH, webhooks.kill_both_ends, 4),
    Experiment("stop-service", DRAIN, BOTH, processes.stop_service),
    Experiment("stalled-store", APART, BOTH, stores.stalled_store, 0.5, own_server=True),
    Experiment("clock-ahead", CLOCKS, (POSTGRES,), stores.clock_ahead),
    Experiment("remove-file", FILE, (SQLITE,), files.remove_file),
    Experiment("replace-file", FILE, (SQLITE,), files.replace_file),
    Experiment("restart-on-copy", ACKNOWLEDGED, (SQLITE,), files.restart_on_copy, 4),
    Experiment("backup-in-sale", BACKUP, (SQLITE,), files.backup_in_sale),
    Experiment("older-log", BACK, (SQLITE,), files.older_log),
    Experiment("flip-wal", BACK, (SQLITE,), files.flip_wal),
    Experiment("cut-wal", BACK, (SQLITE,), files.cut_wal),
    Experiment("flip-log", PROOF, (SQLITE,), files.flip_log),
    Experiment("out-of-proof", PROOF, (SQLITE,), files.out_of_proof),
    Experiment("damage-read-models", MODELS, (SQLITE,), files.damage_read_models),
    Experiment("delete-read-models", MODELS, (SQLITE,), files.delete_read_models),
    Experiment("fill-disk", APART, (SQLITE,), files.fill_disk),
    Experiment("crash-server", ACKNOWLEDGED, (POSTGRES,), postgres.crash_server, 2),
    Experiment("cut-wire", ACKNOWLEDGED, (POSTGRES,), postgres.cut_wire, 2),
    Experiment("fail-over", ACKNOWLEDGED, (POSTGRES,), postgres.fail_over, 4),
    Experiment("halt-standby", ACKNOWLEDGED, (POSTGRES,), postgres.halt_standby, 0.5),
    Experiment("end-waiting-sessions", ACKNOWLEDGED, (POSTGRES,), postgres.end_waiting_sessions),
    Experiment("lose-tail", BACK, (POSTGRES,), postgres.lose_tail, 0.5),
]
BY_NAME = {each.name: each for each in EXPERIMENTS}

HELD, BROKEN, ABSENT = "held", "BROKEN", "not here"


@dataclass(frozen=True)
class Result:
    """What came of one run."""

    experiment: Experiment
    store: str
    seed: int
    outcome: str
    faults: int
    seconds: float
    reason: str = ""

    @property
    def again(self) -> str:
        """The command that runs it again."""
        return f"--only {self.experiment.name} --store {self.store} --seed {self.seed}"


def perform(experiment: Experiment, store: str, seed: int, server=None) -> Result:
    """Run an experiment once. `server` is a PostgreSQL server to make a database on."""
    begun, outcome, reason, lab = time.monotonic(), HELD, "", None
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fault-")))
        try:
            url = stack.enter_context(_database(store, folder, server))
            lab = Lab(Place(url, folder), seed, stack, server)
            experiment.run(lab)
        except NotHere as missing:
            outcome, reason = ABSENT, str(missing)
        except Exception as broken:  # noqa: BLE001 - whatever it is, it is this experiment's result
            outcome, reason = BROKEN, words(f"{type(broken).__name__}: {broken}")
    seconds = time.monotonic() - begun
    return Result(experiment, store, seed, outcome, lab.faults if lab else 0, seconds, reason)


def _database(store: str, folder: Path, server):
    if store == SQLITE:
        return nullcontext(f"sqlite:///{folder / 'orders.db'}")
    return server.database()
