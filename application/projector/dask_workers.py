"""Loads the partitions of a rebuild on the workers of a Dask scheduler, on any machines.

The workers need this service installed in the same version, and reach the database under the same
address. A lost worker does no harm: its partitions are given to another.
"""

from collections.abc import Iterator, Sequence

from dask.distributed import Client, KilledWorker, as_completed

from application.projector.code_fingerprint import code_fingerprint
from application.projector.partitions import Task, carry_out
from application.projector.workers import GOES_ON, Workers
from application.runtime.worker_processes import WorkerDied
from domain.errors import UserError

CONNECT_SECONDS = 10
RETRIES = 2


class OtherVersion(UserError):
    """A worker has a different version of the code than the process that uses it."""

    def __init__(self, worker: str) -> None:
        super().__init__(
            f"The worker {worker} has another version of orderlog than this machine:"
            " it would make other rows."
        )


class NoWorkers(UserError):
    """A scheduler has no workers."""

    def __init__(self, scheduler: str) -> None:
        super().__init__(f"The scheduler {scheduler} has no workers.")


def on_dask(scheduler: str, connect_seconds: float = CONNECT_SECONDS) -> Workers:
    """Run tasks on the workers of the scheduler at this address.

    Raises `NoWorkers`, `OtherVersion`, `WorkerDied`, and `OSError` where no scheduler answers.
    """

    def work(tasks: Sequence[Task]) -> Iterator[int]:
        with _connected(scheduler, connect_seconds) as client:
            _await_workers(client, connect_seconds)
            _refuse_other_versions(client)
            asked = [client.submit(carry_out, each, pure=False, retries=RETRIES) for each in tasks]
            try:
                for done in as_completed(asked, loop=client.loop):  # type: ignore[no-untyped-call]
                    yield done.result()
            except KilledWorker as error:
                raise WorkerDied(GOES_ON) from error
            finally:
                client.cancel(asked)

    return work


def _connected(scheduler: str, seconds: float) -> Client:
    return Client(scheduler, timeout=seconds, set_as_default=False)  # type: ignore[no-untyped-call] # dask has few types


def _await_workers(client: Client, seconds: float) -> None:
    try:
        client.wait_for_workers(1, timeout=seconds)
    except TimeoutError as error:
        raise NoWorkers(client.scheduler_info()["address"]) from error


def _refuse_other_versions(client: Client) -> None:
    for worker, mark in client.run(code_fingerprint).items():
        if mark != code_fingerprint():
            raise OtherVersion(worker)
