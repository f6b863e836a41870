"""Ids tell when they were made, and no two are the same."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from order_ids import created_at_of

from application.runtime import ids
from application.runtime.ids import COUNTERS, is_id, new_id

DOCUMENTED = "56a73b7ff06c5a21c393806b"
AT = datetime(2016, 1, 26, 9, 25, 19, 378_000, UTC)


def counter_of(text: str) -> int:
    return int(text[18:], 16)


def test_an_id_is_24_hex_digits_that_start_with_the_second_it_was_made_in():
    made = new_id(AT)
    assert is_id(made)
    assert made[:8] == DOCUMENTED[:8] == "56a73b7f"
    assert created_at_of(made) == datetime(2016, 1, 26, 9, 25, 19, tzinfo=UTC)


def test_the_documented_id_says_when_its_order_was_made():
    assert created_at_of(DOCUMENTED) == AT.replace(microsecond=0)


def test_the_same_moment_on_another_clock_gives_the_same_second():
    moscow = AT.astimezone(timezone(timedelta(hours=3)))
    assert new_id(moscow)[:8] == new_id(AT)[:8]


def test_ids_of_one_process_share_their_random_part_and_count_up():
    made = [new_id(AT) for _ in range(1000)]
    assert len({each[8:18] for each in made}) == 1
    first = counter_of(made[0])
    assert [counter_of(each) for each in made] == [(first + i) % COUNTERS for i in range(1000)]


def test_the_counter_starts_again_from_zero_when_it_has_run_out(monkeypatch):
    source = ids._Source()
    source.counter = iter(range(COUNTERS - 1, COUNTERS + 1))
    monkeypatch.setattr(ids, "_source", source)
    assert [counter_of(new_id(AT)) for _ in range(2)] == [COUNTERS - 1, 0]


def test_eight_threads_never_make_the_same_id():
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda _: [new_id(AT) for _ in range(5000)], range(8)))
    assert len({each for batch in batches for each in batch}) == 40_000


FORKING = """
import os
from datetime import UTC, datetime
from application.runtime.ids import new_id
at = datetime(2016, 1, 26, tzinfo=UTC)
os.write(1, f"{new_id(at)}\\n".encode())
for _ in range(3):
    if os.fork() == 0:
        os.write(1, f"{new_id(at)}\\n".encode())
        os._exit(0)
for _ in range(3):
    os.wait()
os.write(1, f"{new_id(at)}\\n".encode())
"""


def ids_of_a_process(code: str) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return run.stdout.split()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_forked_process_has_a_random_part_of_its_own():
    first, *forked, last = ids_of_a_process(FORKING)
    assert last[8:18] == first[8:18]
    assert len({first[8:18], *(each[8:18] for each in forked)}) == 4


def test_two_processes_have_different_random_parts():
    code = (
        "from datetime import UTC, datetime; from application.runtime.ids import new_id;"
        "print(new_id(datetime(2016, 1, 26, tzinfo=UTC)))"
    )
    assert ids_of_a_process(code)[0][8:18] != ids_of_a_process(code)[0][8:18]


@pytest.mark.parametrize(
    "text",
    [
        "",
        DOCUMENTED[:-1],
        DOCUMENTED + "0",
        DOCUMENTED + "\n",
        DOCUMENTED.upper(),
        DOCUMENTED[:-1] + "g",
        DOCUMENTED[:-1] + "٣",
    ],
)
def test_what_is_not_24_small_hex_digits_is_no_id(text):
    assert is_id(DOCUMENTED)
    assert not is_id(text)
