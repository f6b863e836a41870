"""What reads a whole log lets a service go first, however often it says so."""

import os
import subprocess
import sys

from application.runtime.worker_processes import NICE_LEVEL

TWICE = """
import os
from application.runtime.worker_processes import lower_priority
lower_priority()
lower_priority()
print(os.getpriority(os.PRIO_PROCESS, 0))
"""


def test_a_priority_is_lowered_to_a_level_and_not_below_it():
    ended = subprocess.run(
        [sys.executable, "-c", TWICE], capture_output=True, text=True, check=True
    )
    assert int(ended.stdout) == max(NICE_LEVEL, os.getpriority(os.PRIO_PROCESS, 0))
