"""Readiness and metrics, which stay available when the store or the threads are stuck.

Readiness is the result of the last check by a thread. The metrics are read by a thread of their
own, once for all requests at the same time; a request waits at most `NUMBERS_SECONDS` for them.
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
    """The state of the service; `restarts` and `draining` are given by a server."""

    def __init__(
        self,
        services: Services,
        restarts: RestartBoard | None = None,
        draining: Callable[[], bool] = lambda: False,
    ) -> None:
        self._services = services
        self.settings = services.settings
        self._draining = draining
        self.restarts = restarts or RestartBoard(0)
        self._look = LastLook(partial(health.check, services.store, services.store_clock))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="numbers")
        self._reading: Future[Figures | None] | None = None

    def start(self) -> None:
        """Check by a thread from now on instead of on demand; return after the first check."""
        self._look.start()

    def stop(self) -> None:
        """Check no more."""
        self._look.stop()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def ready(self) -> Health:
        """Whether requests can be answered, by the last check."""
        known = self._look.health()
        checks = {**known.checks, **restart_checks(self.restarts)}
        if self._draining():
            return Health(ready=False, checks={**checks, "server": "is stopping"})
        return Health(ready=known.ready, checks=checks)

    def figures(self) -> Figures | None:
        """The figures; None while the store is unavailable."""
        services = self._services
        try:
            skew = services.store_clock.skew
            return figures(services.store, services.queries, services.clock(), skew)
        except Exception as error:  # noqa: BLE001 - whatever it is, metrics show that the store is away
            log.warning("metrics_without_store", reason=f"{type(error).__name__}: {error}")
            return None

    async def figures_soon(self) -> Figures | None:
        """The figures, on an event loop; None also if the store does not answer in time."""
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
    """The processes that died, each until its successor has lived for a minute."""
    return {f"process {number}": deaths(known) for number, known in restarts.all() if known.lately}


def deaths(known: RestartFigures) -> str:
    """How often a process died, and since when."""
    times = "once" if known.lately == 1 else f"{known.lately} times"
    died = f"died {times} since {written(from_ms(known.lately_since))}"
    if not known.down_since:
        return died
    return f"{died}, down since {written(from_ms(known.down_since))}"
