"""What those who watch the service are answered, whatever the store and the threads do meanwhile.

Readiness comes from the last look of a thread. Numbers are read by a thread of their own, for all
who ask at the same time, and whoever asks does not wait for longer than `NUMBERS_SECONDS`.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import structlog

from application.bootstrap import Services
from application.operations import health
from application.operations.health import Health
from application.operations.last_look import LastLook
from application.operations.metrics import Figures, figures
from application.runtime.clock import from_ms, written
from application.runtime.restart_figures import RestartBoard, RestartFigures

NUMBERS_SECONDS = 1.5

log = structlog.get_logger()


class Monitoring:
    """The service as its watchers see it; `restarts` and `draining` are those of a server."""

    def __init__(
        self,
        services: Services,
        restarts: RestartBoard | None = None,
        draining: Callable[[], bool] = lambda: False,
    ) -> None:
        self._services = services
        self._draining = draining
        self.restarts = restarts or RestartBoard(0)
        self._look = LastLook(partial(health.check, services.store, services.store_clock))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="numbers")
        self._reading: Future[Figures | None] | None = None

    def start(self) -> None:
        """Look by a thread from now on, not when somebody asks; return after the first look."""
        self._look.start()

    def stop(self) -> None:
        """Look no more."""
        self._look.stop()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def ready(self) -> Health:
        """Whether requests can be answered, as far as is known now."""
        known = self._look.health()
        checks = {**known.checks, **restart_checks(self.restarts)}
        if self._draining():
            return Health(ready=False, checks={**checks, "server": "is stopping"})
        return Health(ready=known.ready, checks=checks)

    def figures(self) -> Figures | None:
        """The numbers; None while the store cannot be asked."""
        services = self._services
        try:
            skew = services.store_clock.skew
            return figures(services.store, services.queries, services.clock(), skew)
        except Exception as error:  # noqa: BLE001 - whatever it says: that is what is to be seen
            log.warning("metrics_without_store", reason=f"{type(error).__name__}: {error}")
            return None

    async def figures_soon(self) -> Figures | None:
        """The same, on a loop; None too where the store does not answer in time."""
        reading = self._reading
        if reading is None or reading.done():
            reading = self._reading = self._thread.submit(self.figures)
        waited_for = asyncio.wrap_future(reading)
        done, _ = await asyncio.wait([waited_for], timeout=NUMBERS_SECONDS)
        if done:
            return waited_for.result()
        log.warning("metrics_without_store", reason="The database does not answer in time.")
        return None


def restart_checks(restarts: RestartBoard) -> Mapping[str, str]:
    """What is to be said of processes that died, until they have lived for a minute again."""
    return {f"process {number}": said(known) for number, known in restarts.all() if known.lately}


def said(known: RestartFigures) -> str:
    """How often a process died, and since when."""
    times = "once" if known.lately == 1 else f"{known.lately} times"
    died = f"died {times} since {written(from_ms(known.lately_since))}"
    if not known.down_since:
        return died
    return f"{died}, down since {written(from_ms(known.down_since))}"
