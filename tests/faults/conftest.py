"""The experiments borrow what tests/support has: servers, sellers, old layouts."""

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / folder) for folder in ("faults", "support")]
