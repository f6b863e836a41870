"""The table of all runs: promise, experiment, how often, result."""

from collections import defaultdict

from experiments import ABSENT, BROKEN, HELD, Result
from rich.table import Table


def lines_of(results: list[Result]) -> list[dict]:
    """One line for each experiment and store, by promise."""
    runs: defaultdict[tuple[str, str, str], list[Result]] = defaultdict(list)
    for each in results:
        runs[each.experiment.acknowledged, each.experiment.name, each.store].append(each)
    return [
        _line(acknowledged, name, store, found)
        for (acknowledged, name, store), found in sorted(runs.items())
    ]


def _line(acknowledged: str, name: str, store: str, found: list[Result]) -> dict:
    broken = [each for each in found if each.outcome == BROKEN]
    absent = [each for each in found if each.outcome == ABSENT]
    worst = (broken or absent or found)[0]
    return {
        "promise": acknowledged,
        "experiment": name,
        "store": store,
        "runs": len(found),
        "faults": sum(each.faults for each in found),
        "held": sum(each.outcome == HELD for each in found),
        "result": worst.outcome,
        "reason": worst.reason,
        "again": worst.again if broken else "",
    }


def table_of(results: list[Result]) -> Table:
    table = Table("promise", "experiment", "store", "runs", "faults", "held", "result")
    last = None
    for line in lines_of(results):
        acknowledged = "" if line["promise"] == last else line["promise"]
        last = line["promise"]
        style = {BROKEN: "red", ABSENT: "yellow"}.get(line["result"], "green")
        result = f"[{style}]{line['result']}[/{style}]"
        numbers = [str(line[each]) for each in ("runs", "faults", "held")]
        table.add_row(acknowledged, line["experiment"], line["store"], *numbers, result)
    return table
