"""Tables of pages that are made from code.

`python tests/support/reference_tables.py` writes them between their marks.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from reference_calls import calls_table
from reference_commands import TABLES as OPTIONS
from reference_events import events_table
from reference_metrics import metrics_table

from application.settings import TABLE, text_of

ROOT = Path(__file__).resolve().parents[2]
MARKED = r"(<!-- made from code: {} -->\n).*?(<!-- until here -->)"


def settings_table() -> str:

    lines = ["| variable | default | values | meaning |", "|---|---|---|---|"]
    for each in TABLE.values():
        default = each.about.shown(text_of(each.default))
        lines.append(f"| `{each.variable}` | `{default}` | {values_of(each)} | {each.about.says} |")
    return "\n".join(lines) + "\n"


def values_of(setting) -> str:
    about = setting.about
    if setting.choices:
        return ", ".join(f"`{each}`" for each in setting.choices)
    if about.low is not None:
        unit = f" {about.unit}" if about.unit else ""
        return f"{about.low} to {about.high}{unit}"
    return {bool: "`true`, `false`", tuple: "a list"}.get(setting.kind, "text")


TABLES = {
    ("settings.md", "settings"): settings_table,
    **{("commands.md", name): table for name, table in OPTIONS.items()},
    ("http-api.md", "calls"): calls_table,
    ("metrics.md", "metrics"): metrics_table,
    ("events.md", "fields"): events_table,
}


def page_with(path: Path, name: str, table: str) -> str:
    """A page with its table made anew."""
    mark = re.compile(MARKED.format(re.escape(name)), re.DOTALL)
    made, times = mark.subn(lambda found: found[1] + table + found[2], path.read_text("utf-8"))
    assert times == 1, f"{path} has no mark for {name}"
    return made


def main() -> None:
    for (page, name), table in TABLES.items():
        path = ROOT / "docs" / page
        path.write_text(page_with(path, name, table()), encoding="utf-8")


if __name__ == "__main__":
    main()
