"""An event loop in a thread of its own: a browser's fixture leaves one running in the test's."""

import asyncio
from concurrent.futures import ThreadPoolExecutor


def run(coroutine):
    """What a coroutine answers, as by `asyncio.run`."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
