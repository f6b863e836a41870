"""Every benchmark runs, small: what nobody runs stops working unseen."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BENCHMARKS = ROOT / "tests/benchmarks"
PARTS = {"big_log", "load", "loop_noop", "measures", "servers", "steady"}
"""What the benchmarks are made of."""
NEED_WRK = {"growth", "http_paths", "latency", "profile_create", "rebuild_models"}
HEAVY = NEED_WRK | {"feed", "many_webhooks", "webhooks"}
"""These start services, some again and again, and wait for them."""
SMALL = {
    "appends": ("--appends 8 --rounds 1", "ours, as the service writes .*1.00 times"),
    "feed": ("--rounds 1 --seconds 1 --tickets 20000", r"median ratio \d"),
    "growth": (
        "--rounds 1 --seconds 1 --events 400 --tickets 100000",
        r"checkpoint, ms( +[\d.,]+){5}\n",
    ),
    "http_paths": ("--rounds 1 --seconds 1 --tickets 20000", r"event tickets( +[\d.]+){6} +0\n"),
    "latency": ("--seconds 1 --events 400 --tickets 3000 --rate 20", r"rebuild .* x .* s\n"),
    "long_orders": ("--orders 2 --rounds 1", "first read .* µs"),
    "many_webhooks": ("--count 20 --seconds 1", "one changed: .* ms"),
    "notices": ("--orders 40 --rounds 2", r"notice/PATCH \d"),
    "profile_create": ("--seconds 1 --batches 2 --tickets 20000", "event loop .* µs"),
    "promocode_uses": ("--orders 2 --claims 2 --rounds 1 --tickets 300", "16 shards .* claims/s"),
    "rebuild_models": ("--events 2000 --rounds 1 --seconds 2 --tickets 20000", "lists late by"),
    "show_list": ("--calls 2 --events 3", "after an order .* ms"),
    "start": ("--rounds 1", "all of them +[0-9.]+ s of a processor"),
    "verify": ("--events 2000 --rounds 1 --workers 1 --tickets 500", "1 workers: .* an event"),
    "webhooks": ("--events 60 --rounds 1 --seconds 1 --tickets 20000", "pulled .* events a second"),
}
"""The smallest arguments of each, and the last of what it prints."""


def test_each_benchmark_is_run_here():
    assert {each.stem for each in BENCHMARKS.glob("*.py")} == SMALL.keys() | PARTS


def small(name):
    return pytest.param(name, marks=pytest.mark.experiment if name in HEAVY else ())


@pytest.mark.parametrize("name", [small(each) for each in SMALL])
def test_it_runs_and_prints_what_it_measured(name):
    if name in NEED_WRK and shutil.which("wrk") is None:
        pytest.skip("wrk is not installed")
    arguments, printed = SMALL[name]
    ended = subprocess.run(
        [sys.executable, str(BENCHMARKS / f"{name}.py"), *arguments.split()],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests/support'}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert re.search(printed, ended.stdout), ended.stdout
