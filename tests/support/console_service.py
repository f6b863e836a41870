"""A real server process over a data's database, and what drives a browser against it."""

import os
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime

from console_data import ConsoleData
from server import Service

CHROMIUM = os.environ.get("ORDERLOG_TEST_CHROMIUM") or shutil.which("chromium")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Console:
    """A running service: its address, its database, and what the data's timeline left there."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.address = ""
        data = ConsoleData(database, datetime.now(UTC).replace(microsecond=0))
        data.two_weeks()
        self.long_order = data.a_long_order()
        self.late_payment = data.a_late_payment()
        data.tonight()
        self.auditors_key = data.auditors_key()
        data.services.checkpoints.make()
        data.services.close()


@contextmanager
def running(folder):
    """Serve data that has been selling for two weeks, until the end of the block."""
    console = Console(f"sqlite:///{folder / 'data.db'}")
    with Service(console.database, folder / "log", ORDERLOG_LOG_LEVEL="WARNING") as service:
        console.address = service.address
        yield console


@contextmanager
def chromium():
    """A Chromium without a screen. Raises `LookupError` where there is none."""
    if CHROMIUM is None:
        raise LookupError("there is no chromium on the path; ORDERLOG_TEST_CHROMIUM names one")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is one

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        try:
            yield browser
        finally:
            browser.close()
