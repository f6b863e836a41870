"""docs/lifecycle.md shows every move of an order, and says what each status means."""

import re

from pictures import life_cycle
from source import ROOT

from domain.status import LET_GO, MOVES, Status

PAGE = ROOT / "docs" / "lifecycle.md"


def test_the_picture_has_an_arrow_for_every_move():
    """Besides: one to the beginning, and one for money that comes after each end."""
    moves = sum(len(MOVES[status]) for status in Status)
    assert moves
    assert life_cycle().count('class="way') == moves + 1 + len(LET_GO)


def test_the_page_shows_it_and_says_what_every_status_means():
    first_table = PAGE.read_text(encoding="utf-8").split("\n## ")[0]
    assert "(images/life-cycle.svg)" in first_table
    said = re.findall(r"^\| `(\w+)` \|", first_table, re.MULTILINE)
    assert said == [status.value for status in Status]
