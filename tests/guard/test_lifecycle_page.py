"""The diagram of docs/lifecycle.md is drawn from the table of moves.

`python tests/guard/test_lifecycle_page.py` draws it again.
"""

import re

from source import ROOT

from domain.status import LET_GO, MOVES, SYSTEM_ONLY, Status

PAGE = ROOT / "docs" / "lifecycle.md"
ASSIGNED = re.compile(r"(?<=<!-- drawn from domain/status.py -->\n).*?(?=<!-- end -->)", re.DOTALL)


def diagram() -> str:
    """The table of moves as a mermaid state diagram."""
    lines = ["[*] --> executed"]
    for status in Status:
        lines += [arrow(status, then) for then in Status if then in MOVES[status]]
        if not MOVES[status]:
            lines.append(f"{status} --> [*]")
    lines += [f"{status} --> done: late money" for status in Status if status in LET_GO]
    body = "\n".join(f"    {line}" for line in lines)
    return f"```mermaid\nstateDiagram-v2\n{body}\n```\n"


def arrow(status: Status, then: Status) -> str:
    by_time = ": the hold ends" if then in SYSTEM_ONLY else ""
    return f"{status} --> {then}{by_time}"


def test_the_diagram_is_the_table_of_moves():
    assert ASSIGNED.findall(PAGE.read_text(encoding="utf-8")) == [diagram()]


def test_the_diagram_has_an_arrow_for_every_move():
    moves = sum(len(MOVES[status]) for status in Status)
    ends = sum(not MOVES[status] for status in Status)
    assert moves
    assert diagram().count("-->") == moves + ends + 1 + len(LET_GO)


def test_the_page_says_what_every_status_means():
    first_table = PAGE.read_text(encoding="utf-8").split("\n## ")[0]
    said = re.findall(r"^\| `(\w+)` \|", first_table, re.MULTILINE)
    assert said == [status.value for status in Status]


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(ASSIGNED.sub(diagram(), text), encoding="utf-8")
