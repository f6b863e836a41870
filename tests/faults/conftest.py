"""The experiments borrow what other rooms of tests have: servers, sellers, old layouts."""

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / room) for room in ("faults", "journey", "contract")]
